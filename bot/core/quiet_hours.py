"""Quiet hours and daily slots: when a person may get an unasked message, and which kinds come first."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.core.people import Person
from bot.core.rollout import NO_ROLLOUT, RolloutScope
from bot.core.workdays import WorkCalendar, epoch_of

LOOK_AHEAD = 60  # workdays; people who are silent for longer get no message

# The kinds with daily slots of their own, the most important first. All others take the slots that are left.
FIRST = ("progress", "reminder", "digest", "weekly", "close")
# Kinds that wait when they have no slot, and for how many workdays. Others are dropped and counted.
WAITS: Mapping[str, int] = {
    "close": 5,
    "decided": LOOK_AHEAD,
    "rules": LOOK_AHEAD,
    "help": 3,
    "leave": 10,
    "question": 2,
    "review": 2,
    "admin": 1,
}
WAITED = "waited"  # the kind of a message that only holds messages that waited
CARRIERS = ("progress", "digest", WAITED)  # kinds that also say what waited for their receiver
_APART_S = 240  # so far apart are messages that would all go at minute 0 or 30


class Silence(StrEnum):
    """The reason for withholding a message, by the name under which it is counted."""

    GONE = "gone"  # left, not come yet, or invisible to the app
    LEAVE = "leave"  # imported or noted by chat
    MUTED = "muted"
    FULL = "per_day"  # no daily slot is left
    ROLLOUT = "rollout"  # the rollout does not include the person yet


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietWish:
    """No unasked message before *muted_until* (epoch s), nor during *leaves*, both days included."""

    muted_until: int = 0
    leaves: tuple[tuple[date, date], ...] = ()

    def on_leave(self, day: date) -> bool:
        """Return whether the person noted leave on the local *day*."""
        return any(first <= day <= last for first, last in self.leaves)


NO_WISH = QuietWish()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """All people and their wishes by userid, the working calendar and the scope of the rollout."""

    people: Mapping[str, Person]
    wishes: Mapping[str, QuietWish]
    calendar: WorkCalendar
    rollout: RolloutScope = NO_ROLLOUT

    def silence(self, userid: str, at: datetime, *, kind: str = "") -> Silence | None:
        """Return why *userid* gets no unasked message of *kind* at *at* (aware), working hours aside.

        Return None if they may get it. The rollout is the last reason, so its count is that of messages that
        would have gone. For people outside the roster (such as admins) only their own wish counts.
        """
        day, person = self.calendar.local_day(at), self.people.get(userid)
        wish = self.wishes.get(userid, NO_WISH)
        if person is not None and not (person.employed_on(day) and person.in_range):
            return Silence.GONE
        if wish.on_leave(day) or (person is not None and day in person.absences):
            return Silence.LEAVE
        if epoch_of(at) < wish.muted_until:
            return Silence.MUTED
        return None if self.rollout.tells(userid, kind, person=person, day=day) else Silence.ROLLOUT

    def next_time(self, userid: str, at: datetime, *, kind: str = "") -> datetime | None:
        """Return the first local moment from *at* (aware) on at which *userid* may get a message of *kind*.

        It is in working hours. None if there is none within LOOK_AHEAD workdays, or if the rollout does not
        include them: else all that waited would go at once.
        """
        moment = self.working_time(at)
        for _ in range(LOOK_AHEAD):
            match self.silence(userid, moment, kind=kind):
                case None:
                    return moment
                case Silence.ROLLOUT:
                    return None
                case Silence.MUTED:
                    until = self.calendar.moment(self.wishes[userid].muted_until)
                    moment = self.working_time(until)
                case _:
                    moment = self.next_opening(moment)
        return None

    def working_time(self, at: datetime) -> datetime:
        """Return *at* (aware) if it is in working hours, else their next beginning; local."""
        calendar, local = self.calendar, self.calendar.local(at)
        if calendar.is_workday(local.date()) and local.time() < calendar.closes:
            return max(local, datetime.combine(local.date(), calendar.opens, calendar.zone))
        return self.next_opening(local)

    def apart(self, at: datetime, key: str) -> datetime:
        """Return *at*; for minute 0 or 30, which WeCom asks to avoid, one to five minutes later by *key*.

        A time in working hours stays in them.
        """
        if at.minute not in (0, 30):
            return at
        closes = datetime.combine(at.date(), self.calendar.closes, self.calendar.zone)
        later = at + timedelta(seconds=60 + zlib.crc32(key.encode()) % _APART_S)
        return min(later, max(at, closes - timedelta(seconds=1)))

    def closing(self, day: date) -> int:
        """Return the end of working hours on the local *day*, epoch s."""
        return epoch_of(datetime.combine(day, self.calendar.closes, self.calendar.zone))

    def next_opening(self, after: datetime) -> datetime:
        """Return the beginning of working hours on the next workday after *after* (local)."""
        day = self.calendar.next_workday(after.date())
        return datetime.combine(day, self.calendar.opens, self.calendar.zone)


def kind_of(job: str) -> str:
    """Return the kind of message of *job*: `decided` of `decided:appeal:12`."""
    return job.partition(":")[0]


def slots_for(kind: str, *, per_day: int, expected: Collection[str]) -> int:
    """Return how many of *per_day* slots may be taken before *kind* has none left.

    Kinds in FIRST that are *expected* later that day and come before *kind* keep theirs.
    """
    before = FIRST[: FIRST.index(kind)] if kind in FIRST else FIRST
    return per_day - len(set(before).intersection(expected))
