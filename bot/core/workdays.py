"""The work calendar: which days are working days, and when working hours are.

The only file that touches the `holidays` library, which is loaded when a year is first asked for.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
_HOME = "CN"
_importing = Lock()
_QUARTER_S = 900


def epoch_of(at: datetime) -> int:
    """Return *at* as whole epoch seconds (UTC), rounded down, so that an event at or before it still is.

    Raises ValueError if *at* has no zone.
    """
    return (_aware(at) - EPOCH) // timedelta(seconds=1)


def is_known_country(country: str) -> bool:
    """Say whether the public holidays of *country* (ISO 3166 alpha-2, upper case) are known."""
    if country == _HOME:  # without the library, which most commands need not wait for
        return True
    import holidays as public_holidays

    return country in public_holidays.list_supported_countries(include_aliases=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """Working days of a country with its make-up days (调休) and the bank's own days.

    An own holiday wins over everything but an own workday of the same date.
    Working hours are opens <= local time < closes, on working days only.
    """

    zone: ZoneInfo
    country: str
    opens: time
    closes: time
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Say whether *day* is a working day; make-up Saturdays and Sundays are."""
        if day in self.workdays:
            return True
        return day not in self.holidays and day in _public_workdays(self.country, day.year)

    def workdays_between(self, first: date, last: date) -> tuple[date, ...]:
        """Return the working days from *first* to *last*, both included; none if *last* is before *first*."""
        days: list[date] = []
        for year in range(first.year, last.year + 1):
            of_year = _workdays_of_year(self, year)
            days += of_year[bisect_left(of_year, first) : bisect_right(of_year, last)]
        return tuple(days)

    def next_workday(self, day: date) -> date:
        """Return the first working day after *day*. Raises ValueError if there is none within 366 days."""
        for distance in range(1, 367):
            if self.is_workday(following := day + distance * ONE_DAY):
                return following
        raise ValueError(f"no working day within 366 days after {day}")

    def is_last_workday_of_week(self, day: date) -> bool:
        """Say whether *day* is the last working day of its ISO week; a week without one has none."""
        if not self.is_workday(day):
            return False
        sunday = day + (7 - day.isoweekday()) * ONE_DAY
        return not self.workdays_between(day + ONE_DAY, sunday)

    def decreed(self, year: int) -> bool:
        """Say whether the make-up and substituted days of *year* are known; China decrees them year by year.

        Without a decree the statutory days off are used. Other countries need none: always True.
        """
        return self.country != "CN" or _has_decree(year)

    def local(self, at: datetime) -> datetime:
        """Return *at* in the calendar's zone. Raises ValueError if *at* has no zone."""
        return _aware(at).astimezone(self.zone)

    def local_day(self, at: datetime) -> date:
        """Return the local date of *at*. Raises ValueError if *at* has no zone."""
        return self.local(at).date()

    def moment(self, epoch_s: int) -> datetime:
        """Return whole epoch seconds as a datetime in the calendar's zone."""
        return datetime.fromtimestamp(epoch_s, self.zone)

    def day_of(self, epoch_s: int) -> date:
        """Return the local date of whole epoch seconds."""
        return _day_of_quarter(self.zone, epoch_s // _QUARTER_S)

    def start_of(self, day: date) -> int:
        """Return the first second of the local *day* in epoch seconds.

        Where clocks jump over midnight it is the jump; where midnight comes twice, the first.
        """
        return int(datetime.combine(day, time.min, self.zone).timestamp())

    def in_working_hours(self, at: datetime) -> bool:
        """Say whether *at* is on a working day with opens <= local time < closes."""
        local = self.local(at)
        return self.opens <= local.time() < self.closes and self.is_workday(local.date())

    def hours_over(self, at: datetime) -> bool:
        """Say whether the local time of *at* is *closes* or later, on any day; at midnight it is not."""
        return self.local(at).time() >= self.closes


# Every zone is a multiple of a quarter of an hour from UTC since before WeCom was there.
@lru_cache(maxsize=100_000)  # three years of quarters
def _day_of_quarter(zone: ZoneInfo, quarter: int) -> date:
    return datetime.fromtimestamp(quarter * _QUARTER_S, zone).date()


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"a time needs a zone: {at.isoformat()}")
    return at


# Bounded because simulations ask for many calendars, and a calendar for a few years.
@lru_cache(maxsize=256)
def _workdays_of_year(calendar: WorkCalendar, year: int) -> tuple[date, ...]:
    own = {day for day in calendar.workdays if day.year == year}
    return tuple(sorted((_public_workdays(calendar.country, year) - calendar.holidays) | own))


@lru_cache(maxsize=256)
def _public_workdays(country: str, year: int) -> frozenset[date]:
    # A decree for January may make days of the December before working days, so the neighbours are asked too.
    known = _holidays_of(country)(years=(year - 1, year, year + 1))
    first = date(year, 1, 1)
    days = (first + n * ONE_DAY for n in range((date(year, 12, 31) - first).days + 1))
    return frozenset(day for day in days if known.is_working_day(day))


@lru_cache(maxsize=256)
def _has_decree(year: int) -> bool:
    known = _holidays_of(_HOME)(years=year, language="en_US")
    made_up = any(day.year == year for day in known.weekend_workdays)
    return made_up or bool(known.get_named("substituted from", lookup="icontains"))


@cache
def _holidays_of(country: str) -> Any:
    """Return the class that knows a country's holidays.

    The package of countries imports all 250 of them, 8 MB and a third of a second. Here a package without its
    `__init__` stands in its place while the one module is imported.
    """
    import holidays
    from holidays.registry import COUNTRIES

    module, name = next((module, names[0]) for module, names in COUNTRIES.items() if country in names)
    package = "holidays.countries"
    with _importing:
        whole = sys.modules.get(package)
        if whole is None:
            bare = ModuleType(package)
            bare.__path__ = [str(Path(holidays.__file__).parent / "countries")]
            sys.modules[package] = bare
        try:
            return getattr(import_module(f"{package}.{module}"), name)
        finally:
            if whole is None:
                del sys.modules[package]
