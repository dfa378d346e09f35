"""The way of one person through a period, day by day, beside the even pace. For charts."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from bot.core.person_figures import PersonFigures
from bot.core.quota_periods import Judged, QuotaPeriod
from bot.core.status import round_half_up
from bot.core.verdicts import is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseDay:
    """The end of a local *day*: *expected* by the even pace, one decimal; sums of contacts added up to it.

    *sure* includes *counted*; *open* is beside both. Verdicts are those of now. Sums are None after today.
    """

    day: date
    expected: float
    counted: int | None
    sure: int | None
    open: int | None


def compute_course(
    quota_period: QuotaPeriod,
    figures: PersonFigures,
    own_days: Sequence[date],
    *,
    judged: Judged,
    today: date,
) -> tuple[CourseDay, ...]:
    """Return each day of the period.

    *own_days* are the sorted own workdays of the person of *figures*, *judged* their contacts.
    """
    period, own = quota_period.period, figures.own
    counts = _by_day(judged, quota_period)
    sums, course = Counter(_before(counts, period.first)), []
    for number in range((period.last - period.first).days + 1):
        day = period.first + timedelta(days=number)
        sums += counts.get(day, Counter())
        weight = figures.person.weight_of(own_days[: bisect_right(own_days, day)])
        way = Fraction(figures.target - figures.opening)
        expected = figures.opening + (way * weight / own.weight if own.weight else 0)
        is_past = day <= today
        course.append(
            CourseDay(
                day=day,
                expected=float(round_half_up(Fraction(expected), places=1)),
                counted=sums["counted"] if is_past else None,
                sure=sums["counted"] + sums["pending"] if is_past else None,
                open=sums["open"] if is_past else None,
            )
        )
    return tuple(course)


def _by_day(judged: Judged, quota_period: QuotaPeriod) -> dict[date, Counter[str]]:
    found: dict[date, Counter[str]] = {}
    for contact, verdict in judged:
        kind = "open" if is_open(verdict, contact) else verdict.outcome
        day = quota_period.calendar.day_of(contact.added_at)
        found.setdefault(day, Counter())[kind] += 1
    return found


def _before(counts: dict[date, Counter[str]], first: date) -> Counter[str]:
    """Return the contacts from before the period: those of basis `held`, and of days off before a day."""
    return sum((of_day for day, of_day in counts.items() if day < first), Counter[str]())
