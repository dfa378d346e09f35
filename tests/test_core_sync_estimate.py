"""About how many losses and adds nobody heard of, from what WeCom counted and the ledger knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sync_estimate import Estimate, MemberDay, compute_estimates

DAY = date(2026, 11, 23)


def day(
    told: tuple[int | None, int | None], known: tuple[int, int], *, number: int = 0, userid: str = "yg01"
) -> MemberDay:
    """Losses and adds that WeCom counted, and those that the ledger knows."""
    return MemberDay(
        userid=userid,
        day=DAY + timedelta(days=number),
        told_losses=told[0],
        told_adds=told[1],
        known_losses=known[0],
        known_adds=known[1],
    )


@pytest.mark.parametrize(
    ("days", "estimate"),
    [
        pytest.param([day((2, 5), (2, 5))], Estimate(), id="both know the same"),
        pytest.param([day((3, 5), (1, 5))], Estimate(unseen_losses=2), id="losses without an event"),
        pytest.param([day((0, 5), (0, 4))], Estimate(came_and_went=1), id="an add in no list"),
        pytest.param([day((1, 1), (4, 4))], Estimate(), id="the ledger knows more: not below 0"),
        pytest.param(
            [day((0, 0), (3, 3)), day((3, 3), (0, 0), number=1)],
            Estimate(unseen_losses=3, came_and_went=3),
            id="one day makes up for no other",
        ),
        pytest.param(
            [day((None, 2), (0, 1))], Estimate(came_and_went=1), id="what is not told is no loss, and no 0"
        ),
    ],
)
def test_what_wecom_counted_and_nobody_heard_of(days: list[MemberDay], estimate: Estimate) -> None:
    assert compute_estimates(days) == {"yg01": estimate}


def test_of_whom_nothing_was_told_there_is_no_estimate() -> None:
    assert compute_estimates([day((None, None), (1, 1)), day((1, 0), (0, 0), userid="yg02")]) == {
        "yg02": Estimate(unseen_losses=1)
    }
    assert compute_estimates([]) == {}


NUMBERS = st.integers(0, 20)
DAYS = st.lists(
    st.builds(
        day,
        st.tuples(NUMBERS | st.none(), NUMBERS | st.none()),
        st.tuples(NUMBERS, NUMBERS),
        number=st.integers(0, 5),
        userid=st.sampled_from(["yg01", "yg02"]),
    ),
    max_size=12,
)


@given(days=DAYS, shuffled=st.randoms(use_true_random=False))
def test_order_changes_nothing(days: list[MemberDay], shuffled: Random) -> None:
    other = list(days)
    shuffled.shuffle(other)

    assert compute_estimates(other) == compute_estimates(days)


@given(days=DAYS, losses=NUMBERS, adds=NUMBERS)
def test_what_becomes_known_can_only_lower_it(days: list[MemberDay], losses: int, adds: int) -> None:
    more = [
        replace(one, known_losses=one.known_losses + losses, known_adds=one.known_adds + adds) for one in days
    ]
    before, after = compute_estimates(days), compute_estimates(more)

    assert after.keys() == before.keys()
    for userid, one in after.items():
        assert 0 <= one.unseen_losses <= before[userid].unseen_losses
        assert 0 <= one.came_and_went <= before[userid].came_and_went
