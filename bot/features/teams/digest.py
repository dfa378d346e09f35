"""What a leader is told of his people: with what to help, what help brought, teams if he leads leaders.

Whoever leads leaders is told by name only of people whom nobody else leads between; of the others in teams.
Digest, week, and the words of leaders all ask here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.coaching import TOLD_TO, Mark, outcome
from bot.core.engagement import ChatFigures, TeamRate, team_rate, yesterday
from bot.core.people import Departments, Person
from bot.core.progress import QuotaFigures
from bot.core.rollout import Mode
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.gains import Gains, silent
from bot.features.standings.load import Standings
from bot.features.teams.digest_message import News
from bot.features.teams.digest_message import digest as digest_message
from bot.features.teams.help_needs import Improved, most_improved, need_of
from bot.features.teams.member import TeamMember
from bot.features.teams.org_chart import Led, OrgChart
from bot.features.teams.subteam_rules import SubTeams, compute_subteams, summable, team_gains
from bot.features.teams.subteams import NamedSubTeams
from bot.messages.message import Message
from bot.services import Services
from bot.store.reviews import ReviewKind

Teams = Mapping[int, Sequence[str]]  # userids by department


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamContent:
    """Of whom a leader is told: by name of *own*, in sums of *summed*, which has his own, too.

    *teams*: those whom others lead between, userids by department; *over*: what is said of them, None if
    there are none. Of each quota five people of teams (not exempt) stand in sums, or none.
    """

    own: Sequence[TeamMember]
    summed: Sequence[TeamMember]
    teams: Teams
    subteams: NamedSubTeams | None

    @property
    def nobody(self) -> bool:
        """Whether nothing is asked of anybody whom he leads."""
        return not self.own and not self.teams


class TeamDigest:
    """Messages to leaders as of the moment of *standings*; what they share is read once.

    *help_on*: the local day of the help; without it the day of *standings*. It does not name
    people on leave then.
    """

    def __init__(self, services: Services, standings: Standings, *, help_on: date | None = None) -> None:
        day = yesterday(standings.at)
        self._standings = standings
        self._language = services.language
        self._today = standings.calendar.local_day(standings.at)
        self._help_on = help_on or self._today
        self._org_chart = load_org_chart(
            services, standings.people, departments=standings.departments, day=self._today
        )
        self._rates = services.store.engagement.teams(day)
        self._engaged = services.store.engagement.of_day(day)
        self._what = _What.of(services, standings)
        self._members: dict[str, TeamMember] = {}

    def content_for(self, leader: Person) -> TeamContent:
        """Return of whom *leader* is told, of those from whom something is asked."""
        led = self._org_chart.of(leader).only(self._standings.by_person)
        own = [self._member(person) for person in led.own]
        if not led.teams:
            return TeamContent(own=own, summed=own, teams={}, subteams=None)
        teams = {number: [person.userid for person in people] for number, people in led.teams.items()}
        rows = summable(teams, self._standings.by_person)
        below = [
            TeamMember(name=person.name, userid=person.userid, rows=rows[person.userid])
            for people in led.teams.values()
            for person in people
            if person.userid in rows
        ]
        return TeamContent(own=own, summed=[*own, *below], teams=teams, subteams=self._subteams(led, teams))

    def message_for(self, leader: Person, *, incomplete_since: datetime | None = None) -> Message | None:
        """Return what *leader* is told; None if there is nobody of whom he may be told something."""
        told = self.content_for(leader)
        return self.message(leader, told, incomplete_since=incomplete_since) if told.summed else None

    def message(
        self, leader: Person, told: TeamContent, *, incomplete_since: datetime | None = None
    ) -> Message:
        """Return what *leader* is told of *told*. Raises ValueError if nobody stands in its sums."""
        return digest_message(
            language=self._language,
            team=told.summed,
            at=self._standings.calendar.local(self._standings.at),
            replies=self._replies(leader, told),
            incomplete_since=incomplete_since,
            news=self._what.news(leader.userid, told),
            over=told.subteams,
        )

    def improved_team(self, told: TeamContent) -> Improved | None:
        """Return which of the teams that are shown improved most, by its number as text."""
        return self._what.improved_team(told)

    def _subteams(self, led: Led, teams: Teams) -> NamedSubTeams:
        return NamedSubTeams(
            teams=self._what.teams(teams),
            names=self._standings.departments.names,
            own=frozenset(person.userid for person in led.own),
            leaders={number: self._names(self._org_chart.leaders(number)) for number in teams},
        )

    def _names(self, userids: Iterable[str]) -> tuple[str, ...]:
        people = self._standings.people
        return tuple(people[userid].name or userid for userid in userids)

    def _member(self, person: Person) -> TeamMember:
        if person.userid not in self._members:
            self._members[person.userid] = _member(self._standings, person, help_on=self._help_on)
        return self._members[person.userid]

    def _replies(self, leader: Person, told: TeamContent) -> TeamRate | None:
        """How his departments answered: in one figure only where all of them may stand in one sum."""
        top = topmost(leader.leader_of, self._standings.departments)
        if len(top) == 1 and (told.subteams is None or told.subteams.teams.in_sums):
            return self._rates.get(top[0])
        return _median(told.summed, self._engaged)


@dataclass(frozen=True, slots=True, kw_only=True)
class _What:
    """What all leaders' messages are made from, read once."""

    gains: Gains
    silent: Collection[str]
    appeals: Counter[str]
    marks: Sequence[Mark]
    marks_by: Mapping[str, Sequence[Mark]]
    rows: Mapping[str, Sequence[QuotaFigures]]
    today: date

    @classmethod
    def of(cls, services: Services, standings: Standings) -> _What:
        cases, today = services.store.reviews.all_open(), standings.calendar.local_day(standings.at)
        marks = services.store.coaching.marks(since=today - timedelta(days=TOLD_TO))
        by: dict[str, list[Mark]] = {}
        for mark in marks:
            by.setdefault(mark.leader, []).append(mark)
        return cls(
            gains=Gains(services, standings),
            silent=silent(standings),
            appeals=Counter(case.contact[0] for case in cases if case.kind is ReviewKind.APPEAL),
            marks=marks,
            marks_by=by,
            rows=standings.by_person,
            today=today,
        )

    def news(self, leader: str, told: TeamContent) -> News:
        userids = [member.userid for member in told.summed]
        return News(
            improved=most_improved(userids, self.gains.of(userids).values(), silent=self.silent)
            if told.subteams is None
            else self.improved_team(told),
            appeals=sum(self.appeals[userid] for userid in userids),
            outcome=outcome(self.marks_by.get(leader, ()), self.rows, today=self.today),
        )

    def improved_team(self, told: TeamContent) -> Improved | None:
        shown = {team.department for team in told.subteams.teams.shown} if told.subteams else set()
        seen = {number: userids for number, userids in told.teams.items() if number in shown}
        everybody = [userid for userids in seen.values() for userid in userids]
        sums = [team_gains(seen, of_quota) for of_quota in self.gains.of(everybody).values()]
        return most_improved([str(number) for number in seen], sums)

    def teams(self, teams: Teams) -> SubTeams:
        return compute_subteams(teams, self.rows, marks=self.marks, today=self.today)


