"""The teams of somebody whose people lead people: figures, and how far those who are behind are helped.

No team of fewer than five people (not exempt) stands alone, and all that do not have nobody together or at
least five, so that none can be computed from the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median

from bot.core.board import Gain
from bot.core.coaching import Mark, Outcome, helped_lately, outcome
from bot.core.people import Departments, Person, leads
from bot.core.progress import Row, Status
from bot.core.teams import SMALLEST


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFigures:
    """One quota: attainment, and the median of counted / target, in percent, rounded down."""

    quota: str
    percent: int
    middle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedTeam:
    """A department with what is below it: *people* not exempt, figures by quota in the order of quotas.

    *behind*: so many are in a quota; *helped*: so many of them a leader marked in the last two weeks.
    *outcome*: of those who were marked a week ago.
    """

    department: int
    people: int
    figures: tuple[TeamFigures, ...]
    behind: int
    helped: int
    outcome: Outcome | None

    @property
    def alone(self) -> int:
        """How many are behind whom nobody helps yet."""
        return self.behind - self.helped


@dataclass(frozen=True, slots=True, kw_only=True)
class LedTeams:
    """Teams where most are behind without help first, then by id; *small*: so many are not shown alone.

    *alone*: so many are behind in all teams, small ones too, whom nobody helps yet.
    """

    shown: tuple[LedTeam, ...]
    small: int
    alone: int


def teams_below(
    leader: Person, people: Mapping[str, Person], *, departments: Departments, day: date
) -> dict[int, list[Person]] | None:
    """Return whom *leader* leads through other leaders, by the topmost department of those; None without any.

    Who leads a team is none of it, he is the leader's own. People in the order of *people*.
    """
    led = {
        number
        for other in people.values()
        if other.userid != leader.userid and other.employed_on(day)
        for number in other.leader_of
        if number not in leader.leader_of
        and any(departments.at_or_below(number, own) for own in leader.leader_of)
    }
    tops = sorted(
        one for one in led if not any(one != two and departments.at_or_below(one, two) for two in led)
    )
    if not tops:
        return None
    found: dict[int, list[Person]] = {number: [] for number in tops}
    for person in people.values():
        if leads(leader, person, departments=departments, day=day):
            number = _team_of(person, tops, departments=departments, day=day)
            if number is not None:
                found[number].append(person)
    return found


def _team_of(person: Person, tops: Iterable[int], *, departments: Departments, day: date) -> int | None:
    for own in person.membership_on(day).departments:
        for number in tops:
            leads_it = any(departments.at_or_below(number, led) for led in person.leader_of)
            if departments.at_or_below(own, number) and not leads_it:
                return number
    return None


def led_teams(
    members: Mapping[int, Sequence[str]],
    rows: Mapping[str, Sequence[Row]],
    *,
    marks: Sequence[Mark],
    today: date,
) -> LedTeams:
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
    teams = [_team(number, userids, rows, marks=marks, today=today) for number, userids in asked.items()]
    teams.sort(key=lambda team: (-team.alone, -team.behind, team.department))
    return LedTeams(
        shown=tuple(team for team in teams if team.department in shown),
        small=len(asked) - len(shown),
        alone=sum(team.alone for team in teams),
    )


def _team(
    number: int,
    userids: Sequence[str],
    rows: Mapping[str, Sequence[Row]],
    *,
    marks: Sequence[Mark],
    today: date,
) -> LedTeam:
    by_quota: dict[str, list[Row]] = {}
    for row in (row for userid in userids for row in rows[userid] if row.target):
        by_quota.setdefault(row.quota, []).append(row)
    own = [mark for mark in marks if mark.userid in set(userids)]
    behind = {userid for userid in userids if any(row.status is Status.BEHIND for row in rows[userid])}
    return LedTeam(
        department=number,
        people=len(userids),
        figures=tuple(_figures(quota, found) for quota, found in by_quota.items()),
        behind=len(behind),
        helped=len(behind & helped_lately(own, today=today)),
        outcome=outcome(own, rows, today=today),
    )


def _figures(quota: str, rows: Sequence[Row]) -> TeamFigures:
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
