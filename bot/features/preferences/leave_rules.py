"""Rules for noted leave: which days may be confirmed, and how they change the member's targets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.core.people import Departments, Person
from bot.core.periods import Period
from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import stretches_under
from bot.core.rulebook import QuotaInPeriod
from bot.core.workdays import ONE_DAY, WorkCalendar

Span = tuple[date, date]  # local days, both included


@dataclass(frozen=True, slots=True, kw_only=True)
class Prorated:
    """The change of one target by leave: *after* replaces *before*."""

    quota: str
    period: Period
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of leave: *days* are workdays that no longer count, *targets* those that shrink."""

    days: frozenset[date]
    targets: tuple[Prorated, ...]


def list_within(leaves: Iterable[Span], wanted: Span) -> tuple[Span, ...]:
    """Return the days of *leaves* within *wanted*, in order, each once."""
    first, last = wanted
    spans: list[Span] = []
    for begin, end in sorted((max(begin, first), min(end, last)) for begin, end in leaves):
        if begin > end:
            continue
        if spans and begin <= spans[-1][1] + ONE_DAY:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return tuple(spans)


def find_run(days: Collection[date], day: date) -> Span | None:
    """Return the first unbroken run in *days* from the local *day* on; None without any."""
    first = min((leave_day for leave_day in days if leave_day >= day), default=None)
    if first is None:
        return None
    last = first
    while last + ONE_DAY in days:
        last += ONE_DAY
    return first, last


def effect_of(
    days: Collection[date],
    person: Person,
    *,
    quota_periods: Iterable[QuotaInPeriod],
    departments: Departments,
    calendar: WorkCalendar,
) -> Effect:
    """Return what changes in *frames* if *person* is also absent on *days*."""
    absent = replace(person, absences=person.absences | frozenset(days))
    gone: set[date] = set()
    targets: list[Prorated] = []
    for quota, period in quota_periods:
        quota_period = QuotaPeriod.of(quota, period, calendar=calendar)
        stretches = stretches_under(quota, person, period, departments=departments)
        own, left = (quota_period.own_days(member, stretches) for member in (person, absent))
        gone.update(set(own) - set(left))
        before, after = (quota_period.target(person, worked) for worked in (own, left))
        if before != after:
            targets.append(Prorated(quota=quota.id, period=period, before=before, after=after))
    return Effect(days=frozenset(gone), targets=tuple(targets))
