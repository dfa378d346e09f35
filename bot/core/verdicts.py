"""The verdict on an add under a quota: the first rule that applies decides.

A rule with unknown input passes the add on. The rules about unknown input come last. The rules that a quota
switches on are put together once, and then judge the contacts of many employees.
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
        return _OUTCOMES[self]

    @property
    def reason(self) -> str | None:
        """Return the word after the colon, or None."""
        return self.partition(":")[2] or None


_OUTCOMES = {verdict: verdict.value.partition(":")[0] for verdict in Verdict}
# What pending becomes at settlement. A gap or delay of the bank is not the employee's fault.
_CLOSED = {
    Verdict.DETAILS: Verdict.COUNTED_DETAILS,
    Verdict.FACTS: Verdict.COUNTED_FACTS,
    Verdict.REVIEW: Verdict.COUNTED_REVIEW,
    Verdict.TAGS: Verdict.REJECTED_TAGS,
    Verdict.OVER_SHARE: Verdict.REJECTED_OVER_SHARE,
}


MAY_BE_OPEN = frozenset({Verdict.DETAILS, Verdict.TAGS, Verdict.OVER_SHARE})


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


# A rule returns its condition under a case, or None if it is switched off there. Most rules look at single
# contacts, and their verdict is for those that fulfil the condition. Two compare contacts: they see all that
# passed the rules before, in the order of their place, and return a verdict for each, or None to let it pass.
Condition = Callable[[Contact], bool]
Comparison = Callable[[Sequence[Contact]], Sequence[Verdict | None]]
Rule = Callable[[Case], Condition | None]
ComparingRule = Callable[[Case], Comparison | None]


class Judge:
    """The rules that are switched on under one case."""

    def __init__(self, case: Case) -> None:
        self._settled = case.settled
        self._stages: list[Comparison] = []
        single: list[tuple[Verdict, Condition]] = []  # since the last comparison
        for stage in STAGES[case.quota.basis]:
            if not callable(stage):
                single += [(verdict, applies) for verdict, rule in stage if (applies := rule(case))]
            elif (comparison := stage(case)) is not None:
                self._stages += [_first_of(single), comparison]
                single = []
        self._stages.append(_first_of(single))

    def verdicts(self, contacts: Sequence[Contact]) -> list[Verdict]:
        """Return the verdict as of T on each of one employee's *contacts* of one period, in their order.

        *contacts* are sorted by place. A contact that no rule decides is counted.
        """
        verdicts: list[Verdict | None] = [None] * len(contacts)
        left: Sequence[int] = range(len(contacts))
        for stage in self._stages:
            found = stage([contacts[index] for index in left])
            for index, verdict in zip(left, found, strict=True):
                verdicts[index] = verdict
            left = [index for index in left if verdicts[index] is None]
        decided = [verdict or Verdict.COUNTED for verdict in verdicts]
        return list(map(_closed, decided, contacts)) if self._settled else decided


def judge(contacts: Sequence[Contact], *, case: Case) -> list[Verdict]:
    """Return the verdicts as `Judge.verdicts` does, for a case that is asked once."""
    return Judge(case).verdicts(contacts)


def _closed(verdict: Verdict, contact: Contact) -> Verdict:
    if verdict is Verdict.DETAILS and contact.ended_by in LOSSES:
        return Verdict.REJECTED_DETAILS
    return _CLOSED.get(verdict, verdict)


def _first_of(rules: Sequence[tuple[Verdict, Condition]]) -> Comparison:
    """Return what asks *rules* about each contact, one after the other."""

    def first_of(contact: Contact) -> Verdict | None:
        for verdict, applies in rules:
            if applies(contact):
                return verdict
        return None

    return lambda contacts: list(map(first_of, contacts))


def review_accepts(case: Case) -> Condition:
    """Count what a reviewer accepted."""
    quota = case.quota.id
    return lambda contact: bool(contact.decisions) and contact.decisions.get(quota) is True


def review_rejects(case: Case) -> Condition:
    """Reject what a reviewer rejected: the contact itself, or else by confirming a finding about it."""
    quota, refused = case.quota.id, case.refused
    if not refused:
        return lambda contact: bool(contact.decisions) and contact.decisions.get(quota) is False
    return lambda contact: contact.decisions.get(quota) is False or contact.key in refused


def not_first(case: Case) -> Condition | None:
    """Reject a re-add of the relation; under `corp` also an add of a colleague's earlier customer."""
    match case.counting.first_add:
        case FirstAdd.ANY:
            return None
        case FirstAdd.PAIR:
            return lambda contact: contact.nth > 1
        case FirstAdd.CORP:  # pragma: no branch - mypy knows that none is left
            return lambda contact: contact.nth > 1 or contact.known_since is not None


def customer_type(case: Case) -> Condition | None:
    """Reject customers of the wrong type."""
    types = case.counting.customer_types
    if case.counting.takes_every_type:
        return None
    return lambda contact: contact.details is not None and contact.details.customer_type not in types


def add_way(case: Case) -> Condition | None:
    """Reject excluded ways of adding."""
    ways = case.counting.exclude_add_ways
    if not ways:
        return None
    return lambda contact: contact.details is not None and contact.details.add_way in ways


def state(case: Case) -> Condition | None:
    """Reject excluded channels."""
    states = case.counting.exclude_states
    return (lambda contact: contact.state in states) if states else None


