"""Signs of life: each one alone keeps the watcher from being called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.features.watch.rules import RECEIVING_S, TICK_S, UNTRIED_S, Vitals, find_unwell

WELL = Vitals(receiving_s=3, untried_s=None, ticked_s=1, is_sending=True, obstacle="")


@pytest.mark.parametrize(
    "vitals",
    [
        pytest.param(WELL, id="nothing waits"),
        pytest.param(replace(WELL, untried_s=UNTRIED_S), id="an event that came just now"),
        pytest.param(replace(WELL, receiving_s=RECEIVING_S, ticked_s=TICK_S), id="at the edge"),
    ],
)
def test_all_is_well(vitals: Vitals) -> None:
    assert find_unwell(vitals) is None


@pytest.mark.parametrize(
    ("vitals", "problem"),
    [
        pytest.param(replace(WELL, receiving_s=None), "no receiver runs", id="never received"),
        pytest.param(replace(WELL, receiving_s=RECEIVING_S + 1), "no receiver runs", id="receiver gone"),
        pytest.param(replace(WELL, untried_s=301), "an event waits for 301 s", id="inbox stuck"),
        pytest.param(replace(WELL, ticked_s=None), "nobody looks at the timetable", id="never ticked"),
        pytest.param(replace(WELL, ticked_s=TICK_S + 1), "nobody looks at the timetable", id="no ticks"),
        pytest.param(replace(WELL, is_sending=False), "nobody sends", id="no sender"),
        pytest.param(replace(WELL, obstacle="60020"), "60020", id="WeCom refuses"),
    ],
)
def test_what_is_not_well_is_named(vitals: Vitals, problem: str) -> None:
    assert find_unwell(vitals) == problem
