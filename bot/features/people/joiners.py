"""First working days, which WeCom does not know: proposed from what it shows, taken once a person says so.

Somebody who is in a list after the first reading, and of whom an event said that he came, has perhaps joined;
or his department was only added to the app's visible range. So nothing is taken from it unasked: without a
first day his period is the whole one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from bot.features.people import directory
from bot.services import Services
from bot.store.address_book import CHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Joiner:
    """Somebody who came, it seems. Local days: *arrived_on* of the event, *listed_on* of the first list."""

    userid: str
    name: str
    arrived_on: date
    listed_on: date


def waiting(services: Services) -> list[Joiner]:
    """Return who may have joined and has no first day, neither confirmed nor in the roster; by userid."""
    told = {line.userid for line in services.directory.lines if line.joined_on is not None}
    return [
        Joiner(userid=entry.userid, name=entry.name, arrived_on=entry.arrived_on, listed_on=entry.listed_on)
        for entry in services.store.address_book.joiners()
        if entry.userid not in told and entry.arrived_on is not None and entry.listed_on is not None
    ]


def settle(services: Services, joiner: Joiner, *, joined_on: date | None) -> None:
    """Store the first day of *joiner*; None: they only became visible. Nobody asks again.

    Call inside a transaction; after it the people in *services* are read anew.
    """
    store = services.store
    entry = store.address_book.all()[joiner.userid]
    if joined_on is None:
        entry = replace(entry, arrived_on=None, listed_on=None)
    store.address_book.put([replace(entry, joined_on=joined_on)])
    store.marks.put(CHANGED, f"{store.now():.6f}")
    people = directory.built(services.config, services.directory.files, store)
    day = services.config.work_calendar().local_day(services.clock.now())
    directory.record(people, store.members, day=day)
