"""What a leader learns about their people: needs, effects of help, sub-teams.

A leader of leaders reads names of direct reports only, and figures of the teams below. The digest, the weekly
message and leaders' chat commands all use this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from bot.core.coaching import TOLD_TO, Mark, compute_outcome
from bot.core.engagement import TeamRate, compute_team_rate, yesterday
from bot.core.people import Departments, Person, name_of
from bot.core.progress import QuotaFigures
from bot.core.rollout import Mode
from bot.features.notify.rollout import rollout_scope
from bot.features.reminder.offers import build_offers
from bot.features.standings.gains import Gains, list_silent
from bot.features.standings.load import Standings
from bot.features.teams.digest_message import News
from bot.features.teams.digest_message import digest as digest_message
from bot.features.teams.help_needs import Improved, Need, find_most_improved, need_of
from bot.features.teams.member import TeamMember
from bot.features.teams.org_chart import Led, OrgChart
from bot.features.teams.subteam_rules import SubTeams, compute_subteams, list_summable, team_gains
from bot.features.teams.subteams import NamedSubTeams
from bot.messages.message import Message
from bot.services import Services
from bot.store.known_people import KnownPeople
from bot.store.reviews import ReviewKind

Teams = Mapping[int, Sequence[str]]  # userids by department


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamContent:
    """The people in a leader's message: *own* by name, *summed* (own included) in sums.

    *teams*: userids in the teams of leaders below, by department; *subteams*: their figures, None without
    such teams. Of each quota at least five people of teams (not exempt) are in sums, or none.
    """

    own: Sequence[TeamMember]
    summed: Sequence[TeamMember]
    teams: Teams
    subteams: NamedSubTeams | None

    @property
    def nobody(self) -> bool:
        """Whether nobody in the message has a quota."""
        return not self.own and not self.teams


class TeamDigest:
    """Messages to leaders as of the moment of *standings*; shared data is read once.

    *help_on*: the local day of the help; without it the day of *standings*. Messages do not name people on
    leave that day. *org_chart*: that of the day, if already loaded.
    """

    def __init__(
        self,
        services: Services,
        standings: Standings,
        *,
        help_on: date | None = None,
        org_chart: OrgChart | None = None,
    ) -> None:
        self._services, self._standings, self._drawn = services, standings, org_chart
        self._language = services.language
        self._today = standings.calendar.local_day(standings.at)
        self._help_on = help_on or self._today
        self._members: dict[str, TeamMember] = {}

    @cached_property
    def _org_chart(self) -> OrgChart:
        departments = self._standings.departments
        return self._drawn or load_org_chart(
            self._services, self._standings.people, departments=departments, day=self._today
        )

    @cached_property
    def _shared(self) -> _Shared:
        return _Shared.of(self._services, self._standings)

    @cached_property
    def _rates(self) -> Mapping[int, TeamRate]:
        return self._services.store.engagement.teams(yesterday(self._standings.at))

    @cached_property
    def _offered(self) -> Callable[[str], tuple[QuotaFigures, ...]]:
        return build_offers(self._services, self._standings)

    @cached_property
    def _read(self) -> frozenset[str]:
        return frozenset(person.userid for person in self._standings.branch.people)

    def members(self, userids: Iterable[str]) -> list[TeamMember]:
        """Return *userids*, people of the standings, as members of their team."""
        return [self._member(self._standings.people[userid]) for userid in userids]

    def content_for(self, leader: Person) -> TeamContent:
        """Return the people in the message to *leader*, those with a quota only."""
        led = self._org_chart.of(leader).only(self._standings.by_person)
        own = [self._member(person) for person in led.own]
        if not led.teams:
            return TeamContent(own=own, summed=own, teams={}, subteams=None)
        teams = {number: [person.userid for person in people] for number, people in led.teams.items()}
        rows = list_summable(teams, self._standings.by_person)
        below = [
            TeamMember(name=person.name, userid=person.userid, rows=rows[person.userid])
            for people in led.teams.values()
            for person in people
            if person.userid in rows
        ]
        return TeamContent(own=own, summed=[*own, *below], teams=teams, subteams=self._subteams(led, teams))

    def message_for(self, leader: Person, *, incomplete_since: datetime | None = None) -> Message | None:
        """Return the digest of *leader*; None if it would be about nobody."""
        content = self.content_for(leader)
        return self.message(leader, content, incomplete_since=incomplete_since) if content.summed else None

    def message(
        self, leader: Person, content: TeamContent, *, incomplete_since: datetime | None = None
    ) -> Message:
        """Return the digest of *leader* about *content*. Raises ValueError if its sums have nobody."""
        return digest_message(
            language=self._language,
            team=content.summed,
            at=self._standings.calendar.local(self._standings.at),
            replies=self._replies(leader, content),
            incomplete_since=incomplete_since,
            news=self._shared.news(leader.userid, content),
            subteams=content.subteams,
        )

    def improved_team(self, content: TeamContent) -> Improved | None:
        """Return the visible team that improved most, by its number as text."""
        return self._shared.improved_team(content)

    def teams_within(self, content: TeamContent) -> dict[int, NamedSubTeams]:
        """Return the teams of leaders within each visible team of *content*, by its department.

        All other people of the team are one of them, under its own number. So the hidden ones together have
        no people or at least five, and nobody can compute them from the whole.
        """
        found: dict[int, NamedSubTeams] = {}
        for team in content.subteams.teams.shown if content.subteams else ():
            parts = self._parts(team.department, content.teams[team.department])
            if len(parts) > 1 and (named := self._named(parts, own=())).teams.shown:
                found[team.department] = named
        return found

    def _parts(self, department: int, userids: Sequence[str]) -> Teams:
        """Return *userids*, people of *department*, by the teams of leaders in it; the rest under itself."""
        leaders, parts, left = self._org_chart.leaders(department), {}, set(userids)
        led = self._org_chart.of(self._standings.people[leaders[0]]) if leaders else Led()
        for number, people in led.teams.items():
            if of_team := [person.userid for person in people if person.userid in left]:
                parts[number] = of_team
                left -= set(of_team)
        return {**parts, department: sorted(left)} if left else parts

    def _subteams(self, led: Led, teams: Teams) -> NamedSubTeams:
        return self._named(teams, own=(person.userid for person in led.own))

    def _named(self, teams: Teams, *, own: Iterable[str]) -> NamedSubTeams:
        return NamedSubTeams(
            teams=self._shared.teams(teams),
            names=self._standings.departments.names,
            own=frozenset(own),
            leaders={
                number: tuple(
                    name_of(self._standings.people, leader) for leader in self._org_chart.leaders(number)
                )
                for number in teams
            },
        )

    def _member(self, person: Person) -> TeamMember:
        if person.userid not in self._members:
            member = TeamMember(
                name=person.name,
                userid=person.userid,
                rows=self._standings.by_person[person.userid],
                away=self._help_on in person.absences,
            )
            if person.userid in self._read:  # kept figures are for sums
                tight = frozenset(row.quota for row in self._offered(person.userid))
                member = replace(member, need=_need(self._standings, person, member.lowest), tight=tight)
            self._members[person.userid] = member
        return self._members[person.userid]

    def _replies(self, leader: Person, content: TeamContent) -> TeamRate | None:
        """Return how the leader's departments replied, as one sum only if all of them may be in one.

        For several departments WeCom was not asked in one call, and two rates make no third: a median then.
        """
        top = drop_lower(leader.leader_of, self._standings.departments)
        if len(top) == 1 and (content.subteams is None or content.subteams.teams.in_sums):
            return self._rates.get(top[0])
        userids = [member.userid for member in content.summed]
        engaged = self._services.store.engagement.of_day(yesterday(self._standings.at), userids)
        return compute_team_rate([engaged[userid] for userid in userids if userid in engaged], together=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """The data that all leaders' messages share, read once."""

    gains: Gains
    silent: Collection[str]
    appeals: Counter[str]
    marks: Sequence[Mark]
    marks_by: Mapping[str, Sequence[Mark]]
    rows: Mapping[str, Sequence[QuotaFigures]]
    today: date

    @classmethod
    def of(cls, services: Services, standings: Standings) -> _Shared:
        cases, today = services.store.reviews.all_open(), standings.calendar.local_day(standings.at)
        marks = services.store.coaching.marks(since=today - timedelta(days=TOLD_TO))
        by: dict[str, list[Mark]] = {}
        for mark in marks:
            by.setdefault(mark.leader, []).append(mark)
        return cls(
            gains=Gains(services, standings),
            silent=list_silent(standings),
            appeals=Counter(case.contact[0] for case in cases if case.kind is ReviewKind.APPEAL),
            marks=marks,
            marks_by=by,
            rows=standings.by_person,
            today=today,
        )

    def news(self, leader: str, content: TeamContent) -> News:
        userids = [member.userid for member in content.summed]
        return News(
            improved=find_most_improved(userids, self.gains.of(userids).values(), silent=self.silent)
            if content.subteams is None
            else self.improved_team(content),
            appeals=sum(self.appeals[userid] for userid in userids),
            outcome=compute_outcome(self.marks_by.get(leader, ()), self.rows, today=self.today),
        )

    def improved_team(self, content: TeamContent) -> Improved | None:
        shown = {team.department for team in content.subteams.teams.shown} if content.subteams else set()
        seen = {number: userids for number, userids in content.teams.items() if number in shown}
        everybody = [userid for userids in seen.values() for userid in userids]
        sums = [team_gains(seen, of_quota) for of_quota in self.gains.of(everybody).values()]
        return find_most_improved([str(number) for number in seen], sums)

    def teams(self, teams: Teams) -> SubTeams:
        return compute_subteams(teams, self.rows, marks=self.marks, today=self.today)


