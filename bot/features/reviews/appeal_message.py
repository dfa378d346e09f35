"""Answers to appeals, and to members' answers to questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.features.contacts import message
from bot.features.contacts.message import ListedCustomer, page_of_contact
from bot.features.customers.name_sentences import called, private
from bot.features.reviews.question_message import Seen, about
from bot.messages.answers import answered, moment_of
from bot.messages.catalog import Text, Texts, texts_in
from bot.messages.limits import SAID_BYTES
from bot.messages.message import Message
from bot.messages.sanitize import clean


def opened(
    *,
    language: str,
    customer: ListedCustomer,
    ids: Sequence[str],
    text: str,
    reviewers: Sequence[str],
    leaders: Sequence[str] = (),
    until: datetime,
    at: datetime,
) -> Message:
    """Confirm an appeal; *until* (local) is the time of its escalation.

    *reviewers* are names; without them *leaders* are the names of the direct leaders.
    """
    texts = texts_in(language)
    comma = texts["appeals.names_comma"]
    names = comma.join(clean(name) for name in reviewers)
    decides = texts["appeals.with_"].say(names=names, until=moment_of(until, language=language))
    lines = [
        texts["appeals.opened_case"].say(ids=comma.join(ids), text=clean(text, limit=SAID_BYTES)),
        decides if names else _nobody_decides(texts, leaders),
        texts["appeals.told"],
    ]
    return _about(customer, texts["appeals.opened"], lines, language=language, at=at)


def counts_already(*, language: str, customer: ListedCustomer, number: int, at: datetime) -> Message:
    """Say that the contact counts, so that there is nothing to appeal."""
    texts = texts_in(language)
    lines = [texts["appeals.counts_more"].say(number=number)] if number else []
    return _about(customer, texts["appeals.counts"], lines, language=language, at=at)


def counts_by_itself(*, language: str, customer: ListedCustomer, until: datetime, at: datetime) -> Message:
    """Say that the contact will count by itself by *until* (local), so that nothing is opened."""
    texts = texts_in(language)
    head, line = texts["appeals.by_itself"], texts["appeals.by_itself_more"]
    day = moment_of(until, language=language)
    return _about(customer, head, [line.say(until=day)], language=language, at=at, until=f"{until:%m-%d}")


def open_already(*, language: str, customer: ListedCustomer, case: str, at: datetime) -> Message:
    """Say that an appeal is open already."""
    texts = texts_in(language)
    return _about(customer, texts["appeals.open"], [texts["appeals.told"]], language=language, at=at, id=case)


def decided_already(
    *, language: str, customer: ListedCustomer, case: str, by: str, reason: str, at: datetime
) -> Message:
    """Repeat the decision with its author and its reason."""
    texts = texts_in(language)
    decision = texts["appeals.decided_by"].say(id=case, by=clean(by), reason=clean(reason, limit=SAID_BYTES))
    return _about(customer, texts["appeals.decided"], [decision], language=language, at=at)


def too_late(*, language: str, customer: ListedCustomer, at: datetime) -> Message:
    """Say that the time for appeals about that period is over."""
    head, more = texts_in(language)["appeals.too_late"], texts_in(language)["appeals.too_late_more"]
    return _about(customer, head, [more], language=language, at=at)


def _about(
    customer: ListedCustomer, head: Text, lines: Sequence[str], *, language: str, at: datetime, **more: str
) -> Message:
    """Return an answer with the first line *head*, which names the customer."""
    texts = texts_in(language)

    def message(about: Sequence[ListedCustomer]) -> Message:
        first = head.say(customer=called(about[0], language=language), **more)
        page = page_of_contact(customer)
        return answered(texts, first, *lines, kind=texts["appeals.kind"], at=at, page=page)

    return private(message, [customer])


def how(*, language: str, at: datetime) -> Message:
    """Say how to appeal."""
    texts = texts_in(language)
    return answered(texts, texts["appeals.how"], texts["appeals.how_more"], kind=texts["appeals.kind"], at=at)


def not_found(*, language: str, many: Sequence[ListedCustomer], number: int | None, at: datetime) -> Message:
    """Say that no contact matches, or that *many* do; *number*: given as one of a list. *at* is local."""
    texts = texts_in(language)
    if number is None or many:
        return message.not_found(
            language=language, many=many, how=texts["appeals.not_found"], kind=texts["appeals.kind"], at=at
        )
    head, more = texts["appeals.no_number"].say(number=number), texts["appeals.no_number_more"]
    return answered(texts, head, more, kind=texts["appeals.kind"], at=at)


def _nobody_decides(texts: Texts, leaders: Sequence[str]) -> str:
    """Say that no reviewer is named yet, and which existing person can help: a leader, else HR."""
    if not leaders:
        return texts["appeals.with_nobody"]
    names = texts["appeals.names_comma"].join(clean(name) for name in leaders)
    return texts["appeals.with_leader"].say(names=names)


def answer_noted(
    *, language: str, at: datetime, nobody: bool = False, leaders: Sequence[str] = ()
) -> Message:
    """Confirm a member's answer to a question; *nobody*: no reviewer is named, see `opened`."""
    texts = texts_in(language)
    more = _nobody_decides(texts, leaders) if nobody else texts["appeals.answered_more"]
    return answered(texts, texts["appeals.answered"], more, kind=texts["appeals.answer_kind"], at=at)


def no_question(*, language: str, at: datetime) -> Message:
    """Say that no question is open for the member."""
    texts = texts_in(language)
    head, more = texts["appeals.no_question"], texts["appeals.no_question_more"]
    return answered(texts, head, more, kind=texts["appeals.answer_kind"], at=at)


def which_question(*, language: str, asked: Sequence[Seen], at: datetime) -> Message:
    """Ask which of the open questions the member answers, or for the answer itself. *at* is local."""
    texts = texts_in(language)

    def message(asked: Sequence[Seen]) -> Message:
        lines = [
            texts["appeals.which_more"].say(number=n, what=about(seen, language=language, at=at))
            for n, seen in enumerate(asked, start=1)
        ]
        lines.append(texts["appeals.answer_how"].say(number=1))
        head, kind = texts["appeals.which"], texts["appeals.answer_kind"]
        return answered(texts, head, *lines, kind=kind, at=at)

    return private(message, asked)
