"""With what a person is helped most, and who improved most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from builders.messages import BEHIND, WAITING

from bot.core.leaderboard import Gain
from bot.core.pending import Waiting
from bot.core.verdicts import Verdict
from bot.features.teams.help_needs import (
    Improved,
    Need,
    NeedKind,
    find_last_leave,
    find_most_improved,
    need_of,
)

TAGS = replace(WAITING[0], contacts=4)
FACTS = replace(TAGS, verdict=Verdict.FACTS, missing=("opened",))
TODAY = date(2026, 11, 24)  # a Tuesday
WEEK_OFF = frozenset(date(2026, 11, day) for day in range(14, 23))  # Saturday to Sunday: five workdays


def weekday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("waiting", "absences", "need"),
    [
        pytest.param([], frozenset(), None, id="nothing is known"),
        pytest.param([WAITING[1]], frozenset(), None, id="who waits for time needs no help"),
        pytest.param([TAGS], frozenset(), Need(kind=NeedKind.TAGS, n=4, missing=("已实名",)), id="tags"),
        pytest.param(
            [FACTS, TAGS], frozenset(), Need(kind=NeedKind.TAGS, n=4, missing=("已实名",)), id="equal"
        ),
        pytest.param(
            [replace(FACTS, contacts=5), TAGS],
            frozenset(),
            Need(kind=NeedKind.FACTS, n=5, missing=("opened",)),
            id="more lack a fact",
        ),
        pytest.param([replace(TAGS, quota="vip")], frozenset(), None, id="of another quota"),
        pytest.param([], WEEK_OFF, Need(kind=NeedKind.BACK, n=5, target=50), id="back from leave"),
        pytest.param(
            [TAGS], WEEK_OFF, Need(kind=NeedKind.TAGS, n=4, missing=("已实名",)), id="tags can be set"
        ),
        pytest.param([], {date(2026, 11, 19), date(2026, 11, 20)}, None, id="two days are no leave to tell"),
    ],
)
def test_the_most_useful_thing(waiting: Sequence[Waiting], absences: set[date], need: Need | None) -> None:
    assert need_of(BEHIND, waiting, absences=absences, today=TODAY, is_workday=weekday) == need


def test_leave_before_the_period_did_not_change_the_target() -> None:
    row = replace(BEHIND, period_start=date(2026, 11, 23), period_end=date(2026, 11, 29))

    assert need_of(row, [], absences=WEEK_OFF, today=TODAY, is_workday=weekday) == Need(
        kind=NeedKind.BACK, n=5
    )


@pytest.mark.parametrize(
    ("today", "days"),
    [
        pytest.param(date(2026, 11, 20), 0, id="still away"),
        pytest.param(date(2026, 11, 23), 5, id="the first day back"),
        pytest.param(date(2026, 11, 25), 5, id="the third"),
        pytest.param(date(2026, 11, 26), 0, id="the fourth: no news any more"),
        pytest.param(date(2026, 11, 13), 0, id="before it"),
    ],
)
def test_back_from_leave_is_news_for_three_workdays(today: date, days: int) -> None:
    assert len(find_last_leave(WEEK_OFF, today=today, is_workday=weekday)) == days


def test_two_leaves_with_a_workday_between_them_are_two() -> None:
    absences = WEEK_OFF | {date(2026, 11, 12)}

    assert find_last_leave(absences, today=TODAY, is_workday=weekday)[0] == date(2026, 11, 16)


def gain(more: int) -> Gain:
    return Gain(latest=10 + more, before=10)


@pytest.mark.parametrize(
    ("gains", "silent", "improved"),
    [
        pytest.param([{"a": gain(3), "b": gain(9)}], (), Improved(userids=("b",), more=9), id="one"),
        pytest.param(
            [{"a": gain(3), "x": gain(9)}], (), Improved(userids=("a",), more=3), id="not in the team"
        ),
        pytest.param([{"a": gain(3), "b": gain(9)}], ("b",), Improved(userids=("a",), more=3), id="silent"),
        pytest.param(
            [{"a": gain(3)}, {"a": gain(1), "b": gain(5)}],
            (),
            Improved(userids=("b",), more=5),
            id="two quotas",
        ),
        pytest.param(
            [{"a": gain(2), "b": gain(2)}], (), Improved(userids=("a", "b"), more=2), id="two are equal"
        ),
        pytest.param([{"a": gain(2), "b": gain(2), "c": gain(2)}], (), None, id="many are equal: no list"),
        pytest.param([{"a": gain(0), "b": gain(-4)}], (), None, id="nobody did"),
        pytest.param([], (), None, id="weeks are not compared"),
    ],
)
def test_only_the_largest_improvement_is_told(
    gains: list[dict[str, Gain]], silent: tuple[str, ...], improved: Improved | None
) -> None:
    assert find_most_improved(["a", "b", "c"], gains, silent=silent) == improved
