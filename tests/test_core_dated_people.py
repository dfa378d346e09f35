"""People who move, change their hours, come and go: sums by hand.

Workdays of 2026: October 18, November 21 (ten up to the 15th), December 23.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import adds_on, person, quota, row
from builders.contacts import branch, rows, won
from builders.teams import compute_teams

from bot.core.contacts import Contact
from bot.core.money import Penalty, Reward, Scope
from bot.core.people import Departments, Membership, Person
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import QuotaFigures
from bot.core.quotas import Basis, Quota
from bot.core.status import Status

HALF = Fraction(1, 2)
MANAGER, TELLER = "客户经理", "柜员"
MID_NOVEMBER = date(2026, 11, 16)


def moved(
    *later: Membership, department: int = 1, role: str = MANAGER, share: Fraction = Fraction(1)
) -> Person:
    first = Membership(since=None, departments=(department,), role=role, share=share)
    return person(memberships=(first, *later))


def since(
    day: date, *, department: int = 1, role: str = MANAGER, share: Fraction = Fraction(1)
) -> Membership:
    return Membership(since=day, departments=(department,), role=role, share=share)


def figures(
    contacts: Iterable[Contact], when: str, *, asked: Quota, who: Person, **changes: Any
) -> QuotaFigures:
    return rows(contacts, when, asked=asked, people=[who], **changes)[who.userid]


def test_half_time_from_the_sixteenth_asks_for_37_of_50() -> None:
    who = moved(since(MID_NOVEMBER, share=HALF))

    # 10 whole workdays and 11 half ones: 50 x 15.5 / 21 = 36.9
    assert figures([], "2026-11-30T09:00", asked=quota(50), who=who).target == 37


def test_what_the_roster_says_in_november_leaves_october_met() -> None:
    who = moved(since(date(2026, 11, 1)), share=HALF)

    found = figures(
        won(26, "2026-10-12T10:00"), "2026-11-09T09:00", asked=quota(50), who=who, period="2026-10"
    )

    assert (found.target, found.counted, found.status) == (25, 26, Status.MET)


def test_each_own_workday_weighs_its_share() -> None:
    who = moved(since(MID_NOVEMBER), share=HALF)

    found = figures(won(17), "2026-11-17T12:00", asked=quota(50), who=who)

    # 16 share-days ask for 50 x 16 / 21 = 38.1; 7 of them are over: 38 x 7 / 16 = 16.6, 17 x 16 / 7 = 38.9
    assert (found.target, found.expected, found.pace, found.forecast) == (38, 16.6, 1.02, 38.9)
    assert found.status is Status.ON_TRACK


def test_a_row_keeps_the_department_of_the_last_day_under_the_quota() -> None:
    asked = quota(50, roles=frozenset({MANAGER}), reward=Reward(top=(500,), scope=Scope.DEPARTMENT))
    mover = moved(since(MID_NOVEMBER, department=2, role=TELLER))
    colleague = person("yi")

    found = rows(
        [*won(13), *won(50, userid="yi")],
        "2026-12-09T09:00",
        asked=asked,
        people=[mover, colleague],
    )

    assert [(row.department, row.counted, row.target, row.rank, row.reward) for row in found.values()] == [
        (1, 13, 24, 2, 0),
        (1, 50, 50, 1, 500),
    ]


def test_before_the_first_day_under_the_quota_a_row_shows_that_day() -> None:
    asked = quota(50, roles=frozenset({TELLER}))
    who = moved(since(MID_NOVEMBER, department=2, role=TELLER))

    assert figures([], "2026-11-09T09:00", asked=asked, who=who).department == 2


def test_somebody_first_read_on_the_twentieth_joined_that_day() -> None:
    who = person(first_read=date(2026, 11, 20))

    assert rows([], "2026-11-09T09:00", asked=quota(50), people=[who], period="2026-10") == {}
    # 7 of 21 workdays: 16.67
    assert figures([], "2026-11-24T09:00", asked=quota(50), who=who).target == 17


def test_a_known_first_day_goes_before_the_first_reading() -> None:
    who = person(first_read=date(2026, 11, 20), joined_on=date(2026, 11, 16))

    assert figures([], "2026-11-24T09:00", asked=quota(50), who=who).target == 26  # 50 x 11 / 21 = 26.19


@pytest.mark.parametrize(
    ("who", "target"),
    [
        pytest.param({"joined_on": date(2026, 12, 30)}, 0, id="two of 23 workdays: exempt"),
        pytest.param({"joined_on": date(2026, 12, 17)}, 0, id="eleven are fewer than half"),
        pytest.param({"joined_on": date(2026, 12, 16)}, 300, id="twelve: the whole target"),
        pytest.param({"share": HALF}, 150, id="the share"),
        pytest.param({"share": Fraction(1, 600)}, 0, id="halves down"),
    ],
)
def test_a_target_of_stock_is_not_prorated_by_days(who: dict[str, Any], target: int) -> None:
    asked = quota(300, basis=Basis.HELD, penalty=Penalty(flat=1000))

    found = figures(
        won(40, "2026-12-30T10:00"), "2027-01-04T09:00", asked=asked, who=person(**who), period="2026-12"
    )

    assert (found.target, found.penalty) == (target, None if not target else 1000 * target // 300)


def test_stock_takes_the_share_of_the_last_own_workday() -> None:
    asked, who = quota(300, basis=Basis.HELD), moved(since(MID_NOVEMBER, share=HALF))

    assert figures([], "2026-11-09T09:00", asked=asked, who=who).target == 150


def test_adds_of_days_under_another_quota_stay_there() -> None:
    who = moved(since(MID_NOVEMBER, role=MANAGER), role=TELLER)
    ranked = Reward(top=(500,), min_presence=HALF)
    contacts = won(52, "2026-11-03T10:00")

    manager = figures(
        contacts, "2026-12-09T09:00", asked=quota(100, roles=frozenset({MANAGER}), reward=ranked), who=who
    )
    teller = figures(
        contacts, "2026-12-09T09:00", asked=quota(50, roles=frozenset({TELLER}), reward=ranked), who=who
    )

    assert (manager.gross, manager.counted, manager.target) == (0, 0, 52)
    # ten of 21 workdays are fewer than half: no rank, no reward by rank
    assert (teller.counted, teller.target, teller.rank, teller.reward) == (52, 24, None, 0)


def test_after_the_last_day_the_period_is_over() -> None:
    who = person(left_on=date(2026, 11, 13))

    on_it = row(adds_on(("2026-11-03T10:00", 20)), "2026-11-13T12:00", who=who)
    after = row(adds_on(("2026-11-03T10:00", 20)), "2026-11-14T00:00", who=who)

    assert (on_it.target, on_it.status, after.status) == (24, Status.BEHIND, Status.MISSED)


@pytest.mark.parametrize(
    ("away", "when", "period", "gross", "status"),
    [
        pytest.param((), "2026-11-23T09:00", "2026-11-23", 20, Status.MET, id="Sunday's belong to Monday"),
        pytest.param((), "2026-11-24T09:00", "2026-11-24", 0, Status.ON_TRACK, id="and not to Tuesday"),
        pytest.param((), "2026-11-22T12:00", "2026-11-22", 0, Status.EXEMPT, id="nor to Sunday itself"),
        pytest.param((23,), "2026-11-23T09:00", "2026-11-23", 0, Status.EXEMPT, id="absent on Monday"),
        pytest.param((23,), "2026-11-24T09:00", "2026-11-24", 20, Status.MET, id="then Tuesday's"),
    ],
)
def test_adds_of_a_day_off_belong_to_the_next_own_workday(
    away: tuple[int, ...], when: str, period: str, gross: int, status: Status
) -> None:
    who = person(absences=frozenset(date(2026, 11, day) for day in away))

    found = figures(
        won(20, "2026-11-22T10:00"),
        when,
        asked=quota(15, period=PeriodKind.DAY),
        who=who,
        period=period,
    )

    assert (found.gross, found.status) == (gross, status)


def test_the_dose_of_monday_knows_the_adds_of_sunday() -> None:
    asked = quota(15, period=PeriodKind.DAY)
    contacts = [*won(4, "2026-11-22T10:00"), *won(1, "2026-11-23T08:40")]

    found = figures(contacts, "2026-11-23T09:00", asked=asked, who=person(), period="2026-11-23")

    assert (found.gross, found.today_dose, found.today_left) == (5, 11, 10)


def test_teams_use_the_tree_of_the_day_of_the_row() -> None:
    # 11 stood below 2 until the 15th, and stands below 1 now.
    tree = Departments(parents={11: 1}, before=((MID_NOVEMBER, Departments(parents={11: 2})),))
    asked = quota(50, roles=frozenset({MANAGER}))
    mover = moved(since(MID_NOVEMBER, department=11, role=TELLER), department=11)
    people = [mover, person("yi", departments=(11,))]

    found = rows([], "2026-11-24T09:00", asked=asked, people=people, departments=tree)
    days = branch([], people, departments=tree).shown_days(
        [(asked, parse_period("2026-11"))], today=date(2026, 11, 24)
    )
    teams = compute_teams(
        found.values(),
        departments=tree,
        kept=dict.fromkeys(("jia", "yi"), branch([]).past(0).history("jia").kept_90(0)),
        days=days,
    )

    assert {team.department: team.people for team in teams} == {1: 1, 2: 1, 11: 2}


def test_the_scope_of_a_quota_follows_the_tree_of_each_day() -> None:
    tree = Departments(parents={11: 1}, before=((MID_NOVEMBER, Departments(parents={11: 2})),))
    asked = quota(50, departments=frozenset({2}))

    found = figures([], "2026-11-24T09:00", asked=asked, who=person(departments=(11,)), departments=tree)

    assert (found.target, found.period_end) == (24, date(2026, 11, 30))


@pytest.mark.parametrize(
    ("begun_on", "penalty"),
    [
        pytest.param(None, 1000, id="nothing is known of it"),
        pytest.param(date(2026, 11, 6), 1000, id="4 of 21 workdays before it"),
        pytest.param(date(2026, 11, 9), None, id="5 of 21 are more than a fifth"),
        pytest.param(date(2026, 12, 3), None, id="all of it"),
    ],
)
def test_no_money_where_too_much_lay_before_the_record(begun_on: date | None, penalty: int | None) -> None:
    asked = quota(50, penalty=Penalty(flat=1000))

    found = figures([], "2026-12-09T09:00", asked=asked, who=person(), begun_on=begun_on)

    assert (found.target, found.penalty) == (50, penalty)


def test_stock_costs_whenever_the_record_began() -> None:
    asked = quota(50, basis=Basis.HELD, penalty=Penalty(flat=1000))

    found = figures([], "2026-12-09T09:00", asked=asked, who=person(), begun_on=date(2026, 11, 30))

    assert found.penalty == 1000
