"""When it is time for the next mode of the rollout: each condition, alone and together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.rollout import Mode
from bot.features.rollout.rules import Advice, Missing, RolloutFacts, advise

GOOD = RolloutFacts(
    mode=Mode.SHADOW, has_store=True, is_complete=True, workdays=1, drift=0, dead=0, undecided=0
)


@pytest.mark.parametrize(
    ("mode", "workdays", "following"),
    [(Mode.SHADOW, 1, Mode.PILOT), (Mode.SHADOW, 9, Mode.PILOT), (Mode.PILOT, 5, Mode.ON)],
)
def test_with_every_condition_it_is_time(mode: Mode, workdays: int, following: Mode) -> None:
    assert advise(replace(GOOD, mode=mode, workdays=workdays)) == Advice(following)


def test_after_the_last_mode_there_is_no_next() -> None:
    assert advise(replace(GOOD, mode=Mode.ON)) == Advice(None)


def test_an_installation_that_was_never_started_is_told_only_that() -> None:
    facts = replace(GOOD, has_store=False, is_complete=False, workdays=0)

    assert advise(facts) == Advice(Mode.PILOT, ((Missing.NOT_STARTED, 1),))


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        pytest.param(replace(GOOD, is_complete=False), (Missing.INCOMPLETE, 1), id="incomplete"),
        pytest.param(replace(GOOD, drift=3), (Missing.DRIFT, 3), id="drift"),
        pytest.param(replace(GOOD, dead=2), (Missing.DEAD, 2), id="dead letters"),
        pytest.param(replace(GOOD, undecided=4), (Missing.NOBODY_DECIDES, 4), id="nobody decides"),
        pytest.param(replace(GOOD, workdays=0), (Missing.WORKDAYS, 1), id="no whole workday"),
        pytest.param(replace(GOOD, mode=Mode.PILOT, workdays=2), (Missing.WORKDAYS, 3), id="a short pilot"),
    ],
)
def test_each_condition_that_is_missing_is_said_with_its_number(
    facts: RolloutFacts, missing: tuple[Missing, int]
) -> None:
    assert advise(facts).missing == (missing,)


def test_several_are_said_in_the_order_in_which_to_look() -> None:
    facts = replace(GOOD, is_complete=False, drift=1, dead=1, undecided=1, workdays=0)

    assert [missing for missing, _ in advise(facts).missing] == list(Missing)[1:]
