"""What a leader is told of his people: with what to help, what help brought, teams if he leads leaders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, partial

from bot.core.coaching import TOLD_TO, Mark, outcome
from bot.core.engagement import Figures, TeamRate, team_rate, yesterday
from bot.core.helping import Improved, most_improved, need_of
from bot.core.led_teams import LedTeams, led_teams, team_gains, teams_below
from bot.core.people import Departments, Person, leads
from bot.core.progress import Row
from bot.core.reach import Mode, Reach
from bot.gains import Gains, silent
from bot.messages import Message, TeamMember
from bot.messages import digest as digest_message
from bot.messages.digest import News
from bot.messages.over_teams import OverTeams
from bot.reaching import reach
from bot.services import Services
from bot.standing import Standing
from bot.store.reviews import ReviewKind

Teams = Mapping[int, Sequence[str]]  # userids by department


class Leading:
    """Messages to leaders as of the moment of *standing*; what they share is read once."""

    def __init__(self, services: Services, standing: Standing) -> None:
        day = yesterday(standing.at)
        self._standing = standing
        self._language = services.language
        self._reached = reach(services)
        self._rates = services.store.engagement.teams(day)
        self._own = services.store.engagement.of_day(day)
        self._what = _What.of(services, standing)
        self._member = cache(partial(_member, standing))

    def said(self, leader: Person, *, incomplete_since: datetime | None = None) -> Message | None:
        """Return what *leader* is told; None if nothing is asked of anybody whom he leads.

        Who leads leaders is told of their teams, and by name only of people whom no other leads between.
        """
        standing = self._standing
        team = [self._member(person) for person in led_by(standing, leader, reached=self._reached)]
        if not team:
            return None
        teams = _teams_below(standing, leader, reached=self._reached)
        top = topmost(leader.leader_of, standing.departments)
        return digest_message(
            language=self._language,
            team=team,
            at=standing.calendar.local(standing.at),
            replies=self._rates.get(top[0]) if len(top) == 1 else _median(team, self._own),
            incomplete_since=incomplete_since,
            news=self._what.news(leader.userid, team, teams=teams),
            over=None if teams is None else _over(standing, team, teams, self._what),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _What:
    """What all leaders' messages are made from, read once."""

    gains: Gains
    silent: Collection[str]
    appeals: Counter[str]
    marks: Sequence[Mark]
    rows: Mapping[str, Sequence[Row]]
    today: date

    @classmethod
    def of(cls, services: Services, standing: Standing) -> _What:
        cases, today = services.store.reviews.all_open(), standing.calendar.local_day(standing.at)
        return cls(
            gains=Gains(services, standing),
            silent=silent(standing),
            appeals=Counter(case.contact[0] for case in cases if case.kind is ReviewKind.APPEAL),
            marks=services.store.coaching.marks(since=today - timedelta(days=TOLD_TO)),
            rows=standing.by_person,
            today=today,
        )

    def news(self, leader: str, team: Sequence[TeamMember], *, teams: Teams | None) -> News:
        userids = [member.userid for member in team]
        return News(
            improved=most_improved(userids, self.gains.of(userids).values(), silent=self.silent)
            if teams is None
            else self._improved_team(teams),
            appeals=sum(self.appeals[userid] for userid in userids),
            outcome=outcome(
                [mark for mark in self.marks if mark.leader == leader], self.rows, today=self.today
            ),
        )

    def _improved_team(self, teams: Teams) -> Improved | None:
        shown = {team.department for team in self.teams(teams).shown}
        seen = {number: userids for number, userids in teams.items() if number in shown}
        everybody = [userid for userids in seen.values() for userid in userids]
        sums = [team_gains(seen, of_quota) for of_quota in self.gains.of(everybody).values()]
        return most_improved([str(number) for number in seen], sums)

    def teams(self, teams: Teams) -> LedTeams:
        return led_teams(teams, self.rows, marks=self.marks, today=self.today)


def _teams_below(standing: Standing, leader: Person, *, reached: Reach) -> Teams | None:
    """Return the userids of each team whose leader *leader* leads; None if he leads no leaders of anybody."""
    today = standing.calendar.local_day(standing.at)
    people = {
        userid: person
        for userid, person in standing.people.items()
        if userid == leader.userid or _is_told_of(person, reached=reached, day=today)
    }
    found = teams_below(leader, people, departments=standing.departments, day=today)
    if found is None:
        return None
    asked = {
        number: [person.userid for person in people if person.userid in standing.by_person]
        for number, people in found.items()
    }
    return {number: userids for number, userids in asked.items() if userids} or None


def _over(standing: Standing, team: Sequence[TeamMember], teams: Teams, what: _What) -> OverTeams:
    below = {userid for userids in teams.values() for userid in userids}
    return OverTeams(
        teams=what.teams(teams),
        names=standing.departments.names,
        own=frozenset(member.userid for member in team) - below,
    )


def _member(standing: Standing, person: Person) -> TeamMember:
    """Return *person* with his rows, and with what he needs if he is behind."""
    member = TeamMember(name=person.name, userid=person.userid, rows=standing.by_person[person.userid])
    row = member.lowest
    if row is None:
        return member
    need = need_of(
        row,
        standing.waiting(person.userid),
        absences=person.absences,
        today=standing.calendar.local_day(standing.at),
        is_workday=standing.calendar.is_workday,
    )
    return replace(member, need=need)


def topmost(led: Sequence[int], departments: Departments) -> list[int]:
    """Of the departments that somebody leads those that stand below no other of them."""
    return sorted(
        {one for one in led if not any(one != other and departments.at_or_below(one, other) for other in led)}
    )


def _median(team: Iterable[TeamMember], own: Mapping[str, Figures]) -> TeamRate | None:
    """Of several departments WeCom was not asked together, and two rates make no third."""
    return team_rate([own[member.userid] for member in team if member.userid in own], together=None)


def led_by(standing: Standing, leader: Person, *, reached: Reach) -> Iterator[Person]:
    """Who has a row and stands, today, in a department at or below one that *leader* leads, but himself.

    Nobody who has left or is still to begin, though he has a row in the period. In a pilot its people alone:
    of the others nobody is told anything.
    """
    today = standing.calendar.local_day(standing.at)
    for person in standing.people.values():
        is_asked = person.userid in standing.by_person and _is_told_of(person, reached=reached, day=today)
        if is_asked and leads(leader, person, departments=standing.departments, day=today):
            yield person


def _is_told_of(person: Person, *, reached: Reach, day: date) -> bool:
    return person.employed_on(day) and (reached.mode is not Mode.PILOT or reached.includes(person, day))
