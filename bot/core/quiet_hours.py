"""When somebody may be told what he did not ask for. Whatever nobody asked for goes through here."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.core.people import Person
from bot.core.rollout import NO_ROLLOUT, RolloutScope
from bot.core.workdays import WorkCalendar, epoch_of

LOOK_AHEAD = 60  # workdays; who is not to be reached for so long is not told

# Kinds of unasked messages, the most important first; what is not named comes last. A lesser one leaves a
# place of the day to those before it that are still to come.
RANKS = (
    *("reminder", "progress", "close", "decided", "rules", "help", "question", "review"),
    *("admin", "digest", "leave", "weekly", "statement"),
)
# What loses nothing by a day and must not get lost: it waits for a place, so many workdays at most.
WAITS: Mapping[str, int] = {
    "close": 5,
    "decided": LOOK_AHEAD,
    "rules": LOOK_AHEAD,
    "help": 3,
    "leave": 10,
    "question": 2,
    "review": 2,
    "weekly": 2,
}
PATIENCE = 2  # workdays after which what waits takes a place of the day, whatever else may come
_APART_S = 240  # so far apart are messages that would all go at minute 0 or 30


class Silence(StrEnum):
    """Why somebody is not told something, by the name under which it is counted."""

    GONE = "gone"  # left, not come yet, or WeCom does not show him to the app
    LEAVE = "leave"  # by import or by his own word
    MUTED = "muted"
    FULL = "per_day"  # he was told enough that day
    ROLLOUT = "rollout"  # the bot does not speak to him yet


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietWish:
    """Nothing unasked before *muted_until* (epoch s), nor in *leaves*, both days included."""

    muted_until: int = 0
    leaves: tuple[tuple[date, date], ...] = ()

    def on_leave(self, day: date) -> bool:
        """Whether he said that he is away on the local *day*."""
        return any(first <= day <= last for first, last in self.leaves)


NO_WISH = QuietWish()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Everybody by userid, what each wishes, the working calendar, and whom the bot speaks to so far."""

    people: Mapping[str, Person]
    wishes: Mapping[str, QuietWish]
    calendar: WorkCalendar
    rollout: RolloutScope = NO_ROLLOUT

    def silence(self, userid: str, at: datetime, *, kind: str = "") -> Silence | None:
        """Say why *userid* is told nothing unasked at *at* (aware), working hours aside; None if he may be.

        *kind* of message: admins get theirs in every mode of the rollout. That it is not his turn yet is said
        last, so that its number is that of messages which would have gone.

        Of somebody outside the roster (an admin) nobody knows where he is: only his own wish counts.
        """
        day, wish, person = (
            self.calendar.local_day(at),
            self.wishes.get(userid, NO_WISH),
            self.people.get(userid),
        )
        if person is not None and not (person.employed_on(day) and person.in_range):
            return Silence.GONE
        if wish.on_leave(day) or (person is not None and day in person.absences):
            return Silence.LEAVE
        if epoch_of(at) < wish.muted_until:
            return Silence.MUTED
        return None if self.rollout.tells(userid, kind, person=person, day=day) else Silence.ROLLOUT

    def next_time(self, userid: str, at: datetime, *, kind: str = "") -> datetime | None:
        """Return the first moment from *at* (aware) on at which *userid* may be told something; local.

        It is in working hours. None when there is none within LOOK_AHEAD workdays, or the rollout has to come
        to him first: what waited for that would all go at once.
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
        """Return *at*, or, for a minute 0 or 30, one to five minutes later: which, *key* decides.

        WeCom asks to avoid these minutes. A time in working hours stays in them.
        """
        if at.minute not in (0, 30):
            return at
        closes = datetime.combine(at.date(), self.calendar.closes, self.calendar.zone)
        later = at + timedelta(seconds=60 + zlib.crc32(key.encode()) % _APART_S)
        return min(later, max(at, closes - timedelta(seconds=1)))

    def next_opening(self, after: datetime) -> datetime:
        """Return when working hours begin on the first workday after the day of *after* (local)."""
        day = self.calendar.next_workday(after.date())
        return datetime.combine(day, self.calendar.opens, self.calendar.zone)


def kind_of(job: str) -> str:
    """Return what kind of message *job* names: `decided` of `decided:appeal:12`."""
    return job.partition(":")[0]


def places_kept(kind: str, *, awaited: Collection[str]) -> int:
    """Return how many places of the day a message of *kind* leaves to those *awaited* that come before it."""
    return sum(_rank(one) < _rank(kind) for one in set(awaited))


def _rank(kind: str) -> int:
    return RANKS.index(kind) if kind in RANKS else len(RANKS)
