"""Who works where is read once, and again as soon as something of it changed, whoever changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, installation
from builders.month import write_month

from bot.app.bootstrap import open_services
from bot.core.people import Membership, Person
from bot.features.people import directory
from bot.features.standings.everybody import load_people
from bot.services import Services
from bot.store.contact_knowledge import Absence

NOW, TODAY = at("2026-11-23T18:00"), date(2026, 11, 23)
LEAVE = Absence(userid="yg03", first=TODAY, last=TODAY)


@contextmanager
def bank(folder: Path, store: Path | str = "") -> Iterator[Services]:
    """Twelve people of whom one is on leave; *store* may be a database's address."""
    address = store if isinstance(store, str) and store else "sqlite:///quotabot.db"
    with installation(write_month(folder / "bank", address), FakeTime(NOW)) as opened:
        with opened.store.transaction():
            opened.store.contact_knowledge.put_absences([LEAVE])
        yield opened


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with bank(tmp_path) as opened:
        yield opened


def seen(people: Mapping[str, Person]) -> Person | None:
    return people.get("yg03")


def moved(services: Services) -> None:
    person = load_people(services)["yg03"]
    later = Membership(since=TODAY, departments=(99,), role=None)
    services.store.members.put([replace(person, memberships=(*person.memberships, later))], read_on=TODAY)


def gone(services: Services) -> None:
    services.store.renames.forget_person("yg03")
    services.directory = replace(services.directory, people=())


def renamed(services: Services) -> None:
    services.store.renames.move("yg03", "yg99")


CHANGES: list[tuple[str, Callable[[Services], None]]] = [
    ("leave is called off", lambda services: services.store.contact_knowledge.drop_absences([LEAVE])),
    (
        "leave is imported",
        lambda services: services.store.contact_knowledge.put_absences(
            [replace(LEAVE, last=date(2026, 11, 24))]
        ),
    ),
    ("his leave is somebody else's now", renamed),
    ("moved", moved),
    ("gone", gone),
]


def test_people_are_read_once(services: Services) -> None:
    assert load_people(services) is load_people(services)


def test_what_changes_in_another_process_is_seen_here(tmp_path: Path, place: Path | str) -> None:
    """Each kind of change in turn, in another process on the same store."""
    with bank(tmp_path, place) as services, open_services(services.config, clock=services.clock) as other:
        for what, change in CHANGES:
            before = seen(load_people(services))
            with other.store.transaction():
                change(other)
            services.directory = other.directory

            after = load_people(services)

            assert seen(after) != before, what
            assert load_people(services) is after, what


def test_what_is_undone_was_never_seen(services: Services) -> None:
    before = dict(load_people(services))
    inside = []

    def undone() -> None:
        with services.store.transaction():
            services.store.contact_knowledge.drop_absences([LEAVE])
            inside.append(seen(load_people(services)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()

    assert inside != [seen(before)]
    assert load_people(services) == before


@pytest.mark.parametrize("what", ["another day", "another directory"])
def test_a_new_day_or_directory_is_seen(services: Services, what: str) -> None:
    before, clock = load_people(services), services.clock
    assert isinstance(clock, FakeTime)
    if what == "another day":
        clock.pass_(86_400)
    else:
        services.use(services.config, directory.read(services.config, services.store))

    assert load_people(services) is not before
    assert load_people(services) == before
