"""Who works where, and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders.branches import person

from bot.core.people import Departments, Membership, leads, name_of

FIRST = Membership(since=None, departments=(1,), role="柜员")
SECOND = Membership(since=date(2026, 11, 10), departments=(2, 3), role="客户经理")


@pytest.mark.parametrize(
    ("day", "held"),
    [
        pytest.param(date(2020, 1, 1), FIRST, id="the first reading holds for all time before"),
        pytest.param(date(2026, 11, 9), FIRST, id="the day before the change"),
        pytest.param(date(2026, 11, 10), SECOND, id="the day of the change"),
        pytest.param(date(2030, 1, 1), SECOND, id="until the next one"),
    ],
)
def test_a_membership_holds_from_its_day_on(day: date, held: Membership) -> None:
    assert person(memberships=(FIRST, SECOND)).membership_on(day) == held


@pytest.mark.parametrize(
    ("joined_on", "left_on", "part"),
    [
        pytest.param(None, None, (1, 30), id="there all the time"),
        pytest.param(10, None, (10, 30), id="joined in between"),
        pytest.param(None, 20, (1, 20), id="left in between, the last day included"),
        pytest.param(30, 30, (30, 30), id="there on one day"),
        pytest.param(20, 10, None, id="left before joining: never there"),
    ],
)
def test_employment_within_november(
    joined_on: int | None, left_on: int | None, part: tuple[int, int] | None
) -> None:
    def november(day: int | None) -> date | None:
        return None if day is None else date(2026, 11, day)

    who = person(joined_on=november(joined_on), left_on=november(left_on))

    found = who.employed_within(date(2026, 11, 1), date(2026, 11, 30))

    assert found == (part and (november(part[0]), november(part[1])))


@pytest.mark.parametrize(
    ("changed", "works"),
    [
        pytest.param({}, True, id="a day like any other"),
        pytest.param({"absences": frozenset({date(2026, 11, 12)})}, False, id="on leave"),
        pytest.param({"left_on": date(2026, 11, 11)}, False, id="gone"),
        pytest.param({"in_range": False}, False, id="not shown by WeCom, or disabled"),
    ],
)
def test_nobody_writes_to_somebody_who_is_not_there(changed: dict[str, Any], works: bool) -> None:
    one = replace(person(memberships=(FIRST,)), **changed)

    assert one.works_on(date(2026, 11, 12)) is works


def test_nobody_is_employed_before_he_joins_or_after_he_leaves() -> None:
    who = person(joined_on=date(2026, 11, 10), left_on=date(2026, 11, 20))

    employed = [day for day in range(1, 31) if who.employed_on(date(2026, 11, day))]

    assert employed == list(range(10, 21))


@pytest.mark.parametrize(
    ("department", "ancestor", "below"),
    [
        pytest.param(3, 3, True, id="itself"),
        pytest.param(3, 1, True, id="two levels up"),
        pytest.param(1, 3, False, id="its own parent is not below it"),
        pytest.param(9, 9, True, id="an unknown one stands alone"),
        pytest.param(9, 1, False, id="an unknown one is below nothing"),
        pytest.param(4, 1, False, id="a cycle of parents ends"),
        pytest.param(4, 5, True, id="in a cycle each is below the other"),
    ],
)
def test_the_tree_of_departments(department: int, ancestor: int, below: bool) -> None:
    tree = Departments(parents={3: 2, 2: 1, 4: 5, 5: 4})

    assert tree.at_or_below(department, ancestor) is below


@pytest.mark.parametrize(
    ("leader_of", "departments", "leading"),
    [
        pytest.param((3,), (3,), True, id="a department of theirs"),
        pytest.param((1,), (3,), True, id="one far above it"),
        pytest.param((3,), (1,), False, id="one below it"),
        pytest.param((9, 2), (8, 3), True, id="any of several, above any of several"),
        pytest.param((), (3,), False, id="no department"),
        pytest.param((1,), (), False, id="of somebody in no department"),
    ],
)
def test_a_leader_leads_everybody_at_or_below_the_department(
    leader_of: tuple[int, ...], departments: tuple[int, ...], leading: bool
) -> None:
    tree = Departments(parents={3: 2, 2: 1})
    leader, other = person("boss", leader_of=leader_of), person("jia", departments=departments)

    assert leads(leader, other, departments=tree, day=date(2026, 11, 12)) is leading


def test_nobody_leads_themselves_and_leading_is_of_the_day() -> None:
    moved = person("jia", memberships=(FIRST, SECOND), leader_of=(2,))
    leader = person("boss", leader_of=(2,))

    led = [
        leads(who, moved, departments=Departments(), day=date(2026, 11, day))
        for who in (moved, leader)
        for day in (9, 10)
    ]

    assert led == [False, False, False, True]


def test_people_without_a_name_and_strangers_go_by_their_userid() -> None:
    people = {"zhang": person("zhang"), "li": replace(person("li"), name="")}

    assert [name_of(people, userid) for userid in ("zhang", "li", "wang")] == ["员工甲", "li", "wang"]
