"""weekly: on the last workday of a week, tell employees its adds and the dose from then on.

Leaders read the same about their teams, in one message with their own figures. The week is from Monday to the
moment. The dose is computed as of the next workday, so a period that begins on it is included. The message is
also sent on incomplete figures, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.day import DayFacts
from bot.core.leaderboard import Gain
from bot.core.people import Person
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.outages.catch_up import gap_of
from bot.features.preferences.help_request import build_helper_test
from bot.features.renames.proposals import list_in_question
from bot.features.standings.gains import Gains
from bot.features.standings.load import (
    Standings,
    load_branch,
    load_rulebook,
    load_standings_in,
)
from bot.features.standings.stored import list_needed_periods
from bot.features.teams.digest import TeamContent, TeamDigest
from bot.features.teams.subteams import NamedSubTeams
from bot.features.weekly import OwnWeek, TeamWeek
from bot.features.weekly import weekly as weekly_message
from bot.messages.message import Message
from bot.messages.sanitize import clean
from bot.services import Services
from bot.store.preferences import SaidLeave
from scheduler.reminder import may_be_away

_WEEK = timedelta(days=7)


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each person at work with a quota or a team."""
    calendar, local = standings.calendar, standings.calendar.local(standings.at)
    today = local.date()
    gap = gap_of(services, "weekly", at=standings.at)
    monday, coming = today - timedelta(days=today.weekday()), calendar.next_workday(today)
    week = _Week(
        standings=standings,
        ahead=_ahead(services, standings, day=coming),
        first=monday,
        coming=coming,
        unsure=list_in_question(services),
        leaves=services.store.preferences.leaves(),
        team_digest=TeamDigest(services, standings, help_on=coming),
        gains=Gains(services, standings),
        has_helper=build_helper_test(services, at=standings.at),
    )
    for userid in standings.receivers():
        if not standings.works_on(userid, today):
            continue
        own, team = week.own(userid), week.team(standings.people[userid])
        if own or team:
            message = weekly_message(
                language=services.language,
                first=monday,
                at=local,
                own=own,
                team=team,
                next_week=coming < monday + 2 * _WEEK,
                incomplete_since=None if gap is None else calendar.moment(gap.since),
            )
            yield userid, message


def _ahead(services: Services, standings: Standings, *, day: date) -> Standings:
    """Return everybody's figures at the opening of the workday *day*, as known as of *standings*."""
    calendar, book = standings.calendar, load_rulebook(services)
    quota_periods = book.periods_at(day)
    same = [(quota.id, period) for quota, period in quota_periods] == [
        (quota.id, period) for quota, period in standings.periods
    ]
    branch = standings.branch
    if not same:
        branch = load_branch(
            services,
            list_needed_periods(services, quota_periods, book=book),
            at=standings.at,
            userids=[person.userid for person in branch.people],
        )
    opens = datetime.combine(day, calendar.opens, calendar.zone)
    return load_standings_in(services, quota_periods, at=opens, book=book, stored=False, branch=branch)


def _most(gains: Mapping[str, Mapping[str, Gain]]) -> dict[str, int]:
    """Return each person's largest gain over their quotas."""
    most: dict[str, int] = {}
    for of_quota in gains.values():
        for userid, gain in of_quota.items():
            most[userid] = max(gain.more, most.get(userid, gain.more))
    return most


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """The data that all messages share, computed once.

    *coming* is the next workday. *unsure*: people with an undecided rename. *leaves*: noted by chat.
    """

    standings: Standings
    ahead: Standings
    first: date
    coming: date
    unsure: frozenset[str]
    leaves: Mapping[str, Sequence[SaidLeave]]
    team_digest: TeamDigest
    gains: Gains
    has_helper: Callable[[str], bool]

    def own(self, userid: str) -> OwnWeek | None:
        """Return the week of *userid*; None without a quota."""
        rows = self.standings.by_person.get(userid, ())
        if userid in self.unsure or all(row.status is Status.EXEMPT for row in rows):
            return None
        undone = [row for row in self.ahead.by_person.get(userid, ()) if row.to_add]
        coming = [row for row in undone if row.workdays_left]
        doses = [-(-row.to_add // row.workdays_left) for row in coming]
        away = may_be_away(self.standings, userid, coming, leaves=self.leaves.get(userid, ()))
        no_days = not coming and bool(undone or (self._is_last_day(userid) and any(r.to_add for r in rows)))
        return OwnWeek(
            rows=self._after_today(rows),
            facts=self._facts(userid),
            dose=None if away or no_days else max(doses, default=0),
            waiting=self.standings.waiting(userid),
            may_be_away=away,
            tight=any(self.ahead.is_tight(row, dose=dose) for dose, row in zip(doses, coming, strict=True)),
            has_helper=self.has_helper(userid),
        )

    def _is_last_day(self, userid: str) -> bool:
        """Return whether *userid* has left when the next workday begins."""
        return not self.standings.people[userid].employed_on(self.coming)

    def team(self, leader: Person) -> TeamWeek | None:
        """Return the week of the people that *leader* leads; None if it would be about nobody."""
        content = self.team_digest.content_for(leader) if leader.leader_of else None
        if content is None or not content.summed:
            return None
        improved, more = (
            self._improved(content)
            if content.subteams is None
            else self._improved_team(content, content.subteams)
        )
        return TeamWeek(
            members=content.summed,
            facts=_sum([self._facts(member.userid) for member in content.summed]),
            improved=improved,
            more=more,
            subteams=content.subteams,
        )

    def _improved(self, content: TeamContent) -> tuple[list[str], int]:
        """Return the direct reports with the largest gain, and the gain, without confirmed findings."""
        own = [member.userid for member in content.own if member.userid not in self.standings.in_doubt]
        most = _most(self.gains.of(own))
        more = {userid: most.get(userid, 0) for userid in own}
        best = max(more.values(), default=0)
        first = [member for member in content.own if more.get(member.userid) == best]
        return [clean(member.name, otherwise=member.userid) for member in first], best

    def _improved_team(self, content: TeamContent, subteams: NamedSubTeams) -> tuple[list[str], int]:
        best = self.team_digest.improved_team(content)
        if best is None:
            return [], 0
        return [subteams.name(int(number)) for number in best.userids], best.more

    def _facts(self, userid: str) -> DayFacts:
        calendar = self.standings.calendar
        return self.standings.days(userid, self.first, calendar.local_day(self.standings.at))

    def _after_today(self, rows: Sequence[QuotaFigures]) -> list[QuotaFigures]:
        """Return *rows* with the workdays after today; on the last one of a period, today is left."""
        calendar, at = self.standings.calendar, self.standings.at
        today = int(calendar.is_workday(calendar.local_day(at)) and not calendar.hours_over(at))
        return [
            replace(row, workdays_left=max(min(row.workdays_left, 1), row.workdays_left - today))
            for row in rows
        ]


def _sum(several: Sequence[DayFacts]) -> DayFacts:
    return DayFacts(
        added=sum(facts.added for facts in several),
        lost_by_customer=sum(facts.lost_by_customer for facts in several),
        lost_by_member=sum(facts.lost_by_member for facts in several),
        lost_unknown=sum(facts.lost_unknown for facts in several),
    )
