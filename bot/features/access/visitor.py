"""Who is asking for a page: looked up at each request, so that whoever leaves the bank is out at once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.people import Person, name_of
from bot.features.access.rules import Page, pages_of
from bot.features.access.session import Session
from bot.features.standings.everybody import load_people
from bot.features.standings.leaders import load_bank
from bot.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person with a session, and the *pages* open to them. *person*: None for people outside the roster."""

    session: Session
    person: Person | None
    pages: frozenset[Page]

    @property
    def userid(self) -> str:
        """Return the userid, in lower case."""
        return self.session.userid

    @property
    def name(self) -> str:
        """Return the name, or the userid of people without one."""
        return (self.person.name if self.person else "") or self.userid


def find_visitor(services: Services, session: Session) -> Visitor:
    """Return whom *session* stands for, as of now. Strangers and people who left have no page."""
    config, userid = services.config, session.userid
    person = load_people(services).get(userid)
    pages = pages_of(
        userid,
        person,
        day=config.work_calendar().local_day(services.clock.now()),
        reviewers=config.review.reviewers,
        admins=config.admins.userids,
    )
    return Visitor(session=session, person=person, pages=pages)


def whom_to_ask(services: Services, userid: str) -> list[str]:
    """Return the names of those who can help *userid* with access: their leaders, else the administrators."""
    day = services.config.work_calendar().local_day(services.clock.now())
    helpers = sorted(load_bank(services, day=day).leaders_of(userid)) or services.config.admins.userids
    return [name_of(load_people(services), helper) for helper in helpers if helper != userid]
