"""The teams of rows, as the standings sum them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from bot.core.history import Kept
from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.teams import Team, TeamSums
from bot.features.standings.load import Standings


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
    sums = TeamSums(departments)
    for row in rows:
        sums.add(row, kept=kept[row.userid], day=days.get((row.quota, row.period, row.userid), date.max))
    return sums.teams()


def teams_of(standings: Standings) -> tuple[Team, ...]:
    """Return the results of departments in *standings*."""
    sums = TeamSums(
        standings.departments, order=dict.fromkeys((row.quota, row.period) for row in standings.rows)
    )
    standings.add_to(sums)
    return sums.teams()
