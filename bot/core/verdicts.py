"""The verdict on an add under a quota: the first rule that applies decides.

A rule with unknown input passes the add on. The rules about unknown input come last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.contacts import Contact
from bot.core.counting import Counting, FirstAdd
from bot.core.quotas import Basis, Quota
from bot.core.relations import LOSSES, Ending


class Verdict(StrEnum):
    """The words shown to people and scripts: the outcome, then the reason after a colon."""

    COUNTED = "counted"
    COUNTED_REVIEW = "counted:review"
    COUNTED_DETAILS = "counted:details"
    COUNTED_FACTS = "counted:facts"
    REJECTED_REVIEW = "rejected:review"
    NOT_FIRST = "rejected:not_first"
    CUSTOMER_TYPE = "rejected:customer_type"
    ADD_WAY = "rejected:add_way"
    STATE = "rejected:state"
    NOT_OWN_BOOK = "rejected:not_own_book"
    REJECTED_FACTS = "rejected:facts"
    LOST_EARLY = "rejected:lost_early"
    OVER_DAILY_CAP = "rejected:over_daily_cap"
    REJECTED_OVER_SHARE = "rejected:over_share"
    REJECTED_DETAILS = "rejected:details"
    REJECTED_TAGS = "rejected:tags"
    OVER_SHARE = "pending:over_share"
    DETAILS = "pending:details"
    TAGS = "pending:tags"
    FACTS = "pending:facts"
    KEEP_PERIOD = "pending:keep_period"
    REVIEW = "pending:review"
    LEFT_OUT = "left_out"  # not of this quota at all, in no sum

    @property
    def outcome(self) -> str:
        """Return `counted`, `pending`, `rejected` or `left_out`."""
        return self.partition(":")[0]

    @property
    def reason(self) -> str | None:
        """Return the word after the colon, or None."""
        return self.partition(":")[2] or None


# What pending becomes at settlement. A gap or delay of the bank is not the employee's fault.
_CLOSED = {
    Verdict.DETAILS: Verdict.COUNTED_DETAILS,
    Verdict.FACTS: Verdict.COUNTED_FACTS,
    Verdict.REVIEW: Verdict.COUNTED_REVIEW,
    Verdict.TAGS: Verdict.REJECTED_TAGS,
    Verdict.OVER_SHARE: Verdict.REJECTED_OVER_SHARE,
}


def is_open(verdict: Verdict, add: Ending) -> bool:
    """Say whether *add* becomes rejected by itself: nothing but somebody's act can still make it count."""
    if verdict is Verdict.DETAILS:
        return add.ended_by in LOSSES
    return verdict in (Verdict.TAGS, Verdict.OVER_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The conditions for judging the contacts of one employee: *at* is T in epoch seconds.

    *day_of*: the local date of epoch seconds. *settled*: T is the settlement or later.
    *held*: keys of the contacts held by `[integrity]`; *refused*: those rejected by a confirmed finding.
    """

    quota: Quota
    at: int
    day_of: Callable[[int], date]
    settled: bool = False
    held: frozenset[tuple[str, str, int]] = frozenset()
    refused: frozenset[tuple[str, str, int]] = frozenset()

    @property
    def counting(self) -> Counting:
        """Return the quota's counting rules."""
        return self.quota.counting


# A rule sees all contacts that passed the rules before it, in the order of their place. It returns a verdict
# for each, or None to let it pass. It sees them together, because some rules compare contacts.
Rule = Callable[[Case, Sequence[Contact]], Sequence[Verdict | None]]


def judge(contacts: Sequence[Contact], *, case: Case) -> list[Verdict]:
    """Return the verdict as of T on each of one employee's *contacts* of one period, in their order.

    *contacts* are sorted by place. A contact that no rule decides is counted.
    """
    verdicts = [Verdict.COUNTED] * len(contacts)
    open_indices = list(range(len(contacts)))
    for rule in RULES[case.quota.basis]:
        answers = rule(case, [contacts[index] for index in open_indices])
        decided = dict(zip(open_indices, answers, strict=True))
        for index, verdict in decided.items():
            if verdict is not None:
                verdicts[index] = _closed(verdict, contacts[index]) if case.settled else verdict
        open_indices = [index for index, verdict in decided.items() if verdict is None]
    return verdicts


def _closed(verdict: Verdict, contact: Contact) -> Verdict:
    if verdict is Verdict.DETAILS and contact.ended_by in LOSSES:
        return Verdict.REJECTED_DETAILS
    return _CLOSED.get(verdict, verdict)


def _gives(verdict: Verdict) -> Callable[[Callable[[Case, Contact], bool]], Rule]:
    """Return a decorator that makes a rule of the condition for *verdict*."""

    def rule_of(applies: Callable[[Case, Contact], bool]) -> Rule:
        return lambda case, contacts: [verdict if applies(case, one) else None for one in contacts]

    return rule_of


def review(case: Case, contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
    """Apply the decisions of reviewers: on the contact itself, else on a finding."""
    verdicts: list[Verdict | None] = []
    for contact in contacts:
        decision = contact.decisions.get(case.quota.id)
        if decision is None and contact.key not in case.refused:
            verdicts.append(None)
        else:
            verdicts.append(Verdict.COUNTED_REVIEW if decision else Verdict.REJECTED_REVIEW)
    return verdicts


@_gives(Verdict.NOT_FIRST)
def not_first(case: Case, contact: Contact) -> bool:
    """Reject a re-add of the relation; under `corp` also an add of a colleague's earlier customer."""
    first_add = case.counting.first_add
    again = contact.nth > 1 and first_add is not FirstAdd.ANY
    return again or (first_add is FirstAdd.CORP and not contact.first_in_corp)


@_gives(Verdict.CUSTOMER_TYPE)
def customer_type(case: Case, contact: Contact) -> bool:
    """Reject customers of the wrong type."""
    details = contact.details
    return details is not None and details.customer_type not in case.counting.customer_types


@_gives(Verdict.ADD_WAY)
def add_way(case: Case, contact: Contact) -> bool:
    """Reject excluded ways of adding."""
    return contact.details is not None and contact.details.add_way in case.counting.exclude_add_ways


@_gives(Verdict.STATE)
def state(case: Case, contact: Contact) -> bool:
    """Reject excluded channels."""
    return contact.state in case.counting.exclude_states


@_gives(Verdict.NOT_OWN_BOOK)
def not_own_book(case: Case, contact: Contact) -> bool:
    """Reject a customer of somebody else's book."""
    return case.counting.own_book and contact.manager not in {None, contact.userid}


@_gives(Verdict.REJECTED_FACTS)
def facts_false(case: Case, contact: Contact) -> bool:
    """Reject a customer if a required fact is known to be false."""
    return any(contact.facts.get(fact) is False for fact in case.counting.required_facts)


@_gives(Verdict.LOST_EARLY)
def lost_early(case: Case, contact: Contact) -> bool:
    """Reject a contact lost less than keep_days × 24 h after the add."""
    if contact.ended_at is None or contact.ended_by not in LOSSES:
        return False
    return contact.ended_at - contact.added_at < case.counting.keep_s


def over_daily_cap(case: Case, contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
    """Reject the adds of one local day after the first max_per_day."""
    cap = case.counting.max_per_day
    if not cap:
        return [None] * len(contacts)
    of_day: Counter[date] = Counter()
    answers: list[Verdict | None] = []
    for contact in contacts:
        day = case.day_of(contact.added_at)
        of_day[day] += 1
        answers.append(Verdict.OVER_DAILY_CAP if of_day[day] > cap else None)
    return answers


def over_share(case: Case, contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
    """Stop the adds above the allowed share of a fact; each share sees what the one before let through.

    Adds that are open for another reason are not weighed: they will not count by themselves.
    """
    answers: list[Verdict | None] = [None] * len(contacts)
    weighed = [
        index
        for index, contact in enumerate(contacts)
        if not (_lacks_tag(case, contact) or (_is_unread(case, contact) and contact.ended_by in LOSSES))
    ]
    for limit in case.counting.max_share:
        through = [index for index in weighed if answers[index] is None]
        having = [index for index in through if contacts[index].facts.get(limit.fact)]
        for index in having[limit.allowed(len(through) - len(having)) :]:
            answers[index] = Verdict.OVER_SHARE
    return answers


def _is_unread(case: Case, contact: Contact) -> bool:
    return contact.details is None and case.counting.needs_details


def _lacks_tag(case: Case, contact: Contact) -> bool:
    return contact.details is not None and not contact.details.tags.issuperset(case.counting.required_tags)


details_unknown = _gives(Verdict.DETAILS)(_is_unread)
tags_missing = _gives(Verdict.TAGS)(_lacks_tag)


@_gives(Verdict.FACTS)
def facts_unknown(case: Case, contact: Contact) -> bool:
    """Wait for the bank's facts, or its manager, if a rule needs them."""
    counting = case.counting
    unknown = any(fact not in contact.facts for fact in counting.required_facts)
    return unknown or (counting.own_book and contact.manager is None)


@_gives(Verdict.KEEP_PERIOD)
def keep_period(case: Case, contact: Contact) -> bool:
    """Wait until a living contact has been kept for keep_days × 24 h."""
    return contact.ended_at is None and case.at < contact.added_at + case.counting.keep_s


@_gives(Verdict.REVIEW)
def held(case: Case, contact: Contact) -> bool:
    """Wait for the review of a contact held by `[integrity]`."""
    return contact.key in case.held


_ADDED = (
    review,
    not_first,
    customer_type,
    add_way,
    state,
    not_own_book,
    facts_false,
    lost_early,
    over_daily_cap,
    over_share,
    details_unknown,
    tags_missing,
    facts_unknown,
    keep_period,
    held,
)
_NOT_OF_HELD = {not_first, lost_early, over_daily_cap, over_share, keep_period}
RULES: dict[Basis, tuple[Rule, ...]] = {
    Basis.ADDED: _ADDED,
    Basis.HELD: tuple(rule for rule in _ADDED if rule not in _NOT_OF_HELD),
}