def load_org_chart(
    services: Services, people: Mapping[str, Person], *, departments: Departments, day: date
) -> OrgChart:
    """Return the chart of those of *people* of whom somebody may be told something on the local *day*.

    Nobody who has left or is still to begin, though he has a row in the period. In a pilot its people alone.
    """
    reached = rollout_scope(services)
    told_of = (
        person
        for person in people.values()
        if reached.mode is not Mode.PILOT or reached.includes(person, day)
    )
    return OrgChart(told_of, departments=departments, day=day)


def leads(services: Services, leader: str, whom: str, *, people: Mapping[str, Person], day: date) -> bool:
    """Whether *leader* leads *whom* with nobody between on the local *day*; both are here that day."""
    person = people.get(leader)
    if person is None or not person.employed_on(day):
        return False
    chart = load_org_chart(services, people, departments=services.directory.departments, day=day)
    return whom in {led.userid for led in chart.of(person).own}


def _member(standings: Standings, person: Person, *, help_on: date) -> TeamMember:
    """Return *person* with his rows, and with what he needs if he is behind."""
    member = TeamMember(
        name=person.name,
        userid=person.userid,
        rows=standings.by_person[person.userid],
        away=help_on in person.absences,
    )
    row = member.lowest
    if row is None:
        return member
    need = need_of(
        row,
        standings.waiting(person.userid),
        absences=person.absences,
        today=standings.calendar.local_day(standings.at),
        is_workday=standings.calendar.is_workday,
    )
    return replace(member, need=need)


def topmost(led: Sequence[int], departments: Departments) -> list[int]:
    """Of the departments that somebody leads those that stand below no other of them."""
    return sorted(
        {one for one in led if not any(one != other and departments.at_or_below(one, other) for other in led)}
    )


def _median(team: Iterable[TeamMember], own: Mapping[str, ChatFigures]) -> TeamRate | None:
    """Of several departments WeCom was not asked together, and two rates make no third."""
    return team_rate([own[member.userid] for member in team if member.userid in own], together=None)
