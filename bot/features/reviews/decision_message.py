"""The message about a decision: the result, its author and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.features.contacts.message import page_in_period
from bot.features.customers.name_sentences import private
from bot.features.reviews.question_message import Appealed, Seen, about
from bot.messages.catalog import texts_in
from bot.messages.limits import SAID_BYTES
from bot.messages.lines import first_line, footer
from bot.messages.message import Keep, Line, Message
from bot.messages.sanitize import clean


def decided(
    *, language: str, what: Seen | Appealed, state: str, by: str, reason: str, at: datetime
) -> Message:
    """Tell one person the decision on their case.

    *state*: accepted or rejected (an appeal), cleared or confirmed (a finding). Raises ValueError if *at* has
    no zone.
    """
    texts = texts_in(language)
    author = texts["decided.by"].say(by=clean(by), reason=clean(reason, limit=SAID_BYTES))

    page = "/me#contacts"
    if isinstance(what, Appealed):
        page = page_in_period(what.external_userid, period=what.period)

    def message(subjects: Sequence[Seen | Appealed]) -> Message:
        return Message(
            (
                first_line(texts.table("decided.heads")[state]),
                Line.of(about(subjects[0], language=language, at=at)),
                Line.of(author),
                Line.of(texts["decided.peace"], Keep.USEFUL),
                footer(texts, at=at, kind=texts["decided.kind"]),
            ),
            page=page,
        )

    return private(message, [what])
