"""Targets, paces and statuses: sums that can be done by hand. November 2026 has 21 workdays."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import DAY_S, NINE_TENTHS, adds_on, event, person, quota, row, seconds

from bot.core.periods import PeriodKind
from bot.core.relations import RelationKind
from bot.core.status import OwnDays, Status, compute_pace, decide_status, is_tight, prorate, round_half_up


def kept(number: int, *, lost: int = 0, transferred: int = 0, age_s: int = DAY_S) -> float | None:
    moment = seconds("2026-11-24T09:07") - age_s
    events = [event(RelationKind.ADDED, moment, customer=f"c{n}") for n in range(number)]
    ends = [RelationKind.LOST_BY_CUSTOMER] * lost + [RelationKind.TRANSFERRED] * transferred
    events += [event(kind, moment + 1, customer=f"c{n}") for n, kind in enumerate(ends)]
    return row(events, "2026-11-24T09:07").kept_90


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        pytest.param(kept(9), None, id="nine are too few"),
        pytest.param(kept(10), 1.0, id="ten are enough"),
        pytest.param(kept(10, transferred=1), None, id="a transferred one does not make the ten"),
        pytest.param(kept(12, lost=1, transferred=1), 0.91, id="10 of the 11 that stayed: 0.909"),
        pytest.param(kept(16, lost=1), 0.94, id="15 of 16 are 0.9375"),
        pytest.param(kept(40, lost=1), 0.98, id="39 of 40 are 0.975: halves up"),
        pytest.param(kept(10, age_s=90 * DAY_S - 1), 1.0, id="a second under 90 days ago"),
        pytest.param(kept(10, age_s=90 * DAY_S), None, id="90 full days ago"),
    ],
)
def test_kept_90(share: float | None, wanted: float | None) -> None:
    assert share == wanted


@pytest.mark.parametrize(
    ("who", "target"),
    [
        pytest.param({}, 50, id="the whole month"),
        pytest.param({"joined_on": date(2026, 11, 16)}, 26, id="11 of 21 days: 26.19"),
        pytest.param({"left_on": date(2026, 11, 13)}, 24, id="10 of 21 days, the last included: 23.81"),
        pytest.param({"share": Fraction(1, 2)}, 25, id="half a post"),
        pytest.param({"share": Fraction(21, 100)}, 10, id="10.5: halves down"),
        pytest.param({"absences": frozenset({date(2026, 11, 24)})}, 48, id="20 of 21 days: 47.6"),
        pytest.param({"absences": frozenset({date(2026, 11, 22)})}, 50, id="absent on a Sunday"),
    ],
)
def test_the_target_is_prorated_by_own_workdays(who: dict[str, Any], target: int) -> None:
    assert row([], "2026-11-24T09:07", who=person(**who)).target == target


@pytest.mark.parametrize(
    ("when", "asked", "done", "status"),
    [
        pytest.param("2026-11-24T09:07", {}, 50, Status.MET, id="met"),
        pytest.param("2026-12-24T09:07", {}, 50, Status.MET, id="met stays met"),
        pytest.param("2026-11-27T23:59:59", {}, 46, Status.ON_TRACK, id="Monday is still to come"),
        pytest.param("2026-11-30T00:00", {}, 46, Status.BEHIND, id="the last own workday, four below"),
        pytest.param("2026-11-30T23:59:59", {}, 49, Status.BEHIND, id="the period's last second"),
        pytest.param("2026-12-01T00:00", {}, 49, Status.MISSED, id="the midnight after it"),
        # 50 x 16 / 21 = 38.1 were expected last evening; 36.4 are nine tenths of the 40.5 of this one.
        pytest.param("2026-11-24T09:07", {}, 37, Status.ON_TRACK, id="0.91: pace is enough"),
        pytest.param("2026-11-24T09:07", {}, 36, Status.BEHIND, id="0.89 and two below"),
        # 20 x 1 / 21 = 0.95 were expected on Monday evening; pace is 0.
        pytest.param("2026-11-03T09:07", {"target": 20}, 0, Status.ON_TRACK, id="less than one whole below"),
        pytest.param("2026-11-03T09:07", {"target": 21}, 0, Status.BEHIND, id="just one below"),
        pytest.param("2026-11-02T17:59", {}, 0, Status.ON_TRACK, id="the first day: nothing was due before"),
        pytest.param("2026-11-01T12:00", {}, 0, Status.ON_TRACK, id="before the first workday"),
        pytest.param(
            "2026-11-07T12:00", {"target": 21}, 4, Status.BEHIND, id="on Saturday Friday was the last"
        ),
    ],
)
def test_status(when: str, asked: dict[str, Any], done: int, status: Status) -> None:
    events = adds_on(("2026-11-01T09:00", done))

    assert row(events, when, asked=quota(**asked), period_name="2026-11").status is status


@pytest.mark.parametrize(
    ("when", "done", "status"),
    [
        pytest.param("15:59:59", 0, Status.ON_TRACK, id="nobody is behind before 16:00"),
        pytest.param("16:00:00", 0, Status.BEHIND, id="from 16:00 on"),
        pytest.param("16:00:00", 14, Status.ON_TRACK, id="14 of 15 are a pace of 0.93"),
        pytest.param("16:00:00", 13, Status.BEHIND, id="13 of 15 are a pace of 0.87"),
        pytest.param("23:59:59", 15, Status.MET, id="done"),
    ],
)
def test_the_status_of_a_quota_of_one_day(when: str, done: int, status: Status) -> None:
    events = adds_on(("2026-11-24T09:00", done))

    found = row(events, f"2026-11-24T{when}", asked=quota(15, period=PeriodKind.DAY))

    assert (found.status, found.expected) == (status, 15.0)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param({"counted": 6, "sure": 10}, Status.COVERED, id="pending ones cover the rest"),
        pytest.param({"counted": 6, "sure": 9, "over": True}, Status.MISSED, id="over, and one short"),
        pytest.param({"counted": 10, "over": True}, Status.MET, id="over, and met"),
        pytest.param({"counted": 1, "target": 0, "over": True}, Status.EXEMPT, id="exempt comes first"),
        pytest.param({"counted": 4, "pace": Fraction(9, 10)}, Status.ON_TRACK, id="pace at the threshold"),
        pytest.param({"counted": 4, "pace": None}, Status.ON_TRACK, id="no pace yet"),
        pytest.param({"counted": 2, "sure": 4}, Status.BEHIND, id="one whole contact below what was due"),
        pytest.param({"counted": 2, "sure": 5}, Status.ON_TRACK, id="pending ones count for the pace"),
    ],
)
def test_the_order_of_statuses(given: dict[str, Any], status: Status) -> None:
    usual: dict[str, Any] = {
        "target": 10,
        "sure": given["counted"],
        "over": False,
        "last": False,
        "pace": Fraction(1, 2),
        "due": Fraction(5),
        "behind_threshold": NINE_TENTHS,
    }

    assert decide_status(**(usual | given)) is status


@pytest.mark.parametrize(
    ("number", "places", "printed"),
    [
        pytest.param(Fraction(895, 1000), 2, 0.9, id="halves up"),
        pytest.param(Fraction(8949, 10000), 2, 0.89, id="just under a half"),
        pytest.param(Fraction(1, 20), 1, 0.1, id="a half of a tenth"),
    ],
)
def test_rounding_for_print(number: Fraction, places: int, printed: float) -> None:
    assert float(round_half_up(number, places=places)) == printed


def test_a_pace_that_prints_as_the_threshold_is_not_below_it() -> None:
    # 179 / 200 = 0.895 is printed as 0.90.
    assert compute_pace(179, expected=Fraction(200)) == NINE_TENTHS


def test_half_a_contact_of_a_target_is_dropped() -> None:
    assert (prorate(50, Fraction(0)), prorate(5, Fraction(1, 2)), prorate(5, Fraction(51, 100))) == (0, 2, 3)


def test_own_days_around_a_day_off_in_the_middle() -> None:
    days = [date(2026, 11, day) for day in (19, 20, 23, 24)]

    around = OwnDays.around(
        date(2026, 11, 21), days=days, hours_over=False, weight_of=person(share=Fraction(1, 2)).weight_of
    )

    assert (around.total, around.before, around.elapsed, around.left) == (4, 2, 2, 2)
    assert (around.weight, around.weight_before, around.weight_elapsed) == (2, 1, 1)
    assert around.expected(10) == around.expected_before(10) == Fraction(5)
    assert around.dose(7) == 0


@pytest.mark.parametrize(
    ("dose", "tight"),
    [
        # 42 in 21 own workdays are two a day.
        pytest.param(0, False, id="nothing is left"),
        pytest.param(6, False, id="three times the average is not more than that"),
        pytest.param(7, True, id="more than three times the average"),
    ],
)
def test_a_dose_of_more_than_three_average_days_is_tight(dose: int, tight: bool) -> None:
    assert is_tight(dose, target=42, own=21) is tight
