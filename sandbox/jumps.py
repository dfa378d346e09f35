"""Jumps of the clock that a player wants: to a time of the working day, to another day, never back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sandbox.clock import ClockError
from sandbox.history import CHINA
from sandbox.world import World

# When the bot of the demo speaks.
TIMES: Mapping[str, time] = {"morning": time(9, 7), "reminder": time(16, 37), "digest": time(17, 48)}
NIGHT = time(2, 17)  # of the bot's comparison with the lists
_EARLY = time(9, 6, 50)  # so that a player sees the morning message arrive
_HOUR = timedelta(hours=1)


class PastError(ClockError):
    """A jump to a time that has passed; *now* and *wanted* are in China."""

    def __init__(self, now: datetime, wanted: datetime) -> None:
        super().__init__(f"it is {now:%Y-%m-%d %H:%M}, and {wanted:%Y-%m-%d %H:%M} has passed")
        self.now, self.wanted = now, wanted


def china_now(world: World) -> datetime:
    """Return the virtual time."""
    return datetime.fromtimestamp(world.clock.now(), CHINA)


def moment_of(world: World, name: str) -> datetime:
    """Return the moment that the jump *name* goes to. Raises KeyError for an unknown name."""
    now = china_now(world)
    if name == "hour":
        return now + _HOUR
    if name == "day":
        return datetime.combine(next_workday(world, now.date()), _EARLY, CHINA)
    if name == "night":
        return datetime.combine(now.date() + timedelta(days=now.time() >= NIGHT), NIGHT, CHINA)
    if name == "month_end":
        return datetime.combine(_last_workday(world, now), _EARLY, CHINA)
    return datetime.combine(now.date(), TIMES[name], CHINA)


def jump(world: World, wanted: datetime) -> datetime:
    """Set the clock to *wanted* (aware) and return the time that it shows then. Raises PastError."""
    try:
        world.clock.set(wanted.timestamp())
    except ClockError:
        raise PastError(china_now(world), wanted) from None
    return china_now(world)


def next_workday(world: World, day: date) -> date:
    """Return the first working day after *day*."""
    day += timedelta(days=1)
    while not world.calendar.is_workday(day):
        day += timedelta(days=1)
    return day


def _last_workday(world: World, now: datetime) -> date:
    """Return the last working day of the month, or of the next month from the morning of that day on."""
    first = now.date().replace(day=1)
    for _ in range(2):
        first = (first + timedelta(days=31)).replace(day=1)
        last = first - timedelta(days=1)
        while not world.calendar.is_workday(last):
            last -= timedelta(days=1)
        if datetime.combine(last, _EARLY, CHINA) > now:
            return last
    return last
