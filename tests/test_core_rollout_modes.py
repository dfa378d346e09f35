"""Whom the bot may speak to in each mode of the rollout."""

from __future__ import annotations

from datetime import date

import pytest

from bot.core.people import Departments, Membership, Person
from bot.core.rollout import Mode, RolloutScope

DAY = date(2026, 11, 24)
TREE = Departments(parents={11: 1, 12: 1, 111: 11})


def person(userid: str, *departments: int, leads: tuple[int, ...] = ()) -> Person:
    now = Membership(since=None, departments=departments, role=None)
    return Person(userid=userid, name=userid, memberships=(now,), leader_of=leads)


def reach(mode: Mode, *pilot: int) -> RolloutScope:
    return RolloutScope(
        mode=mode,
        pilot=pilot,
        admins=frozenset({"admin"}),
        reviewers=frozenset({"hr"}),
        departments=TREE,
        groups={"robot:all": (), "robot:south": (11,), "robot:both": (11, 12)},
    )


@pytest.mark.parametrize(
    ("who", "included"),
    [
        pytest.param(person("a", 11), True, id="of the department"),
        pytest.param(person("a", 111), True, id="below it"),
        pytest.param(person("a", 12, 111), True, id="with one of several departments"),
        pytest.param(person("a", 12), False, id="of another department"),
        pytest.param(person("a", 1), False, id="above it"),
        pytest.param(person("a", 1, leads=(11,)), True, id="leads the department from above"),
        pytest.param(person("a", 12, leads=(12,)), False, id="leads another department"),
        pytest.param(person("a", 1, leads=(1,)), False, id="leads all of which the pilot is a part"),
        pytest.param(None, False, id="nobody of the roster"),
    ],
)
def test_a_pilot_has_its_people_and_who_leads_in_it(who: Person | None, included: bool) -> None:
    assert reach(Mode.PILOT, 11).includes(who, DAY) is included
    assert reach(Mode.SHADOW, 11).includes(who, DAY) is False
    assert reach(Mode.ON).includes(who, DAY) is True


@pytest.mark.parametrize(
    ("mode", "answered"),
    [
        pytest.param(Mode.SHADOW, {"admin"}, id="shadow"),
        pytest.param(Mode.PILOT, {"admin", "south"}, id="pilot"),
        pytest.param(Mode.ON, {"admin", "south", "north"}, id="on"),
    ],
)
def test_who_gets_figures_on_demand(mode: Mode, answered: set[str]) -> None:
    people = {"admin": None, "south": person("south", 11), "north": person("north", 12)}
    scope = reach(mode, 11)

    assert {name for name, who in people.items() if scope.answers(name, person=who, day=DAY)} == answered


def test_membership_of_a_pilot_is_dated() -> None:
    moved = Person(
        userid="a",
        name="",
        memberships=(
            Membership(since=None, departments=(12,), role=None),
            Membership(since=date(2026, 11, 25), departments=(11,), role=None),
        ),
    )

    found = [reach(Mode.PILOT, 11).includes(moved, date(2026, 11, day)) for day in (24, 25)]

    assert found == [False, True]


@pytest.mark.parametrize(
    ("mode", "userid", "kinds"),
    [
        pytest.param(Mode.SHADOW, "admin", {"admin", "review"}, id="shadow, admin"),
        pytest.param(Mode.SHADOW, "hr", set(), id="shadow, reviewer"),
        pytest.param(Mode.PILOT, "admin", {"admin", "review"}, id="pilot, admin"),
        pytest.param(Mode.PILOT, "hr", {"review"}, id="pilot, reviewer"),
        pytest.param(Mode.ON, "hr", {"admin", "review", "progress", "close"}, id="on"),
    ],
)
def test_kinds_that_reach_somebody_outside_the_pilot(mode: Mode, userid: str, kinds: set[str]) -> None:
    rolled = reach(mode, 11)

    assert {
        kind
        for kind in ("admin", "review", "progress", "close")
        if rolled.tells(userid, kind, person=person(userid, 12), day=DAY)
    } == kinds


@pytest.mark.parametrize(
    ("mode", "robots"),
    [
        pytest.param(Mode.SHADOW, set(), id="shadow"),
        pytest.param(Mode.PILOT, {"robot:south"}, id="pilot"),
        pytest.param(Mode.ON, {"robot:all", "robot:south", "robot:both"}, id="on"),
    ],
)
def test_robots_whose_departments_all_lie_in_the_pilot_post(mode: Mode, robots: set[str]) -> None:
    rolled = reach(mode, 11)

    assert {name for name in rolled.groups if rolled.posts(name)} == robots


def test_money_is_spoken_of_only_when_all_are_reached() -> None:
    assert [mode for mode in Mode if reach(mode, 11).shows_money] == [Mode.ON]
