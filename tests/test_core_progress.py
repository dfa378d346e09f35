"""Where everybody stands: sums that can be done by hand. November 2026 has 21 workdays.

The 24th is the 17th of them: 16 lie before it, and the 24th, 25th, 26th, 27th and 30th are left.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import (
    NINE_TENTHS,
    adds_on,
    at,
    core_branch,
    event,
    person,
    quota,
    quota_periods_of,
    row,
    seconds,
)

from bot.core.people import Membership, Person
from bot.core.periods import PeriodKind
from bot.core.progress import QuotaFigures, compute_rows
from bot.core.quotas import Quota
from bot.core.relations import RelationEvent, RelationKind
from bot.core.status import Status

EARLIER = "2026-11-03T10:00"


def rows_of(
    quotas: list[Quota],
    people: list[Person],
    events: list[RelationEvent],
    when: str,
    **changes: Any,
) -> tuple[QuotaFigures, ...]:
    return compute_rows(
        core_branch(people, events),
        quota_periods=quota_periods_of(quotas, when=at(when), **changes),
        at=at(when),
        behind_threshold=NINE_TENTHS,
    )


def test_the_morning_of_24_november_with_42_of_50() -> None:
    found = row(adds_on((EARLIER, 42)), "2026-11-24T09:07")

    assert found == QuotaFigures(
        quota="q",
        userid="jia",
        department=1,
        role="客户经理",
        period="2026-11",
        period_start=date(2026, 11, 1),
        period_end=date(2026, 11, 30),
        target=50,
        counted=42,
        pending=0,
        rejected=0,
        gross=42,
        lost=0,
        kept_90=1.0,
        expected=40.5,  # 50 x 17 / 21 = 40.476
        pace=1.04,  # 42 / 40.476 = 1.0376
        forecast=51.9,  # 42 x 21 / 17 = 51.88
        remaining=8,
        to_add=8,
        workdays_left=5,
        today_dose=2,  # 8 / 5 = 1.6
        today_left=2,
        status=Status.ON_TRACK,
        rank=1,
        penalty=None,
        reward=None,
        flags=(),
    )


def test_the_evening_of_23_november_when_working_hours_are_over() -> None:
    found = row(adds_on((EARLIER, 42)), "2026-11-23T18:00")

    # 50 x 16 / 21 = 38.095; 42 / 38.095 = 1.1025; 42 x 21 / 16 = 55.125; 8 / 6 = 1.3
    assert (found.expected, found.pace, found.forecast) == (38.1, 1.1, 55.1)
    assert (found.workdays_left, found.today_dose) == (5, 2)


def test_the_late_reminder_asks_for_what_is_left_of_the_dose() -> None:
    events = adds_on((EARLIER, 24), ("2026-11-24T10:00", 4))

    found = row(events, "2026-11-24T16:37")

    # In the morning 26 were missing, and five days are left: 26 / 5 = 5.2.
    assert (found.counted, found.to_add, found.today_dose, found.today_left) == (28, 22, 6, 2)
    # 28 / 40.476 = 0.69, and 28 is 10 below the 50 x 16 / 21 = 38.1 of the evening before.
    assert (found.pace, found.status) == (0.69, Status.BEHIND)


def test_two_customers_in_one_second_are_two_adds() -> None:
    moment = seconds(EARLIER)
    events = [event(RelationKind.ADDED, moment, customer=customer) for customer in ("c1", "c2")]

    assert row(events, "2026-11-24T09:07").counted == 2


def test_a_slip_leaves_no_trace_in_the_numbers_once_it_is_over() -> None:
    events = [
        event(RelationKind.ADDED, "2026-11-02T10:00"),
        event(RelationKind.LOST_BY_CUSTOMER, "2026-11-10T10:00"),
        event(RelationKind.ADDED, "2026-11-12T10:00"),
    ]

    during, after = row(events, "2026-11-11T10:00"), row(events, "2026-11-24T09:07")

    assert (during.counted, during.gross, during.lost) == (1, 1, 1)
    assert (after.counted, after.gross, after.lost) == (1, 1, 0)


@pytest.mark.parametrize(
    ("history", "lost"),
    [
        pytest.param(
            [("02", RelationKind.ADDED), ("20", RelationKind.LOST_BY_CUSTOMER)], 1, id="by the customer"
        ),
        pytest.param(
            [("02", RelationKind.ADDED), ("20", RelationKind.LOST_BY_MEMBER)], 1, id="by the employee"
        ),
        pytest.param(
            [("02", RelationKind.ADDED), ("20", RelationKind.TRANSFERRED)], 0, id="a transfer is no loss"
        ),
        pytest.param([("02", RelationKind.ADDED), ("26", RelationKind.LOST_BY_CUSTOMER)], 0, id="not yet"),
        pytest.param(
            [("02", RelationKind.ADDED), ("05", RelationKind.LOST_BY_MEMBER), ("12", RelationKind.ADDED)],
            0,
            id="only the relation's last add is asked",
        ),
    ],
)
def test_lost(history: list[tuple[str, RelationKind]], lost: int) -> None:
    events = [event(kind, f"2026-11-{day}T10:00") for day, kind in history]

    assert row(events, "2026-11-24T09:07").lost == lost


def test_lost_belongs_to_the_period_of_the_add_even_if_it_ended_later() -> None:
    events = [
        event(RelationKind.ADDED, "2026-10-20T10:00"),
        event(RelationKind.LOST_BY_CUSTOMER, "2026-11-20T10:00"),
    ]

    october = row(events, "2026-11-24T09:07", period_name="2026-10")
    november = row(events, "2026-11-24T09:07")

    assert (october.lost, november.lost) == (1, 0)


def test_target_department_and_role_are_those_of_the_days_under_the_quota() -> None:
    moves = (
        Membership(since=None, departments=(1,), role="客户经理"),
        Membership(since=date(2026, 11, 16), departments=(2,), role="柜员"),
    )
    asked = quota(roles=frozenset({"客户经理"}))

    before = row([], "2026-11-13T09:07", asked=asked, who=person(memberships=moves))
    after = row(adds_on((EARLIER, 3)), "2026-11-24T09:07", asked=asked, who=person(memberships=moves))

    # 50 x 10 / 21 = 23.81
    assert (before.target, before.role, before.department) == (24, "客户经理", 1)
    # All ten own workdays are over: everything is expected, nothing is left to do it on.
    assert (after.target, after.role, after.department, after.status) == (24, "客户经理", 1, Status.BEHIND)
    assert (after.expected, after.forecast, after.workdays_left, after.today_dose) == (24.0, 3.0, 0, 0)


@pytest.mark.parametrize(
    ("when", "department"),
    [
        pytest.param("2026-10-01T09:00", 1, id="asked before the period: as of the day he joins"),
        pytest.param("2026-12-24T09:00", 2, id="asked after the period: as of the day he leaves"),
    ],
)
def test_a_row_never_shows_a_department_from_outside_period_and_employment(
    when: str, department: int
) -> None:
    moves = (
        Membership(since=None, departments=(9,), role=None),
        Membership(since=date(2026, 11, 5), departments=(1,), role=None),
        Membership(since=date(2026, 11, 16), departments=(2,), role=None),
        Membership(since=date(2026, 11, 26), departments=(9,), role=None),
    )
    who = person(memberships=moves, joined_on=date(2026, 11, 5), left_on=date(2026, 11, 25))

    assert row([], when, who=who, period_name="2026-11").department == department


def test_somebody_in_no_department_has_none_in_his_row() -> None:
    assert row([], "2026-11-24T09:07", who=person(departments=())).department is None


@pytest.mark.parametrize(
    ("who", "asked"),
    [
        pytest.param({"joined_on": date(2026, 12, 1)}, {}, id="joins after the period"),
        pytest.param({"left_on": date(2026, 10, 31)}, {}, id="left before the period"),
        pytest.param({}, {"userids": frozenset({"yi"})}, id="not under the quota"),
        pytest.param({}, {"starts_on": date(2026, 11, 2)}, id="the quota starts with December"),
    ],
)
def test_who_has_no_row(who: dict[str, Any], asked: dict[str, Any]) -> None:
    assert rows_of([quota(**asked)], [person(**who)], [], "2026-11-24T09:07") == ()


@pytest.mark.parametrize(
    ("who", "asked", "when", "gross"),
    [
        pytest.param({"share": Fraction(1, 100)}, {}, "2026-11-24T09:07", 1, id="half a contact is none"),
        pytest.param(
            {"joined_on": date(2026, 11, 28)},
            {"period": PeriodKind.WEEK},
            "2026-11-24T09:07",
            0,
            id="employed at the weekend only, not on the day of the add",
        ),
        pytest.param({}, {"period": PeriodKind.WEEK}, "2026-02-18T10:00", 1, id="a week without a workday"),
        pytest.param({}, {"period": PeriodKind.DAY}, "2026-11-22T17:00", 0, id="a Sunday: adds are Monday's"),
        pytest.param({}, {"target": 0}, "2026-11-24T09:07", 1, id="a target of nothing"),
    ],
)
def test_who_has_nothing_to_reach_is_exempt(
    who: dict[str, Any], asked: dict[str, Any], when: str, gross: int
) -> None:
    found = row(adds_on((when, 1)), when, asked=quota(**asked), who=person(**who))

    assert (found.target, found.status) == (0, Status.EXEMPT)
    assert (found.expected, found.to_add, found.remaining) == (0.0, 0, 0)
    assert (found.today_dose, found.today_left) == (0, 0)
    assert (found.pace, found.forecast, found.rank) == (None, None, None)
    assert found.gross == gross


def test_a_make_up_saturday_asks_for_its_dose_and_the_holiday_after_it_for_none() -> None:
    # February 2026 has 16 workdays: 2-6, 9-14, 24-28. After the 13th six are left.
    events = adds_on(("2026-02-03T10:00", 20))

    saturday = row(events, "2026-02-14T09:07", asked=quota(32))
    holiday = row(events, "2026-02-18T09:07", asked=quota(32))

    # 12 / 6 = 2; 32 x 11 / 16 = 22
    assert (saturday.today_dose, saturday.workdays_left, saturday.expected) == (2, 6, 22.0)
    assert (holiday.today_dose, holiday.workdays_left, holiday.expected) == (0, 5, 22.0)


def test_the_dose_is_fixed_for_the_day() -> None:
    events = adds_on((EARLIER, 42), ("2026-11-24T10:00", 3))

    doses = [
        (found.today_dose, found.today_left)
        for found in (row(events, f"2026-11-24T{time}") for time in ("00:00", "10:00", "10:01", "23:59"))
    ]

    assert doses == [(2, 2), (2, 1), (2, 0), (2, 0)]


def test_an_absent_person_has_no_dose_and_a_smaller_target() -> None:
    who = person(absences=frozenset({date(2026, 11, 24), date(2026, 11, 25)}))

    found = row(adds_on((EARLIER, 40)), "2026-11-24T09:07", who=who)

    # 50 x 19 / 21 = 45.24; of 19 own days 16 are over: 45 x 16 / 19 = 37.89; 26, 27 and 30 are left.
    assert (found.target, found.expected, found.today_dose, found.workdays_left) == (45, 37.9, 0, 3)


def test_adds_of_the_weekend_lower_the_dose_of_monday() -> None:
    events = adds_on((EARLIER, 42), ("2026-11-22T20:00", 6))

    # 50 - 48 = 2 on the six days from the 23rd on
    assert row(events, "2026-11-23T09:07").today_dose == 1


def test_a_period_asked_about_before_it_begins() -> None:
    found = row(adds_on((EARLIER, 3)), "2026-10-20T09:07", period_name="2026-11")

    assert (found.gross, found.expected, found.pace, found.forecast) == (0, 0.0, None, None)
    assert (found.workdays_left, found.today_dose, found.to_add) == (21, 0, 50)
    assert (found.status, found.rank) == (Status.ON_TRACK, 1)


def test_a_period_asked_about_after_it_ended() -> None:
    found = row(adds_on((EARLIER, 30)), "2026-12-24T09:07", period_name="2026-11")

    assert (found.counted, found.expected, found.pace, found.forecast) == (30, 50.0, 0.6, 30.0)
    assert (found.workdays_left, found.today_dose, found.today_left) == (0, 0, 0)
    assert found.status is Status.MISSED


def test_ranks_are_by_attainment_equal_ones_share_a_rank_and_the_exempt_have_none() -> None:
    people = [
        person("jia"),
        person("yi", share=Fraction(1, 2)),
        person("bing"),
        person("ding", share=Fraction(1, 100)),
    ]
    events = [
        *adds_on((EARLIER, 20), userid="jia"),  # 20 of 50
        *adds_on((EARLIER, 20), userid="yi"),  # 20 of 25
        *adds_on((EARLIER, 20), userid="bing"),  # 20 of 50
        *adds_on((EARLIER, 30), userid="ding"),  # of nothing
    ]

    found = rows_of([quota()], people, events, "2026-11-24T09:07")

    assert [(one.userid, one.rank) for one in found] == [("bing", 2), ("ding", None), ("jia", 2), ("yi", 1)]


def test_rows_stand_in_the_order_of_quotas_then_by_userid() -> None:
    quotas = [quota(id="weekly", period=PeriodKind.WEEK), quota(id="monthly")]

    found = rows_of(quotas, [person("yi"), person("a_2"), person("a2")], [], "2026-11-24T09:07")

    assert [(one.quota, one.period, one.userid) for one in found] == [
        ("weekly", "2026-W48", "a2"),
        ("weekly", "2026-W48", "a_2"),
        ("weekly", "2026-W48", "yi"),
        ("monthly", "2026-11", "a2"),
        ("monthly", "2026-11", "a_2"),
        ("monthly", "2026-11", "yi"),
    ]


def test_a_named_period_shows_only_the_quotas_of_its_kind() -> None:
    quotas = [quota(id="weekly", period=PeriodKind.WEEK), quota(id="monthly")]

    found = rows_of(quotas, [person()], [], "2026-11-24T09:07", period_name="2026-10")

    assert [(one.quota, one.period) for one in found] == [("monthly", "2026-10")]


def test_an_add_just_before_midnight_belongs_to_the_local_day() -> None:
    events = [
        event(RelationKind.ADDED, "2026-11-30T23:59:59", customer="c1"),
        event(RelationKind.ADDED, "2026-12-01T00:00:00", customer="c2"),
    ]

    november = row(events, "2026-12-01T09:07", period_name="2026-11")
    december = row(events, "2026-12-01T09:07")

    assert (november.counted, december.counted) == (1, 1)


def test_nothing_after_the_time_asked_about_exists() -> None:
    events = [
        event(RelationKind.ADDED, "2026-11-24T09:07:00"),
        event(RelationKind.ADDED, "2026-11-24T09:07:01", customer="c2"),
    ]

    assert row(events, "2026-11-24T09:07:00").counted == 1


def test_a_time_without_a_zone_and_an_unknown_period_are_refused() -> None:
    naive = datetime(2026, 11, 24)  # noqa: DTZ001 - the naive one is the point

    with pytest.raises(ValueError, match="needs a zone"):
        compute_rows(core_branch([], []), quota_periods=[], at=naive, behind_threshold=NINE_TENTHS)
    with pytest.raises(ValueError, match="no such period"):
        quota_periods_of([quota()], when=at("2026-11-24"), period_name="November")
