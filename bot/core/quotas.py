"""Quotas as rules: target, people, and what counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.core.counting import OFF, Counting, Integrity
from bot.core.money import Penalty, Reward, Scope
from bot.core.people import Departments, Membership, Person
from bot.core.periods import Period, PeriodKind
from bot.core.workdays import ONE_DAY, WorkCalendar


class Basis(StrEnum):
    """added: contacts won in the period; held: contacts alive at its end."""

    ADDED = "added"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One [[quotas]] section, with the [integrity] it was frozen with.

    Empty scopes mean everybody; userids are in lower case.
    """

    id: str
    period: PeriodKind
    target: int
    roles: frozenset[str] = frozenset()
    departments: frozenset[int] = frozenset()
    userids: frozenset[str] = frozenset()
    starts_on: date | None = None
    ends_on: date | None = None
    basis: Basis = Basis.ADDED
    counting: Counting = field(default_factory=Counting)
    penalty: Penalty | None = None
    reward: Reward | None = None
    integrity: Integrity = OFF

    @property
    def ranked_in(self) -> Scope:
        """Return the group among which people are ranked."""
        return self.reward.scope if self.reward is not None and self.reward.top else Scope.ALL

    def settlement(self, period: Period, *, calendar: WorkCalendar) -> int:
        """Return the epoch second from which the closing rules hold for *period*.

        It is the midnight after its last day plus the keep period; basis `held` has none.
        """
        end = calendar.start_of(period.last + ONE_DAY)
        return end if self.basis is Basis.HELD else end + self.counting.keep_s


def holds_for(quota: Quota, period: Period) -> bool:
    """Say whether *quota* holds in *period*: same kind, first day in [starts_on, ends_on]."""
    return (
        quota.period is period.kind
        and (quota.starts_on is None or quota.starts_on <= period.first)
        and (quota.ends_on is None or period.first <= quota.ends_on)
    )


def under_quota(quota: Quota, person: Person, day: date, *, departments: Departments) -> bool:
    """Say whether *person* is employed and under *quota* on the local *day*; absences do not matter."""
    return person.employed_on(day) and _in_scope(
        quota, person, person.membership_on(day), departments.on(day)
    )


def stretches_under(
    quota: Quota, person: Person, period: Period, *, departments: Departments
) -> tuple[tuple[date, date], ...]:
    """Return the longest stretches of days (both ends included) of *period* with *person* under *quota*."""
    employed = person.employed_within(period.first, period.last)
    if employed is None:
        return ()
    first, last = employed
    if len(person.memberships) == 1 and not departments.before:  # as most people are
        under = _in_scope(quota, person, person.memberships[0], departments)
        return (employed,) if under else ()
    changes = (*(held.since for held in person.memberships), *(until for until, _ in departments.before))
    begins = sorted({first, *(day for day in changes if day is not None and first < day <= last)})
    stretches: list[tuple[date, date]] = []
    for begin, following in zip(begins, (*begins[1:], last + ONE_DAY), strict=True):
        if _in_scope(quota, person, person.membership_on(begin), departments.on(begin)):
            joined = stretches.pop()[0] if stretches and stretches[-1][1] + ONE_DAY == begin else begin
            stretches.append((joined, following - ONE_DAY))
    return tuple(stretches)


def _in_scope(quota: Quota, person: Person, membership: Membership, departments: Departments) -> bool:
    if person.userid in quota.userids:
        return True
    if not quota.roles and not quota.departments:
        return not quota.userids
    if quota.roles and membership.role not in quota.roles:
        return False
    return not quota.departments or any(
        departments.at_or_below(own, asked) for own in membership.departments for asked in quota.departments
    )
