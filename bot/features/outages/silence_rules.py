"""Whether WeCom is silent for longer than this installation's own past makes plausible. Pure.

Only working time counts: what lies between two callbacks outside working hours is no silence. So the hours of
a branch's lunch are in its past, and the night is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.workdays import WorkCalendar

LOOK_S = 60  # how often somebody listens
DAYS = 20  # so many days with anything to remember are remembered
ENOUGH_DAYS = 5  # with fewer days of traffic nobody can judge
ENOUGH_BUSY = 10  # a day has traffic when callbacks came in so many different looks
FACTOR = 2  # of the longest pause remembered
AT_LEAST_S = 3600
_UNHEARD_S = 5 * LOOK_S  # after so long without a look nobody knows what came meanwhile, and when


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day: its longest pause, in s of working time, and in how many looks something had come."""

    day: date
    longest_s: int
    busy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackHistory:
    """What is remembered. *last*: the newest callback; *looked_at*: the newest look. Epoch s."""

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
    """Take in that the newest callback came at *last*, as seen at *now* (epoch s).

    *disturbed*: an outage lies in the pause before it, so that pause says nothing of WeCom's habits; nor does
    one during which nobody looked.
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
        known = {one.day: one for one in days}
        today = calendar.day_of(last)
        so_far = known.get(today, Day(day=today, longest_s=0, busy=0))
        known[today] = Day(day=today, longest_s=max(so_far.longest_s, pause), busy=so_far.busy + busy)
        days = tuple(sorted(known.values(), key=lambda one: one.day)[-DAYS:])
    return CallbackHistory(last=last, looked_at=now, days=days)


def plausible_s(heard: CallbackHistory, *, today: date) -> int | None:
    """Return how long a silence may last, in s of working time; None where too little is known to judge.

    At least ENOUGH_DAYS days before *today* must have had traffic.
    """
    busy = [one for one in heard.days if one.busy >= ENOUGH_BUSY]
    if sum(one.day < today for one in busy) < ENOUGH_DAYS:
        return None
    return max(AT_LEAST_S, FACTOR * max(one.longest_s for one in heard.days))


def is_silent(heard: CallbackHistory, *, since: int, now: int, calendar: WorkCalendar) -> bool:
    """Say whether nothing since *since* (epoch s) is implausible at *now*; never outside working hours."""
    if not calendar.in_working_hours(calendar.moment(now)):
        return False
    limit = plausible_s(heard, today=calendar.day_of(now))
    return limit is not None and worked_s(calendar, since=since, upto=now) > limit
