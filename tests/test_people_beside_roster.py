"""WeCom's members with the lines of a roster beside them, and what the record keeps of their changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from builders import config as config_files
from builders.e2e import ROSTER_HEADER

from bot.core.people import Departments, Membership, Person
from bot.features.people import directory
from bot.services import Directory
from bot.store.address_book import Entry, EntryState
from bot.store.store import Store

MONDAY, TUESDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27)
ROLES = '[[roles]]\nname = "客户经理"\nmatch = { positions = ["经理"] }\n'


@contextmanager
def wecom(folder: Path, *lines: str, entry: dict[str, Any] | None = None) -> Iterator[Person]:
    """One member jia as WeCom shows him, with *lines* of a roster beside; yields him."""
    (folder / "roster.csv").write_text("\n".join([ROSTER_HEADER, *lines]) + "\n", encoding="utf-8")
    text = config_files.WECOM + '[directory]\nsource = "wecom"\n' + ROLES + config_files.QUOTA
    given: dict[str, Any] = {
        "userid": "jia",
        "name": "员工甲",
        "departments": (11,),
        "leads": (11,),
        "position": "经理",
        "state_since": MONDAY,
        "read_on": MONDAY,
    }
    store = Store(folder / "bot.db")
    try:
        with store.transaction():
            store.address_book.put([Entry(**(given | (entry or {})))])
        (person,) = directory.read(config_files.read(folder, text), store).people
        yield person
    finally:
        store.close()


@pytest.mark.parametrize(
    ("line", "left_on"),
    [
        pytest.param("jia,,,,,,,0.5", MONDAY, id="the line says nothing of it"),
        pytest.param("jia,,,,,,2026-11-20,", date(2026, 11, 20), id="the line knows the day"),
        pytest.param("yi,,,,,,2026-11-20,", MONDAY, id="a line of somebody else"),
    ],
)
def test_who_left_wecom_has_left_with_a_line_of_the_roster_too(
    tmp_path: Path, line: str, left_on: date
) -> None:
    with wecom(tmp_path, line, entry={"state": EntryState.LEFT}) as jia:
        assert jia.left_on == left_on
        assert not jia.employed_on(TUESDAY)
        assert not jia.in_range


def test_what_the_line_leaves_empty_is_as_wecom_says(tmp_path: Path) -> None:
    with wecom(tmp_path, "jia,别名,99,,,,,", entry={"joined_on": date(2026, 3, 2)}) as jia:
        assert (jia.name, jia.leader_of, jia.joined_on, jia.left_on, jia.memberships[-1].share) == (
            *("员工甲", (11,), date(2026, 3, 2)),
            *(None, Fraction(1)),
        )
        assert (jia.memberships[0].departments, jia.memberships[0].role) == ((11,), "客户经理")


def test_what_the_line_says_wins(tmp_path: Path) -> None:
    line = "jia,,,大堂经理,12,2026-11-09,2026-11-30,0.5"
    with wecom(tmp_path, line, entry={"joined_on": date(2026, 3, 2)}) as jia:
        assert (
            jia.leader_of,
            jia.joined_on,
            jia.left_on,
            jia.memberships[-1].share,
            jia.memberships[0].role,
        ) == (
            *((12,), date(2026, 11, 9), date(2026, 11, 30)),
            *(Fraction(1, 2), "大堂经理"),
        )


@pytest.mark.parametrize(
    ("entry", "in_range"),
    [
        pytest.param({}, True, id="present"),
        pytest.param({"status": 4}, True, id="not activated"),
        pytest.param({"status": 2}, False, id="disabled"),
        pytest.param({"state": EntryState.UNKNOWN}, False, id="not shown any more"),
    ],
)
def test_only_who_is_shown_and_not_disabled_is_in_range(
    tmp_path: Path, entry: dict[str, Any], *, in_range: bool
) -> None:
    with wecom(tmp_path, entry=entry) as jia:
        assert jia.in_range is in_range
        assert jia.left_on is None


# --- the record ---


def person(*, department: int = 11, role: str | None = "客户经理", name: str = "员工甲") -> Person:
    now = Membership(since=None, departments=(department,), role=role)
    return Person(userid="jia", name=name, memberships=(now,))


def record(store: Store, day: date, *people: Person) -> Person:
    with store.transaction():
        directory.record(Directory(people, Departments()), store.members, day=day)
    return store.members.all()["jia"]


def places(one: Person) -> list[tuple[date | None, int, str | None]]:
    return [(each.since, each.departments[0], each.role) for each in one.memberships]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bot.db")
    yield store
    store.close()


def test_the_second_change_of_a_day_replaces_the_first(store: Store) -> None:
    record(store, MONDAY, person())
    record(store, TUESDAY, person(department=12))
    after = record(store, TUESDAY, person(department=13))

    assert places(after) == [(None, 11, "客户经理"), (TUESDAY, 13, "客户经理")]


def test_what_is_known_before_it_is_recorded_has_one_place_a_day_too(store: Store) -> None:
    """A report looks at the files as they are now, and records nothing."""
    record(store, MONDAY, person())
    record(store, TUESDAY, person(department=12))
    files = Directory((person(department=13),), Departments())
    known = [directory.merge_known(files, store.members.all(), day=day)["jia"] for day in (TUESDAY, FRIDAY)]

    first = (None, 11, "客户经理")
    assert places(known[0]) == [first, (TUESDAY, 13, "客户经理")]
    assert places(known[1]) == [first, (TUESDAY, 12, "客户经理"), (FRIDAY, 13, "客户经理")]


def test_who_is_back_on_the_same_day_was_never_away(store: Store) -> None:
    record(store, MONDAY, person())
    record(store, TUESDAY, person(department=12))
    after = record(store, TUESDAY, person())

    assert {after.membership_on(day).departments for day in (MONDAY, TUESDAY, FRIDAY)} == {(11,)}


def test_the_first_reading_holds_for_all_time_before_whatever_changes_that_day(store: Store) -> None:
    record(store, MONDAY, person())
    after = record(store, MONDAY, person(department=12))

    assert places(after) == [(None, 11, "客户经理"), (MONDAY, 12, "客户经理")]


def test_each_change_is_dated_and_what_did_not_change_adds_no_day(store: Store) -> None:
    record(store, MONDAY, person())
    record(store, TUESDAY, person(role="理财经理"))
    record(store, FRIDAY, person(role="理财经理", name="员工甲甲"))
    after = record(store, date(2026, 11, 30), person(department=12, role="理财经理", name="员工甲甲"))

    assert places(after) == [
        (None, 11, "客户经理"),
        (TUESDAY, 11, "理财经理"),
        (date(2026, 11, 30), 12, "理财经理"),
    ]
    assert after.name == "员工甲甲"


def test_days_stay_in_order_when_the_clock_went_back(store: Store) -> None:
    record(store, MONDAY, person())
    record(store, FRIDAY, person(department=12))
    files = Directory((person(department=13),), Departments())
    before = directory.merge_known(files, store.members.all(), day=TUESDAY)["jia"]
    after = record(store, TUESDAY, *files.people)

    for one in (before, after):
        assert [since for since, *_ in places(one)] == [None, TUESDAY, FRIDAY]
    assert after.membership_on(FRIDAY).departments == (12,)


def test_who_is_missing_from_the_files_stays_as_recorded(store: Store) -> None:
    record(store, MONDAY, person())
    other = replace(person(), userid="yi")
    after = record(store, TUESDAY, other)

    assert places(after) == [(None, 11, "客户经理")]
    assert set(store.members.all()) == {"jia", "yi"}
    known = directory.merge_known(Directory((), Departments()), store.members.all(), day=TUESDAY)
    assert set(known) == {"jia", "yi"}
