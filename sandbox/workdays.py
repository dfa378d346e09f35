"""The workdays: weekdays, with the given exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """A calendar. *days_off* are weekdays without work, *workdays* weekend days with work (调休)."""

    days_off: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Return whether *day* is a workday; a day in both lists is."""
        return day in self.workdays or (day.weekday() < _SATURDAY and day not in self.days_off)

    def between(self, first: date, last: date) -> list[date]:
        """Return the workdays from *first* to *last*, both included."""
        return [day for day in _days(first, last) if self.is_workday(day)]


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
