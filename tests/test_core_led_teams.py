"""Teams of a leader of leaders: who is in which, which may stand alone, where help is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from messages_builders import BEHIND, EXEMPT, MET, MONTHLY

from bot.core.board import Gain
from bot.core.coaching import Mark, Outcome
from bot.core.led_teams import LedTeam, TeamFigures, led_teams, team_gains, teams_below
from bot.core.people import Departments, Membership, Person
from bot.core.progress import Row

TODAY = date(2026, 11, 24)
TREE = Departments({11: 1, 12: 1, 111: 11}, {})


def person(
    userid: str, *departments: int, leads: tuple[int, ...] = (), left_on: date | None = None
) -> Person:
    membership = Membership(since=None, departments=departments, role=None)
    return Person(userid=userid, name=userid, memberships=(membership,), leader_of=leads, left_on=left_on)


BOSS = person("boss", 1, leads=(1,))
CHIEF = person("chief", 11, leads=(11,))


@pytest.mark.parametrize(
    ("others", "teams"),
    [
        pytest.param([], None, id="nobody"),
        pytest.param([person("a", 11)], None, id="nobody else leads"),
        pytest.param([CHIEF, person("a", 11)], {11: ["a"]}, id="a leader and his team: he is not in it"),
        pytest.param(
            [CHIEF, person("a", 111), person("b", 12)], {11: ["a"]}, id="below it, but not beside it"
        ),
        pytest.param(
            [CHIEF, person("low", 111, leads=(111,)), person("a", 111)],
            {11: ["low", "a"]},
            id="the topmost team",
        ),
        pytest.param(
            [person("low", 111, leads=(111,)), person("a", 11)], {111: []}, id="a team of its leader only"
        ),
        pytest.param(
            [person("co", 1, leads=(1,)), person("a", 11)], None, id="who leads the same is not below"
        ),
        pytest.param(
            [replace(CHIEF, left_on=date(2026, 11, 1)), person("a", 11)], None, id="the leader has left"
        ),
        pytest.param([CHIEF, person("a", 12, 11)], {11: ["a"]}, id="with the second department"),
    ],
)
def test_teams_are_those_of_leaders_below(
    others: list[Person], teams: Mapping[int, list[str]] | None
) -> None:
    people = {one.userid: one for one in [BOSS, *others]}
    found = teams_below(BOSS, people, departments=TREE, day=TODAY)

    assert (found and {number: [one.userid for one in team] for number, team in found.items()}) == teams


def staff(number: int, *rows: Row) -> dict[str, tuple[Row, ...]]:
    """People of team *number*, each with one row."""
    return {f"{number}-{n}": (row,) for n, row in enumerate(rows)}


def shown(**sizes: int) -> tuple[list[int], int]:
    rows: dict[str, tuple[Row, ...]] = {}
    members = {}
    for name, size in sizes.items():
        number = int(name[1:])
        own = staff(number, *[MONTHLY] * size)
        members[number] = list(own)
        rows |= own
    teams = led_teams(members, rows, marks=(), today=TODAY)
    return [team.department for team in teams.shown], teams.small


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param({"t1": 5, "t2": 6}, ([1, 2], 0), id="all large enough"),
        pytest.param({"t1": 4}, ([], 1), id="a small one alone"),
        pytest.param({"t1": 4, "t2": 6, "t3": 9}, ([3], 2), id="the rest would be the small one"),
        pytest.param({"t1": 4, "t2": 1, "t3": 9}, ([3], 2), id="five in the rest"),
        pytest.param({"t1": 0, "t2": 5}, ([2], 0), id="an empty team is none"),
    ],
)
def test_no_small_team_stands_alone_or_can_be_computed(
    sizes: dict[str, int], expected: tuple[list[int], int]
) -> None:
    assert shown(**sizes) == expected


def test_who_is_exempt_makes_no_team_larger() -> None:
    rows = staff(1, *[MONTHLY] * 4, EXEMPT)

    assert led_teams({1: list(rows)}, rows, marks=(), today=TODAY).shown == ()


def mark(userid: str, days: int) -> Mark:
    day = TODAY - timedelta(days=days)
    return Mark(leader="chief", userid=userid, day=day, quota=MONTHLY.quota, pace=54)


def test_teams_where_help_is_missing_come_first() -> None:
    one, two = staff(1, BEHIND, BEHIND, BEHIND, MET, MET), staff(2, BEHIND, BEHIND, MET, MET, MONTHLY)
    marks = [mark("1-0", 8), mark("1-1", 9), mark("1-3", 10), mark("9-9", 8)]
    found = led_teams({1: list(one), 2: list(two)}, one | two, marks=marks, today=TODAY)

    assert found.alone == 3
    assert found.shown == (
        # 24 + 24 + 50 + 50 + 38 of 250
        LedTeam(
            department=2,
            people=5,
            figures=(TeamFigures(quota=MONTHLY.quota, percent=74, middle=76),),
            behind=2,
            helped=0,
            outcome=None,
        ),
        # 3 x 24 + 2 x 50 of 250; 24/50 is the third; two rose from 0.54 to 0.69, one is met
        LedTeam(
            department=1,
            people=5,
            figures=(TeamFigures(quota=MONTHLY.quota, percent=68, middle=48),),
            behind=3,
            helped=2,
            outcome=Outcome(people=3, back=1, rose=2),
        ),
    )


def test_small_teams_count_among_those_without_help() -> None:
    rows = staff(1, BEHIND, BEHIND)

    assert led_teams({1: list(rows)}, rows, marks=[mark("1-0", 1)], today=TODAY).alone == 1


def test_gains_of_teams_are_sums() -> None:
    gains = {"a": Gain(latest=5, before=2), "b": Gain(latest=1, before=3)}

    assert team_gains({7: ["a", "b", "x"]}, gains) == {"7": Gain(latest=6, before=5)}
