"""First working days, which WeCom does not know: proposed from what it shows, taken once a person says so.

Somebody who is in a list after the first reading, and of whom an event said that he came, has perhaps joined;
or his department was only added to the app's visible range. So nothing is taken from it unasked: without a
first day his period is the whole one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from bot.core.workdays import epoch_of
from bot.features.people import directory
from bot.features.people.address_book import joiners
from bot.services import Services
from bot.store.address_book import CHANGED, Entry


class JoiningError(Exception):
    """There is nothing to say of this person; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """Somebody who came, it seems. Local days: *arrived_on* of the event, *listed_on* of the first list."""

    userid: str
    name: str
    arrived_on: date
    listed_on: date


def waiting(services: Services) -> list[Joiner]:
    """Who may have joined and has no first day, neither confirmed nor in the roster; by userid."""
    return [
        Joiner(userid=entry.userid, name=entry.name, arrived_on=entry.arrived_on, listed_on=entry.listed_on)
        for entry in _proposed(services).values()
        if entry.arrived_on is not None and entry.listed_on is not None
    ]


def confirm(services: Services, userid: str, *, by: str, on: date | None = None) -> date:
    """Let *on* (None: when he arrived) be the first day of *userid*, in the name of *by*; return it.

    Raises JoiningError if nobody asks about him.
    """
    entry = _asked(services, userid)
    first = on or entry.arrived_on
    assert first is not None  # noqa: S101 - those who are asked about have arrived
    _keep(services, replace(entry, joined_on=first), by=by, detail={"joined_on": first.isoformat()})
    return first


def dismiss(services: Services, userid: str, *, by: str) -> None:
    """He did not join, he only became visible: nobody asks again. Raises JoiningError."""
    entry = _asked(services, userid)
    _keep(services, replace(entry, arrived_on=None, listed_on=None), by=by, detail={"joined_on": None})


def _proposed(services: Services) -> dict[str, Entry]:
    told = {line.userid for line in services.directory.lines if line.joined_on is not None}
    found = joiners(services.store.address_book.all().values())
    return {entry.userid: entry for entry in found if entry.userid not in told}


def _asked(services: Services, userid: str) -> Entry:
    entry = _proposed(services).get(userid.lower())
    if entry is None:
        raise JoiningError(f"{userid}: nobody asks about a first day; put joined_on into the roster")
    return entry


def _keep(services: Services, entry: Entry, *, by: str, detail: dict[str, object]) -> None:
    store, now = services.store, services.clock.now()
    with store.transaction():
        store.address_book.put([entry])
        store.marks.put(CHANGED, f"{store.now():.6f}")
        people = directory.built(services.config, services.directory.files, store)
        directory.record(people, store.members, day=services.config.work_calendar().local_day(now))
        store.audit.add(at=epoch_of(now), actor=by, act="joined", subject=entry.userid, detail=detail)
    services.use(services.config, people)
