"""The late message to people who can no longer reach the target alone: it offers help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.pending import Waiting
from bot.core.progress import QuotaFigures
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer, labels_of, target_of
from bot.messages.message import Button, Card, Keep, Line, Listing, Message
from bot.messages.pending import open_listing


def offer_help(
    *,
    language: str,
    rows: Sequence[QuotaFigures],
    about: Sequence[QuotaFigures],
    at: datetime,
    waiting: Sequence[Waiting] = (),
    is_last_day: bool = False,
    has_helper: bool = True,
) -> Message:
    """Offer one employee help instead of a number.

    *rows* are the employee's; *about* are the rows with a tight target or with enough reminders already.
    *waiting*: what pending contacts need; the message says it of open ones. *is_last_day*: one of *about* has
    no own workday after today. *has_helper*: a request for help would reach a leader; otherwise the message
    only leaves out the number.

    Raises ValueError if *about* is empty, *at* has no zone or the language is unknown.
    """
    if not about:
        raise ValueError("an offer of help is about one row at least")
    texts = texts_in(language)
    target = target_of(texts, about)
    labels = labels_of(texts, rows, at=at)
    named = texts["progress.names_comma"].join(dict.fromkeys(labels[row.quota] for row in about))
    lines: list[Line | Listing] = [
        *([_line(texts["offer.about"].say(labels=named), Keep.CORE)] if len(rows) > 1 else []),
        *open_listing(waiting, language=language, labels=labels, at=at),
        *_how(texts, is_last_day=is_last_day, has_helper=has_helper),
    ]
    first = texts["offer.first"] if has_helper else texts["offer.first_alone"]
    ask = [_line(texts["cards.ask_for_help"], Keep.CORE)] if has_helper else []
    once = _line(texts["progress.only_once"].say(), Keep.USEFUL)
    return Message(
        (
            first_line(first.say(target=target)),
            *lines,
            *([_line(texts["offer.send_word"].say(), Keep.CORE)] if has_helper else []),
            once,
            footer(texts, at=at, kind=texts["progress.kind_reminder"]),
        ),
        card=Card(
            rows=(),
            body=(*lines, *ask, once),
            buttons=(*([Button.HELP] if has_helper else []), Button.LIST),
            title=texts["offer.title"].say(target=target),
        ),
        page="/me",
    )


def _how(texts: Texts, *, is_last_day: bool, has_helper: bool) -> list[Line]:
    """Say what to do instead; nothing on a last day without a helper."""
    if has_helper:
        return [_line((texts["offer.last_day"] if is_last_day else texts["offer.no_rush"]).say(), Keep.CORE)]
    return [] if is_last_day else [_line(texts["offer.no_rush_alone"].say(), Keep.CORE)]


def _line(words: str, keep: Keep) -> Line:
    return Line.of(words, keep)
