"""The way of a person through a period, day by day, beside the even pace."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from builders.branches import at, china, person, quota, seconds
from builders.contacts import branch, contact, rows, won

from bot.core.contacts import Contact, Details
from bot.core.counting import Counting
from bot.core.course import CourseDay, compute_course
from bot.core.people import Person
from bot.core.periods import PeriodKind, parse_period
from bot.core.person_figures import compute_figures
from bot.core.quota_periods import Moment, QuotaPeriod
from bot.core.quotas import Basis, Quota, stretches_under

WHEN = "2026-11-18T12:00"
KEEP = Counting(keep_days=7)


def course(
    contacts: list[Contact],
    *,
    asked: Quota | None = None,
    who: Person | None = None,
    period: str = "2026-11",
    when: str = WHEN,
) -> dict[date, CourseDay]:
    """The days of *period* of one person, as the page computes them."""
    who, judging = who or person(), asked or quota(20, counting=KEEP)
    known, now = branch(contacts, [who]), Moment.of(at(when), calendar=china())
    quota_period = QuotaPeriod.of(judging, parse_period(period), calendar=china())
    (figures,) = compute_figures(
        quota_period,
        people=[who],
        departments=known.departments,
        now=now,
        past=known.past(now.at_s),
        before=known.past(now.today_s - 1),
    )
    stretches = stretches_under(judging, who, quota_period.period, departments=known.departments)
    own = quota_period.own_days(who, stretches)
    judged = quota_period.judged(who.userid, known.past(now.at_s))
    days = compute_course(quota_period, figures, own, judged=judged, today=now.today)
    return {one.day: one for one in days}


def day(number: int) -> date:
    return date(2026, 11, number)


def test_sums_rise_on_the_day_of_each_add_and_end_today() -> None:
    found = course(
        [
            *won(2, "2026-11-03T10:00"),
            contact("2026-11-17T10:00", "pending"),
            contact("2026-11-04T10:00", "lost", lost="2026-11-05T10:00"),
        ]
    )

    sums = {
        number: (found[day(number)].counted, found[day(number)].sure) for number in (2, 3, 16, 17, 18, 19)
    }
    assert sums == {2: (0, 0), 3: (2, 2), 16: (2, 2), 17: (2, 3), 18: (2, 3), 19: (None, None)}
    assert found[day(18)].open == 0
    assert found[day(19)].open is None
    assert len(found) == 30


def test_what_is_open_is_beside_what_is_sure() -> None:
    judging = quota(20, counting=Counting(keep_days=7, required_tags=("vip",)))
    unread = contact("2026-11-17T10:00", "c1")
    untagged = contact("2026-11-17T11:00", "c2", details=Details(customer_type=1, add_way=1))
    found = course([unread, untagged], asked=judging)

    assert (found[day(18)].sure, found[day(18)].open) == (1, 1)


def test_the_even_pace_rests_on_days_off_and_ends_at_the_target() -> None:
    found = course([])

    paces = [found[day(number)].expected for number in (1, 2, 6, 7, 8, 9, 30)]
    assert paces == [0, 1, 4.8, 4.8, 4.8, 5.7, 20]  # 21 workdays


@pytest.mark.parametrize("share", ["1", "0.5"])
def test_today_and_the_end_are_those_of_the_row(share: str) -> None:
    contacts = [*won(3, "2026-11-03T10:00"), *won(2, "2026-11-17T10:00")]
    judging = quota(20, counting=KEEP)
    who = person(share=Fraction(share))
    found = course(contacts, asked=judging, who=who)
    row = rows(contacts, WHEN, asked=judging, people=[who])["jia"]

    assert found[day(18)].expected == row.expected
    assert (found[day(18)].counted, found[day(18)].sure) == (row.counted, row.sure)
    assert found[day(30)].expected == row.target


def test_held_contacts_from_before_the_period_are_there_from_its_first_day() -> None:
    judging = quota(10, basis=Basis.HELD)
    found = course([*won(4, "2026-10-10T10:00"), *won(1, "2026-11-10T10:00")], asked=judging)

    assert [found[day(number)].sure for number in (1, 9, 10)] == [4, 4, 5]
    assert found[day(30)].expected == 10
    assert found[day(1)].expected == 4  # a Sunday: what was held when the month began


def test_without_own_workdays_nothing_is_expected() -> None:
    away = person(absences=frozenset(day(number) for number in range(1, 31)))

    assert {one.expected for one in course([], who=away).values()} == {0}


def test_a_day_quota_counts_the_days_off_before_it() -> None:
    judging = quota(2, period=PeriodKind.DAY)
    found = course([contact("2026-11-15T10:00")], asked=judging, period="2026-11-16", when="2026-11-16T12:00")

    assert [(one.day, one.sure) for one in found.values()] == [(day(16), 1)]
    assert seconds("2026-11-15T10:00") < seconds("2026-11-16T00:00")
