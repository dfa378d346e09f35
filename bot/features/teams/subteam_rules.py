"""Sub-teams of a leader of leaders: figures, and how many people behind have a helper.

No team under five people (not exempt) is shown alone. All hidden teams together have no people or at least
five, so that nobody can compute them from the rest. Fewer than five people in all teams are not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

from bot.core.coaching import CoachingOutcome, Mark, compute_outcome, list_helped
from bot.core.leaderboard import Gain
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.core.teams import SMALLEST


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFigures:
    """One quota: attainment, and the median of counted / target, in percent, rounded down."""

    quota: str
    percent: int
    middle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubTeam:
    """A department and all below: *people* not exempt, *figures* of each quota of five people or more.

    *behind*: people behind in a quota; *helped*: how many of them a leader marked in the last two weeks.
    *outcome*: of people marked a week ago.
    """

    department: int
    people: int
    figures: tuple[TeamFigures, ...]
    behind: int
    helped: int
    outcome: CoachingOutcome | None

    @property
    def alone(self) -> int:
        """How many people behind have no helper yet."""
        return self.behind - self.helped


@dataclass(frozen=True, slots=True, kw_only=True)
class SubTeams:
    """Teams, those with most people behind without help first, then by id; *small* teams are not shown.

    *behind*: people behind in all teams, small ones too; *alone*: how many of them have no helper. Both are 0
    if all teams together have fewer than five people. *in_sums*: the leader's sums include people of teams.
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
    by_person: dict[str, list[Mark]] = {}
    for mark in marks:
        by_person.setdefault(mark.userid, []).append(mark)
    teams = [_team(number, userids, rows, marks=by_person, today=today) for number, userids in asked.items()]
    teams.sort(key=lambda team: (-team.alone, -team.behind, team.department))
    is_large = everybody >= SMALLEST
    return SubTeams(
        shown=tuple(team for team in teams if team.department in shown),
        small=len(asked) - len(shown),
        alone=sum(team.alone for team in teams) if is_large else 0,
        behind=sum(team.behind for team in teams) if is_large else 0,
        in_sums=bool(list_summable(members, rows)),
    )


def list_summable(
    members: Mapping[int, Sequence[str]], rows: Mapping[str, Sequence[QuotaFigures]]
) -> dict[str, tuple[QuotaFigures, ...]]:
    """Return, by userid, the rows of *members* that may be in one sum with the leader's direct reports.

    The leader knows the reports' rows. So the sum has at least five others (not exempt) of a quota, or none.
    """
    own = {userid: rows.get(userid, ()) for userids in members.values() for userid in userids}
    asked = Counter(row.quota for of_person in own.values() for row in of_person if row.target)
    kept = {
        userid: tuple(row for row in of_person if asked[row.quota] >= SMALLEST)
        for userid, of_person in own.items()
    }
    return {userid: of_person for userid, of_person in kept.items() if of_person}


def _team(
    number: int,
    userids: Sequence[str],
    rows: Mapping[str, Sequence[QuotaFigures]],
    *,
    marks: Mapping[str, Sequence[Mark]],
    today: date,
) -> SubTeam:
    by_quota: dict[str, list[QuotaFigures]] = {}
    for userid in userids:
        for row in rows[userid]:
            if row.target:
                by_quota.setdefault(row.quota, []).append(row)
    own = [mark for userid in userids for mark in marks.get(userid, ())]
    behind = {userid for userid in userids if any(row.status is Status.BEHIND for row in rows[userid])}
    return SubTeam(
        department=number,
        people=len(userids),
        figures=tuple(_figures(quota, found) for quota, found in by_quota.items() if len(found) >= SMALLEST),
        behind=len(behind),
        helped=len(behind & list_helped(own, today=today)),
        outcome=compute_outcome(own, rows, today=today),
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
