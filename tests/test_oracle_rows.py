"""The oracle on examples by hand: where somebody stands on a day."""

from __future__ import annotations

import pytest
from oracle.branch import Branch, Quota
from oracle.short import TODAY, at, branch, ended, figures, row, won

WEEK = Quota(keep_days=7)


def of_the_contract() -> Branch:
    """Return 38 counted, 4 that wait and 3 lost too early, as of 23 November."""
    early = won(3, "2026-11-12T10:00")
    return branch(
        won(38, "2026-11-03T10:00"),
        early,
        ended(early, "2026-11-13T10:00"),
        won(4, "2026-11-20T10:00"),
        quota=WEEK,
    )


def test_the_contracts_own_row() -> None:
    found = row(of_the_contract(), "2026-11-23T18:00")

    assert figures(found, "target", "counted", "pending", "rejected", "gross") == [50, 38, 4, 3, 45]
    # 16 of 21 days: 38.1 expected; 42 / 38.1 = 1.10; 42 × 21 / 16 = 55.1; 8 missing in 6 days
    assert figures(found, "expected", "pace", "forecast") == [38.1, 1.1, 55.1]
    assert figures(found, "remaining", "to_add", "workdays_left", "today_dose") == [12, 8, 5, 2]
    assert figures(found, "status", "kept_90") == ["on_track", 0.93]


def test_two_are_enough_on_the_24th() -> None:
    assert figures(row(of_the_contract(), TODAY), "today_dose", "today_left", "workdays_left") == [2, 2, 5]


def test_what_was_won_today_is_taken_off_the_dose_and_leaves_the_dose() -> None:
    asked = branch(won(24, "2026-11-03T10:00"), won(4, "2026-11-24T10:00"))

    assert figures(row(asked, "2026-11-24T16:37"), "today_dose", "today_left") == [6, 2]  # 26 / 5


def test_a_loss_of_today_raises_tomorrows_dose_and_not_todays() -> None:
    adds = won(25, "2026-11-03T10:00")
    asked = branch(adds, ended(adds[:5], "2026-11-24T10:00"), quota=Quota(keep_days=30))

    assert row(asked, "2026-11-24T12:00")["today_dose"] == 5  # 25 / 5
    assert row(asked, "2026-11-25T08:00")["today_dose"] == 8  # 30 / 4


def test_on_a_day_off_nothing_is_asked() -> None:
    assert row(of_the_contract(), "2026-11-22T12:00")["today_dose"] == 0


@pytest.mark.parametrize(("time", "left"), [("17:59:59", 5), ("18:00:00", 4)])
def test_todays_workday_is_left_until_working_hours_are_over(time: str, left: int) -> None:
    assert row(branch(), f"2026-11-24T{time}")["workdays_left"] == left


@pytest.mark.parametrize(("number", "status"), [(50, "met"), (49, "behind"), (46, "behind"), (0, "behind")])
def test_on_the_last_own_workday_whoever_is_not_there_is_behind(number: int, status: str) -> None:
    assert row(branch(won(number, "2026-11-03T10:00")), "2026-11-30T09:00")["status"] == status


def test_covered_is_not_met_until_what_waits_is_counted() -> None:
    asked = branch(won(50, "2026-11-24T08:00"), quota=WEEK)

    assert figures(row(asked, TODAY), "status", "counted", "to_add") == ["covered", 0, 0]
    assert row(asked, "2026-12-01T08:01", period="2026-11")["status"] == "met"


def test_after_the_end_of_the_period_it_is_missed() -> None:
    assert row(branch(), "2026-12-01T00:00", period="2026-11")["status"] == "missed"
    assert row(branch(), "2026-11-30T23:59:59")["status"] == "behind"


@pytest.mark.parametrize(("target", "status"), [(20, "on_track"), (21, "behind")])
def test_behind_needs_a_whole_contact_below_yesterday(target: int, status: str) -> None:
    assert row(branch(quota=Quota(target=target)), "2026-11-03T12:00")["status"] == status


def test_nobody_is_behind_before_a_day_is_over() -> None:
    assert row(branch(), "2026-11-02T17:00")["status"] == "on_track"


def test_a_pace_is_compared_as_it_is_printed() -> None:
    # 400 × 10 / 21 = 190.5 are expected; 171 / 190.5 = 0.898 is printed 0.90, and 170 are 0.89.
    paces = [
        row(branch(won(number, "2026-11-03T10:00"), quota=Quota(target=400)), "2026-11-13T19:00")
        for number in (171, 170)
    ]

    assert [figures(found, "expected", "pace", "status") for found in paces] == [
        [190.5, 0.9, "on_track"],
        [190.5, 0.89, "behind"],
    ]


@pytest.mark.parametrize(("time", "status"), [("15:59:59", "on_track"), ("16:00:00", "behind")])
def test_a_day_quota_is_behind_from_four_o_clock_on(time: str, status: str) -> None:
    asked = branch(won(5, "2026-11-24T09:00"), quota=Quota(period="day", target=15))

    assert row(asked, f"2026-11-24T{time}")["status"] == status


def test_the_day_of_a_day_quota_is_its_last_but_nobody_is_behind_for_that() -> None:
    asked = branch(won(14, "2026-11-24T09:00"), quota=Quota(period="day", target=15))

    assert figures(row(asked, "2026-11-24T17:00"), "pace", "status") == [0.93, "on_track"]


def test_a_period_to_come_asks_nothing_yet() -> None:
    found = row(branch(), TODAY, period="2026-12")

    assert figures(found, "expected", "pace", "forecast", "today_dose", "workdays_left", "status") == [
        0,
        None,
        None,
        0,
        23,
        "on_track",
    ]


def test_a_stock_goes_from_its_opening_to_its_target() -> None:
    asked = branch(
        won(100, "2026-10-20T10:00"), won(10, "2026-11-09T10:00"), quota=Quota(basis="held", target=142)
    )
    found = row(asked, "2026-11-13T19:00")

    # 100 + 42 × 10 / 21
    assert figures(found, "expected", "pace", "forecast", "to_add") == [120.0, 0.92, 110.0, 32]


def test_an_opening_is_at_most_the_target() -> None:
    adds = won(10, "2026-10-20T10:00")
    asked = branch(adds, ended(adds[:7], "2026-11-01T10:00"), quota=Quota(basis="held", target=8))

    assert figures(row(asked, "2026-11-02T10:00"), "expected", "status") == [8.0, "on_track"]
    assert row(asked, "2026-11-03T10:00")["status"] == "behind"


def test_as_of_a_time_nothing_later_has_happened() -> None:
    adds = won(2, "2026-11-03T10:00")
    asked = branch(adds, ended(adds[:1], "2026-11-10T10:00"))

    assert [
        row(asked, f"2026-11-{when}")["gross"] for when in ("03T09:59:59", "03T10:00:00", "03T10:00:01")
    ] == [0, 1, 2]
    assert [row(asked, f"2026-11-10T{time}")["lost"] for time in ("09:59:59", "10:00:00")] == [0, 1]


def test_lost_looks_at_the_last_add_known() -> None:
    adds = won(1, "2026-10-12T10:00")
    again = (adds[0]._replace(at=int(at("2026-12-03T10:00").timestamp())),)
    asked = branch(adds, ended(adds, "2026-11-03T10:00"), again)

    assert row(asked, TODAY, period="2026-10")["lost"] == 1
    assert row(asked, "2026-12-04T10:00", period="2026-10")["lost"] == 0
