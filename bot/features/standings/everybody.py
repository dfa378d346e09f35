"""Everybody as recorded and as the files say now, the tree of departments, and planned events."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from bot.core.integrity import Planned, no_event
from bot.core.people import Departments, Person
from bot.features.people import directory
from bot.services import People, Services
from bot.store.coordination import PEOPLE
from bot.store.known_people import KnownPeople

T = TypeVar("T")

_REMEMBERED = 64  # values of `remember`, the latest ones


def load_people(services: Services) -> KnownPeople:
    """Return everybody by userid, as recorded and as the files say now, with absences.

    They are read in pieces, and again only after a change. Only while the files say something that is not
    recorded yet, all of them are in memory.
    """
    return _load_people(services).by_userid


def remember(services: Services, name: Hashable, stamp: object, make: Callable[[], T]) -> T:
    """Return the result of *make*, kept under *name* until people or *stamp* change.

    For pages about thousands of people. A new name replaces the least recently used one.
    """
    derived = _load_people(services).derived
    known = derived.pop(name, None)
    if known is None or known[0] != stamp:
        known = stamp, make()
    derived[name] = known
    for old in list(derived)[:-_REMEMBERED]:
        derived.pop(old, None)
    found: T = known[1]
    return found


def load_departments(services: Services) -> Departments:
    """Return the tree of departments with its earlier forms, as recorded and as the files say now."""
    return _load_people(services).departments


def _load_people(services: Services) -> People:
    today = services.config.work_calendar().local_day(services.clock.now())
    mark, now = services.store.marks.get(PEOPLE), services.directory  # the mark before what it stands for
    loaded = services.people
    if loaded is None or (loaded.mark, loaded.day) != (mark, today) or loaded.directory is not now:
        members, knowledge, merged = services.store.members, services.store.contact_knowledge, None
        if not directory.is_recorded(services.config, now, services.store):
            absences = knowledge.absences()
            merged = {
                userid: replace(person, absences=absences[userid]) if userid in absences else person
                for userid, person in directory.merge_known(now, members.all(), day=today).items()
            }
        people = KnownPeople(members, knowledge, merged=merged)
        tree = directory.dated_tree(now.departments, members.trees(), day=today)
        loaded = services.people = People(mark, today, now, people, tree)
    return loaded


def find_planned_adds(services: Services, people: Mapping[str, Person]) -> Planned:
    """Return a function of userid and day that says whether adds belong to one of `[[campaigns]]`."""
    campaigns, tree = services.config.campaigns, services.directory.departments
    if not campaigns:
        return no_event

    def planned(userid: str, day: date) -> bool:
        running = [campaign for campaign in campaigns if campaign.first <= day <= campaign.last]
        if not running:
            return False
        own = people[userid].membership_on(day).departments if userid in people else ()
        return any(
            not campaign.departments
            or any(tree.at_or_below(mine, asked) for mine in own for asked in campaign.departments)
            for campaign in running
        )

    return planned
