"""What became of those whom a leader marked a week ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from builders.messages import BEHIND, COVERED, EXEMPT, MET, MONTHLY

from bot.core.coaching import CoachingOutcome, Effect, Mark, compute_effect, compute_outcome, list_helped
from bot.core.progress import QuotaFigures
from bot.core.status import Status

TODAY = date(2026, 11, 24)
MARK = Mark(leader="boss", userid="a", day=date(2026, 11, 17), quota="cm-monthly", pace=54)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param([replace(BEHIND, pace=0.63)], Effect.NONE, id="risen by 0.09"),
        pytest.param([replace(BEHIND, pace=0.64)], Effect.ROSE, id="risen by 0.1"),
        pytest.param([replace(BEHIND, pace=0.4)], Effect.NONE, id="fallen"),
        pytest.param([replace(BEHIND, pace=None)], Effect.NONE, id="nothing expected yet"),
        pytest.param([MONTHLY], Effect.BACK, id="on track"),
        pytest.param([COVERED], Effect.BACK, id="covered"),
        pytest.param([MET], Effect.BACK, id="met"),
        pytest.param([replace(BEHIND, status=Status.MISSED, pace=0.6)], Effect.NONE, id="missed"),
        pytest.param([EXEMPT], None, id="nothing is asked of him"),
        pytest.param([replace(MET, quota="vip")], None, id="not in that quota"),
        pytest.param([], None, id="gone"),
    ],
)
def test_back_to_normal_or_a_tenth_of_pace_is_an_effect(
    rows: Sequence[QuotaFigures], found: Effect | None
) -> None:
    assert compute_effect(MARK, rows) is found


def test_who_was_not_behind_has_no_effect_to_tell() -> None:
    assert compute_effect(replace(MARK, pace=None, quota=""), [MET]) is None


def ago(days: int, userid: str = "a", pace: int | None = 54, leader: str = "boss") -> Mark:
    return replace(MARK, userid=userid, day=TODAY - timedelta(days=days), pace=pace, leader=leader)


ROWS = {"a": [MONTHLY], "b": [replace(BEHIND, pace=0.7)], "c": [replace(BEHIND, pace=0.5)]}


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        pytest.param([], None, id="nobody"),
        pytest.param([ago(6)], None, id="not a week yet"),
        pytest.param([ago(7)], CoachingOutcome(people=1, back=1, rose=0), id="a week"),
        pytest.param([ago(13)], CoachingOutcome(people=1, back=1, rose=0), id="almost two"),
        pytest.param([ago(14)], None, id="told long enough"),
        pytest.param(
            [ago(8), ago(9, "b"), ago(7, "c")], CoachingOutcome(people=3, back=1, rose=1), id="three"
        ),
        pytest.param(
            [ago(8, "b", 65), ago(9, "b", 54)],
            CoachingOutcome(people=1, back=0, rose=1),
            id="the first counts",
        ),
        pytest.param(
            [ago(9, "b", None), ago(8, "b")],
            CoachingOutcome(people=1, back=0, rose=1),
            id="the first with a pace",
        ),
        pytest.param([ago(8, "x")], None, id="not here any more"),
    ],
)
def test_the_outcome_is_told_in_the_second_week(marks: list[Mark], found: CoachingOutcome | None) -> None:
    assert compute_outcome(marks, ROWS, today=TODAY) == found


def test_helped_lately_is_within_two_weeks() -> None:
    marks = [ago(-1, "future"), ago(0, "a"), ago(13, "b"), ago(14, "c")]

    assert list_helped(marks, today=TODAY) == {"a", "b"}
