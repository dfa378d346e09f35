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
from bot.core.relations import LOSSES, Add


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


def is_open(verdict: Verdict, add: Add) -> bool:
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
    if verdict is Verdict.DETAILS and contact.add.ended_by in LOSSES:
        return Verdict.REJECTED_DETAILS
    return _CLOSED.get(verdict, verdict)


def _each(decide: Callable[[Case, Contact], Verdict | None]) -> Rule:
    def rule(case: Case, contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
        return [decide(case, contact) for contact in contacts]

    return rule


@_each
def review(case: Case, contact: Contact) -> Verdict | None:
    """Apply the decision of a reviewer: on the contact itself, else on a finding."""
    decision = contact.decisions.get(case.quota.id)
    if decision is None and contact.key not in case.refused:
        return None
    return Verdict.COUNTED_REVIEW if decision else Verdict.REJECTED_REVIEW


@_each
def not_first(case: Case, contact: Contact) -> Verdict | None:
    """Reject a re-add of the relation; under `corp` also an add of a colleague's earlier customer."""
    first_add = case.counting.first_add
    again = contact.add.nth > 1 and first_add is not FirstAdd.ANY
    known = first_add is FirstAdd.CORP and not contact.first_in_corp
    return Verdict.NOT_FIRST if again or known else None


@_each
def customer_type(case: Case, contact: Contact) -> Verdict | None:
    """Reject customers of the wrong type."""
    details = contact.details
    wrong = details is not None and details.customer_type not in case.counting.customer_types
    return Verdict.CUSTOMER_TYPE if wrong else None


@_each
def add_way(case: Case, contact: Contact) -> Verdict | None:
    """Reject excluded ways of adding."""
    details = contact.details
    wrong = details is not None and details.add_way in case.counting.exclude_add_ways
    return Verdict.ADD_WAY if wrong else None


@_each
def state(case: Case, contact: Contact) -> Verdict | None:
    """Reject excluded channels."""
    return Verdict.STATE if contact.state in case.counting.exclude_states else None


@_each
def not_own_book(case: Case, contact: Contact) -> Verdict | None:
    """Reject a customer of somebody else's book."""
    elsewhere = contact.manager is not None and contact.manager != contact.add.userid
    return Verdict.NOT_OWN_BOOK if case.counting.own_book and elsewhere else None


@_each
def facts_false(case: Case, contact: Contact) -> Verdict | None:
    """Reject a customer if a required fact is known to be false."""
    false = any(contact.facts.get(fact) is False for fact in case.counting.required_facts)
    return Verdict.REJECTED_FACTS if false else None


@_each
def lost_early(case: Case, contact: Contact) -> Verdict | None:
    """Reject a contact lost less than keep_days × 24 h after the add."""
    add = contact.add
    if add.ended_at is None or add.ended_by not in LOSSES:
        return None
    return Verdict.LOST_EARLY if add.ended_at - add.added_at < case.counting.keep_s else None


def over_daily_cap(case: Case, contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
    """Reject the adds of one local day after the first max_per_day."""
    cap = case.counting.max_per_day
    if not cap:
        return [None] * len(contacts)
    of_day: Counter[date] = Counter()
    answers: list[Verdict | None] = []
    for contact in contacts:
        day = case.day_of(contact.add.added_at)
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
        if not (_lacks_tag(case, contact) or (_is_unread(case, contact) and contact.add.ended_by in LOSSES))
    ]
    for limit in case.counting.max_share:
        through = [index for index in weighed if answers[index] is None]
        having = [index for index in through if contacts[index].facts.get(limit.fact)]
        for index in having[limit.allowed(len(through) - len(having)) :]:
            answers[index] = Verdict.OVER_SHARE
    return answers


@_each
def details_unknown(case: Case, contact: Contact) -> Verdict | None:
    """Wait for WeCom's details if a rule needs them."""
    return Verdict.DETAILS if _is_unread(case, contact) else None


def _is_unread(case: Case, contact: Contact) -> bool:
    return contact.details is None and case.counting.needs_details


@_each
def tags_missing(case: Case, contact: Contact) -> Verdict | None:
    """Wait for a missing required tag."""
    return Verdict.TAGS if _lacks_tag(case, contact) else None


def _lacks_tag(case: Case, contact: Contact) -> bool:
    return contact.details is not None and not contact.details.tags.issuperset(case.counting.required_tags)


@_each
def facts_unknown(case: Case, contact: Contact) -> Verdict | None:
    """Wait for the bank's facts, or its manager, if a rule needs them."""
    counting = case.counting
    unknown = any(fact not in contact.facts for fact in counting.required_facts)
    return Verdict.FACTS if unknown or (counting.own_book and contact.manager is None) else None


@_each
def keep_period(case: Case, contact: Contact) -> Verdict | None:
    """Wait until a living contact has been kept for keep_days × 24 h."""
    add = contact.add
    waits = add.ended_at is None and case.at < add.added_at + case.counting.keep_s
    return Verdict.KEEP_PERIOD if waits else None


@_each
def held(case: Case, contact: Contact) -> Verdict | None:
    """Wait for the review of a contact held by `[integrity]`."""
    return Verdict.REVIEW if contact.key in case.held else None


RULES: dict[Basis, tuple[Rule, ...]] = {
    Basis.ADDED: (
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
    ),
    Basis.HELD: (
        review,
        customer_type,
        add_way,
        state,
        not_own_book,
        facts_false,
        details_unknown,
        tags_missing,
        facts_unknown,
        held,
    ),
}
