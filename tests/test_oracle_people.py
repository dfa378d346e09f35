"""The oracle on examples by hand: who is under a quota, targets, periods, and what was won and lost."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from oracle.branch import Branch, Line, Quota, Reading, Rules, Version
from oracle.calendar import Days, begin_of, end_of, half_down, half_up, name_of
from oracle.closed import Oracle
from oracle.short import LONG_AGO, at, branch, figures, november, reading, row, won

HALF = Fraction(1, 2)
TELLERS, MANAGERS = frozenset({"teller"}), frozenset({"manager"})
TWO_ROLES = (Quota(id="t", roles=TELLERS, target=50), Quota(id="m", roles=MANAGERS, target=100))


def of_file(*quotas: Quota, **rules: object) -> tuple[Version, ...]:
    return (Version(on=LONG_AGO, rules=Rules(quotas=quotas, **rules)),)  # type: ignore[arg-type]


def moved(day: date, before: Line, after: Line) -> tuple[Reading, ...]:
    return reading(jia=before), reading(day, jia=after)


def rows_of(asked: Branch, when: str, period: str | None = None) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["quota"], row["userid"]): row for row in Oracle(asked).rows(at(when), period)}


# -- days and periods


def test_november_has_21_workdays_and_october_18_with_its_made_up_saturday() -> None:
    calendar = Days(branch())

    assert len(calendar.workdays(date(2026, 11, 1), date(2026, 11, 30))) == 21
    assert len(calendar.workdays(date(2026, 10, 1), date(2026, 10, 31))) == 18
    assert calendar.works(date(2026, 10, 10))


def test_an_own_workday_wins_over_an_own_holiday() -> None:
    day = date(2026, 11, 24)
    calendar = Days(branch(holidays=frozenset({day}), workdays=frozenset({day})))

    assert calendar.works(day)
    assert not Days(branch(holidays=frozenset({day}))).works(day)


@pytest.mark.parametrize(
    ("kind", "day", "name", "first", "last"),
    [
        ("day", date(2026, 11, 23), "2026-11-23", date(2026, 11, 23), date(2026, 11, 23)),
        ("week", date(2026, 11, 29), "2026-W48", date(2026, 11, 23), date(2026, 11, 29)),
        ("week", date(2027, 1, 3), "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("month", date(2026, 2, 5), "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("quarter", date(2026, 11, 23), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("year", date(2026, 11, 23), "2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods_have_the_contracts_names(kind: str, day: date, name: str, first: date, last: date) -> None:
    assert (name_of(kind, day), begin_of(kind, day), end_of(kind, day)) == (name, first, last)


def test_decimals_round_halves_up_and_targets_halves_down() -> None:
    assert half_up(Fraction(179, 200), 2) == 0.9
    assert half_up(Fraction(5, 16), 2) == 0.31
    assert [half_down(Fraction(21, 2)), half_down(Fraction(500, 21)), half_down(Fraction(5))] == [10, 24, 5]


# -- who, and how much


def test_leave_makes_the_target_smaller() -> None:
    # 2 of 21 days away: 50 × 19 / 21 = 45.2
    assert row(branch(absences={"jia": november(26, 27)}), "2026-11-24T09:00")["target"] == 45


def test_half_time_from_the_16th_has_a_target_of_37() -> None:
    asked = branch(readings=moved(date(2026, 11, 16), Line(), Line(share=HALF)))

    assert row(asked, "2026-11-24T09:00")["target"] == 37  # (10 + 11/2) × 50 / 21 = 36.9


def test_half_time_in_october_stays_met_when_november_is_full_time() -> None:
    asked = branch(won(26, "2026-10-12T10:00"), readings=moved(date(2026, 11, 2), Line(share=HALF), Line()))
    october = row(asked, "2026-11-05T09:00", period="2026-10")

    assert figures(october, "target", "counted", "status") == [25, 26, "met"]


def test_share_days_weigh_in_what_is_expected() -> None:
    # Half-time before the 16th: 16 share-days, 7 of them over on the 17th; 38 × 7/16 = 16.6.
    asked = branch(won(17, "2026-11-03T10:00"), readings=moved(date(2026, 11, 16), Line(share=HALF), Line()))
    found = row(asked, "2026-11-17T19:00")

    assert figures(found, "target", "expected", "pace", "status") == [38, 16.6, 1.02, "on_track"]
    assert found["forecast"] == 38.9  # 17 × 16 / 7


def test_adds_of_days_under_another_quota_stay_there() -> None:
    asked = branch(
        won(52, "2026-11-03T10:00"),
        versions=of_file(*TWO_ROLES),
        readings=moved(date(2026, 11, 16), Line(role="teller"), Line(role="manager")),
    )
    found = rows_of(asked, "2026-11-30T19:00")

    assert figures(found["t", "jia"], "target", "gross", "role") == [24, 52, "teller"]
    assert figures(found["m", "jia"], "target", "gross", "role") == [52, 0, "manager"]


def test_a_row_keeps_the_department_of_the_last_day_under_the_quota() -> None:
    asked = branch(
        versions=of_file(*TWO_ROLES),
        readings=moved(
            date(2026, 11, 16),
            Line(role="teller", departments=(1,)),
            Line(role="manager", departments=(2,)),
        ),
    )
    after, before = rows_of(asked, "2026-11-24T09:00"), rows_of(asked, "2026-11-04T09:00")

    assert figures(after["t", "jia"], "target", "department") == [24, 1]
    assert figures(before["m", "jia"], "target", "department") == [52, 2]  # the first day to come


def test_who_first_stands_in_a_later_roster_joined_on_that_day() -> None:
    asked = branch(readings=(reading(yi=Line()), reading(date(2026, 11, 20), yi=Line(), jia=Line())))

    assert list(rows_of(asked, "2026-11-24T09:00", "2026-10")) == [("q", "yi")]
    assert row(asked, "2026-11-24T09:00")["target"] == 17  # 7 of 21 days


def test_a_newcomer_with_a_date_joined_on_that_date() -> None:
    later = reading(date(2026, 11, 20), jia=Line(joined_on=date(2026, 11, 9), share=HALF))
    asked = branch(won(1, "2026-11-10T10:00"), readings=(reading(yi=Line()), later))

    assert figures(row(asked, "2026-11-24T09:00"), "target", "gross") == [19, 1]  # 16/2 × 50/21 = 19.05


def test_the_tree_of_departments_is_dated() -> None:
    north = Quota(departments=frozenset({1}), target=21)
    asked = branch(
        quota=north,
        readings=(
            reading(jia=Line(departments=(3,)), parents={3: 1}),
            reading(date(2026, 11, 16), jia=Line(departments=(3,)), parents={3: 2}),
        ),
    )

    assert row(asked, "2026-11-24T09:00")["target"] == 10


@pytest.mark.parametrize(
    ("quota", "has_row"),
    [
        (Quota(), True),
        (Quota(userids=frozenset({"yi"})), False),
        (Quota(userids=frozenset({"jia"}), roles=MANAGERS), True),
        (Quota(roles=TELLERS), True),
        (Quota(roles=TELLERS, departments=frozenset({1})), True),
        (Quota(roles=TELLERS, departments=frozenset({7})), False),
        (Quota(departments=frozenset({9})), True),
    ],
)
def test_userids_alone_mean_these_and_none_of_the_three_means_everybody(quota: Quota, has_row: bool) -> None:
    asked = branch(
        quota=quota, readings=(reading(jia=Line(departments=(1, 3), role="teller"), parents={3: 9}),)
    )

    assert bool(Oracle(asked).rows(at("2026-11-24T09:00"))) is has_row


def test_after_the_last_day_of_employment_a_period_is_over() -> None:
    asked = branch(won(5, "2026-11-03T10:00"), readings=(reading(jia=Line(left_on=date(2026, 11, 13))),))

    assert figures(row(asked, "2026-11-13T19:00"), "target", "status") == [24, "behind"]
    assert row(asked, "2026-11-16T09:00")["status"] == "missed"


def test_a_stock_target_is_not_prorated_by_days_but_by_share() -> None:
    stock = Quota(basis="held", target=300)
    away = branch(quota=stock, absences={"jia": november(2, 15)})
    half = branch(quota=stock, readings=moved(date(2026, 11, 30), Line(), Line(share=HALF)))

    assert row(away, "2026-11-24T09:00")["target"] == 300  # 11 of 21 days
    assert row(half, "2026-11-24T09:00")["target"] == 150


def test_who_joined_the_stock_on_30_december_is_exempt() -> None:
    asked = branch(
        won(40, "2026-12-30T10:00"),
        quota=Quota(basis="held", target=300),
        readings=(reading(jia=Line(joined_on=date(2026, 12, 30))),),
    )
    found = row(asked, "2026-12-31T19:00")

    assert figures(found, "target", "counted", "status", "penalty") == [0, 40, "exempt", None]


def test_the_exempt_are_asked_nothing() -> None:
    found = row(branch(won(3, "2026-11-03T10:00"), absences={"jia": november(1, 30)}), "2026-11-24T09:00")

    assert figures(found, "status", "expected", "to_add", "today_dose", "today_left") == [
        "exempt",
        0,
        0,
        0,
        0,
    ]
    assert figures(found, "pace", "forecast", "rank", "remaining", "counted") == [None, None, None, 0, 3]


# -- changed rules


def test_a_changed_file_holds_from_the_next_period_on() -> None:
    versions = (
        *of_file(Quota(target=50)),
        Version(on=date(2026, 11, 20), rules=Rules(quotas=(Quota(target=40),))),
    )
    asked = branch(versions=versions)
    named = [row(asked, "2026-11-24T09:00", period=name)["target"] for name in ("2026-11", "2026-12")]

    assert named == [50, 40]


def test_a_change_on_the_first_day_does_not_touch_the_period_that_began() -> None:
    versions = (
        *of_file(Quota(target=50)),
        Version(on=date(2026, 12, 1), rules=Rules(quotas=(Quota(target=40),))),
    )

    assert row(branch(versions=versions), "2026-12-02T09:00")["target"] == 50


def test_month_to_week_cuts_december_on_the_7th() -> None:
    versions = (
        *of_file(Quota(target=50)),
        Version(on=date(2026, 11, 20), rules=Rules(quotas=(Quota(target=10, period="week"),))),
    )
    asked = branch(versions=versions)
    december = row(asked, "2026-12-03T09:00")

    assert figures(december, "period", "period_end", "target") == ["2026-12", date(2026, 12, 6), 9]
    assert figures(row(asked, "2026-12-07T09:00"), "period", "target") == ["2026-W50", 10]


def test_month_to_quarter_keeps_the_months_until_the_quarter_begins() -> None:
    versions = (
        *of_file(Quota(target=50)),
        Version(on=date(2026, 11, 20), rules=Rules(quotas=(Quota(target=150, period="quarter"),))),
    )
    asked = branch(versions=versions)

    assert [figures(row(asked, f"2026-12-{day}T09:00"), "period", "target") for day in ("01", "31")] == [
        ["2026-12", 50]
    ] * 2
    assert row(asked, "2027-01-04T09:00")["period"] == "2027-Q1"


def test_a_quota_begins_with_its_first_period_from_starts_on() -> None:
    asked = branch(quota=Quota(starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 1)))

    assert [
        bool(Oracle(asked).rows(at("2026-11-24T09:00"), name)) for name in ("2026-11", "2026-12", "2027-01")
    ] == [
        False,
        True,
        False,
    ]
