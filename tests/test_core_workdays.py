"""The work calendar, on November 2026 and on the Spring Festival of 2026."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders.branches import at, china
from hypothesis import given
from hypothesis import strategies as st

from bot.core.workdays import epoch_of, is_known_country

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


def test_november_2026_has_twenty_one_workdays_all_of_them_mondays_to_fridays() -> None:
    workdays = china().workdays_between(*NOVEMBER)

    # The 2nd is a Monday: four full weeks, and Monday the 30th.
    assert len(workdays) == 21
    assert workdays[0] == date(2026, 11, 2)
    assert workdays[-1] == date(2026, 11, 30)
    assert all(day.isoweekday() <= 5 for day in workdays)


def test_the_spring_festival_of_2026_takes_its_days_off_and_gives_back_two_saturdays() -> None:
    workdays = china().workdays_between(date(2026, 2, 9), date(2026, 3, 1))

    assert [day.day for day in workdays] == [9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28]


def test_every_decreed_day_of_2026_is_as_the_state_council_wrote_it() -> None:
    made_up = {(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)}

    weekends = {
        (day.month, day.day)
        for day in china().workdays_between(date(2026, 1, 1), date(2026, 12, 31))
        if day.isoweekday() > 5
    }

    assert weekends == made_up


@pytest.mark.parametrize(
    ("day", "last"),
    [
        pytest.param("2026-11-27", True, id="an ordinary Friday"),
        pytest.param("2026-11-26", False, id="the Thursday before it"),
        pytest.param("2026-11-28", False, id="a Saturday off is no workday at all"),
        pytest.param("2026-02-13", False, id="a Friday before a make-up Saturday"),
        pytest.param("2026-02-14", True, id="the make-up Saturday before the festival"),
        pytest.param("2026-02-28", True, id="the make-up Saturday after the festival"),
        pytest.param("2026-09-20", True, id="a make-up Sunday"),
        pytest.param("2026-09-30", True, id="a Wednesday before the National Day"),
        pytest.param("2026-02-20", False, id="a Friday in a week without a workday"),
    ],
)
def test_the_last_workday_of_a_week(day: str, last: bool) -> None:
    assert china().is_last_workday_of_week(date.fromisoformat(day)) is last


def test_a_week_without_a_workday_has_no_last_one() -> None:
    week = [date(2026, 2, 16) + timedelta(days=n) for n in range(7)]

    assert not any(china().is_last_workday_of_week(day) for day in week)


@pytest.mark.parametrize(
    ("day", "following"),
    [
        pytest.param("2026-11-20", "2026-11-23", id="over a weekend"),
        pytest.param("2026-11-23", "2026-11-24", id="from a workday to the next"),
        pytest.param("2026-02-14", "2026-02-24", id="over the festival"),
        pytest.param("2026-12-31", "2027-01-04", id="into a year without a decree"),
    ],
)
def test_the_next_workday(day: str, following: str) -> None:
    assert china().next_workday(date.fromisoformat(day)) == date.fromisoformat(following)


def test_a_calendar_without_workdays_says_so_instead_of_searching_on() -> None:
    first = date(2026, 1, 1)
    calendar = china(holidays=frozenset(first + timedelta(days=n) for n in range(800)))

    with pytest.raises(ValueError, match="no working day within 366 days"):
        calendar.next_workday(first)


def test_own_days_win_over_public_ones_and_an_own_workday_over_an_own_holiday() -> None:
    both = date(2026, 11, 24)
    calendar = china(
        holidays=frozenset({date(2026, 11, 23), both}), workdays=frozenset({date(2026, 11, 21), both})
    )

    week = calendar.workdays_between(date(2026, 11, 21), date(2026, 11, 25))

    assert [day.day for day in week] == [21, 24, 25]
    assert [calendar.is_workday(day) for day in (date(2026, 11, 23), both)] == [False, True]


@given(first=st.dates(date(2025, 12, 1), date(2027, 2, 1)), length=st.integers(-3, 400))
def test_workdays_between_lists_just_the_days_that_are_workdays(first: date, length: int) -> None:
    calendar = china(holidays=frozenset({date(2026, 11, 23)}), workdays=frozenset({date(2026, 11, 22)}))
    last = first + timedelta(days=length)

    listed = calendar.workdays_between(first, last)

    every_day = [first + timedelta(days=n) for n in range(length + 1)]
    assert list(listed) == [day for day in every_day if calendar.is_workday(day)]


@pytest.mark.parametrize(
    ("year", "decreed"),
    [
        pytest.param(2026, True, id="decreed in November 2025"),
        pytest.param(2099, False, id="nobody has decreed it yet"),
    ],
)
def test_a_year_of_china_is_decreed_when_its_make_up_days_are_known(year: int, decreed: bool) -> None:
    assert china().decreed(year) is decreed


def test_a_year_without_a_decree_still_has_its_statutory_days_off() -> None:
    assert not china().is_workday(date(2099, 10, 1))


def test_other_countries_need_no_decree_and_have_no_make_up_days() -> None:
    germany = china(country="DE")

    assert germany.decreed(2099)
    assert not germany.is_workday(date(2026, 2, 14))


def test_a_program_that_has_loaded_all_countries_keeps_them() -> None:
    whole = importlib.import_module("holidays.countries")
    austria = china(country="AT")

    assert not austria.is_workday(date(2026, 10, 26))  # Nationalfeiertag, a Monday
    assert sys.modules["holidays.countries"] is whole


@pytest.mark.parametrize(
    ("country", "known"),
    [
        pytest.param("CN", True, id="China"),
        pytest.param("XX", False, id="no such country"),
        pytest.param("China", False, id="a name is no code"),
        pytest.param("cn", False, id="codes are upper case"),
    ],
)
def test_known_countries(country: str, known: bool) -> None:
    assert is_known_country(country) is known


@pytest.mark.parametrize(
    ("when", "inside", "over"),
    [
        pytest.param("2026-11-23T08:29:59.999999", False, False, id="just before opening"),
        pytest.param("2026-11-23T08:30", True, False, id="opening belongs to the day"),
        pytest.param("2026-11-23T17:59:59", True, False, id="the last second"),
        pytest.param("2026-11-23T18:00", False, True, id="closing does not belong to the day"),
        pytest.param("2026-11-22T12:00", False, False, id="noon of a Sunday: no workday, yet not over"),
        pytest.param("2026-02-14T12:00", True, False, id="noon of a make-up Saturday"),
    ],
)
def test_working_hours(when: str, inside: bool, over: bool) -> None:
    calendar = china()

    assert (calendar.in_working_hours(at(when)), calendar.hours_over(at(when))) == (inside, over)


def test_the_local_day_is_that_of_the_calendar_not_of_the_given_time() -> None:
    late = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)

    assert china().local_day(late) == date(2026, 11, 23)
    assert china().day_of(epoch_of(late)) == date(2026, 11, 23)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 9, 7)  # noqa: DTZ001 - the naive one is the point

    with pytest.raises(ValueError, match="needs a zone"):
        china().local_day(naive)
    with pytest.raises(ValueError, match="needs a zone"):
        epoch_of(naive)


def test_epoch_seconds_round_down_so_that_nothing_later_is_known() -> None:
    assert epoch_of(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1
    assert epoch_of(datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)) == -1


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        pytest.param("Asia/Shanghai", "2026-11-23", id="an ordinary midnight"),
        pytest.param("America/Santiago", "2026-09-06", id="clocks jump from midnight to one"),
        pytest.param("America/Havana", "2026-11-01", id="midnight comes twice"),
        pytest.param("America/Nuuk", "2026-10-25", id="the hour before midnight comes twice"),
    ],
)
def test_a_day_starts_with_its_first_second(zone: str, day: str) -> None:
    calendar, wanted = china(zone=ZoneInfo(zone)), date.fromisoformat(day)

    start = calendar.start_of(wanted)

    assert calendar.day_of(start) == wanted
    assert calendar.day_of(start - 1) < wanted
