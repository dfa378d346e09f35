"""What a group sees: sums of five or more, and those who lead. Nothing lifts that."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from builders.examples import tried
from builders.messages import MONTHLY
from hypothesis import given
from hypothesis import strategies as st

from bot.core.leaderboard import Gain, GroupLeaderboard, LeaderboardPlace, build_leaderboard
from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.status import Status

TREE = Departments({12: 1, 121: 12, 122: 12, 123: 12, 13: 1}, {1: "示例银行"})


def row(number: int, counted: int, *, department: int = 121, target: int = 50) -> QuotaFigures:
    status = Status.MET if counted >= target else Status.ON_TRACK
    return replace(
        MONTHLY, userid=f"u{number:02}", department=department, counted=counted, target=target, status=status
    )


def rows(*counts: int, department: int = 121) -> list[QuotaFigures]:
    return [row(number, counted, department=department) for number, counted in enumerate(counts)]


def seen(found: list[QuotaFigures], *, size: int = 5, **more: object) -> GroupLeaderboard:
    given: dict[str, object] = {"departments": TREE, "scope": [12]} | more
    shown = build_leaderboard(found, size=size, **given)  # type: ignore[arg-type]  # a builder
    assert shown is not None
    return shown


def places(found: GroupLeaderboard) -> list[tuple[int, str]]:
    return [(place.rank, place.userid) for place in found.top]


def test_sums_are_in_whole_percent_rounded_down() -> None:
    shown = seen(rows(62, 50, 40, 30, 9))

    assert (shown.people, shown.enough) == (5, 2)
    assert shown.percent == 71  # (50 + 50 + 40 + 30 + 9) / 250
    assert shown.middle == 80
    assert shown.elapsed == 81


@pytest.mark.parametrize(
    ("counts", "size", "top", "equal"),
    [
        pytest.param([62, 58, 51, 40, 30, 20, 10, 5], 3, [(1, "u00"), (2, "u01"), (3, "u02")], 0, id="size"),
        pytest.param([62, 58, 51, 40, 30], 5, [(1, "u00"), (2, "u01")], 0, id="never more than half"),
        pytest.param([9, 9, 9, 9, 9, 9], 5, [], 6, id="all equal: nobody"),
        pytest.param([9, 8, 8, 8, 1, 1], 3, [(1, "u00")], 3, id="equal ones do not all fit"),
        pytest.param([9, 9, 8, 1, 1, 1], 3, [(1, "u00"), (1, "u01"), (3, "u02")], 0, id="equal ones share"),
        pytest.param([1, 0, 0, 0, 0, 0], 3, [(1, "u00")], 0, id="who has nothing does not lead"),
        pytest.param([0, 0, 0, 0, 0], 5, [], 0, id="nobody has anything"),
        pytest.param([62, 58, 51, 40, 30], 0, [], 0, id="switched off"),
    ],
)
def test_only_those_who_lead_are_named(
    counts: list[int], size: int, top: list[tuple[int, str]], equal: int
) -> None:
    shown = seen(rows(*counts), size=size)

    assert (places(shown), shown.equal) == (top, equal)


def test_the_place_is_that_of_the_share_and_not_of_the_number() -> None:
    found = [row(0, 30), row(1, 20, target=20), *rows(1, 1, 1, 1)[2:], row(5, 1), row(6, 1)]

    assert seen(found, size=1).top == (LeaderboardPlace(rank=1, userid="u01", counted=20, target=20),)


def test_who_is_silent_counts_in_the_sums_and_leads_nowhere() -> None:
    shown = seen(rows(62, 58, 51, 40, 30), silent={"u00"}, gains={"u00": Gain(latest=9, before=0)})

    assert shown.enough == 3
    assert places(shown) == [(1, "u01"), (2, "u02")]
    assert (shown.improved, shown.improver) == (None, None)


def test_fewer_than_five_have_no_board() -> None:
    exempt = replace(MONTHLY, userid="u99", target=0)

    assert build_leaderboard([*rows(9, 9, 9, 9), exempt], departments=TREE, scope=[12], size=5) is None


def test_the_scope_is_departments_with_all_below() -> None:
    found = [*rows(9, 9, 9, 9, 9), replace(row(50, 9), department=13), replace(row(51, 9), department=None)]

    assert seen(found).people == 5
    assert seen(found, scope=[]).people == 7


def people_of(**sizes: int) -> list[QuotaFigures]:
    departments = [int(name[1:]) for name, size in sizes.items() for _ in range(size)]
    return [row(number, 10, department=department) for number, department in enumerate(departments)]


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        pytest.param({"d121": 5, "d122": 6}, [121, 122], id="all are large"),
        pytest.param({"d121": 9, "d122": 5, "d123": 4}, [121], id="a small one is not the rest"),
        pytest.param({"d121": 5, "d122": 4}, [], id="nor if that leaves none"),
        pytest.param({"d12": 5, "d121": 5}, [121], id="five in the department itself"),
        pytest.param({"d12": 1, "d121": 8, "d122": 5}, [121], id="one of the head office is not the rest"),
    ],
)
def test_no_department_under_five_is_shown_or_left_over(sizes: dict[str, int], shown: list[int]) -> None:
    assert [unit.department for unit in seen(people_of(**sizes)).units] == shown


def test_several_departments_are_shown_as_such_and_a_single_one_by_what_is_below_it() -> None:
    found = people_of(d121=5, d13=6)

    assert [unit.department for unit in seen(found, scope=[12, 13]).units] == [12, 13]
    assert [unit.department for unit in seen(found, scope=[]).units] == [12, 13]
    assert seen(found, scope=[121]).units == ()


@pytest.mark.parametrize(
    ("latest", "improved", "improver"),
    [
        pytest.param({"u00": 9, "u04": 5}, 9, "u00", id="one of those named"),
        pytest.param({"u00": 5, "u04": 9}, 9, None, id="somebody who is not named"),
        pytest.param({"u00": 9, "u01": 9}, 9, None, id="two who are equal"),
        pytest.param({"u00": 0}, None, None, id="nobody did better"),
    ],
)
def test_who_improved_most_is_named_only_if_named_anyway(
    latest: dict[str, int], improved: int | None, improver: str | None
) -> None:
    gains = {userid: Gain(latest=number, before=0) for userid, number in latest.items()}

    shown = seen(rows(62, 58, 51, 40, 30), gains=gains)

    assert (shown.improved, shown.improver) == (improved, improver)
    assert shown.gain == Gain(latest=sum(latest.values()), before=0)


@tried(60)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=30),
    homes=st.lists(st.sampled_from([12, 121, 122, 123]), min_size=30, max_size=30),
    size=st.integers(0, 40),
)
def test_whatever_is_configured_the_floor_holds(counts: list[int], homes: list[int], size: int) -> None:
    found = [row(number, counted, department=homes[number]) for number, counted in enumerate(counts)]
    shown = build_leaderboard(found, departments=TREE, scope=[12], size=size)
    if shown is None:
        assert len(found) < 5
        return

    left_over = shown.people - sum(unit.people for unit in shown.units)
    named = {place.userid for place in shown.top}
    unnamed = [one.counted for one in found if one.userid not in named]
    assert len(named) <= min(size, len(found) // 2)
    assert all(place.counted > max(unnamed) for place in shown.top)
    assert all(unit.people >= 5 for unit in shown.units)
    assert not shown.units or left_over == 0 or left_over >= 5
    ranks = Counter(place.rank for place in shown.top)
    assert sorted(ranks.elements()) == [place.rank for place in shown.top]
