"""The timetable as pure data: which line fires when, with calendar and zone as arguments."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from builders.config import MINIMAL, read
from hypothesis import given
from hypothesis import strategies as st

from bot.core.workdays import WorkCalendar
from scheduler.jobs import JOBS
from scheduler.timetable import ON, Entry, Firing, firings, timetable

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=CHINA, country="CN", opens=time(8, 30), closes=time(18))
DAILY = (
    Entry("progress", time(9, 7), "workdays"),
    Entry("reminder", time(16, 37), "workdays"),
    Entry("digest", time(17, 48), "workdays"),
)
WEEKLY = (Entry("digest", time(17, 23), "last_workday_of_week"),)
NOVEMBER_WORKDAYS = [*range(2, 7), *range(9, 14), *range(16, 21), *range(23, 28), 30]
# Spring Festival of 2026: off from 15 to 23 February, made up on the Saturdays 14 and 28.
FEBRUARY_WORKDAYS = [*range(2, 7), *range(9, 15), *range(24, 29)]


def moment(text: str, zone: ZoneInfo = CHINA) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def local(firing: Firing, zone: ZoneInfo = CHINA) -> str:
    return f"{datetime.fromtimestamp(firing.fire_at, zone):%m-%d %H:%M}"


def of_month(year: int, month: int, entries: tuple[Entry, ...]) -> list[Firing]:
    first = date(year, month, 1)
    following = (first + timedelta(days=31)).replace(day=1)
    return firings(
        entries,
        calendar=CALENDAR,
        after=CALENDAR.start_of(first) - 1,
        upto=CALENDAR.start_of(following) - 1,
    )


@pytest.mark.parametrize(
    ("month", "workdays"),
    [
        pytest.param(11, NOVEMBER_WORKDAYS, id="November 2026: Mondays to Fridays only"),
        pytest.param(2, FEBRUARY_WORKDAYS, id="Spring Festival: nine days off, two Saturdays made up"),
    ],
)
def test_each_job_fires_once_on_each_workday_at_its_time(month: int, workdays: list[int]) -> None:
    fired = [(firing.job, local(firing)) for firing in of_month(2026, month, DAILY)]

    assert fired == [
        (entry.job, f"{month:02d}-{day:02d} {entry.at:%H:%M}") for day in workdays for entry in DAILY
    ]


@pytest.mark.parametrize(
    ("month", "days"),
    [
        pytest.param(
            11, ["11-06", "11-13", "11-20", "11-27"], id="plain Fridays; the week of the 30th ends later"
        ),
        pytest.param(
            2, ["02-06", "02-14", "02-28"], id="two weeks end on a make-up Saturday, one has no workday"
        ),
        pytest.param(
            10, ["10-10", "10-16", "10-23", "10-30"], id="the week after National Day ends on a Saturday"
        ),
    ],
)
def test_the_last_workday_of_a_week_follows_the_calendar(month: int, days: list[str]) -> None:
    assert [local(firing) for firing in of_month(2026, month, WEEKLY)] == [f"{day} 17:23" for day in days]


def test_every_day_fires_on_days_off_too() -> None:
    entries = (Entry("progress", time(2, 17), "every_day"),)

    assert len(of_month(2026, 2, entries)) == 28


def test_a_firing_belongs_to_the_moment_that_reaches_it() -> None:
    due = moment("2026-11-23T09:07")

    assert not firings(DAILY, calendar=CALENDAR, after=due - 60, upto=due - 1)
    assert [f.job for f in firings(DAILY, calendar=CALENDAR, after=due - 1, upto=due)] == ["progress"]
    assert not firings(DAILY, calendar=CALENDAR, after=due, upto=due + 60)


def test_times_are_those_of_the_configured_zone_through_a_change_of_clocks() -> None:
    zone = ZoneInfo("Europe/Berlin")  # its clocks go back on 25 October 2026
    calendar = WorkCalendar(zone=zone, country="DE", opens=time(8, 30), closes=time(18))
    entries = (Entry("progress", time(9, 7), "every_day"),)
    found = firings(
        entries,
        calendar=calendar,
        after=moment("2026-10-24T00:00", zone),
        upto=moment("2026-10-26T23:59", zone),
    )

    assert [local(firing, zone) for firing in found] == ["10-24 09:07", "10-25 09:07", "10-26 09:07"]
    assert [(b.fire_at - a.fire_at) // 3600 for a, b in pairwise(found)] == [25, 24]


def test_own_days_of_the_bank_move_the_firings() -> None:
    calendar = WorkCalendar(
        zone=CHINA,
        country="CN",
        opens=time(8, 30),
        closes=time(18),
        holidays=frozenset({date(2026, 11, 24)}),
        workdays=frozenset({date(2026, 11, 28)}),
    )
    found = firings(
        WEEKLY + DAILY[:1],
        calendar=calendar,
        after=moment("2026-11-23T00:00"),
        upto=moment("2026-11-30T00:00"),
    )

    assert [local(f) for f in found if f.job == "progress"] == [
        f"11-{day} 09:07" for day in ("23", "25", "26", "27", "28")
    ]
    assert [local(f) for f in found if f.job == "digest"] == ["11-28 17:23"]


@given(cuts=st.lists(st.integers(0, 90 * 86_400), max_size=12))
def test_however_the_time_is_cut_into_looks_the_same_fires(cuts: list[int]) -> None:
    begin = moment("2026-01-20T00:00")
    end = begin + 90 * 86_400
    looks = [begin, *sorted(begin + cut for cut in cuts), end]
    pieces = [
        firing
        for after, upto in pairwise(looks)
        for firing in firings(DAILY + WEEKLY, calendar=CALENDAR, after=after, upto=upto)
    ]

    assert pieces == firings(DAILY + WEEKLY, calendar=CALENDAR, after=begin, upto=end)


def test_a_file_without_schedule_has_every_job_on_days_that_are_known(tmp_path: Path) -> None:
    lines = timetable(read(tmp_path, MINIMAL))

    assert [(line.job, f"{line.at:%H:%M}", line.on) for line in lines] == [
        ("progress", "09:07", "workdays"),
        ("reminder", "16:37", "workdays"),
        ("digest", "17:48", "workdays"),
        ("weekly", "17:23", "last_workday_of_week"),
        ("close", "08:42", "first_workday_after_settlement"),
        ("sync", "02:17", "every_day"),
        ("engagement", "06:11", "every_day"),
        ("purge", "03:41", "every_day"),
        ("backup", "04:43", "every_day"),
    ]
    assert {line.job for line in lines} == JOBS.keys()
    assert {line.on for line in lines} <= ON.keys()
