"""Who worked where on which day: readings of the roster, dated, and what the reports make of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from bot.core.people import Departments, Membership, Person
from bot.features.people.directory import dated_tree, merge_known, record
from bot.services import Directory
from bot.store.engine import SqlRow
from bot.store.store import Store

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


@pytest.fixture
def other(store: Store, place: Path | str) -> Iterator[Store]:
    """Another process on the same store."""
    other = Store(place)
    yield other
    other.close()


def person(
    userid: str = "yg01",
    *,
    department: int = 2,
    role: str | None = None,
    share: Fraction = Fraction(1),
    **more: object,
) -> Person:
    membership = Membership(since=None, departments=(department,), role=role, share=share)
    return Person(userid=userid, name="员工甲", memberships=(membership,), **more)  # type: ignore[arg-type]  # a builder


def read(store: Store, day: date, *people: Person) -> None:
    with store.transaction():
        record(Directory(people, Departments()), store.members, day=day)


def department_on(store: Store, day: date, userid: str = "yg01") -> int:
    return store.members.all()[userid].membership_on(day).departments[0]


def test_the_first_reading_holds_for_all_time_before(store: Store) -> None:
    read(store, MONDAY, person(department=2))

    assert department_on(store, date(1999, 1, 1)) == 2
    assert department_on(store, date(2099, 1, 1)) == 2


def test_a_change_holds_from_its_day_on_and_not_before(store: Store) -> None:
    read(store, MONDAY, person(department=2))
    read(store, WEDNESDAY, person(department=3))

    assert [department_on(store, day) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [2, 2, 3]


def test_of_two_changes_on_one_day_the_second_one_holds(store: Store) -> None:
    read(store, MONDAY, person(department=2))
    read(store, TUESDAY, person(department=3))
    read(store, TUESDAY, person(department=4))

    assert [department_on(store, day) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [2, 4, 4]
    assert len(store.members.all()["yg01"].memberships) == 2


def test_a_change_that_is_taken_back_the_same_day_leaves_things_as_they_were(store: Store) -> None:
    read(store, MONDAY, person(department=2))
    read(store, TUESDAY, person(department=3))
    read(store, TUESDAY, person(department=2))

    assert {department_on(store, day) for day in (MONDAY, TUESDAY, WEDNESDAY)} == {2}


def test_a_change_on_the_day_of_the_first_reading_begins_that_day(store: Store) -> None:
    read(store, MONDAY, person(department=2))
    read(store, MONDAY, person(department=3))

    assert department_on(store, MONDAY - timedelta(days=1)) == 2
    assert department_on(store, MONDAY) == 3


def test_a_new_role_is_a_change_as_a_new_department_is(store: Store) -> None:
    read(store, MONDAY, person(role="柜员"))
    read(store, TUESDAY, person(role="客户经理"))

    everybody = store.members.all()["yg01"]
    assert [everybody.membership_on(day).role for day in (MONDAY, TUESDAY)] == ["柜员", "客户经理"]


def test_reading_the_same_again_adds_nothing(store: Store) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        read(store, day, person())

    assert len(store.members.all()["yg01"].memberships) == 1


def test_somebody_missing_from_a_new_roster_stays(store: Store) -> None:
    read(store, MONDAY, person("yg01"), person("yg02"))
    read(store, TUESDAY, person("yg02"))

    assert set(store.members.all()) == {"yg01", "yg02"}


def test_somebody_who_is_recorded_while_others_look_is_seen_whole_or_not_at_all(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a service records a reading of the directory while a report reads."""
    read(store, MONDAY, person("yg01"))
    look = store.engine.all

    def look_and_be_overtaken(name: str, /, **values: object) -> list[SqlRow]:
        found = look(name, **values)
        read(other, MONDAY, person("yg02"))
        return found

    monkeypatch.setattr(store.engine, "all", look_and_be_overtaken)

    assert set(store.members.all()) == {"yg01"}
    assert set(store.members.all()) == {"yg01", "yg02"}


