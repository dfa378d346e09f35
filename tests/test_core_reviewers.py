"""Who decides whose case: never he himself, never who leads him, and one up when nobody does."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from builders.branches import at, china, person

from bot.core.people import Departments
from bot.core.reviewers import Bank, level_at, time_is_up

# 1 the branch, 11 and 12 below it, 111 below 11.
TREE = Departments(parents={11: 1, 12: 1, 111: 11})
DAY = date(2026, 11, 23)
PEOPLE = (
    person("jia", departments=(111,)),
    person("team", departments=(111,), leader_of=(111,)),
    person("unit", departments=(11,), leader_of=(11,)),
    person("head", departments=(1,), leader_of=(1,)),
    person("other", departments=(12,), leader_of=(12,)),
    person("gone", departments=(12,), left_on=date(2026, 11, 20)),
)


def bank(*changed: object, **settings: object) -> Bank:
    people = {one.userid: one for one in (*PEOPLE, *changed)}  # type: ignore[attr-defined]  # persons
    return Bank(people=people, departments=TREE, day=DAY, **settings)  # type: ignore[arg-type]  # a builder


@pytest.mark.parametrize(
    ("userid", "leaders"),
    [
        pytest.param("jia", {"team"}, id="the leader of his department"),
        pytest.param("team", {"unit"}, id="a leader is led from above"),
        pytest.param("unit", {"head"}, id="one up"),
        pytest.param("head", set(), id="nobody is above the head"),
        pytest.param("gone", {"other"}, id="whoever he is"),
        pytest.param("stranger", set(), id="nobody knows him"),
    ],
)
def test_who_leads_whom_directly(userid: str, leaders: set[str]) -> None:
    assert bank().leaders_of(userid) == leaders


def test_a_department_without_a_leader_is_led_from_the_next_one_up() -> None:
    away = person("team", departments=(111,), leader_of=(111,), left_on=date(2026, 11, 1))

    assert bank(away).leaders_of("jia") == {"unit"}


def test_nobody_is_led_by_those_below_him() -> None:
    sits_below = person("head", departments=(111,), leader_of=(1,))

    assert bank(sits_below).leaders_of("head") == set()


@pytest.mark.parametrize(
    ("userid", "settings", "levels"),
    [
        pytest.param("jia", {}, (("unit",), ("head",)), id="the leader's leader, then one up"),
        pytest.param("team", {}, (("head",),), id="of a leader too"),
        pytest.param("unit", {}, (), id="nobody is there"),
        pytest.param("unit", {"admins": ("it",)}, (("it",),), id="then the admins"),
        pytest.param(
            "jia", {"admins": ("it",)}, (("unit",), ("head",), ("it",)), id="the admins are the last"
        ),
        pytest.param(
            "jia", {"reviewers": ("hr", "audit")}, (("hr", "audit"), ("unit",), ("head",)), id="named"
        ),
        pytest.param("hr", {"reviewers": ("hr", "audit")}, (("audit",),), id="not about himself"),
        pytest.param(
            "jia", {"reviewers": ("team", "hr")}, (("hr",), ("unit",), ("head",)), id="not his leader"
        ),
        pytest.param(
            "jia", {"reviewers": ("team",)}, (("unit",), ("head",)), id="his leader alone is nobody"
        ),
        pytest.param("jia", {"reviewers": ("gone",)}, (("unit",), ("head",)), id="who left is nobody"),
        pytest.param("jia", {"reviewers": ("head",)}, (("head",), ("unit",)), id="each is asked once"),
        pytest.param(
            "jia", {"admins": ("jia", "team")}, (("unit",), ("head",)), id="admins are no exception"
        ),
    ],
)
def test_who_decides(userid: str, settings: dict[str, object], levels: tuple[tuple[str, ...], ...]) -> None:
    assert bank(**settings).levels(userid) == levels


def test_leaders_who_lead_each_other_end_the_search() -> None:
    round_about = (
        person("one", departments=(11,), leader_of=(12,)),
        person("two", departments=(12,), leader_of=(11,)),
    )
    people = {one.userid: one for one in (*round_about, person("jia", departments=(11,)))}
    led = Bank(people=people, departments=TREE, day=DAY)

    assert led.levels("jia") == (("one",),)


def test_who_leads_on_two_floors_is_a_direct_leader_and_decides_on_neither() -> None:
    both = person("unit", departments=(11,), leader_of=(11, 111))

    assert bank(both).levels("jia") == (("head",),)


def test_a_case_of_admins_alone_is_decided_by_nobody_whom_it_concerns() -> None:
    with_admins = bank(admins=("head", "unit", "jia"))

    assert with_admins.admins_but({"jia"}) == (("head", "unit"),)
    assert with_admins.admins_but({"head", "unit", "jia"}) == ()


@pytest.mark.parametrize(
    ("since", "away", "until"),
    [
        pytest.param("2026-11-23T09:07", set(), "2026-11-26T18:00", id="Monday to Thursday"),
        pytest.param("2026-11-19T20:00", set(), "2026-11-24T18:00", id="a weekend between"),
        pytest.param("2026-11-23T09:07", {date(2026, 11, 24)}, "2026-11-27T18:00", id="a day of leave"),
        pytest.param("2026-09-29T09:07", set(), "2026-10-09T18:00", id="the holidays of October"),
    ],
)
def test_time_is_up_with_the_working_hours_of_the_third_workday(
    since: str, away: set[date], until: str
) -> None:
    assert time_is_up(at(since), calendar=china(), away=away) == at(until)


@pytest.mark.parametrize(
    ("when", "levels", "level"),
    [
        pytest.param("2026-11-26T17:59:59", 3, 0, id="the last second of the first"),
        pytest.param("2026-11-26T18:00", 3, 1, id="one up"),
        pytest.param("2026-12-01T18:00", 3, 2, id="and up again"),
        pytest.param("2027-03-01T09:00", 3, 2, id="the last one keeps it"),
        pytest.param("2026-12-01T18:00", 1, 0, id="nobody is above"),
    ],
)
def test_undecided_it_goes_one_up(when: str, levels: int, level: int) -> None:
    found, until = level_at(at("2026-11-23T09:07"), at=at(when), levels=levels, calendar=china())

    assert found == level
    assert isinstance(until, datetime)
