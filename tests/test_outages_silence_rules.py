"""When a silence of WeCom is too long for this installation, in working time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.workdays import WorkCalendar
from bot.features.outages.silence_rules import (
    AT_LEAST_S,
    ENOUGH_DAYS,
    FACTOR,
    LOOK_S,
    CallbackHistory,
    is_silent,
    note_callback,
    plausible_s,
    worked_s,
)

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=CHINA, country="CN", opens=time(8, 30), closes=time(18))
MONDAY = date(2026, 11, 16)
TODAY = date(2026, 11, 23)  # a Monday, too
HOUR = 3600


def at(day: date, text: str) -> int:
    return int(datetime.combine(day, time.fromisoformat(text), CHINA).timestamp())


def heard(
    moments: Iterable[int], *, before: CallbackHistory | None = None, disturbed: frozenset[int] = frozenset()
) -> CallbackHistory:
    """What is remembered when somebody looks each minute and callbacks came at *moments*."""
    for moment in sorted(moments):
        if before is not None:
            before = note_callback(before, last=before.last, now=moment - LOOK_S, calendar=CALENDAR)
        before = note_callback(
            before, last=moment, now=moment + 5, calendar=CALENDAR, disturbed=moment in disturbed
        )
    assert before is not None
    return before


def day_of(day: date, *, every_min: int, opens: str = "08:35", closes: str = "17:55") -> list[int]:
    first, last = at(day, opens), at(day, closes)
    return list(range(first, last + 1, every_min * 60))


def weeks(*, days: int, every_min: int = 20, last: date = TODAY) -> list[int]:
    """So many whole working days of traffic before *last*."""
    workdays = CALENDAR.workdays_between(last - timedelta(days=60), last - timedelta(days=1))
    return [moment for day in workdays[len(workdays) - days :] for moment in day_of(day, every_min=every_min)]


@pytest.mark.parametrize(
    ("since", "upto", "worked"),
    [
        pytest.param(at(TODAY, "09:00"), at(TODAY, "10:00"), HOUR, id="within a day"),
        pytest.param(at(TODAY, "17:00"), at(TODAY, "23:00"), HOUR, id="up to the end of working hours"),
        pytest.param(at(date(2026, 11, 20), "17:30"), at(TODAY, "09:00"), HOUR, id="over a weekend"),
        pytest.param(at(TODAY, "10:00"), at(TODAY, "09:00"), 0, id="backwards"),
        pytest.param(at(date(2026, 11, 21), "09:00"), at(date(2026, 11, 22), "17:00"), 0, id="a weekend"),
    ],
)
def test_only_working_time_counts(since: int, upto: int, worked: int) -> None:
    assert worked_s(CALENDAR, since=since, upto=upto) == worked


@pytest.mark.parametrize(
    ("days", "every_min", "limit"),
    [
        pytest.param(0, 20, None, id="the very start"),
        pytest.param(ENOUGH_DAYS - 1, 20, None, id="a day too few"),
        pytest.param(ENOUGH_DAYS + 5, 120, None, id="too little traffic"),
        pytest.param(ENOUGH_DAYS, 20, AT_LEAST_S, id="twice twenty minutes is less than an hour"),
        pytest.param(ENOUGH_DAYS, 45, FACTOR * 45 * 60, id="twice the longest pause"),
    ],
)
def test_how_long_is_plausible_comes_from_the_past(days: int, every_min: int, limit: int | None) -> None:
    past = heard([*weeks(days=days, every_min=every_min), at(TODAY, "08:36")])

    assert plausible_s(past, today=TODAY) == limit


def test_today_is_none_of_the_days_that_are_enough() -> None:
    past = heard([*weeks(days=ENOUGH_DAYS - 1), *day_of(TODAY, every_min=20)])

    assert plausible_s(past, today=TODAY) is None
    assert plausible_s(past, today=TODAY + timedelta(days=1)) == AT_LEAST_S


@pytest.mark.parametrize(
    ("last", "now", "silent"),
    [
        pytest.param("09:55", "10:55", False, id="an hour"),
        pytest.param("09:55", "10:56", True, id="longer"),
        pytest.param("09:55", "18:00", False, id="when working hours are over nobody is alarmed"),
    ],
)
def test_a_silence_is_one_in_working_hours_only(last: str, now: str, silent: bool) -> None:
    past = heard([*weeks(days=6), *day_of(TODAY, every_min=20, closes=last)])

    assert is_silent(past, since=at(TODAY, last), now=at(TODAY, now), calendar=CALENDAR) is silent


def test_a_callback_of_the_night_after_an_outage_is_no_traffic() -> None:
    evening = at(MONDAY, "17:55")
    night = at(MONDAY + timedelta(days=1), "02:30")

    before = heard([at(MONDAY, "17:35"), evening])
    after = heard([night], before=before, disturbed=frozenset({night}))

    assert (after.last, after.days) == (night, before.days)


def test_the_night_and_the_weekend_are_no_silence() -> None:
    past = heard(weeks(days=6))
    friday = at(date(2026, 11, 20), "17:55")

    early, late = (
        is_silent(past, since=friday, now=at(TODAY, text), calendar=CALENDAR) for text in ("09:25", "09:26")
    )

    assert (past.last, early, late) == (friday, False, True)


def test_a_pause_with_an_outage_in_it_teaches_nothing() -> None:
    usual = weeks(days=6)
    after = at(TODAY, "14:40")

    learned = heard([*usual, at(TODAY, "08:40"), after])
    knows_better = heard([*usual, at(TODAY, "08:40"), after], disturbed=frozenset({after}))

    assert plausible_s(learned, today=TODAY) == FACTOR * 6 * HOUR
    assert plausible_s(knows_better, today=TODAY) == AT_LEAST_S


def test_a_pause_in_which_nobody_looked_teaches_nothing() -> None:
    past = heard([*weeks(days=6), at(TODAY, "08:40")])
    after = note_callback(past, last=at(TODAY, "15:00"), now=at(TODAY, "15:01"), calendar=CALENDAR)

    assert plausible_s(after, today=TODAY) == AT_LEAST_S


def test_the_longest_pause_is_forgotten_after_twenty_days() -> None:
    lunch = [
        moment
        for moment in day_of(MONDAY, every_min=20)
        if not at(MONDAY, "10:55") < moment < at(MONDAY, "13:55")
    ]
    later = [day for day in CALENDAR.workdays_between(MONDAY, MONDAY + timedelta(days=60)) if day > MONDAY]
    past, limits = heard(lunch), []
    for day in later[:21]:
        past = heard(day_of(day, every_min=20), before=past)
        limits.append(plausible_s(past, today=day + timedelta(days=1)))

    assert limits[5] == FACTOR * 3 * HOUR
    assert limits[18:21] == [FACTOR * 3 * HOUR, AT_LEAST_S, AT_LEAST_S]
