"""After an outage: a comparison with WeCom's lists soon, and before each job that tells or keeps figures.

A catch-up is a firing of `sync` like that of the night, so it is claimed once, goes on after a cut, and asks
a person before many are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import structlog

from bot.core.outages import FIRST
from bot.core.workdays import WorkCalendar
from bot.features.close import results
from bot.features.outages import gaps
from bot.features.outages.gaps import Gap
from bot.services import Services

log = structlog.get_logger(__name__)

SYNC = "sync"
LOOK_S = 15  # how often a waiting job looks again
WAIT = timedelta(minutes=20)  # at least so long a job waits, working hours permitting
# Jobs whose figures must be complete, and how long before the end of working hours they wait at the latest.
ASK_FIRST = {
    "reminder": timedelta(minutes=30),
    "digest": timedelta(minutes=5),
    "weekly": timedelta(minutes=5),
    "close": timedelta(minutes=30),
}
_SAYS_SO = frozenset({"digest", "weekly"})  # what goes on incomplete figures, and says that they are
# A job whose message has lost its point so long after it was due.
PROMPT = {"progress": timedelta(hours=4)}
_LATE = "it is too late for it to help"
CLOSE_WORKDAYS = 3  # so many working days after the settlement a close waits no longer
_AGAIN_S = 600
_SELDOM_S = 3600
_MINUTE_S = 60


class Turn(Enum):
    """What is to become of a firing."""

    GO = "go"
    WAIT = "wait"
    HOLD = "hold"  # it is not told any more


@dataclass(frozen=True, slots=True)
class FiringTurn:
    """A turn, and for a person what it is about; empty for one that goes."""

    turn: Turn
    note: str = ""


def begin_if_due(services: Services) -> None:
    """Have a comparison begin if one would make good what was lost. Call it every few seconds.

    Ten minutes after an outage, when what was late has come and the comparison covers all of it; again ten
    minutes after one that failed, hourly outside working hours. While an outage lasts, and for members whose
    lists could not be read: hourly within working hours.
    """
    found = gaps.gap(services.store, now=int(services.store.now()))
    if found is None:
        return
    is_at_work = services.config.work_calendar().in_working_hours(services.clock.now())
    is_whole = _is_ripe(found)
    if is_whole or (is_at_work and (found.lasts or found.members)):
        _ask(services, pause_s=_AGAIN_S if is_whole and is_at_work else _SELDOM_S)


def is_wanted(services: Services) -> bool:
    """Whether a comparison that begins now would make good what was lost."""
    return _is_ripe(gaps.gap(services.store, now=int(services.store.now())))


def _is_ripe(found: Gap | None) -> bool:
    return found is not None and found.is_ripe and found.members is None


def turn(services: Services, job: str, *, fire_at: int, at: datetime) -> FiringTurn:
    """What is to become of a firing of *job* that was due at *fire_at* (epoch s), as of *at* (aware)."""
    calendar, found = services.config.work_calendar(), gap_of(services, job, at=at)
    if found is None or not (job in ASK_FIRST or (found.withholds and job in PROMPT)):
        is_late = job in (*PROMPT, "reminder") and at > latest(job, fire_at, calendar=calendar)
        return FiringTurn(Turn.HOLD, _LATE) if is_late else FiringTurn(Turn.GO)
    if found.members is not None and job != "close":
        return FiringTurn(Turn.GO)  # nothing but a later try can help, and that is not soon
    if gaps.is_taken(services.store):
        return FiringTurn(Turn.GO, said(found, calendar=calendar))
    if found.lasts or found.members is not None:
        _ask_for(services, fire_at)
    note = said(found, calendar=calendar)
    if at < latest(job, fire_at, calendar=calendar):
        return FiringTurn(Turn.WAIT, note)
    return FiringTurn(Turn.GO if goes_anyway(services, job, found, at=at) else Turn.HOLD, note)


def withheld(services: Services) -> str | None:
    """Return why figures are incomplete, for people; None if they are complete."""
    found = gaps.gap(services.store, now=int(services.store.now()))
    if found is None or not found.withholds:
        return None
    return said(found, calendar=services.config.work_calendar())


def goes_anyway(services: Services, job: str, found: Gap, *, at: datetime) -> bool:
    """Whether *job* is done on figures that lack something, once nobody waits any more.

    A digest and a weekly say it, a reminder leaves out members whose lists could not be read, and a close
    waits three working days from the settlement.
    """
    if found.withholds:
        return False
    if job == "close":
        return _waited_enough(services, at=at)
    return job in _SAYS_SO or found.members is not None


def gap_of(services: Services, job: str, *, at: datetime) -> Gap | None:
    """What the figures of *job* may lack as of *at* (aware); a close asks only what was before settlement."""
    now = int(services.store.now())
    if job != "close":
        return gaps.gap(services.store, now=now)
    settled = _settlements(services, at=at)
    return gaps.gap(services.store, now=now, upto=services.real_of(max(settled))) if settled else None


def latest(job: str, fire_at: int, *, calendar: WorkCalendar) -> datetime:
    """Until when *job* may wait: near the end of working hours, but 20 minutes after it was due if later.

    Five minutes before the end at the latest, so that its messages still go out.
    """
    due = calendar.moment(fire_at)
    closes = datetime.combine(due.date(), calendar.closes, calendar.zone)
    last = closes - ASK_FIRST["digest"]
    if job in PROMPT:
        return min(due + PROMPT[job], last)
    if job in _SAYS_SO:
        return min(due + WAIT, last)
    return min(max(due + WAIT, closes - ASK_FIRST[job]), last)


def said(found: Gap, *, calendar: WorkCalendar) -> str:
    """Return what figures may lack, for a person."""
    if FIRST in found.reasons:
        return "WeCom's lists were not compared as a whole yet: earlier customers may be missing"
    since = f"{calendar.moment(found.since):%m-%d %H:%M}"
    who = "" if found.members is None else f" of {len(found.members)} member(s)"
    return f"events{who} since {since} may be missing ({', '.join(found.reasons)})"


def _settlements(services: Services, *, at: datetime) -> list[int]:
    calendar = services.config.work_calendar()
    return [quota.settlement(period, calendar=calendar) for quota, period in results.due(services, at=at)]


def _waited_enough(services: Services, *, at: datetime) -> bool:
    calendar = services.config.work_calendar()
    first = min(_settlements(services, at=at), default=None)
    if first is None:
        return True
    return len(calendar.workdays_between(calendar.day_of(first), calendar.local_day(at))) >= CLOSE_WORKDAYS


def _ask_for(services: Services, fire_at: int) -> None:
    """One comparison that begins after a job was due; later ones come by themselves."""
    last = services.store.runs.newest(SYNC)
    if last is None or last["fire_at"] < fire_at:
        _ask(services, pause_s=0)


def _ask(services: Services, *, pause_s: int) -> None:
    runs, now = services.store.runs, int(services.clock.now().timestamp())
    last = runs.newest(SYNC)
    if last is not None and (last["state"] in {"running", "waiting"} or now - last["fire_at"] < pause_s):
        return
    # Whole minutes: two processes that ask at once ask for the same.
    if runs.put_up(SYNC, now - now % _MINUTE_S):
        log.info("catching up")
