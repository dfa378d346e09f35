"""Periods and their names."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.periods import PeriodKind, parse_period, period_of


@pytest.mark.parametrize(
    ("kind", "name", "first", "last"),
    [
        pytest.param(PeriodKind.DAY, "2026-11-23", "2026-11-23", "2026-11-23", id="a day is its own period"),
        pytest.param(PeriodKind.WEEK, "2026-W48", "2026-11-23", "2026-11-29", id="weeks begin on Mondays"),
        pytest.param(PeriodKind.MONTH, "2026-11", "2026-11-01", "2026-11-30", id="a month of 30 days"),
        pytest.param(PeriodKind.QUARTER, "2026-Q4", "2026-10-01", "2026-12-31", id="to the year's end"),
        pytest.param(PeriodKind.YEAR, "2026", "2026-01-01", "2026-12-31", id="the calendar year"),
    ],
)
def test_the_period_of_23_november_2026(kind: PeriodKind, name: str, first: str, last: str) -> None:
    period = period_of(kind, date(2026, 11, 23))

    assert (period.name, str(period.first), str(period.last)) == (name, first, last)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        pytest.param("2027-01-03", "2026-W53", id="a Sunday in January of the year before"),
        pytest.param("2024-12-30", "2025-W01", id="a Monday in December of the year after"),
    ],
)
def test_a_week_has_the_year_of_its_thursday(day: str, name: str) -> None:
    assert period_of(PeriodKind.WEEK, date.fromisoformat(day)).name == name


def test_february_ends_on_the_29th_in_a_leap_year() -> None:
    assert period_of(PeriodKind.MONTH, date(2028, 2, 3)).last == date(2028, 2, 29)


@given(kind=st.sampled_from(PeriodKind), day=st.dates(date(1990, 1, 1), date(2099, 12, 27)))
def test_a_period_is_found_by_its_name_and_its_days_share_it(kind: PeriodKind, day: date) -> None:
    period = period_of(kind, day)

    assert period.first <= day <= period.last
    assert parse_period(period.name) == period
    assert period_of(kind, period.first) == period_of(kind, period.last) == period
    assert period_of(kind, period.first - timedelta(days=1)) != period


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param("2026-13", id="a thirteenth month"),
        pytest.param("2026-00", id="no month has number 0"),
        pytest.param("2026-02-30", id="no such day"),
        pytest.param("2026-Q5", id="a fifth quarter"),
        pytest.param("2026-W00", id="weeks begin with 1"),
        pytest.param("2025-W53", id="2025 has 52 weeks"),
        pytest.param("9999", id="beyond the calendar"),
        pytest.param("2100-W01", id="just beyond the calendar"),
        pytest.param("0000", id="there was no year 0"),
        pytest.param("2026-1", id="months have two digits"),
        pytest.param("2026-w48", id="as the names are written, and no other way"),
        pytest.param("２０２６", id="digits of another script"),
        pytest.param("2026-11\n", id="a line end is part of no name"),
        pytest.param("November", id="a word"),
    ],
)
def test_other_names_are_refused_with_the_shapes_that_are_allowed(name: str) -> None:
    with pytest.raises(ValueError, match="2026-11-23, 2026-W48, 2026-11, 2026-Q4 or 2026"):
        parse_period(name)
