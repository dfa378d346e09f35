"""Answers to appeals and to what is said about a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.messages import contacts
from bot.messages.answers import answered, moment_of
from bot.messages.contacts import Listed
from bot.messages.customers import Customer, called, private
from bot.messages.limits import SAID_BYTES
from bot.messages.message import Message
from bot.messages.names import clean
from bot.messages.questions import Seen, about
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealWords:
    """The words of a language."""

    opened: str
    opened_case: str
    with_: str
    with_nobody: str
    told: str
    counts: str
    counts_more: str
    open: str
    decided: str
    decided_by: str
    too_late: str
    too_late_more: str
    how: str
    how_more: str
    no_number: str
    no_number_more: str
    not_found: str
    kind: str
    answered: str
    answered_more: str
    no_question: str
    no_question_more: str
    which: str
    which_more: str
    answer_how: str
    answer_kind: str
    names_comma: str


_BUILT_IN: Mapping[str, AppealWords] = {
    "zh-CN": AppealWords(
        opened="申诉收到了：{customer}",
        opened_case="编号 {ids}；您说：{text}",
        with_="由 {names} 决定；到 {until} 没有决定，就请上一级看。",
        with_nobody="由管理员决定。",
        told="有了结果马上告诉您；在那之前不影响别的客户。",
        counts="{customer} 已经计入，不用申诉",
        counts_more="想看依据，说“为什么 {number}”。",
        open="{customer} 已在申诉中（{id}）",
        decided="{customer} 的申诉已有结果，不再受理",
        decided_by="{id} 由 {by} 决定，理由：{reason}",
        too_late="{customer} 的申诉时间已过",
        too_late_more="这一期的结果已定；有疑问请找人力资源部。",
        how="请说清哪一位、为什么",
        how_more="例如“申诉 3 客户在柜面误删，当天又加回”。编号见“明细”，也可用客户尾号。",
        no_number="编号 {number} 不在最近的列表里，先说“明细”",
        no_number_more="再说“申诉”加编号和原因，如“申诉 1 客户在柜面误删”。",
        not_found="先说“明细”，再说“申诉”加编号或客户尾号和原因，如“申诉 1 客户在柜面误删”。",
        kind="申诉",
        answered="记下了，谢谢您的说明",
        answered_more="已转给复核人；有了结果马上告诉您。",
        no_question="现在没有等您回答的问题",
        no_question_more="想对某位客户提出异议，说“申诉”。",
        which="有几件事，请说清是哪一件",
        which_more="{number}. {what}",
        answer_how="例如“回答 {number} 那天支行有活动”。",
        answer_kind="回答",
        names_comma="、",
    ),
    "en": AppealWords(
        opened="Your appeal arrived: {customer}",
        opened_case="Number {ids}; you say: {text}",
        with_="{names} will decide; undecided by {until}, it goes one up.",
        with_nobody="An admin will decide.",
        told="You are told at once what was decided; until then nothing else changes.",
        counts="{customer} counts already: no appeal is needed",
        counts_more="For the reason say “why {number}”.",
        open="{customer}: your appeal is open already ({id})",
        decided="{customer}: your appeal was decided and is not opened again",
        decided_by="{id} was decided by {by}; the reason: {reason}",
        too_late="{customer}: the time for appeals is over",
        too_late_more="The result of that period is final; HR answers further questions.",
        how="Please say which contact, and why",
        how_more="Such as “appeal 3 deleted by mistake, added again”; number from “list”, or the id's end.",
        no_number="No number {number} in your last list: say “list” first",
        no_number_more="Then “appeal”, its number and why: “appeal 1 deleted by mistake”.",
        not_found="Say “list” first, then “appeal”, its number or the id's end, and why: “appeal 1 gone”.",
        kind="appeal",
        answered="Noted, thank you",
        answered_more="It goes to the reviewer; you are told at once what was decided.",
        no_question="No question waits for your answer",
        no_question_more="To object about a contact, say “appeal”.",
        which="There are several: please say which one",
        which_more="{number}. {what}",
        answer_how="Such as “answer {number} the branch had an open day”.",
        answer_kind="answer",
        names_comma=", ",
    ),
}
WORDS = Wordbook("appeals", _BUILT_IN)


def opened(
    *,
    language: str,
    customer: Customer,
    ids: Sequence[str],
    text: str,
    reviewers: Sequence[str],
    until: datetime,
    at: datetime,
) -> Message:
    """Confirm an appeal; *reviewers* are names, *until* (local) is when it goes one up."""
    words = WORDS[language]
    names = words.names_comma.join(clean(name) for name in reviewers)
    lines = [
        words.opened_case.format(ids=words.names_comma.join(ids), text=clean(text, limit=SAID_BYTES)),
        words.with_.format(names=names, until=moment_of(until, language=language))
        if names
        else words.with_nobody,
        words.told,
    ]
    return _about(customer, words.opened, lines, language=language, at=at)


def counts_already(*, language: str, customer: Customer, number: int, at: datetime) -> Message:
    """Say that there is nothing to appeal."""
    words = WORDS[language]
    lines = [words.counts_more.format(number=number)] if number else []
    return _about(customer, words.counts, lines, language=language, at=at)


def open_already(*, language: str, customer: Customer, case: str, at: datetime) -> Message:
    """Say that it is appealed."""
    words = WORDS[language]
    return _about(customer, words.open, [words.told], language=language, at=at, id=case)


def decided_already(
    *, language: str, customer: Customer, case: str, by: str, reason: str, at: datetime
) -> Message:
    """Say what was decided, by whom and why."""
    words = WORDS[language]
    said = words.decided_by.format(id=case, by=clean(by), reason=clean(reason, limit=SAID_BYTES))
    return _about(customer, words.decided, [said], language=language, at=at)


def too_late(*, language: str, customer: Customer, at: datetime) -> Message:
    """Say that appeals of that period are over."""
    words = WORDS[language]
    return _about(customer, words.too_late, [words.too_late_more], language=language, at=at)


def _about(
    customer: Customer, head: str, lines: Sequence[str], *, language: str, at: datetime, **more: str
) -> Message:
    """Return an answer whose first line *head* says which customer it is about."""

    def said(about: Sequence[Customer]) -> Message:
        first = head.format(customer=called(about[0], language=language), **more)
        return answered(language=language, head=first, lines=lines, kind=WORDS[language].kind, at=at)

    return private(said, [customer])


def how(*, language: str, at: datetime) -> Message:
    """Say how to appeal."""
    words = WORDS[language]
    return answered(language=language, head=words.how, lines=[words.how_more], kind=words.kind, at=at)


def not_found(*, language: str, many: Sequence[Listed], number: int | None, at: datetime) -> Message:
    """Say that no contact is meant, or that *many* may be; *number*: he said one of a list. *at* is local."""
    words = WORDS[language]
    if number is None or many:
        return contacts.not_found(language=language, many=many, how=words.not_found, kind=words.kind, at=at)
    head = words.no_number.format(number=number)
    return answered(language=language, head=head, lines=[words.no_number_more], kind=words.kind, at=at)


def answer_noted(*, language: str, at: datetime) -> Message:
    """Confirm what somebody said about a question."""
    words = WORDS[language]
    lines = [words.answered_more]
    return answered(language=language, head=words.answered, lines=lines, kind=words.answer_kind, at=at)


def no_question(*, language: str, at: datetime) -> Message:
    """Say that no question waits for him."""
    words = WORDS[language]
    lines = [words.no_question_more]
    return answered(language=language, head=words.no_question, lines=lines, kind=words.answer_kind, at=at)


def which_question(*, language: str, asked: Sequence[Seen], at: datetime) -> Message:
    """Ask which of the questions about what was *asked* is meant, or what he wants to say. *at* is local."""
    words = WORDS[language]

    def said(asked: Sequence[Seen]) -> Message:
        told = [about(one, language=language, at=at) for one in asked]
        lines = [words.which_more.format(number=n, what=what) for n, what in enumerate(told, start=1)]
        lines.append(words.answer_how.format(number=1))
        return answered(language=language, head=words.which, lines=lines, kind=words.answer_kind, at=at)

    return private(said, asked)