def not_own_book(case: Case) -> Condition | None:
    """Reject a customer of somebody else's book."""
    if not case.counting.own_book:
        return None
    return lambda contact: contact.manager is not None and contact.manager != contact.userid


def facts_false(case: Case) -> Condition | None:
    """Reject a customer if a required fact is known to be false."""
    required = case.counting.required_facts
    if not required:
        return None
    return lambda contact: any(contact.facts.get(fact) is False for fact in required)


def lost_early(case: Case) -> Condition | None:
    """Reject a contact lost less than keep_days × 24 h after the add."""
    keep_s = case.counting.keep_s
    if not keep_s:
        return None

    def applies(contact: Contact) -> bool:
        if contact.ended_at is None or contact.ended_by not in LOSSES:
            return False
        return contact.ended_at - contact.added_at < keep_s

    return applies


def over_daily_cap(case: Case) -> Comparison | None:
    """Reject the adds of one local day after the first max_per_day."""
    cap, day_of = case.counting.max_per_day, case.day_of

    def check(contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
        of_day: Counter[date] = Counter()
        answers: list[Verdict | None] = []
        for contact in contacts:
            day = day_of(contact.added_at)
            of_day[day] += 1
            answers.append(Verdict.OVER_DAILY_CAP if of_day[day] > cap else None)
        return answers

    return check if cap else None


def over_share(case: Case) -> Comparison | None:
    """Stop the adds above the allowed share of a fact; each share sees what the one before let through.

    Adds that are open for another reason are not weighed: they will not count by themselves.
    """
    shares, lacks_tag, is_unread = case.counting.max_share, _lacks_tag(case), _is_unread(case)

    def check(contacts: Sequence[Contact]) -> Sequence[Verdict | None]:
        answers: list[Verdict | None] = [None] * len(contacts)
        weighed = [
            index
            for index, contact in enumerate(contacts)
            if not (lacks_tag(contact) or (is_unread(contact) and contact.ended_by in LOSSES))
        ]
        for limit in shares:
            through = [index for index in weighed if answers[index] is None]
            having = [index for index in through if contacts[index].facts.get(limit.fact)]
            for index in having[limit.allowed(len(through) - len(having)) :]:
                answers[index] = Verdict.OVER_SHARE
        return answers

    return check if shares else None


def _is_unread(case: Case) -> Callable[[Contact], bool]:
    needed = case.counting.needs_details
    return lambda contact: needed and contact.details is None


def _lacks_tag(case: Case) -> Callable[[Contact], bool]:
    tags = frozenset(case.counting.required_tags)
    return lambda contact: contact.details is not None and not tags <= contact.details.tags


def details_unknown(case: Case) -> Condition | None:
    """Wait for WeCom's details if a rule needs them."""
    return _is_unread(case) if case.counting.needs_details else None


def tags_missing(case: Case) -> Condition | None:
    """Wait for a required tag."""
    return _lacks_tag(case) if case.counting.required_tags else None


def facts_unknown(case: Case) -> Condition | None:
    """Wait for the bank's facts, or its manager, if a rule needs them."""
    required, own_book = case.counting.required_facts, case.counting.own_book
    if not (required or own_book):
        return None

    def applies(contact: Contact) -> bool:
        return (own_book and contact.manager is None) or any(fact not in contact.facts for fact in required)

    return applies


def keep_period(case: Case) -> Condition | None:
    """Wait until a living contact has been kept for keep_days × 24 h."""
    kept_before = case.at - case.counting.keep_s
    if not case.counting.keep_s:
        return None
    return lambda contact: contact.added_at > kept_before and contact.ended_at is None


def held(case: Case) -> Condition | None:
    """Wait for the review of a contact held by `[integrity]`."""
    keys = case.held
    return (lambda contact: contact.key in keys) if keys else None


# The rules in their order, those about single contacts with their verdicts.
_Stage = tuple[tuple[Verdict, Rule], ...]
_SINGLE_FIRST: _Stage = (
    (Verdict.COUNTED_REVIEW, review_accepts),
    (Verdict.REJECTED_REVIEW, review_rejects),
    (Verdict.NOT_FIRST, not_first),
    (Verdict.CUSTOMER_TYPE, customer_type),
    (Verdict.ADD_WAY, add_way),
    (Verdict.STATE, state),
    (Verdict.NOT_OWN_BOOK, not_own_book),
    (Verdict.REJECTED_FACTS, facts_false),
    (Verdict.LOST_EARLY, lost_early),
)
_SINGLE_LAST: _Stage = (
    (Verdict.DETAILS, details_unknown),
    (Verdict.TAGS, tags_missing),
    (Verdict.FACTS, facts_unknown),
    (Verdict.KEEP_PERIOD, keep_period),
    (Verdict.REVIEW, held),
)
_NOT_OF_HELD = {not_first, lost_early, keep_period}


def _of_held(stage: _Stage) -> _Stage:
    return tuple((verdict, rule) for verdict, rule in stage if rule not in _NOT_OF_HELD)


STAGES: dict[Basis, tuple[_Stage | ComparingRule, ...]] = {
    Basis.ADDED: (_SINGLE_FIRST, over_daily_cap, over_share, _SINGLE_LAST),
    Basis.HELD: (_of_held(_SINGLE_FIRST), _of_held(_SINGLE_LAST)),
}
