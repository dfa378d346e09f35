"""The numbers of each person in one quota period, before anybody is ranked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from bot.core.contacts import ADDED_AT, Contact
from bot.core.history import Tally
from bot.core.people import Departments, Membership, Person
from bot.core.quota_periods import Moment, Past, QuotaPeriod, Span, Stretch
from bot.core.quotas import Basis, stretches_under
from bot.core.status import OwnDays
from bot.core.verdicts import Verdict

Judged = tuple[Sequence[Contact], Sequence[Verdict]]  # contacts and the verdict on each


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What a quota period asks of people with the same own workdays and shares; compared by identity."""

    target: int
    own: OwnDays
    part: Fraction  # of target and money, see QuotaPeriod.part

    @classmethod
    def of(
        cls, quota_period: QuotaPeriod, person: Person, stretches: Iterable[Stretch], *, now: Moment
    ) -> Plan:
        """Return what is asked of *person*, who is under the quota on the days of *stretches*."""
        days = quota_period.own_days(person, stretches)
        return cls(
            target=quota_period.target(person, days),
            own=OwnDays.around(now.today, days=days, hours_over=now.hours_over, weight_of=person.weight_of),
            part=quota_period.part(person, days),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFigures:
    """One person's numbers in one quota period, before anybody is ranked."""

    person: Person
    shown_on: date  # the day of the department and role in the row
    plan: Plan
    gross: int
    lost: int
    tally: Tally
    today_sure: int
    opening: int  # basis `held`: sure when the period began, at most target; else 0
    to_add_yesterday: int

    @property
    def target(self) -> int:
        """Return the target of the plan."""
        return self.plan.target

    @property
    def own(self) -> OwnDays:
        """Return the own workdays of the plan around today."""
        return self.plan.own

    @property
    def part(self) -> Fraction:
        """Return the part of target and money that the plan asks."""
        return self.plan.part

    @property
    def membership(self) -> Membership:
        """Return the departments and the role that the row shows."""
        return self.person.membership_on(self.shown_on)

    @property
    def attainment(self) -> Fraction:
        """Return counted / target; the target is not 0."""
        return Fraction(self.tally.counted, self.target)


def find_shown_day(stretches: Sequence[Stretch], *, today: date) -> date:
    """Return the last day of *stretches* up to *today*, else their first day."""
    begun = [last for first, last in stretches if first <= today]
    return min(begun[-1], today) if begun else stretches[0][0]


def compute_figures(
    quota_period: QuotaPeriod,
    *,
    people: Iterable[Person],
    departments: Departments,
    now: Moment,
    past: Past,
    before: Past,
) -> list[PersonFigures]:
    """Return the numbers of everybody under the quota of *quota_period*, in the order of *people*.

    *past* is as of *now*, *before* as of the last second of yesterday.
    """
    # before a period to come: now
    opened = replace(past, at_s=min(quota_period.first_s - 1, now.at_s), holds=False)
    # Most people share their stretches and shares, and with them their own workdays.
    plans: dict[tuple[object, ...], Plan] = {}
    rows: list[PersonFigures] = []
    for person in people:
        stretches = stretches_under(quota_period.quota, person, quota_period.period, departments=departments)
        if not stretches:
            continue
        alike = stretches, person.absences, person.shares
        if (plan := plans.get(alike)) is None:
            plan = plans[alike] = Plan.of(quota_period, person, stretches, now=now)
        spans = quota_period.spans(person, stretches, departments)
        contacts, verdicts = quota_period.judged_in(person.userid, past, spans)
        today = bisect_left(contacts, now.today_s, key=ADDED_AT)
        opening = 0
        if quota_period.quota.basis is Basis.HELD:
            opening = Tally.of(*quota_period.judged_in(person.userid, opened, spans)).sure
        judged = _judged_before(quota_period, person.userid, spans, before, past, (contacts, verdicts))
        rows.append(
            PersonFigures(
                person=person,
                shown_on=find_shown_day(stretches, today=now.today),
                plan=plan,
                gross=len(contacts),
                lost=quota_period.lost_in(person.userid, past, spans),
                tally=Tally.of(contacts, verdicts),
                today_sure=Tally.of(contacts[today:], verdicts[today:]).sure,
                opening=min(plan.target, opening),
                to_add_yesterday=max(0, plan.target - Tally.of(*judged).sure),
            )
        )
    return rows


def _judged_before(
    quota_period: QuotaPeriod, userid: str, spans: Iterable[Span], before: Past, past: Past, judged: Judged
) -> Judged:
    """Return contacts and verdicts as of *before*, for the sum of what is sure; *judged* are those of *past*.

    Contacts unchanged since then stay sure: time and `[integrity]` only move a contact from pending to
    counted. Shares depend on later adds, and closing rules differ.
    """
    contacts, verdicts = judged
    known = bisect_right(contacts, before.at_s, key=ADDED_AT)
    is_settled = (before.at_s >= quota_period.settlement_s, past.at_s >= quota_period.settlement_s)
    if (
        quota_period.quota.basis is Basis.HELD
        or len(set(is_settled)) > 1
        or not past.history(userid).is_same_since(before.at_s)
    ):
        return quota_period.judged_in(userid, before, spans)
    if known < len(contacts) and quota_period.quota.counting.max_share:
        return contacts[:known], before.judge(quota_period).verdicts(contacts[:known])
    return contacts[:known], verdicts[:known]
