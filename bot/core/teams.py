"""Teams: results of the people of a department and of all departments below it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from bot.core.history import Kept
from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.status import round_half_up

_BITS = 32  # of a target; no quota asks for so many
_MASK = (1 << _BITS) - 1
SMALLEST = 5  # teams under it are not broken down for those above their leader


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One quota's period in one department and those below it; shares have two decimals.

    *people* are those not exempt; without any, the shares are None. *attainment*: Σ min(counted, target) / Σ
    target; *median* of counted / target; *kept_90* over all of them, None under 10 adds.
    """

    quota: str
    period: str
    department: int
    people: int
    attainment: float | None
    median: float | None
    kept_90: float | None


def compute_large_teams(
    members: Mapping[int, Sequence[str]],
    rows: Mapping[str, Sequence[QuotaFigures]],
    *,
    kept: Mapping[str, Kept],
) -> tuple[Team, ...]:
    """Return the teams of *members* (userids by department) with SMALLEST people or more under a quota.

    *rows* by userid; teams by quota and period, then by department id.
    """
    sums = TeamSums(Departments())
    for department, userids in members.items():
        for row in (row for userid in userids for row in rows.get(userid, ())):
            sums.add_to(department, row, kept=kept[row.userid])
    return tuple(team for team in sums.teams() if team.people >= SMALLEST)


def upwards(department: int | None, departments: Departments) -> list[int]:
    """Return *department* and the departments above it, the nearest first; a cycle ends it."""
    way: list[int] = []
    while department is not None and department not in way:
        way.append(department)
        department = departments.parents.get(department)
    return way


class TeamSums:
    """The sums of teams, to which rows are added one by one: no row stays in memory."""

    def __init__(self, departments: Departments, *, order: Iterable[tuple[str, str]] = ()) -> None:
        """*order*: quotas and periods that come first; the others follow in the order of their rows."""
        self._departments = departments
        self._order = {name: number for number, name in enumerate(order)}
        self._sums: dict[tuple[str, str, int], _Sum] = {}

    def add(self, row: QuotaFigures, *, kept: Kept, day: date = date.max) -> None:
        """Add *row* to its department and those above it, in the tree of the local *day*."""
        for department in upwards(row.department, self._departments.on(day)):
            self.add_to(department, row, kept=kept)

    def add_to(self, department: int, row: QuotaFigures, *, kept: Kept) -> None:
        """Add *row* to *department* alone; *kept*: recent adds of the person."""
        self._order.setdefault((row.quota, row.period), len(self._order))
        self._sums.setdefault((row.quota, row.period, department), _Sum()).add(row, kept)

    def teams(self) -> tuple[Team, ...]:
        """Return the teams by quota and period, then by department id."""
        order = self._order
        return tuple(
            self._sums[name].team(*name)
            for name in sorted(self._sums, key=lambda name: (order[name[:2]], name[2]))
        )


@dataclass(slots=True)
class _Sum:
    """The people (not exempt) of one team in one quota and period.

    *people*: of each of them counted and target, in one number.
    """

    people: array[int] = field(default_factory=lambda: array("q"))
    done: int = 0
    asked: int = 0
    kept: int = 0
    adds: int = 0

    def add(self, row: QuotaFigures, kept: Kept) -> None:
        if row.target:
            self.people.append(row.counted << _BITS | row.target)
            self.done += min(row.counted, row.target)
            self.asked += row.target
            self.kept += kept.kept
            self.adds += kept.adds

    def team(self, quota: str, period: str, department: int) -> Team:
        share = Kept(self.kept, self.adds).share
        return Team(
            quota=quota,
            period=period,
            department=department,
            people=len(self.people),
            attainment=_two(Fraction(self.done, self.asked)) if self.asked else None,
            median=_two(self._median()) if self.people else None,
            kept_90=None if share is None else float(share),
        )

    def _median(self) -> Fraction:
        # Floats of different fractions differ, so they give the order; the result is exact.
        ordered = sorted(self.people, key=lambda number: (number >> _BITS) / (number & _MASK))
        middle = {(len(ordered) - 1) // 2, len(ordered) // 2}
        shares = [Fraction(ordered[place] >> _BITS, ordered[place] & _MASK) for place in middle]
        return sum(shares, Fraction(0)) / len(shares)


def _two(number: Fraction) -> float:
    return float(round_half_up(number, places=2))
