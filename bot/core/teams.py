"""Teams: results of the people of a department and of all departments below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

from bot.core.history import Kept
from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.status import round_half_up

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


def compute_teams(
    rows: Iterable[QuotaFigures],
    *,
    departments: Departments,
    kept: Mapping[str, Kept],
    days: Mapping[tuple[str, str, str], date],
) -> tuple[Team, ...]:
    """Return the teams of *rows*, in their order of quotas and periods, then by department id.

    *kept*: recent adds of each person. A person is in the department of their row, in the tree of the day of
    that row in *days* (by quota, period and userid); without one in the newest tree.
    """
    grouped: dict[tuple[str, str, int], list[QuotaFigures]] = {}
    order: dict[tuple[str, str], int] = {}
    for row in rows:
        order.setdefault((row.quota, row.period), len(order))
        day = days.get((row.quota, row.period, row.userid), date.max)
        for department in upwards(row.department, departments.on(day)):
            grouped.setdefault((row.quota, row.period, department), []).append(row)
    return tuple(
        _team(quota, period, department, grouped[quota, period, department], kept)
        for quota, period, department in sorted(grouped, key=lambda name: (order[name[:2]], name[2]))
    )


def compute_large_teams(
    members: Mapping[int, Sequence[str]],
    rows: Mapping[str, Sequence[QuotaFigures]],
    *,
    kept: Mapping[str, Kept],
) -> tuple[Team, ...]:
    """Return the teams of *members* (userids by department) with SMALLEST people or more under a quota.

    *rows* by userid; in the order of `compute_teams`.
    """
    grouped: dict[tuple[str, str, int], list[QuotaFigures]] = {}
    order: dict[tuple[str, str], int] = {}
    for department, userids in members.items():
        for row in (row for userid in userids for row in rows.get(userid, ())):
            order.setdefault((row.quota, row.period), len(order))
            grouped.setdefault((row.quota, row.period, department), []).append(row)
    found = (
        _team(quota, period, department, grouped[quota, period, department], kept)
        for quota, period, department in sorted(grouped, key=lambda name: (order[name[:2]], name[2]))
    )
    return tuple(team for team in found if team.people >= SMALLEST)


def upwards(department: int | None, departments: Departments) -> list[int]:
    """Return *department* and the departments above it, the nearest first; a cycle ends it."""
    way: list[int] = []
    while department is not None and department not in way:
        way.append(department)
        department = departments.parents.get(department)
    return way


def _team(
    quota: str, period: str, department: int, rows: list[QuotaFigures], kept: Mapping[str, Kept]
) -> Team:
    judged = [row for row in rows if row.target]
    asked = sum(row.target for row in judged)
    share = Kept.over(kept[row.userid] for row in judged).share
    return Team(
        quota=quota,
        period=period,
        department=department,
        people=len(judged),
        attainment=_two(Fraction(sum(min(row.counted, row.target) for row in judged), asked))
        if asked
        else None,
        median=_two(median(Fraction(row.counted, row.target) for row in judged)) if judged else None,
        kept_90=None if share is None else float(share),
    )


def _two(number: Fraction) -> float:
    return float(round_half_up(number, places=2))
