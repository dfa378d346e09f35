"""The teams of somebody whose people lead people: figures, and how far those who are behind are helped.

No team of fewer than five people (not exempt) stands alone, and all that do not have nobody together or at
least five, so that none can be computed from the rest. Fewer than five in all teams stand nowhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

from bot.core.coaching import CoachingOutcome, Mark, helped_lately, outcome
from bot.core.leaderboard import Gain
from bot.core.progress import QuotaFigures, Status
from bot.core.teams import SMALLEST


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFigures:
    """One quota: attainment, and the median of counted / target, in percent, rounded down."""

    quota: str
    percent: int
    middle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubTeam:
    """A department with what is below it: *people* not exempt, figures of each quota that asks five of them.

    *behind*: so many are in a quota; *helped*: so many of them a leader marked in the last two weeks.
    *outcome*: of those who were marked a week ago.
    """

    department: int
    people: int
    figures: tuple[TeamFigures, ...]
    behind: int
    helped: int
    outcome: CoachingOutcome | None

    @property
    def alone(self) -> int:
        """How many are behind whom nobody helps yet."""
        return self.behind - self.helped


@dataclass(frozen=True, slots=True, kw_only=True)
class SubTeams:
    """Teams where most are behind without help first, then by id; *small*: so many are not shown alone.

    *behind*: so many are in all teams, small ones too, *alone* of them without help yet; both 0 if all teams
    together are fewer than five people. *in_sums*: whether people of teams stand in sums with his own.
    """

    shown: tuple[SubTeam, ...]
    small: int
    alone: int
    behind: int
    in_sums: bool = True


def compute_subteams(
    members: Mapping[int, Sequence[str]],
    rows: Mapping[str, Sequence[QuotaFigures]],
    *,
    marks: Iterable[Mark],
    today: date,
) -> SubTeams:
    """Return the teams of *members* (userids by department); *rows* by userid, *today* local."""
    asked = {
        number: [userid for userid in userids if any(row.target for row in rows.get(userid, ()))]
        for number, userids in members.items()
    }
    asked = {number: userids for number, userids in asked.items() if userids}
    shown = {number: userids for number, userids in asked.items() if len(userids) >= SMALLEST}
    everybody = sum(map(len, asked.values()))
    while shown and 0 < everybody - sum(map(len, shown.values())) < SMALLEST:
        del shown[min(shown, key=lambda number: (len(shown[number]), number))]
    by_person = _by_person(marks)
    teams = [_team(number, userids, rows, marks=by_person, today=today) for number, userids in asked.items()]
    teams.sort(key=lambda team: (-team.alone, -team.behind, team.department))
    told = teams if everybody >= SMALLEST else []
    return SubTeams(
        shown=tuple(team for team in teams if team.department in shown),
        small=len(asked) - len(shown),
        alone=sum(team.alone for team in told),
        behind=sum(team.behind for team in told),
        in_sums=bool(summable(members, rows)),
    )


def summable(
    members: Mapping[int, Sequence[str]], rows: Mapping[str, Sequence[QuotaFigures]]
) -> dict[str, tuple[QuotaFigures, ...]]:
    """Return, by userid, the rows of *members* that may stand in a sum with those of the leader's own people.

    He knows the rows of these, so of each quota five others (not exempt) stand in it, or none.
    """
    own = {userid: rows.get(userid, ()) for userids in members.values() for userid in userids}
    asked = Counter(row.quota for found in own.values() for row in found if row.target)
    kept = {
        userid: tuple(row for row in found if asked[row.quota] >= SMALLEST) for userid, found in own.items()
    }
    return {userid: found for userid, found in kept.items() if found}


def _by_person(marks: Iterable[Mark]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.userid, []).append(mark)
    return found


def _team(
    number: int,
    userids: Sequence[str],
    rows: Mapping[str, Sequence[QuotaFigures]],
    *,
    marks: Mapping[str, Sequence[Mark]],
    today: date,
) -> SubTeam:
    by_quota: dict[str, list[QuotaFigures]] = {}
    for row in (row for userid in userids for row in rows[userid] if row.target):
        by_quota.setdefault(row.quota, []).append(row)
    own = [mark for userid in userids for mark in marks.get(userid, ())]
    behind = {userid for userid in userids if any(row.status is Status.BEHIND for row in rows[userid])}
    return SubTeam(
        department=number,
        people=len(userids),
        figures=tuple(_figures(quota, found) for quota, found in by_quota.items() if len(found) >= SMALLEST),
        behind=len(behind),
        helped=len(behind & helped_lately(own, today=today)),
        outcome=outcome(own, rows, today=today),
    )


def _figures(quota: str, rows: Sequence[QuotaFigures]) -> TeamFigures:
    done, asked = sum(min(row.counted, row.target) for row in rows), sum(row.target for row in rows)
    return TeamFigures(
        quota=quota,
        percent=int(Fraction(100 * done, asked)),
        middle=int(100 * median(Fraction(row.counted, row.target) for row in rows)),
    )


def team_gains(members: Mapping[int, Sequence[str]], gains: Mapping[str, Gain]) -> dict[str, Gain]:
    """Sum *gains* (by userid) over each team, by the department's number as text."""
    return {
        str(number): Gain(
            latest=sum(gains[userid].latest for userid in userids if userid in gains),
            before=sum(gains[userid].before for userid in userids if userid in gains),
        )
        for number, userids in members.items()
    }
