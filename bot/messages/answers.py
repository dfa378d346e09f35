"""Answers to members. The last line has seconds, so that no two answers are equal."""

from __future__ import annotations

from datetime import date, datetime

from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Keep, Line, Listing, Message


def answered(
    texts: Texts, head: str, *lines: str | Line | Listing, kind: str, at: datetime, page: str = ""
) -> Message:
    """Return an answer with *head* as its first line, without empty lines.

    The last line names the *kind* of answer. *at* is local and aware. *page*: as in `Message`.
    """
    body = [Line.of(line, Keep.USEFUL) if isinstance(line, str) else line for line in lines if line]
    return Message((first_line(head), *body, _footer(texts, at=at, kind=kind)), page=page)


def timed(message: Message, *, texts: Texts, kind: str, at: datetime) -> Message:
    """Return an unasked *message* as an answer: its last line has seconds."""
    return Message((*message.lines[:-1], _footer(texts, at=at, kind=kind)), page=message.page)


def day_of(day: date, *, language: str) -> str:
    """Say a local day with its weekday: `12-01 周二`, `Tue 12-01`."""
    texts = texts_in(language)
    weekday = texts.each("progress.weekdays")[day.weekday()]
    return texts["answers.day"].say(day=f"{day:%m-%d}", weekday=weekday)


def moment_of(moment: datetime, *, language: str) -> str:
    """Say a local minute: `12-01 周二 09:07`."""
    return f"{day_of(moment.date(), language=language)} {moment:%H:%M}"


def _footer(texts: Texts, *, at: datetime, kind: str) -> Line:
    return footer(texts, at=at, kind=kind, time_format="%H:%M:%S")
