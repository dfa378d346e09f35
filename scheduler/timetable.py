"""The timetable: which job fires when, by `[schedule]` of the configuration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.config import Config
from bot.core.workdays import WorkCalendar

ON: dict[str, Callable[[WorkCalendar, date], bool]] = {
    "workdays": WorkCalendar.is_workday,
    "every_day": lambda _calendar, _day: True,
    "last_workday_of_week": WorkCalendar.is_last_workday_of_week,
    # The job checks each workday for settled periods that are not closed, so a missed day is caught up.
    "first_workday_after_settlement": WorkCalendar.is_workday,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable: *job* at local time *at*, on days of the kind *on*."""

    job: str
    at: time
    on: str


@dataclass(frozen=True, slots=True)
class Firing:
    """One moment at which one job is due; *fire_at* in epoch seconds."""

    job: str
    fire_at: int


def timetable(config: Config) -> tuple[Entry, ...]:
    """Return the entries of `[schedule]`."""
    schedule = config.schedule
    return tuple(
        Entry(job, firing.at, firing.on)
        for job, firing in (
            ("progress", schedule.progress),
            ("reminder", schedule.reminder),
            ("digest", schedule.digest),
            ("weekly", schedule.weekly),
            ("close", schedule.close),
            ("sync", schedule.sync),
            ("engagement", schedule.engagement),
            ("purge", schedule.purge),
            ("backup", schedule.backup),
        )
    )


def firings(entries: Sequence[Entry], *, calendar: WorkCalendar, after: int, upto: int) -> list[Firing]:
    """Return firings with after < fire_at <= upto (epoch s), by time, then in the order of *entries*."""
    first, last = calendar.day_of(after), calendar.day_of(upto)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    due = [
        Firing(entry.job, moment)
        for entry in entries
        for day in days
        if ON[entry.on](calendar, day)
        and after < (moment := int(datetime.combine(day, entry.at, calendar.zone).timestamp())) <= upto
    ]
    return sorted(due, key=lambda firing: firing.fire_at)
