"""The contacts of one quota in one period: days off, unknown people, and what is asked about adds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from builders.branches import at, china, person, quota, row, seconds
from builders.branches import event as event_of
from builders.contacts import WECHAT, branch, contact

from bot.core.counting import Counting, FirstAdd, Integrity
from bot.core.integrity import FindingKind
from bot.core.people import Membership, Person
from bot.core.periods import PeriodKind, parse_period, period_of
from bot.core.quota_periods import Moment, QuotaPeriod
from bot.core.quotas import Quota
from bot.core.relations import RelationKind

MONDAY = date(2026, 11, 23)
ROLE = "客户经理"


def gross_of_day(day: date, *added: str, who: Person, asked: Quota) -> int:
    """The adds that a day quota has on its *day*, in the evening."""
    events = [event_of(RelationKind.ADDED, moment, customer=f"c{n}") for n, moment in enumerate(added)]
    return row(events, f"{day}T18:00", asked=asked, who=who).gross


def test_adds_of_days_off_under_another_quota_are_not_of_the_next_own_workday() -> None:
    # Teller until Saturday: of that day off the adds stay there, those of Sunday are Monday's.
    sunday = MONDAY - timedelta(days=1)
    moved = person(
        memberships=(
            Membership(since=None, departments=(1,), role="柜员"),
            Membership(since=sunday, departments=(1,), role=ROLE),
        )
    )
    asked = quota(9, period=PeriodKind.DAY, roles=frozenset({ROLE}))
    added = ("2026-11-20T10:00", "2026-11-21T10:00", "2026-11-22T10:00", "2026-11-23T10:00")

    assert gross_of_day(MONDAY, *added, who=moved, asked=asked) == 2


def test_adds_of_a_day_before_the_person_was_under_the_quota_end_at_the_last_own_workday() -> None:
    # Manager until Thursday, teller on Friday and Saturday, manager again from Sunday on.
    back = person(
        memberships=(
            Membership(since=None, departments=(1,), role=ROLE),
            Membership(since=MONDAY - timedelta(days=3), departments=(1,), role="柜员"),
            Membership(since=MONDAY - timedelta(days=1), departments=(1,), role=ROLE),
        )
    )
    asked = quota(9, period=PeriodKind.DAY, roles=frozenset({ROLE}))
    added = ("2026-11-19T10:00", "2026-11-20T10:00", "2026-11-22T10:00")

    assert gross_of_day(MONDAY, *added, who=back, asked=asked) == 1


@pytest.mark.parametrize(
    ("joined_on", "starts_on", "gross"),
    [
        pytest.param(None, None, 3, id="both days off are Monday's"),
        pytest.param(date(2026, 11, 22), None, 2, id="nothing from before the first day of employment"),
        pytest.param(None, date(2026, 11, 22), 2, id="nothing from before the quota"),
    ],
)
def test_adds_of_a_weekend_are_mondays(joined_on: date | None, starts_on: date | None, gross: int) -> None:
    asked = quota(9, period=PeriodKind.DAY, starts_on=starts_on)
    added = ("2026-11-20T10:00", "2026-11-21T10:00", "2026-11-22T10:00", "2026-11-23T10:00")

    assert gross_of_day(MONDAY, *added, who=person(joined_on=joined_on), asked=asked) == gross


def test_adds_of_a_long_leave_are_of_the_first_own_workday_after_it() -> None:
    # Away for two years up to Sunday: the adds of the last 365 days are Monday's.
    away = person(absences=frozenset(MONDAY - timedelta(days=distance) for distance in range(1, 730)))
    asked = quota(9, period=PeriodKind.DAY)
    added = ("2025-11-22T10:00", "2025-11-23T10:00", "2026-05-12T10:00", "2026-11-23T10:00")

    assert gross_of_day(MONDAY, *added, who=away, asked=asked) == 3


@pytest.mark.parametrize(
    ("kind", "customers"),
    [
        pytest.param(PeriodKind.MONTH, ["first", "monday", "last"], id="a month, both ends included"),
        pytest.param(PeriodKind.DAY, ["monday"], id="a day, without days off"),
    ],
)
def test_somebody_unknown_is_taken_as_under_the_quota_all_the_time(
    kind: PeriodKind, customers: list[str]
) -> None:
    contacts = [
        contact("2026-10-31T23:59:59", "before", userid="unknown"),
        contact("2026-11-01T00:00:00", "first", userid="unknown"),
        contact("2026-11-23T10:00", "monday", userid="unknown"),
        contact("2026-11-30T23:59:59", "last", userid="unknown"),
        contact("2026-12-01T00:00:00", "after", userid="unknown"),
    ]
    past = branch(contacts).past(seconds("2026-12-24T09:00"))
    quota_period = QuotaPeriod.of(quota(period=kind), period_of(kind, MONDAY), calendar=china())

    gross = quota_period.gross("unknown", past)

    assert [one.add.external_userid for one in gross] == customers


NEAR_THE_START = [
    contact("2026-11-02T10:00", "known", known_since=seconds("2026-10-01T10:00"), details=WECHAT),
    contact("2026-11-02T10:00", "new", details=WECHAT),
]
HOLDING = Integrity(hold=True)


@pytest.mark.parametrize(
    ("start", "asked_about"),
    [
        pytest.param("2026-11-01T09:00", ["known"], id="near the first comparison"),
        pytest.param("2026-09-01T09:00", [], id="more than thirty days after it"),
        pytest.param(None, [], id="before any comparison"),
    ],
)
def test_customers_known_before_the_first_comparison_are_asked_about(
    start: str | None, asked_about: list[str]
) -> None:
    asked = quota(integrity=HOLDING)
    started = None if start is None else seconds(start)
    past = branch(NEAR_THE_START, start=started).past(seconds("2026-11-24T09:00"))

    findings = past.findings(asked)

    assert [one.name.kind for one in findings] == [FindingKind.ROLLOUT] * len(findings)
    assert [key[1] for one in findings for key in one.concerned] == asked_about
    assert [key[1] for key in past.held(asked)] == asked_about


def test_quotas_that_ask_the_same_have_the_same_findings_and_others_their_own() -> None:
    monthly = quota(integrity=HOLDING)
    weekly = quota(id="w", period=PeriodKind.WEEK, integrity=HOLDING)
    whole_corp = quota(id="c", integrity=HOLDING, counting=Counting(first_add=FirstAdd.CORP))
    past = branch(NEAR_THE_START, start=seconds("2026-11-01T09:00")).past(seconds("2026-11-24T09:00"))

    assert past.findings(weekly) == past.findings(monthly) != []
    # Under `corp` such an add earns nothing anyway, so nobody is asked.
    assert past.findings(whole_corp) == []


def test_what_is_held_stays_held_for_each_period_of_the_quota() -> None:
    asked = quota(integrity=HOLDING)
    past = branch(NEAR_THE_START, start=seconds("2026-11-01T09:00")).past(seconds("2026-11-24T09:00"))
    november = QuotaPeriod.of(asked, parse_period("2026-11"), calendar=china())

    verdicts = [
        {one.add.external_userid: str(verdict) for one, verdict in november.judged("jia", past)}
        for _ in range(2)
    ]

    assert verdicts == [{"known": "pending:review", "new": "counted"}] * 2


def test_a_customer_of_fewer_employees_is_not_shared() -> None:
    asked = quota(
        integrity=Integrity(shared_by=3, window_days=30, hold=True),
        counting=Counting(first_add=FirstAdd.ANY),
    )
    contacts = [
        *(
            contact(f"2026-11-1{n}T10:00", "of-three", userid=who)
            for n, who in enumerate(("yi", "bing", "jia"))
        ),
        *(contact(f"2026-11-1{n}T10:00", "of-two", userid=who) for n, who in enumerate(("yi", "jia"))),
    ]
    past = branch(contacts).past(seconds("2026-11-24T09:00"))

    assert [(one.name.userid, one.concerned[0][1]) for one in past.findings(asked)] == [("jia", "of-three")]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Moment.of(at("2026-11-24T09:00").replace(tzinfo=None), calendar=china())
