"""Leave that was said: which days of it are still said, and what they make of targets."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import china, person, quota

from bot.core.people import Departments
from bot.core.periods import PeriodKind, parse_period
from bot.core.rulebook import QuotaInPeriod
from bot.features.preferences.leave_rules import Effect, Span, effect_of, find_run, list_within


def november(first: int, last: int) -> Span:
    return date(2026, 11, first), date(2026, 11, last)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([november(24, 27)], [november(24, 27)], id="just these"),
        pytest.param([november(23, 30)], [november(24, 27)], id="more than these"),
        pytest.param([november(24, 25)], [november(24, 25)], id="came back early"),
        pytest.param([november(2, 23), november(28, 30)], [], id="others"),
        pytest.param([november(26, 27), november(24, 25)], [november(24, 27)], id="side by side"),
        pytest.param([november(24, 26), november(25, 25)], [november(24, 26)], id="one within another"),
        pytest.param(
            [november(24, 24), november(26, 30)], [november(24, 24), november(26, 27)], id="a gap stays one"
        ),
    ],
)
def test_the_days_that_are_said_of_those_that_were_asked_about(said: list[Span], found: list[Span]) -> None:
    assert list_within(said, november(24, 27)) == tuple(found)


@pytest.mark.parametrize(
    ("days", "found"),
    [
        pytest.param([], None, id="none"),
        pytest.param([2, 3], None, id="over"),
        pytest.param([22, 23, 24, 25, 27], (24, 25), id="in the midst"),
        pytest.param([23, 27, 28], (27, 28), id="to come"),
    ],
)
def test_the_next_days_that_follow_one_another(days: list[int], found: tuple[int, int] | None) -> None:
    wanted = None if found is None else november(*found)

    assert find_run({date(2026, 11, day) for day in days}, date(2026, 11, 24)) == wanted


def effect(days: list[int], quota_periods: list[QuotaInPeriod], **known: Any) -> Effect:
    return effect_of(
        {date(2026, 11, day) for day in days},
        person(**known),
        quota_periods=quota_periods,
        departments=Departments(),
        calendar=china(),
    )


MONTH = parse_period("2026-11")
MONTHLY: QuotaInPeriod = (quota(), MONTH)
THURSDAY: QuotaInPeriod = (quota(5, period=PeriodKind.DAY), parse_period("2026-11-26"))


@pytest.mark.parametrize(
    ("days", "quota_periods", "known", "gone", "targets"),
    [
        pytest.param([26, 27], [MONTHLY], {}, [26, 27], [(50, 45)], id="two of 21 workdays"),
        pytest.param([28, 29], [MONTHLY], {}, [], [], id="a weekend"),
        pytest.param([26, 27, 28], [MONTHLY, THURSDAY], {}, [26, 27], [(50, 45), (5, 0)], id="two quotas"),
        pytest.param([26], [MONTHLY], {"role": "柜员"}, [26], [(50, 48)], id="every role"),
        pytest.param(
            [26], [(quota(roles=frozenset({"客户经理"})), MONTH)], {"role": "柜员"}, [], [], id="not his"
        ),
        pytest.param([26], [MONTHLY], {"left_on": date(2026, 11, 25)}, [], [], id="has left by then"),
        pytest.param([26], [(quota(2), MONTH)], {}, [26], [], id="so small a target stays"),
        pytest.param([26], [MONTHLY], {"share": Fraction(1, 2)}, [26], [(25, 24)], id="half-time"),
        pytest.param(
            [26, 27],
            [MONTHLY],
            {"absences": frozenset({date(2026, 11, 26)})},
            [27],
            [(48, 45)],
            id="one known",
        ),
    ],
)
def test_what_leave_makes_of_targets(
    days: list[int],
    quota_periods: list[QuotaInPeriod],
    known: dict[str, Any],
    gone: list[int],
    targets: list[tuple[int, int]],
) -> None:
    found = effect(days, quota_periods, **known)

    assert sorted(day.day for day in found.days) == gone
    assert [(one.before, one.after) for one in found.targets] == targets
