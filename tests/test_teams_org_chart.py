"""Who leads whom: with nobody between, or through other leaders, and by which team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.people import Departments, Membership, Person, leads
from bot.features.teams.org_chart import Led, OrgChart

TODAY = date(2026, 11, 24)
TREE = Departments({11: 1, 12: 1, 111: 11, 112: 11}, {})


def person(userid: str, *departments: int, leads: tuple[int, ...] = ()) -> Person:
    membership = Membership(since=None, departments=departments, role=None)
    return Person(userid=userid, name=userid, memberships=(membership,), leader_of=leads)


BOSS = person("boss", 1, leads=(1,))
CHIEF = person("chief", 11, leads=(11,))
LOW = person("low", 111, leads=(111,))


def names(led: Led) -> tuple[list[str], dict[int, list[str]]]:
    teams = {number: [one.userid for one in team] for number, team in led.teams.items()}
    return [one.userid for one in led.own], teams


@pytest.mark.parametrize(
    ("others", "own", "teams"),
    [
        pytest.param([], [], {}, id="nobody"),
        pytest.param([person("a", 111)], ["a"], {}, id="nobody else leads"),
        pytest.param([CHIEF, person("a", 11)], ["chief"], {11: ["a"]}, id="a leader is not in his team"),
        pytest.param([CHIEF, person("a", 111), person("b", 12)], ["chief", "b"], {11: ["a"]}, id="beside it"),
        pytest.param([CHIEF, LOW, person("a", 111)], ["chief"], {11: ["low", "a"]}, id="the topmost team"),
        pytest.param([LOW, person("a", 11)], ["low", "a"], {111: []}, id="a team of its leader only"),
        pytest.param(
            [person("co", 1, leads=(1,)), person("a", 11)], ["co", "a"], {}, id="who leads the same"
        ),
        pytest.param(
            [replace(CHIEF, left_on=date(2026, 11, 1)), person("a", 11)], ["a"], {}, id="the leader has left"
        ),
        pytest.param(
            [replace(CHIEF, joined_on=date(2026, 12, 1)), person("a", 11)], ["a"], {}, id="is still to come"
        ),
        pytest.param(
            [CHIEF, person("a", 12, 11)], ["chief", "a"], {11: []}, id="one department with nobody between"
        ),
        pytest.param([CHIEF, person("a", 9, 11)], ["chief"], {11: ["a"]}, id="the other one is not his"),
        pytest.param(
            [CHIEF, person("two", 12, leads=(12,)), person("a", 12, 111)],
            ["chief", "two"],
            {11: [], 12: ["a"]},
            id="of two teams that of the first department",
        ),
        pytest.param(
            [person("chief", 112, leads=(11,)), person("x", 112, leads=(112,))],
            ["chief"],
            {11: ["x"]},
            id="a leader who sits with his own",
        ),
        pytest.param(
            [CHIEF, person("two", 11, 12, leads=(12,)), person("a", 12)],
            ["chief", "two"],
            {11: [], 12: ["a"]},
            id="who leads a team and sits in another, too",
        ),
        pytest.param([person("a", 9)], [], {}, id="not below him"),
    ],
)
def test_people_are_own_or_in_the_team_of_another_leader(
    others: list[Person], own: list[str], teams: Mapping[int, list[str]]
) -> None:
    assert names(OrgChart([BOSS, *others], departments=TREE, day=TODAY).of(BOSS)) == (own, teams)


def test_who_also_leads_below_another_has_those_people_to_himself() -> None:
    boss = replace(BOSS, leader_of=(1, 111))
    people = [boss, CHIEF, person("a", 111), person("b", 112)]

    assert names(OrgChart(people, departments=TREE, day=TODAY).of(boss)) == (["chief", "a"], {11: ["b"]})


def test_parents_in_a_ring_end_the_search() -> None:
    ring = Departments({1: 111, 11: 1, 111: 11}, {})
    people = [BOSS, LOW, person("a", 11), person("b", 111)]

    assert names(OrgChart(people, departments=ring, day=TODAY).of(BOSS)) == (["low", "a"], {111: ["b"]})


def test_only_those_asked_for_are_left_and_no_empty_team() -> None:
    led = Led(own=(CHIEF, person("a", 1)), teams={11: (person("b", 11),), 12: (person("c", 12),)})

    assert names(led.only({"a", "c"})) == (["a"], {12: ["c"]})


def is_own(leader: Person, one: Person, *, people: list[Person], tree: Departments) -> bool:
    """The rule as it is written: some way up meets nobody else's department before the leader's."""

    def passes(number: int) -> bool:
        leads_it = any(tree.at_or_below(number, led) for led in one.leader_of)
        return leads_it or not any(number in other.leader_of for other in people if other is not leader)

    for begin in one.membership_on(TODAY).departments:
        current: int | None = begin
        while current is not None and current not in leader.leader_of and passes(current):
            current = tree.parents.get(current)
        if current is not None and current in leader.leader_of:
            return True
    return False


@st.composite
def banks(draw: st.DrawFn) -> tuple[Departments, list[Person]]:
    size = draw(st.integers(2, 7))
    tree = Departments({child: draw(st.integers(1, child - 1)) for child in range(2, size + 1)}, {})
    number = st.integers(1, size)
    people = [
        person(
            f"p{n}",
            *draw(st.lists(number, min_size=1, max_size=2, unique=True)),
            leads=tuple(draw(st.lists(number, max_size=2, unique=True))),
        )
        for n in range(draw(st.integers(1, 6)))
    ]
    return tree, people


@given(banks())
def test_a_chart_says_what_the_tree_says(bank: tuple[Departments, list[Person]]) -> None:
    tree, people = bank
    chart = OrgChart(people, departments=tree, day=TODAY)

    for leader in people:
        led = chart.of(leader)
        below = [one.userid for team in led.teams.values() for one in team]
        all_led = {one.userid for one in people if leads(leader, one, departments=tree, day=TODAY)}
        own = {
            one.userid
            for one in people
            if one.userid in all_led and is_own(leader, one, people=people, tree=tree)
        }
        assert {one.userid for one in led.own} == own
        assert sorted(below) == sorted(all_led - own)