def test_what_else_is_known_of_a_person_is_kept_exactly(store: Store) -> None:
    given = person(
        leader_of=(2, 5),
        joined_on=date(2026, 1, 5),
        left_on=date(2026, 12, 31),
        first_read=None,
        share=Fraction(1, 3),
    )

    read(store, MONDAY, given)

    assert store.members.all()["yg01"] == given


def test_a_clock_that_went_back_does_not_disorder_the_past(store: Store) -> None:
    """Memberships are ordered by day (bot.core.people); a reading before the last one must keep it so."""
    read(store, MONDAY, person(department=2))
    read(store, WEDNESDAY, person(department=3))

    merged = merge_known(Directory((person(department=4),), Departments()), store.members.all(), day=TUESDAY)

    days = [membership.since for membership in merged["yg01"].memberships[1:]]
    assert days == sorted(day for day in days if day is not None)


def test_a_report_sees_the_file_as_it_is_now_and_records_nothing(store: Store) -> None:
    read(store, MONDAY, person(department=2))
    before = store.members.all()

    merged = merge_known(
        Directory((person(department=3), person("new")), Departments()), store.members.all(), day=TUESDAY
    )

    assert merged["yg01"].membership_on(MONDAY).departments == (2,)
    assert merged["yg01"].membership_on(TUESDAY).departments == (3,)
    assert merged["new"].membership_on(MONDAY).departments == (2,)
    assert store.members.all() == before


def test_what_a_report_sees_is_what_a_recording_then_keeps(store: Store) -> None:
    read(store, MONDAY, person(department=2))
    files = Directory((person(department=3), person("new")), Departments())
    merged = merge_known(files, store.members.all(), day=TUESDAY)

    read(store, TUESDAY, *files.people)

    assert store.members.all() == merged


def test_who_first_stands_in_a_later_reading_joined_that_day(store: Store) -> None:
    read(store, MONDAY, person())
    read(store, WEDNESDAY, person(), person("yg02"), person("yg03", joined_on=MONDAY))
    read(store, WEDNESDAY + timedelta(days=1), person(), person("yg02"), person("yg03", joined_on=MONDAY))

    found = store.members.all()
    assert [found[userid].first_read for userid in ("yg01", "yg02", "yg03")] == [None, WEDNESDAY, WEDNESDAY]
    assert [found[userid].employed_on(MONDAY) for userid in ("yg01", "yg02", "yg03")] == [True, False, True]


def test_a_changed_share_is_dated(store: Store) -> None:
    read(store, MONDAY, person(share=Fraction(1, 2)))
    read(store, WEDNESDAY, person())

    held = store.members.all()["yg01"]
    assert [held.membership_on(day).share for day in (MONDAY, WEDNESDAY)] == [Fraction(1, 2), 1]


def test_trees_of_departments_are_dated_and_the_first_one_holds_before(store: Store) -> None:
    trees = [{2: 1}, {2: 1}, {2: 3}, {2: 4}]
    days = [MONDAY, MONDAY + timedelta(days=1), WEDNESDAY, WEDNESDAY]
    for day, parents in zip(days, trees, strict=True):
        with store.transaction():
            record(Directory((person(),), Departments(parents)), store.members, day=day)

    today = WEDNESDAY + timedelta(days=2)
    same = dated_tree(Departments({2: 4}), store.members.trees(), day=today)
    newer = dated_tree(Departments({2: 5}), store.members.trees(), day=today)

    assert store.members.trees() == [(None, {2: 1}), (WEDNESDAY, {2: 4})]
    assert [same.on(day).parents[2] for day in (date(2020, 1, 1), MONDAY, WEDNESDAY, today)] == [1, 1, 4, 4]
    assert [newer.on(day).parents[2] for day in (MONDAY, WEDNESDAY, today)] == [1, 4, 5]