def load_org_chart(
    services: Services, people: KnownPeople, *, departments: Departments, day: date
) -> OrgChart:
    """Return the chart of the *people* that a leader may read about on the local *day*.

    People who left or have not begun are left out, even with a row in the period. In a pilot the chart has
    its people only.
    """
    scope = rollout_scope(services)

    def visible(some: Iterable[Person]) -> Iterator[Person]:
        return (person for person in some if scope.mode is not Mode.PILOT or scope.includes(person, day))

    return OrgChart(
        visible(people.leading().values()),
        departments=departments,
        day=day,
        within=lambda numbers: visible(people.within(numbers)),
    )


def leads(services: Services, leader: str, whom: str, *, people: KnownPeople, day: date) -> bool:
    """Return whether *leader* leads *whom* directly on the local *day*, and both work here that day."""
    person = people.get(leader)
    if person is None or not person.employed_on(day):
        return False
    chart = load_org_chart(services, people, departments=services.directory.departments, day=day)
    return whom in {led.userid for led in chart.of(person).own}


def _need(standings: Standings, person: Person, row: QuotaFigures | None) -> Need | None:
    """Return the main need of *person* in the quota of *row*, where they are behind; None without a row."""
    if row is None:
        return None
    return need_of(
        row,
        standings.waiting(person.userid),
        absences=person.absences,
        today=standings.calendar.local_day(standings.at),
        is_workday=standings.calendar.is_workday,
    )


def drop_lower(led: Sequence[int], departments: Departments) -> list[int]:
    """Return the departments in *led* without those below another of them."""
    return sorted(
        {
            department
            for department in led
            if not any(top != department and departments.at_or_below(department, top) for top in led)
        }
    )
