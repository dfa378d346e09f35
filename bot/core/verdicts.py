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
from itertools import compress

from bot.core.contacts import NOTHING, Columns, Contact, is_crowded
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


# Looked up in the class, they take as long as a whole rule.
_COUNTED, _DETAILS = Verdict.COUNTED, Verdict.DETAILS
_LONGEST_DAY_S = 25 * 3600  # on which clocks are set back
MAY_BE_OPEN = frozenset({Verdict.DETAILS, Verdict.TAGS, Verdict.OVER_SHARE})


def is_open(verdict: Verdict, add: Ending) -> bool:
    """Say whether *add* becomes rejected by itself: nothing but somebody's act can still make it count."""
    return add.ended_by in LOSSES if verdict is _DETAILS else verdict in MAY_BE_OPEN


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


# A rule returns its condition under a case, or None if it is switched off there. The condition says of each
# contact whether it is met. Most rules look at single contacts; two compare those that the rules before let
# pass, whose verdict is COUNTED.
Condition = Callable[[Columns, Sequence[Verdict]], Sequence[bool]]
Rule = Callable[[Case], Condition | None]


class Judge:
    """The rules that are switched on under one case."""

    def __init__(self, case: Case) -> None:
        rules = [(verdict, rule(case)) for verdict, rule in RULES[case.quota.basis]]
        self._rules = [(verdict, condition) for verdict, condition in rules if condition is not None]
        self._settled = case.settled

    def verdicts(self, contacts: Sequence[Contact]) -> list[Verdict]:
        """Return the verdict as of T on each of one employee's *contacts* of one period, in their order.

        *contacts* are sorted by place. A contact that no rule decides is counted.
        """
        if not contacts:
            return []
        columns, verdicts = Columns(*zip(*contacts, strict=True)), [_COUNTED] * len(contacts)
        for verdict, condition in self._rules:
            met = condition(columns, verdicts)
            if True in met:
                for place in compress(range(len(contacts)), met):
                    if verdicts[place] is _COUNTED:
                        verdicts[place] = verdict
        return list(map(_closed, verdicts, contacts)) if self._settled else verdicts


def _closed(verdict: Verdict, contact: Contact) -> Verdict:
    if verdict is _DETAILS and contact.ended_by in LOSSES:
        return Verdict.REJECTED_DETAILS
    return _CLOSED.get(verdict, verdict)


def review_accepts(case: Case) -> Condition:
    """Count what a reviewer accepted."""
    quota = case.quota.id
    return lambda of, _: [one is not NOTHING and one.get(quota) is True for one in of.decisions]


def review_rejects(case: Case) -> Condition:
    """Reject what a reviewer rejected: the contact itself, or else by confirming a finding about it."""
    quota, refused = case.quota.id, case.refused
    if refused:
        return lambda of, _: [
            one.get(quota) is False or key in refused for one, key in zip(of.decisions, of.keys, strict=True)
        ]
    return lambda of, _: [one is not NOTHING and one.get(quota) is False for one in of.decisions]


def not_first(case: Case) -> Condition | None:
    """Reject a re-add of the relation; under `corp` also an add of a colleague's earlier customer."""
    match case.counting.first_add:
        case FirstAdd.ANY:
            return None
        case FirstAdd.PAIR:
            return lambda of, _: [nth > 1 for nth in of.nth]
        case FirstAdd.CORP:  # pragma: no branch - mypy knows that none is left
            return lambda of, _: [
                nth > 1 or since is not None for nth, since in zip(of.nth, of.known_since, strict=True)
            ]


def customer_type(case: Case) -> Condition | None:
    """Reject customers of the wrong type."""
    types = case.counting.customer_types
    if case.counting.takes_every_type:
        return None
    return lambda of, _: [one is not None and one.customer_type not in types for one in of.details]


def add_way(case: Case) -> Condition | None:
    """Reject excluded ways of adding."""
    ways = case.counting.exclude_add_ways
    if not ways:
        return None
    return lambda of, _: [one is not None and one.add_way in ways for one in of.details]


def state(case: Case) -> Condition | None:
    """Reject excluded channels."""
    states = case.counting.exclude_states
    return (lambda of, _: [one in states for one in of.state]) if states else None


def not_own_book(case: Case) -> Condition | None:
    """Reject a customer of somebody else's book."""
    if not case.counting.own_book:
        return None
    return lambda of, _: [
        manager is not None and manager != userid
        for manager, userid in zip(of.manager, of.userid, strict=True)
    ]


def facts_false(case: Case) -> Condition | None:
    """Reject a customer if a required fact is known to be false."""
    required = case.counting.required_facts
    if not required:
        return None

    def condition(of: Columns, _: object) -> Sequence[bool]:
        return _any([[facts.get(fact) is False for facts in of.facts] for fact in required])

    return condition


def _any(several: list[list[bool]]) -> list[bool]:
    """Return of each contact whether one of *several* is met."""
    return several[0] if len(several) == 1 else list(map(any, zip(*several, strict=True)))


