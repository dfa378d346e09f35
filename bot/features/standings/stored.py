"""Stored lines of closed periods in the standings, and the monthly cap on deductions around them.

From its close on, a period consists of its stored lines. A stored line also keeps its amount: the cap leaves
the rest to the lines settled later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from bot.core.periods import PeriodKind, period_of
from bot.core.progress import QuotaFigures
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.core.workdays import epoch_of
from bot.features.ledger.versions import load_caps
from bot.services import Services

Name = tuple[str, str]  # a quota's id, a period's name
_Month = tuple[str, date]  # a userid, the first day of a month


def names_of(quota_periods: Iterable[QuotaInPeriod]) -> set[Name]:
    """Return (quota, period) of each quota period."""
    return {(quota.id, period.name) for quota, period in quota_periods}


def closed_by(services: Services, quota_periods: Iterable[QuotaInPeriod], *, at: datetime) -> set[Name]:
    """Return (quota, period) of *quota_periods* closed at *at* (aware) or before."""
    today, at_s = services.config.work_calendar().local_day(at), epoch_of(at)
    ended = names_of((quota, period) for quota, period in quota_periods if period.last < today)
    closed = services.store.results.closings() if ended else {}
    return ended & {name for name, closed_at in closed.items() if closed_at <= at_s}


def replace_by_stored(
    services: Services,
    quota_periods: Iterable[QuotaInPeriod],
    rows: Iterable[QuotaFigures],
    *,
    closed: Collection[Name],
    userids: Collection[str] | None = None,
) -> tuple[QuotaFigures, ...]:
    """Return *rows*, but of each *closed* period exactly its stored lines, sorted by userid.

    *userids*: those of these people alone.
    """
    by_name: dict[Name, list[QuotaFigures]] = {}
    for row in rows:
        by_name.setdefault((row.quota, row.period), []).append(row)
    for name in closed:
        newest = services.store.results.newest(*name, userids)
        by_name[name] = [newest[userid].line for userid in sorted(newest)]
    return tuple(row for quota, period in quota_periods for row in by_name.get((quota.id, period.name), ()))


def list_needed_periods(
    services: Services, quota_periods: Sequence[QuotaInPeriod], *, book: Rulebook
) -> list[QuotaInPeriod]:
    """Return *quota_periods*, then all other periods that end in the same months, if these have a cap."""
    wanted, known = list(quota_periods), names_of(quota_periods)
    for first in sorted(caps_of(services, quota_periods)):
        month = period_of(PeriodKind.MONTH, first)
        ending = book.periods_ending(month.first, month.last)
        wanted += [(quota, period) for quota, period in ending if (quota.id, period.name) not in known]
    return wanted


def caps_of(services: Services, quota_periods: Iterable[QuotaInPeriod]) -> dict[date, int]:
    """Return the cap, in yuan, of each month in which one of *quota_periods* ends, by its first day.

    It is the cap of that day: an unrecorded cap of the file holds from tomorrow on. Months without a cap are
    left out.
    """
    caps, months = load_caps(services), {period.last.replace(day=1) for _, period in quota_periods}
    return {month: cap for month in months if (cap := caps.on(month))}


def cap_rows(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    rows: Sequence[QuotaFigures],
    *,
    fresh: Collection[Name] | None,
    at: datetime,
    book: Rulebook,
    userids: Collection[str] | None = None,
) -> Sequence[QuotaFigures]:
    """Return *rows* with the penalties of each person and month cut at the cap.

    Each stored line of a period closed by *at* takes the largest amount that it ever had: a correction frees
    nothing. The other rows of *quota_periods* follow by settlement, then by the file. *fresh*: closed periods
    whose stored lines are ignored, None for all. *userids*: the rows are those of these people alone.
    """
    caps = caps_of(services, quota_periods)
    if not caps or not any(row.penalty for row in rows):
        return rows
    kept = set() if fresh is None else closed_by(services, quota_periods, at=at) - set(fresh)
    calendar, places = services.config.work_calendar(), book.places()
    order = {
        (quota.id, period.name): (quota.settlement(period, calendar=calendar), places[quota.id], period.first)
        for quota, period in quota_periods
    }
    taken: dict[_Month, int] = {}
    for (userid, month), amount in _kept_amounts(services, kept, userids):
        taken[userid, month] = taken.get((userid, month), 0) + amount
    cut = list(rows)
    for number in sorted(range(len(rows)), key=lambda number: order[rows[number].quota, rows[number].period]):
        row = rows[number]
        if row.penalty is None or (row.quota, row.period) in kept:
            continue
        month = row.period_end.replace(day=1)
        if month in caps:
            used = taken.get((row.userid, month), 0)
            cut[number] = replace(row, penalty=min(row.penalty, max(0, caps[month] - used)))
            taken[row.userid, month] = used + (cut[number].penalty or 0)
    return cut


def _kept_amounts(
    services: Services, kept: Iterable[Name], userids: Collection[str] | None
) -> Iterable[tuple[_Month, int]]:
    """Yield the largest penalty of each stored line of *kept* with its person and month."""
    for name in sorted(kept):
        largest: dict[_Month, int] = {}
        for line in services.store.results.versions(*name, userids):
            month = line.userid, line.period_end.replace(day=1)
            largest[month] = max(largest.get(month, 0), line.penalty or 0)
        yield from largest.items()
