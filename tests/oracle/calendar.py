"""Days: which are worked, in which period they lie, and when they begin.

China's decree stands here by hand: autumn 2025, and 2026.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache

from oracle.branch import Branch

DAY_S = 24 * 60 * 60
OFF = {
    date(2027, 1, 1),
    *(date(2025, 10, day) for day in range(1, 9)),
    *(date(2026, 1, day) for day in (1, 2, 3)),
    *(date(2026, 2, day) for day in range(15, 24)),
    *(date(2026, 4, day) for day in (4, 5, 6)),
    *(date(2026, 5, day) for day in range(1, 6)),
    *(date(2026, 6, day) for day in (19, 20, 21)),
    *(date(2026, 9, day) for day in (25, 26, 27)),
    *(date(2026, 10, day) for day in range(1, 8)),
}
MADE_UP = {
    *(date(2025, *day) for day in ((9, 28), (10, 11))),
    *(date(2026, *day) for day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))),
}


def days(first: date, last: date) -> list[date]:
    """Return every day from *first* to *last*."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def half_up(number: Fraction, places: int) -> float:
    """Return *number* with so many decimals, halves up."""
    whole, rest = divmod(number * 10**places, 1)
    return float(Fraction(int(whole) + (1 if rest >= Fraction(1, 2) else 0), 10**places))


def half_down(number: Fraction) -> int:
    """Return the nearest whole number, halves down."""
    whole, rest = divmod(number, 1)
    return int(whole) + (1 if rest > Fraction(1, 2) else 0)


@cache
def begin_of(kind: str, day: date) -> date:
    """Return the first day of the period of *kind* around *day*."""
    return {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "quarter": date(day.year, 3 * ((day.month - 1) // 3) + 1, 1),
        "year": date(day.year, 1, 1),
    }[kind]


@cache
def end_of(kind: str, day: date) -> date:
    """Return the last day of the period of *kind* around *day*."""
    begin = last = begin_of(kind, day)
    while begin_of(kind, last + timedelta(days=1)) == begin:
        last += timedelta(days=1)
    return last


@cache
def name_of(kind: str, day: date) -> str:
    """Return the name of the period of *kind* around *day*."""
    year, week, _ = day.isocalendar()
    return {
        "day": day.isoformat(),
        "week": f"{year}-W{week:02}",
        "month": f"{day.year}-{day.month:02}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        "year": f"{day.year}",
    }[kind]


class Days:
    """The calendar of one branch."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch

    def works(self, day: date) -> bool:
        """Say whether *day* is a working day."""
        if day in self.branch.workdays:
            return True
        if day in self.branch.holidays or day in OFF:
            return False
        return day.weekday() < 5 or day in MADE_UP

    def workdays(self, first: date, last: date) -> list[date]:
        """Return the working days from *first* to *last*."""
        return [day for day in days(first, last) if self.works(day)]

    def local(self, second: int) -> datetime:
        """Return the local time of *second*."""
        return datetime.fromtimestamp(second, self.branch.zone)

    def day_of(self, second: int) -> date:
        """Return the local day of *second*."""
        return self.local(second).date()

    def midnight(self, day: date) -> int:
        """Return the first second of *day*."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self.branch.zone).timestamp())
