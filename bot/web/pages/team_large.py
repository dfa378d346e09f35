"""/team for leaders of many people: sums from the kept figures, and people page by page.

Reads and size do not grow with the team. Only the people to help first are computed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.core.workdays import epoch_of
from bot.features.chat.desk import Desk
from bot.features.standings.everybody import remember
from bot.features.standings.figures import OLDEST_S, kept_at
from bot.features.standings.report import Report
from bot.features.teams.member import TeamMember
from bot.services import Services
from bot.store.figures import Wanted
from bot.web.pages import team_people
from bot.web.pages.team_people import Choice, TeamRow
from bot.web.pages.team_view import TeamPage

MANY = 500  # people: live figures of fewer are read fast enough for a page
MOST_TO_HELP = 20
_MOST_IN_A_FILE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All people together. *own*: userids of direct reports. *at*: of the figures."""

    lines: Sequence[str]
    quotas: Sequence[dict[str, object]]
    subteams: dict[str, object] | None
    labels: dict[str, str]
    own: tuple[str, ...]
    at: datetime


def page_of(services: Services, userid: str) -> TeamPage:
    """Return the page of the leader *userid* (lower case); the figures of their people alone are read."""
    at, rules = services.clock.now(), (services.config, services.language)
    desk = Desk(services, at=at, askers=[userid], kept=True)
    people = remember(services, ("led", userid), rules, lambda: len(desk.led_by(userid)))
    if people > MANY and desk.is_in_rollout(userid):
        stamp = *rules, kept_at(services)
        summary = remember(services, ("team", userid), stamp, lambda: _summarise(_whole(desk, userid)))
        if summary is not None and 0 <= epoch_of(at) - epoch_of(summary.at) <= OLDEST_S:
            return LargeTeamPage(services, userid, summary, at=at)
    return _whole(Desk(services, at=at, askers=[userid]), userid)


def _whole(desk: Desk, userid: str) -> TeamPage:
    """Return the page of all people of *userid*, whose figures *desk* reads."""
    desk.about = desk.led_by(userid)
    return TeamPage(desk, userid)


def _summarise(page: TeamPage) -> Summary | None:
    """Return the summary of *page*; None without kept figures."""
    if page.desk.standings.beside.at is None:
        return None
    return Summary(
        lines=page.lines(),
        quotas=page.quotas(),
        subteams=page.subteams(),
        labels=page.labels,
        own=tuple(page.own),
        at=page.at,
    )


class LargeTeamPage(TeamPage):
    """The page of *userid*, leader of many people, with the *summary* of their kept figures."""

    def __init__(self, services: Services, userid: str, summary: Summary, *, at: datetime) -> None:
        self._summary, self._figures = summary, services.store.figures
        self._wanted = Wanted(userids=summary.own, since=epoch_of(at) - OLDEST_S)
        first = self._figures.listed(self._behind_wanted, sort="pace", most=MOST_TO_HELP)
        self._first = sorted({kept.row.userid for kept in first})
        super().__init__(Desk(services, at=at, about=self._first), userid)

    @property
    def _behind_wanted(self) -> Wanted:
        return replace(self._wanted, status=Status.BEHIND.value)

    @property
    def at(self) -> datetime:
        """Return the local time of the oldest figures in sums."""
        return self._summary.at

    @cached_property
    def labels(self) -> dict[str, str]:
        """Return the names of the quotas in sums, in their order, by id."""
        return self._summary.labels

    @property
    def own(self) -> Sequence[str]:
        """Return the userids of direct reports with a quota."""
        return self._summary.own

    def lines(self) -> list[str]:
        """Return the words of the evening message as of the kept figures."""
        return list(self._summary.lines)

    def quotas(self) -> list[dict[str, object]]:
        """Return each quota's sums and the distribution of attainment."""
        return list(self._summary.quotas)

    def subteams(self) -> dict[str, object] | None:
        """Return the teams of leaders below, as figures; None without such teams."""
        return self._summary.subteams

    def _behind(self) -> Sequence[TeamMember]:
        return self.desk.team_digest.members(self._first)

    def _more_behind(self) -> int:
        return self._figures.count(self._behind_wanted)[1] - len(self._first)

    def _rows_of(self, userids: Collection[str]) -> Mapping[str, Sequence[QuotaFigures]]:
        found = self._figures.of(sorted(userids))
        return {userid: [kept.row for kept in figures] for userid, figures in found.items()}

    def people(self, choice: Choice) -> dict[str, object]:
        """Return one page of the list of direct reports."""
        n, _ = self._figures.count(self._chosen_by(choice))
        size = team_people.A_PAGE
        return self._page(n, choice, lambda page: self._listed(choice, most=size, skipped=(page - 1) * size))

    def chosen(self, choice: Choice) -> list[TeamRow]:
        """Return all rows that match *choice*."""
        return self._listed(choice, most=_MOST_IN_A_FILE)

    def _listed(self, choice: Choice, *, most: int, skipped: int = 0) -> list[TeamRow]:
        found = self._figures.listed(
            self._chosen_by(choice),
            sort=choice.sort,
            is_descending=choice.is_descending,
            most=most,
            skipped=skipped,
        )
        self.desk.people.some(kept.row.userid for kept in found)  # at once, not one by one
        return [self._row(kept.row) for kept in found]

    def _chosen_by(self, choice: Choice) -> Wanted:
        return replace(self._wanted, quota=choice.quota, part=choice.search.casefold())

    def report(self, rows: Sequence[TeamRow]) -> Report:
        """Return the figures behind *rows*, in their order, as `quotabot progress` has them."""
        desk = Desk(self.desk.services, at=self.desk.at, askers=[self.userid], kept=True)
        return _whole(desk, self.userid).report(rows)
