"""The statement of the day: figures with a code instead of a screenshot; and the answer about a code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.features.statements.rules import Figure, Statement, shown_code
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer, labels_of, status_listing
from bot.messages.message import Keep, Line, Listing, Message, Tone
from bot.messages.sanitize import clean


def is_done(rows: Sequence[QuotaFigures], *, added: int) -> bool:
    """Say whether a person with *added* adds today has finished every daily dose.

    A person without an add today gets no statement.
    """
    asked = [row for row in rows if row.status is not Status.EXEMPT]
    return added > 0 and bool(asked) and not any(row.today_left for row in asked)


def statement(
    *, language: str, rows: Sequence[QuotaFigures], added: int, code: str, at: datetime, page: str = ""
) -> Message:
    """Tell one employee the figures of their day, with the code below.

    *added*: adds dated today. *code* as returned by `code_of`. *page*: the address that checks codes, or "".
    Raises ValueError if *at* has no zone.
    """
    texts = texts_in(language)
    is_open = any(row.open and row.status not in ENOUGH for row in rows)
    done = texts["statement.done_open"] if is_open else texts["statement.done"]
    named = [Line.of(texts["statement.page"].say(url=page), Keep.NICE)] if page else []
    return Message(
        (
            first_line(done.say(n=added)),
            status_listing(texts, rows, at=at),
            code_line(language, code),
            Line.of(texts["statement.how"], Keep.USEFUL),
            *named,
            Line.of(texts["statement.peace"], Keep.USEFUL),
            footer(texts, at=at, kind=texts["statement.kind"]),
        ),
        page="/me#statements",
    )


def code_line(language: str, code: str) -> Line:
    """Return the line with the code, which is never left out."""
    text = texts_in(language)["statement.code"].say(code=shown_code(code))
    return Line.of(text, Keep.ALWAYS, Tone.STRONG)


def answer_code(
    *,
    language: str,
    at: datetime,
    given_at: datetime | None,
    too_many: bool = False,
    name: str = "",
    seen: Statement | None = None,
) -> Message:
    """Answer a question about a code, as of *at*.

    *given_at*: when the bot issued the code, None for an unknown code. *seen* and the *name* of its owner:
    only for readers with access to the figures.
    """
    texts = texts_in(language)
    end = footer(texts, at=at, kind=texts["statement.kind"])
    if too_many or given_at is None:
        head = texts["statement.too_many"] if too_many else texts["statement.unknown"]
        return Message((first_line(head), end))
    genuine = first_line(texts["statement.genuine"].say(at=f"{given_at:%Y-%m-%d %H:%M}"))
    if seen is None:
        return Message((genuine, Line.of(texts["statement.not_yours"]), end))
    return Message((genuine, *_figures(language, seen, name=name, at=at), end))


def _figures(language: str, seen: Statement, *, name: str, at: datetime) -> list[Line | Listing]:
    texts = texts_in(language)
    labels = labels_of(texts, seen.figures, at=at)
    head = texts["statement.added"].say(name=clean(name), day=seen.day, n=seen.added)
    lines = tuple(Line.of(_figure(texts, figure, label=labels[figure.quota])) for figure in seen.figures)
    listed = Listing(lines, more=texts["progress.more_quotas"])
    return [Line.of(head), *([listed] if lines else [])]


def _figure(texts: Texts, figure: Figure, *, label: str) -> str:
    text = texts["statement.figure"]
    return text.say(label=label, target=figure.target, counted=figure.counted, pending=figure.pending)
