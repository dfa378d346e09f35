"""First working days, which WeCom does not know: proposed from its lists, stored after a person's decision.

Somebody new in a list after the first reading counts from that day on. With an event of their arrival they
are proposed: a person says on which day they joined, or that their department only became visible to the app.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from bot.features.people import directory
from bot.services import Services
from bot.store.address_book import CHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """A likely new colleague. Local days: *arrived_on* of the event, *listed_on* of the first list."""

    userid: str
    name: str
    arrived_on: date
    listed_on: date


def list_waiting(services: Services) -> list[Joiner]:
    """Return likely new colleagues without a first day, confirmed or in the roster, by userid."""
    waiting = services.store.address_book.joiners()
    if not waiting:
        return []  # then nobody need read the roster
    dated = {line.userid for line in services.directory.lines if line.joined_on is not None}
    return [
        Joiner(userid=entry.userid, name=entry.name, arrived_on=entry.arrived_on, listed_on=entry.listed_on)
        for entry in waiting
        if entry.userid not in dated and entry.arrived_on is not None and entry.listed_on is not None
    ]


def settle(services: Services, joiner: Joiner, *, joined_on: date | None) -> None:
    """Store the first day of *joiner*. None: they only became visible and were there for all time before.

    Call inside a transaction; after it the people in *services* are read anew.
    """
    store, entry = services.store, services.store.address_book.all()[joiner.userid]
    day = services.config.work_calendar().local_day(services.clock.now())
    if joined_on is None:
        entry = replace(entry, arrived_on=None, listed_on=None)
        person = store.members.all()[joiner.userid]
        store.members.put([replace(person, first_read=None)], read_on=day)
    store.address_book.put([replace(entry, joined_on=joined_on)])
    store.marks.put(CHANGED, f"{store.now():.6f}")
    people = directory.build_directory(services.config, services.directory.files, store)
    directory.record(people, store.members, day=day)
    directory.note_recorded(services.config, people, store)
