"""How answers to members are built; the last line has the second, so that no two of them are equal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from bot.messages.catalog import texts_in
from bot.messages.lines import first_line
from bot.messages.message import Keep, Line, Listing, Message, Part, Tone


def answered(
    *, language: str, head: str, lines: Iterable[str | Line | Listing] = (), kind: str, at: datetime
) -> Message:
    """Return an answer whose first line is *head*; *kind* names it in the last one. *at* is local and aware.

    Empty lines are left out.
    """
    said = [Line((Part(line),), Keep.USEFUL) if isinstance(line, str) else line for line in lines if line]
    return Message((first_line(head), *said, _footer(language, at=at, kind=kind)))


def timed(message: Message, *, language: str, kind: str, at: datetime) -> Message:
    """Return a *message* that exists without being asked for as an answer: its last line has the second."""
    return Message((*message.lines[:-1], _footer(language, at=at, kind=kind)))


def day_of(day: date, *, language: str) -> str:
    """Say a local day with its weekday: `12-01 周二`, `Tue 12-01`."""
    texts = texts_in(language)
    weekday = texts.each("progress.weekdays")[day.weekday()]
    return texts["answers.day"].say(day=f"{day:%m-%d}", weekday=weekday)


def moment_of(moment: datetime, *, language: str) -> str:
    """Say a local minute: `12-01 周二 09:07`."""
    return f"{day_of(moment.date(), language=language)} {moment:%H:%M}"


def _footer(language: str, *, at: datetime, kind: str) -> Line:
    texts = texts_in(language)
    said = texts["progress.footer"].say(
        day=f"{at:%m-%d}",
        weekday=texts.each("progress.weekdays")[at.weekday()],
        time=f"{at:%H:%M:%S}",
        kind=kind,
    )
    return Line((Part(said, Tone.QUIET),), Keep.ALWAYS)
