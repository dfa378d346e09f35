"""Who is under a quota, when, and in which periods it holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from builders.branches import person, quota

from bot.core.people import Departments, Membership
from bot.core.periods import PeriodKind, parse_period
from bot.core.quotas import holds_for, stretches_under, under_quota

TREE = Departments(parents={12: 10, 10: 1})
DAY = date(2026, 11, 23)
NOVEMBER = parse_period("2026-11")
ROLE: dict[str, Any] = {"roles": frozenset({"客户经理"})}
BRANCH: dict[str, Any] = {"departments": frozenset({10})}
NAMED: dict[str, Any] = {"userids": frozenset({"jia"})}
OTHERS: dict[str, Any] = {"userids": frozenset({"yi"})}


@pytest.mark.parametrize(
    ("scope", "who", "under"),
    [
        pytest.param({}, {"role": None, "departments": ()}, True, id="no scope means everybody"),
        pytest.param(NAMED, {"role": None}, True, id="named"),
        pytest.param(OTHERS, {}, False, id="userids alone mean these alone"),
        pytest.param(ROLE, {"role": "客户经理"}, True, id="has the role"),
        pytest.param(ROLE, {"role": "柜员"}, False, id="has another role"),
        pytest.param(ROLE, {"role": None}, False, id="has no role"),
        pytest.param(BRANCH, {"departments": (12,)}, True, id="in a sub-department"),
        pytest.param(BRANCH, {"departments": (1,)}, False, id="in the department above"),
        pytest.param(BRANCH, {"departments": (7, 12)}, True, id="with one of several departments"),
        pytest.param(BRANCH, {"departments": ()}, False, id="in no department"),
        pytest.param(ROLE | BRANCH, {"departments": (12,)}, True, id="both asked, both there"),
        pytest.param(ROLE | BRANCH, {"departments": (7,)}, False, id="both asked, one there"),
        pytest.param(ROLE | NAMED, {"role": "柜员"}, True, id="named beside a role he has not"),
        pytest.param(ROLE | OTHERS, {}, True, id="the role beside other people's names"),
    ],
)
def test_the_scope_of_a_quota(scope: dict[str, Any], who: dict[str, Any], under: bool) -> None:
    assert under_quota(quota(**scope), person(**who), DAY, departments=TREE) is under


def test_nobody_is_under_a_quota_while_not_employed() -> None:
    who = person(joined_on=date(2026, 11, 24))

    assert not under_quota(quota(), who, DAY, departments=TREE)


def test_absence_does_not_take_anybody_out_of_a_quota() -> None:
    who = person(absences=frozenset({DAY}))

    assert under_quota(quota(), who, DAY, departments=TREE)


def test_stretches_follow_the_moves_between_roles() -> None:
    moves = (
        Membership(since=None, departments=(1,), role="客户经理"),
        Membership(since=date(2026, 11, 10), departments=(1,), role="柜员"),
        Membership(since=date(2026, 11, 20), departments=(1,), role="客户经理"),
    )
    who = person(memberships=moves, joined_on=date(2026, 11, 3), left_on=date(2026, 11, 25))

    stretches = stretches_under(quota(**ROLE), who, NOVEMBER, departments=TREE)

    assert [(first.day, last.day) for first, last in stretches] == [(3, 9), (20, 25)]


def test_stretches_agree_with_the_single_days() -> None:
    moves = (
        Membership(since=None, departments=(12,), role=None),
        Membership(since=date(2026, 11, 30), departments=(7,), role=None),
    )
    asked, who = quota(**BRANCH), person(memberships=moves)

    stretches = stretches_under(asked, who, NOVEMBER, departments=TREE)

    days = [day for day in range(1, 31) if under_quota(asked, who, date(2026, 11, day), departments=TREE)]
    assert [(first.day, last.day) for first, last in stretches] == [(days[0], days[-1])] == [(1, 29)]


@pytest.mark.parametrize(
    ("dates", "holds"),
    [
        pytest.param({}, True, id="without dates it always holds"),
        pytest.param({"starts_on": date(2026, 11, 1)}, True, id="starts on the period's first day"),
        pytest.param({"starts_on": date(2026, 11, 2)}, False, id="starts a day into the period"),
        pytest.param({"ends_on": date(2026, 11, 1)}, True, id="ends on the period's first day"),
        pytest.param({"ends_on": date(2026, 10, 31)}, False, id="ended the day before"),
        pytest.param({"period": PeriodKind.WEEK}, False, id="asks for other periods"),
    ],
)
def test_a_quota_holds_for_periods_that_begin_between_its_dates(dates: dict[str, Any], holds: bool) -> None:
    assert holds_for(quota(**dates), NOVEMBER) is holds
