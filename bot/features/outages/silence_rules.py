"""Rules for the silence of WeCom: longer than this installation's own history makes plausible. Pure.

Only working time between two callbacks counts. So the lunch hours of a branch are part of its history, and
the night is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter

from bot.core.workdays import WorkCalendar

LOOK_S = 60  # seconds between two looks
DAYS = 20  # days in the history
ENOUGH_DAYS = 5  # fewer days of traffic say nothing
ENOUGH_BUSY = 10  # a day has traffic if so many looks found new callbacks
FACTOR = 2  # times the longest pause in the history
AT_LEAST_S = 3600
_UNHEARD_S = 5 * LOOK_S  # without a look for so long, the times of callbacks are unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day: its longest pause, in s of working time; *busy*: the number of looks with callbacks."""

    day: date
    longest_s: int
    busy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackHistory:
    """The history. *last*: the newest callback; *looked_at*: the newest look. Epoch s."""

    last: int
    looked_at: int
    days: tuple[Day, ...] = ()


def worked_s(calendar: WorkCalendar, *, since: int, upto: int) -> int:
    """Return the working time between two moments (epoch s), in s; 0 if *upto* is not after *since*."""
    total = 0
    for day in calendar.workdays_between(calendar.day_of(since), calendar.day_of(upto)):
        opens = int(datetime.combine(day, calendar.opens, calendar.zone).timestamp())
        closes = int(datetime.combine(day, calendar.closes, calendar.zone).timestamp())
        total += max(0, min(upto, closes) - max(since, opens))
    return total


def note_callback(
    before: CallbackHistory | None, *, last: int, now: int, calendar: WorkCalendar, disturbed: bool = False
) -> CallbackHistory:
    """Return the history with the newest callback at *last*, as seen at *now* (epoch s).

    *disturbed*: an outage lies in the pause before it. Such a pause says nothing of WeCom's habits, nor does
    a pause without looks.
    """
    if before is None:
        return CallbackHistory(last=last, looked_at=now)
    if last <= before.last:
        return replace(before, looked_at=now)
    knows = not disturbed and now - before.looked_at <= _UNHEARD_S
    pause = worked_s(calendar, since=before.last, upto=last) if knows else 0
    busy = int(calendar.in_working_hours(calendar.moment(last)))
    days = before.days
    if pause or busy:
        known = {day.day: day for day in days}
        today = calendar.day_of(last)
        so_far = known.get(today, Day(day=today, longest_s=0, busy=0))
        known[today] = Day(day=today, longest_s=max(so_far.longest_s, pause), busy=so_far.busy + busy)
        days = tuple(sorted(known.values(), key=attrgetter("day"))[-DAYS:])
    return CallbackHistory(last=last, looked_at=now, days=days)


def plausible_s(heard: CallbackHistory, *, today: date) -> int | None:
    """Return the longest plausible silence, in s of working time; None without enough history.

    At least ENOUGH_DAYS days before *today* must have had traffic.
    """
    if sum(day.busy >= ENOUGH_BUSY and day.day < today for day in heard.days) < ENOUGH_DAYS:
        return None
    return max(AT_LEAST_S, FACTOR * max(day.longest_s for day in heard.days))


def is_silent(heard: CallbackHistory, *, since: int, now: int, calendar: WorkCalendar) -> bool:
    """Say whether nothing since *since* (epoch s) is implausible at *now*; never outside working hours."""
    if not calendar.in_working_hours(calendar.moment(now)):
        return False
    limit = plausible_s(heard, today=calendar.day_of(now))
    return limit is not None and worked_s(calendar, since=since, upto=now) > limit