def lost_early(case: Case) -> Condition | None:
    """Reject a contact lost less than keep_days × 24 h after the add."""
    keep_s = case.counting.keep_s
    if not keep_s:
        return None
    return lambda of, _: [
        ended_at is not None and ended_at - added_at < keep_s and ended_by in LOSSES
        for ended_at, added_at, ended_by in zip(of.ended_at, of.added_at, of.ended_by, strict=True)
    ]


def over_daily_cap(case: Case) -> Condition | None:
    """Reject the adds of one local day after the first max_per_day."""
    cap, day_of = case.counting.max_per_day, case.day_of

    def condition(of: Columns, verdicts: Sequence[Verdict]) -> Sequence[bool]:
        over = [False] * len(verdicts)
        if is_crowded(of.added_at, number=cap + 1, within_s=_LONGEST_DAY_S):
            of_day: Counter[date] = Counter()
            for place in _passed(verdicts):
                day = day_of(of.added_at[place])
                of_day[day] += 1
                over[place] = of_day[day] > cap
        return over

    return condition if cap else None


def over_share(case: Case) -> Condition | None:
    """Stop the adds above the allowed share of a fact; each share sees what the one before let through.

    Adds that are open for another reason are not weighed: they will not count by themselves.
    """
    counting, tags = case.counting, frozenset(case.counting.required_tags)
    needs_details = counting.needs_details

    def condition(of: Columns, verdicts: Sequence[Verdict]) -> Sequence[bool]:
        over = [False] * len(verdicts)
        weighed = [
            place
            for place, verdict, details in zip(range(len(verdicts)), verdicts, of.details, strict=True)
            if verdict is _COUNTED
            and (
                tags <= details.tags
                if details is not None
                else not (needs_details and of.ended_by[place] in LOSSES)
            )
        ]
        for limit in counting.max_share:
            through = [place for place in weighed if not over[place]] if True in over else weighed
            having = [place for place in through if of.facts[place].get(limit.fact)]
            for place in having[limit.allowed(len(through) - len(having)) :]:
                over[place] = True
        return over

    return condition if counting.max_share else None


def _passed(verdicts: Sequence[Verdict]) -> list[int]:
    """Return the places of the contacts that no rule has decided so far."""
    return [place for place, verdict in enumerate(verdicts) if verdict is _COUNTED]


def details_unknown(case: Case) -> Condition | None:
    """Wait for WeCom's details if a rule needs them."""
    if not case.counting.needs_details:
        return None
    return lambda of, _: [one is None for one in of.details]


def tags_missing(case: Case) -> Condition | None:
    """Wait for a required tag."""
    tags = frozenset(case.counting.required_tags)
    if not tags:
        return None
    return lambda of, _: [one is not None and not tags <= one.tags for one in of.details]


def facts_unknown(case: Case) -> Condition | None:
    """Wait for the bank's facts, or its manager, if a rule needs them."""
    required, own_book = case.counting.required_facts, case.counting.own_book
    if not (required or own_book):
        return None

    def condition(of: Columns, _: object) -> Sequence[bool]:
        lacking = [[fact not in facts for facts in of.facts] for fact in required]
        lacking += [[manager is None for manager in of.manager]] if own_book else []
        return _any(lacking)

    return condition


def keep_period(case: Case) -> Condition | None:
    """Wait until a living contact has been kept for keep_days × 24 h."""
    kept_since = case.at - case.counting.keep_s
    if not case.counting.keep_s:
        return None
    return lambda of, _: [
        added_at > kept_since and ended_at is None
        for added_at, ended_at in zip(of.added_at, of.ended_at, strict=True)
    ]


def held(case: Case) -> Condition | None:
    """Wait for the review of a contact held by `[integrity]`."""
    keys = case.held
    return (lambda of, _: [key in keys for key in of.keys]) if keys else None


# The rules in their order, each with its verdict.
_ADDED: tuple[tuple[Verdict, Rule], ...] = (
    (Verdict.COUNTED_REVIEW, review_accepts),
    (Verdict.REJECTED_REVIEW, review_rejects),
    (Verdict.NOT_FIRST, not_first),
    (Verdict.CUSTOMER_TYPE, customer_type),
    (Verdict.ADD_WAY, add_way),
    (Verdict.STATE, state),
    (Verdict.NOT_OWN_BOOK, not_own_book),
    (Verdict.REJECTED_FACTS, facts_false),
    (Verdict.LOST_EARLY, lost_early),
    (Verdict.OVER_DAILY_CAP, over_daily_cap),
    (Verdict.OVER_SHARE, over_share),
    (Verdict.DETAILS, details_unknown),
    (Verdict.TAGS, tags_missing),
    (Verdict.FACTS, facts_unknown),
    (Verdict.KEEP_PERIOD, keep_period),
    (Verdict.REVIEW, held),
)
_NOT_OF_HELD = {not_first, lost_early, over_daily_cap, over_share, keep_period}
RULES: dict[Basis, tuple[tuple[Verdict, Rule], ...]] = {
    Basis.ADDED: _ADDED,
    Basis.HELD: tuple((verdict, rule) for verdict, rule in _ADDED if rule not in _NOT_OF_HELD),
}
