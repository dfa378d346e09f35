"""What of an outage a comparison with WeCom's lists covers."""

from __future__ import annotations

import pytest

from bot.core.outages import Outage, covered_by, find_uncovered
from bot.core.sync import SETTLE_S

T = 1_000_000


def outage(began: int, ended: int, reason: str = "refused", *, lasts: bool = False) -> Outage:
    return Outage(began_at=began, ended_at=ended, reason=reason, lasts=lasts)


@pytest.mark.parametrize(
    ("began_after_end", "is_covered"),
    [
        pytest.param(120, False, id="two minutes later: it leaves the last ten out"),
        pytest.param(SETTLE_S - 1, False, id="a second short of ten minutes"),
        pytest.param(SETTLE_S, True, id="ten minutes later"),
        pytest.param(-3600, False, id="before it"),
    ],
)
def test_a_comparison_covers_an_outage_that_ended_ten_minutes_before_it(
    began_after_end: int, is_covered: bool
) -> None:
    one = outage(T - 300, T)

    left = find_uncovered([one], covered=covered_by(T + began_after_end), upto=T + 9999)

    assert (left == ()) is is_covered


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        pytest.param(outage(T, T + 60, "down"), False, id="a minute without a receiver: WeCom tries again"),
        pytest.param(outage(T, T + 61, "down"), True, id="longer"),
        pytest.param(outage(T, T + 3), True, id="any 503"),
        pytest.param(outage(T, T + 30, "silence"), True, id="a silence, however short it was on record"),
    ],
)
def test_what_may_have_lost_something_counts(one: Outage, counts: bool) -> None:
    assert bool(find_uncovered([one], covered=0, upto=T + 9999)) is counts


@pytest.mark.parametrize(
    ("one", "is_long"),
    [
        pytest.param(outage(T, T + 600), False, id="ten minutes"),
        pytest.param(outage(T, T + 601), True, id="longer, with refusals"),
        pytest.param(outage(T, T + 601, "down"), True, id="longer, without a receiver"),
        pytest.param(outage(T, T + 601, "silence"), False, id="a silence of WeCom is not the receiver's"),
    ],
)
def test_over_ten_minutes_without_storing_events_are_long(one: Outage, is_long: bool) -> None:
    assert one.is_long is is_long


@pytest.mark.parametrize(
    ("upto", "left"),
    [
        pytest.param(T - 301, 0, id="all of it came after what is asked about"),
        pytest.param(T - 200, 0, id="its part before that is covered"),
        pytest.param(T - 50, 1, id="its part before that is not"),
    ],
)
def test_only_what_was_before_a_moment_is_asked(upto: int, left: int) -> None:
    assert len(find_uncovered([outage(T - 300, T)], covered=T - 100, upto=upto)) == left


def test_the_earliest_stands_first() -> None:
    later, earlier = outage(T + 50, T + 90), outage(T, T + 100, "silence")

    assert find_uncovered([later, earlier], covered=0, upto=T + 999) == (earlier, later)


@pytest.mark.parametrize(
    ("one", "is_ripe"),
    [
        pytest.param(outage(T - 700, T - 599), False, id="under ten minutes ago"),
        pytest.param(outage(T - 700, T - 600), True, id="ten minutes ago"),
        pytest.param(outage(T - 9000, T - 9000, lasts=True), False, id="it lasts"),
    ],
)
def test_a_comparison_is_worth_while_when_it_covers_the_whole_outage(one: Outage, is_ripe: bool) -> None:
    assert one.is_ripe(T) is is_ripe
