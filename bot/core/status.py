"""Where one person stands in one period: the sums, on whole numbers and exact fractions.

Floats are made only for printing, from numbers that are already rounded.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

HALF = Fraction(1, 2)
TIGHT = 3  # times the even dose of the period; above it a number helps nobody


class Status(StrEnum):
    EXEMPT = "exempt"
    MET = "met"
    COVERED = "covered"
    MISSED = "missed"
    BEHIND = "behind"
    ON_TRACK = "on_track"


ENOUGH = frozenset({Status.MET, Status.COVERED})
WORST_FIRST = (Status.BEHIND, Status.MISSED, Status.ON_TRACK, Status.COVERED, Status.MET, Status.EXEMPT)


def round_half_up(number: Fraction, *, places: int) -> Fraction:
    """Return *number* rounded to *places* decimals, halves up: never to the employee's harm."""
    scale = 10**places
    return Fraction(floor(number * scale + HALF), scale)


def prorate(target: int, part: Fraction) -> int:
    """Return *part* of *target*, rounded to the nearest whole, halves down."""
    return max(0, ceil(target * part - HALF))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDays:
    """How one person's own workdays of a period lie around today.

    *elapsed* includes today, *before* does not; *left* are those still to come, with today while its
    working hours are not over. Each weight is the sum of the person's share on such days.
    """

    total: int
    before: int
    elapsed: int
    left: int
    weight: Fraction
    weight_before: Fraction
    weight_elapsed: Fraction

    @classmethod
    def around(
        cls,
        today: date,
        *,
        days: Sequence[date],
        hours_over: bool,
        weight_of: Callable[[Sequence[date]], Fraction],
    ) -> OwnDays:
        """Return the counts for sorted own workdays *days*; *today* may lie outside the period."""
        before, elapsed = bisect_left(days, today), bisect_right(days, today)
        still_today = 0 if hours_over else elapsed - before
        return cls(
            total=len(days),
            before=before,
            elapsed=elapsed,
            left=len(days) - elapsed + still_today,
            weight=weight_of(days),
            weight_before=weight_of(days[:before]),
            weight_elapsed=weight_of(days[:elapsed]),
        )

    def expected(self, target: int, *, opening: int = 0) -> Fraction:
        """Return the part of *target* due by the end of today. *weight* must be positive.

        *opening* is what was sure when the period began.
        """
        return opening + (target - opening) * self.weight_elapsed / self.weight

    def expected_before(self, target: int, *, opening: int = 0) -> Fraction:
        """Return the part of *target* due by the end of the last own workday before today, 0 without one."""
        if not self.before:
            return Fraction(0)
        return opening + (target - opening) * self.weight_before / self.weight

    def forecast(self, sure: int) -> Fraction | None:
        """Return *sure* at the same pace by the last own workday; None before the first."""
        return sure * self.weight / self.weight_elapsed if self.weight_elapsed else None

    def dose(self, to_add: int) -> int:
        """Return how many of *to_add* (as of the last second of yesterday) are enough for today.

        0 if today is not an own workday.
        """
        return -(-to_add // (self.total - self.before)) if self.elapsed > self.before else 0


def is_tight(dose: int, *, target: int, own: int) -> bool:
    """Say whether *dose* is more than TIGHT times what a day of *own* workdays has of *target* on average.

    A dose of 1 never is: a small target has less than one a day, and no day can ask for less.
    """
    return dose > 1 and dose * own > TIGHT * target


def compute_pace(sure: int, *, expected: Fraction) -> Fraction | None:
    """Return *sure* / *expected* with two decimals, None when nothing is expected yet."""
    return round_half_up(sure / expected, places=2) if expected else None


def decide_status(
    *,
    target: int,
    counted: int,
    sure: int,
    over: bool,
    last: bool,
    pace: Fraction | None,
    due: Fraction,
    behind_threshold: Fraction,
) -> Status:
    """Return the status of one person in one period.

    *over*: the period's last day is over. *last*: no own workday comes after today. *pace*: as printed.
    *due* is what was expected of the last own workday before today (`day` quotas: of today from 16:00 on, 0
    before): nobody is behind by less than one whole contact of it.
    """
    if target == 0:
        return Status.EXEMPT
    if counted >= target:
        return Status.MET
    if sure >= target:
        return Status.COVERED
    if over:
        return Status.MISSED
    slow = pace is not None and pace < behind_threshold and sure + 1 <= due
    return Status.BEHIND if last or slow else Status.ON_TRACK
