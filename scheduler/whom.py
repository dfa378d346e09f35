"""Whose messages a job plans, a piece at a time: everybody, leaders with their people, nobody.

A piece has the userids that get messages and the userids with figures in them. Of the people in large teams,
rows and sums are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from bot.features.standings.everybody import load_departments, load_people
from bot.features.standings.pieces import PIECE, iter_people
from bot.features.teams.digest import load_org_chart
from bot.services import Services

Piece = tuple[Sequence[str], Sequence[str], Sequence[str]]
Whom = Callable[[Services, datetime, str], Iterator[Piece]]  # as of a moment, after a userid

_LEADERS = 20  # whose people are in memory at once


def everybody(services: Services, _at: datetime, after: str) -> Iterator[Piece]:
    """Yield all people, a small piece first."""
    return ((userids, userids, ()) for userids in iter_people(services, after=after, in_haste=True))


def nobody(_services: Services, _at: datetime, _after: str) -> Iterator[Piece]:
    """Yield nobody: the job has no messages."""
    return iter(())


def leaders(services: Services, at: datetime, after: str) -> Iterator[Piece]:
    """Yield those who lead a department, with all their people."""
    leading = [userid for userid in sorted(load_people(services).leading()) if userid > after]
    for first in range(0, len(leading), _LEADERS):
        userids = leading[first : first + _LEADERS]
        yield (userids, *_with_people(services, userids, at=at))


def with_teams(services: Services, at: datetime, after: str) -> Iterator[Piece]:
    """Yield all people, and with each leader all their people."""
    for userids in iter_people(services, after=after, in_haste=True):
        yield (userids, *_with_people(services, userids, at=at))


def _with_people(services: Services, userids: Sequence[str], *, at: datetime) -> tuple[list[str], list[str]]:
    """Return *userids* with the people whom they lead on the day of *at*, and the people of large teams."""
    people, day = load_people(services), services.config.work_calendar().local_day(at)
    chart = load_org_chart(services, people, departments=load_departments(services), day=day)
    leading = people.leading()
    needed, below = set(userids), set[str]()
    for userid in userids:
        if userid in leading:
            led = chart.of(leading[userid])
            needed.update(person.userid for person in led.own)
            below.update(person.userid for team in led.teams.values() for person in team)
    if len(below) <= PIECE:
        needed |= below
    return sorted(needed), sorted(below - needed)
