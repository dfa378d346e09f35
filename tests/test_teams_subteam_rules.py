"""Teams of a leader of leaders: which may stand alone or in a sum, where help is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders.messages import BEHIND, EXEMPT, MET, MONTHLY

from bot.core.coaching import CoachingOutcome, Mark
from bot.core.leaderboard import Gain
from bot.core.progress import QuotaFigures
from bot.features.teams.subteam_rules import SubTeam, TeamFigures, compute_subteams, list_summable, team_gains

TODAY = date(2026, 11, 24)


def staff(number: int, *rows: QuotaFigures) -> dict[str, tuple[QuotaFigures, ...]]:
    """People of team *number*, each with one row."""
    return {f"{number}-{n}": (row,) for n, row in enumerate(rows)}


def shown(**sizes: int) -> tuple[list[int], int]:
    rows: dict[str, tuple[QuotaFigures, ...]] = {}
    members = {}
    for name, size in sizes.items():
        number = int(name[1:])
        own = staff(number, *[MONTHLY] * size)
        members[number] = list(own)
        rows |= own
    teams = compute_subteams(members, rows, marks=(), today=TODAY)
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

    assert compute_subteams({1: list(rows)}, rows, marks=(), today=TODAY).shown == ()


def test_who_is_exempt_is_in_no_figures_of_a_large_team() -> None:
    rows = staff(1, *[MONTHLY] * 5)
    rows["1-0"] = (MONTHLY, replace(EXEMPT, quota="weekly"))
    rows |= {
        userid: (*rows[userid], replace(BEHIND, quota="weekly")) for userid in ("1-1", "1-2", "1-3", "1-4")
    }
    (team,) = compute_subteams({1: list(rows)}, rows, marks=(), today=TODAY).shown

    assert [one.quota for one in team.figures] == [MONTHLY.quota]


def mark(userid: str, days: int) -> Mark:
    day = TODAY - timedelta(days=days)
    return Mark(leader="chief", userid=userid, day=day, quota=MONTHLY.quota, pace=54)


def test_teams_where_help_is_missing_come_first() -> None:
    one, two = staff(1, BEHIND, BEHIND, BEHIND, MET, MET), staff(2, BEHIND, BEHIND, MET, MET, MONTHLY)
    marks = [mark("1-0", 8), mark("1-1", 9), mark("1-3", 10), mark("9-9", 8)]
    found = compute_subteams({1: list(one), 2: list(two)}, one | two, marks=marks, today=TODAY)

    assert found.alone == 3
    assert found.shown == (
        # 24 + 24 + 50 + 50 + 38 of 250
        SubTeam(
            department=2,
            people=5,
            figures=(TeamFigures(quota=MONTHLY.quota, percent=74, middle=76),),
            behind=2,
            helped=0,
            outcome=None,
        ),
        # 3 x 24 + 2 x 50 of 250; 24/50 is the third; two rose from 0.54 to 0.69, one is met
        SubTeam(
            department=1,
            people=5,
            figures=(TeamFigures(quota=MONTHLY.quota, percent=68, middle=48),),
            behind=3,
            helped=2,
            outcome=CoachingOutcome(people=3, back=1, rose=2),
        ),
    )


@pytest.mark.parametrize(
    ("sizes", "alone", "behind"),
    [
        pytest.param((3, 2), 4, 5, id="five together"),
        pytest.param((2, 2), 0, 0, id="four: they would be told one by one"),
    ],
)
def test_small_teams_count_among_those_without_help_if_they_are_five(
    sizes: tuple[int, int], alone: int, behind: int
) -> None:
    one, two = (staff(n, *[BEHIND] * size) for n, size in enumerate(sizes))
    found = compute_subteams({0: list(one), 1: list(two)}, one | two, marks=[mark("0-0", 1)], today=TODAY)

    assert (found.alone, found.behind, found.small, found.in_sums) == (alone, behind, 2, alone > 0)


def test_a_quota_that_asks_fewer_than_five_of_a_team_has_no_figures() -> None:
    weekly = replace(BEHIND, quota="weekly")
    rows = staff(1, *[MONTHLY] * 5)
    rows |= {userid: (*rows[userid], weekly) for userid in list(rows)[:4]}
    (team,) = compute_subteams({1: list(rows)}, rows, marks=(), today=TODAY).shown

    assert [one.quota for one in team.figures] == [MONTHLY.quota]
    assert team.behind == 4


def test_sums_have_rows_of_quotas_that_ask_five_only() -> None:
    weekly = replace(BEHIND, quota="weekly")
    one, two = staff(1, MONTHLY, MONTHLY, EXEMPT), staff(2, MONTHLY, MONTHLY, MONTHLY, weekly)
    one["1-0"] = (MONTHLY, weekly)
    found = list_summable({1: list(one), 2: list(two)}, one | two)

    assert found == {userid: (row,) for userid, (row, *_) in (one | two).items() if row is not weekly}


def test_gains_of_teams_are_sums() -> None:
    gains = {"a": Gain(latest=5, before=2), "b": Gain(latest=1, before=3)}

    assert team_gains({7: ["a", "b", "x"]}, gains) == {"7": Gain(latest=6, before=5)}
