"""Periods and their names: a day, an ISO week, a month, a quarter, a year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

SHAPES = "2026-11-23, 2026-W48, 2026-11, 2026-Q4 or 2026"

# Other years are slips of the pen; no quota and no calendar of holidays reaches so far.
_NAME = re.compile(r"(19[0-9]{2}|20[0-9]{2})(?:-(?:W([0-9]{2})|Q([1-4])|([0-9]{2})(?:-([0-9]{2}))?))?")


class PeriodKind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period; *first* and *last* are local days, both included.

    *cut_from*: the last day of the whole period, if a change of the kind of period ends it earlier.
    """

    kind: PeriodKind
    name: str
    first: date
    last: date
    cut_from: date | None = None

    def __contains__(self, day: date) -> bool:
        """Say whether the local *day* lies in it."""
        return self.first <= day <= self.last

    @property
    def whole_last(self) -> date:
        """Return the last day of the whole period."""
        return self.cut_from or self.last


def period_of(kind: PeriodKind, day: date) -> Period:
    """Return the period of *kind* in which the local *day* lies. Weeks are ISO weeks with their own year."""
    match kind:
        case PeriodKind.DAY:
            return Period(kind=kind, name=day.isoformat(), first=day, last=day)
        case PeriodKind.WEEK:
            iso = day.isocalendar()
            monday = day - timedelta(days=iso.weekday - 1)
            name = f"{iso.year:04d}-W{iso.week:02d}"
            return Period(kind=kind, name=name, first=monday, last=monday + timedelta(days=6))
        case PeriodKind.MONTH:
            return _months(kind, f"{day.year:04d}-{day.month:02d}", year=day.year, first=day.month, count=1)
        case PeriodKind.QUARTER:
            quarter = (day.month + 2) // 3
            return _months(kind, f"{day.year:04d}-Q{quarter}", year=day.year, first=3 * quarter - 2, count=3)
        case PeriodKind.YEAR:  # pragma: no branch - mypy knows that no kind is left
            return _months(kind, f"{day.year:04d}", year=day.year, first=1, count=12)


def first_period_from(kind: PeriodKind, day: date) -> Period:
    """Return the first period of *kind* that begins on the local *day* or later."""
    period = period_of(kind, day)
    return period if period.first == day else period_of(kind, period.last + timedelta(days=1))


def parse_period(name: str) -> Period:
    """Return the period called *name*. Raises ValueError, naming the shapes that are allowed.

    Years are 1900 to 2099.
    """
    found = _NAME.fullmatch(name)
    try:
        if found:
            return _parsed(*found.groups())
    except ValueError:
        pass
    raise ValueError(f"no such period: {name!r}; write it as {SHAPES}")


def _parsed(year: str, week: str | None, quarter: str | None, month: str | None, day: str | None) -> Period:
    if week:
        return period_of(PeriodKind.WEEK, date.fromisocalendar(int(year), int(week), 1))
    if quarter:
        return period_of(PeriodKind.QUARTER, date(int(year), 3 * int(quarter), 1))
    if month and day:
        return period_of(PeriodKind.DAY, date(int(year), int(month), int(day)))
    if month:
        return period_of(PeriodKind.MONTH, date(int(year), int(month), 1))
    return period_of(PeriodKind.YEAR, date(int(year), 1, 1))


def _months(kind: PeriodKind, name: str, *, year: int, first: int, count: int) -> Period:
    # December has 31 days; every other month ends the day before the next one begins.
    end = first + count
    last = date(year, 12, 31) if end > 12 else date(year, end, 1) - timedelta(days=1)
    return Period(kind=kind, name=name, first=date(year, first, 1), last=last)
