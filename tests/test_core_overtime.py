"""Adds outside working hours are a matter of the unit, never of a person."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest
from builders.branches import (
    china,
    person,
    seconds,
)

from bot.core.contacts import Contact
from bot.core.overtime import Overtime, overtime
from bot.core.people import Departments, Membership, Person
from bot.core.periods import parse_period
from bot.core.relations import Add

TREE = Departments(parents={11: 1, 12: 1})
NOVEMBER = parse_period("2026-11")
UNIT = [person(f"yg{n}", departments=(11,)) for n in range(5)]


def adds(userid: str, *moments: str) -> list[Contact]:
    return [
        Contact(add=Add(userid=userid, external_userid=f"c{n}", added_at=seconds(moment), nth=1))
        for n, moment in enumerate(moments)
    ]


def units(people: list[Person], contacts: dict[str, list[Contact]]) -> dict[int, tuple[int, int, int]]:
    found = overtime(contacts, people=people, departments=TREE, calendar=china(), period=NOVEMBER)
    return {one.department: (one.people, one.adds, one.outside) for one in found}


@pytest.mark.parametrize(
    ("moment", "outside"),
    [
        pytest.param("2026-11-23T08:29:59", 1, id="before opening"),
        pytest.param("2026-11-23T08:30", 0, id="at opening"),
        pytest.param("2026-11-23T17:59:59", 0, id="until closing"),
        pytest.param("2026-11-23T18:00", 1, id="at closing"),
        pytest.param("2026-11-22T10:00", 1, id="a Sunday"),
    ],
)
def test_what_is_outside_working_hours(moment: str, outside: int) -> None:
    assert units(UNIT, {"yg0": adds("yg0", moment)})[11] == (5, 1, outside)


def test_units_under_five_people_are_not_shown_but_count_above() -> None:
    people = [*UNIT, person("alone", departments=(12,))]
    contacts = {"yg0": adds("yg0", "2026-11-23T20:00"), "alone": adds("alone", "2026-11-23T21:00")}

    assert units(people, contacts) == {1: (6, 2, 2), 11: (5, 1, 1)}


def test_an_add_belongs_to_the_department_of_its_day_and_to_its_period() -> None:
    moved = person(
        "moved",
        memberships=(
            Membership(since=None, departments=(12,), role=None),
            Membership(since=date(2026, 11, 10), departments=(11,), role=None),
        ),
    )
    told = adds("moved", "2026-10-31T20:00", "2026-11-09T20:00", "2026-11-10T20:00")

    assert units([*UNIT, moved], {"moved": told}) == {1: (6, 2, 2), 11: (6, 1, 1)}


def test_a_share_has_two_decimals_and_without_adds_there_is_none() -> None:
    told = adds("yg0", "2026-11-23T20:00", "2026-11-23T10:00", "2026-11-23T11:00")
    given = {"people": UNIT, "departments": TREE, "calendar": china(), "period": NOVEMBER}

    some = overtime({"yg0": told}, **given)  # type: ignore[arg-type]  # as above
    none = overtime({}, **given)  # type: ignore[arg-type]  # as above

    assert [one.share for one in some] == [0.33, 0.33]
    assert [one.share for one in none] == [None, None]


def test_nothing_in_it_can_name_a_person() -> None:
    assert {one.name for one in fields(Overtime)} == {
        "period",
        "department",
        "people",
        "adds",
        "outside",
        "share",
    }
