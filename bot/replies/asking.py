"""What an answer is made from: who asks what, when, and the numbers of everybody, read once for many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.core.people import Person
from bot.core.progress import Branch
from bot.core.reach import Reach
from bot.core.reviewers import Bank
from bot.core.rulebook import Framed, Rulebook
from bot.core.workdays import WorkCalendar
from bot.leading import Leading
from bot.messages import Message
from bot.reaching import reach
from bot.services import Services
from bot.standing import Standing, branch_for, everybody, needed, rules, standing_in
from bot.store.preferences import Way


class Desk:
    """What several answers as of one moment share. *at* is aware, by the service's clock."""

    def __init__(self, services: Services, *, at: datetime) -> None:
        self.services = services
        self.at = at
        self.calendar: WorkCalendar = services.config.work_calendar()
        self.local = self.calendar.local(at)
        self.language = services.language

    @cached_property
    def standing(self) -> Standing:
        """Where everybody stands."""
        return standing_in(self.services, self._frames, at=self.at, book=self._book, branch=self.branch)

    @cached_property
    def branch(self) -> Branch:
        """What is known, for the running periods."""
        wanted = needed(self.services, self._frames, book=self._book)
        return branch_for(self.services, wanted, at=self.at)

    @cached_property
    def _book(self) -> Rulebook:
        return rules(self.services)

    @cached_property
    def _frames(self) -> list[Framed]:
        return self._book.frames_at(self.local.date())

    @cached_property
    def people(self) -> dict[str, Person]:
        """Everybody by userid."""
        return everybody(self.services)

    @cached_property
    def reach(self) -> Reach:
        """Whom the rollout has come to."""
        return reach(self.services)

    def knows(self, userid: str) -> bool:
        """Whether *userid* is somebody of the staff today: others get no answer."""
        person = self.people.get(userid)
        return person is not None and person.employed_on(self.local.date())

    def reaches(self, userid: str) -> bool:
        """Whether *userid* gets figures when he asks."""
        return self.reach.answers(userid, person=self.people.get(userid), day=self.local.date())

    @cached_property
    def bank(self) -> Bank:
        """Who leads whom, who decides what."""
        config = self.services.config
        return Bank(
            people=self.people,
            departments=self.services.directory.departments,
            day=self.local.date(),
            reviewers=config.review.reviewers,
            admins=config.admins.userids,
        )

    @cached_property
    def leading(self) -> Leading:
        """What leaders are told."""
        return Leading(self.services, self.standing)

    def name(self, userid: str) -> str:
        """What *userid* is called."""
        person = self.people.get(userid)
        return userid if person is None else person.name or userid

    def is_leader(self, userid: str) -> bool:
        """Whether *userid* leads a department."""
        person = self.people.get(userid)
        return person is not None and bool(person.leader_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question: *rest* is what stood after the word, *msgid* names it."""

    desk: Desk
    userid: str
    msgid: str
    rest: str
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that goes with an answer: with whose figures (*userids*)."""

    filename: str
    body: bytes
    userids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A message with a file."""

    message: Message
    file: File


Reply = Callable[[Ask], Message | Answer]
