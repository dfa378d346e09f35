"""The input of an answer: who asks what and when, and the figures, read once for many answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.core.people import Person, name_of
from bot.core.progress import Branch
from bot.core.reviewers import Bank
from bot.core.rollout import RolloutScope
from bot.core.workdays import WorkCalendar
from bot.features.notify.rollout import rollout_scope
from bot.features.outages.catch_up import explain_withheld
from bot.features.standings.beside import add_computed, add_kept
from bot.features.standings.everybody import load_people
from bot.features.standings.leaders import load_bank
from bot.features.standings.load import Standings, load_standings_of
from bot.features.standings.pieces import PIECE
from bot.features.teams.digest import TeamDigest, load_org_chart
from bot.features.teams.org_chart import OrgChart
from bot.messages.message import Message
from bot.services import Services
from bot.store.known_people import KnownPeople
from bot.store.preferences import Way


class Desk:
    """The data shared by answers as of one moment. *at* is aware, by the service's clock.

    *about*: the userids with figures in these answers; no other figures are read. *kept*: for direct reports
    of a large team, kept figures are enough.
    """

    def __init__(
        self,
        services: Services,
        *,
        at: datetime,
        about: Collection[str] = (),
        askers: Collection[str] = (),
        kept: bool = False,
    ) -> None:
        self.services = services
        self.at = at
        self.about, self.askers, self._kept = about, askers, kept
        self.calendar: WorkCalendar = services.config.work_calendar()
        self.local = self.calendar.local(at)
        self.language = services.language

    @cached_property
    def standings(self) -> Standings:
        """Return the figures of the people asked about; without ranks, which are among others.

        Of a large team below other leaders the kept figures are enough, with their time in `beside.at`.
        """
        if len(self.about) <= PIECE:
            return load_standings_of(self.services, self.about, at=self.at)
        named = set(self.askers)
        if not self._kept:
            named |= {led.userid for asker in self.askers for led in self.own_people(asker)}
        standings = load_standings_of(self.services, sorted(named), at=self.at)
        below = set(self.about) - named
        return add_kept(self.services, standings, below) or add_computed(self.services, standings, below)

    @property
    def branch(self) -> Branch:
        """Return what is known of them, for the running periods."""
        return self.standings.branch

    @cached_property
    def people(self) -> KnownPeople:
        """Return all people by userid."""
        return load_people(self.services)

    @cached_property
    def lacks(self) -> bool:
        """Return whether figures are incomplete."""
        return explain_withheld(self.services) is not None

    @cached_property
    def rollout(self) -> RolloutScope:
        """Return the people that the rollout has reached."""
        return rollout_scope(self.services)

    def knows(self, userid: str) -> bool:
        """Say whether *userid* is employed today; other people get no figures."""
        person = self.people.get(userid)
        return person is not None and person.employed_on(self.local.date())

    def is_in_rollout(self, userid: str) -> bool:
        """Return whether *userid* gets figures on demand."""
        return self.rollout.answers(userid, person=self.people.get(userid), day=self.local.date())

    @cached_property
    def bank(self) -> Bank:
        """Return who leads and who decides today."""
        return load_bank(self.services, day=self.local.date())

    @cached_property
    def team_digest(self) -> TeamDigest:
        """Return the digest of teams."""
        return TeamDigest(self.services, self.standings, org_chart=self._org_chart)

    def led_by(self, userid: str) -> set[str]:
        """Return the userids that *userid* sees as a leader: by name, or within a team."""
        leader = self.people.get(userid)
        if leader is None or not leader.leader_of:
            return set()
        led = self._org_chart.of(leader)
        return {person.userid for people in (led.own, *led.teams.values()) for person in people}

    def own_people(self, userid: str) -> tuple[Person, ...]:
        """Return the direct reports of *userid*."""
        leader = self.people.get(userid)
        return () if leader is None or not leader.leader_of else self._org_chart.of(leader).own

    @cached_property
    def _org_chart(self) -> OrgChart:
        departments = self.services.directory.departments
        return load_org_chart(self.services, self.people, departments=departments, day=self.local.date())

    def name(self, userid: str) -> str:
        """Return the name of *userid*, or the userid itself without one."""
        return name_of(self.people, userid)

    def is_leader(self, userid: str) -> bool:
        """Say whether *userid* leads a department."""
        person = self.people.get(userid)
        return person is not None and bool(person.leader_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One command with its argument *rest*; *msgid* identifies it.

    *said*: when the member sent it, local and aware; `today` in the text means that day. The answer may come
    days later; its figures are as of the desk's time.
    """

    desk: Desk
    userid: str
    msgid: str
    rest: str
    way: Way
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file sent with an answer; it has the figures of *userids*."""

    filename: str
    body: bytes
    userids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A message with a file."""

    message: Message
    file: File


Reply = Callable[[Ask], Message | Answer]
