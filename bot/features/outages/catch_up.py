"""Catching up after an outage: a comparison with WeCom's lists soon, and before each job with figures.

A catch-up is a firing of `sync`, like the nightly one. It is claimed once, resumes after a cut, and asks a
person before it stores many losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import structlog

from bot.core.outages import DOWN, FIRST, REFUSED, SILENCE
from bot.core.workdays import WorkCalendar
from bot.features.close import settle
from bot.features.outages import gaps
from bot.features.outages.gaps import Gap
from bot.messages.sentences import Sentence
from bot.services import Services

log = structlog.get_logger(__name__)

SYNC = "sync"
LOOK_S = 15  # seconds between two looks of a waiting job
WAIT = timedelta(minutes=20)  # the shortest wait of a job, within working hours
# Jobs with figures that must be complete, and the end of their wait before the end of working hours.
ASK_FIRST = {
    "reminder": timedelta(minutes=30),
    "digest": timedelta(minutes=5),
    "weekly": timedelta(minutes=5),
    "close": timedelta(minutes=30),
}
_SAYS_SO = frozenset({"digest", "weekly"})  # jobs that send incomplete figures and say so
PROMPT = {"progress": timedelta(hours=4)}  # jobs whose message has lost its point so long after they were due
CLOSE_WORKDAYS = 3  # the longest wait of a close after the settlement, in working days
_AGAIN_S = 600
_SELDOM_S = 3600
_MINUTE_S = 60


class Turn(Enum):
    """The decision on a firing."""

    GO = "go"
    WAIT = "wait"
    HOLD = "hold"  # it is not sent any more


@dataclass(frozen=True, slots=True)
class FiringTurn:
    """A turn with its reason for people; the reason of GO may be empty."""

    turn: Turn
    note: str = ""


def begin_if_due(services: Services) -> None:
    """Start a comparison if it would recover lost events. Call it every few seconds.

    The first one starts ten minutes after an outage: late events have come by then, so the comparison covers
    all of it. After a failed one it starts again: after ten minutes, hourly outside working hours. During an
    outage, and for members with unreadable lists: hourly within working hours. Newcomers wait for the night.
    """
    gap = gaps.find_gap_now(services)
    if gap is None:
        return
    is_at_work = services.config.work_calendar().in_working_hours(services.clock.now())
    is_whole = _is_ripe(gap)
    if is_whole or (is_at_work and (gap.lasts or (gap.members and not gap.can_wait))):
        _ask(services, pause_s=_AGAIN_S if is_whole and is_at_work else _SELDOM_S)


def is_wanted(services: Services) -> bool:
    """Say whether a comparison that begins now would recover lost events."""
    return _is_ripe(gaps.find_gap(services.store, now=int(services.store.now())))


def _is_ripe(gap: Gap | None) -> bool:
    return gap is not None and gap.is_ripe and gap.members is None


def decide_turn(services: Services, job: str, *, fire_at: int, at: datetime) -> FiringTurn:
    """Decide on a firing of *job* due at *fire_at* (epoch s), as of *at* (aware)."""
    calendar, gap = services.config.work_calendar(), gap_of(services, job, at=at)
    if gap is None or not (job in ASK_FIRST or (gap.withholds and job in PROMPT)):
        is_late = job in (*PROMPT, "reminder") and at > latest(job, fire_at, calendar=calendar)
        return FiringTurn(Turn.HOLD, Sentence("sentences.too_late")) if is_late else FiringTurn(Turn.GO)
    if gap.members is not None and job != "close":
        return FiringTurn(Turn.GO)  # only a later try can help, and that is not soon
    if gaps.is_taken(services.store):
        return FiringTurn(Turn.GO, describe_gap(gap, calendar=calendar))
    if gap.lasts or gap.members is not None:
        _ask_for(services, fire_at)
    note = describe_gap(gap, calendar=calendar)
    if at < latest(job, fire_at, calendar=calendar):
        return FiringTurn(Turn.WAIT, note)
    return FiringTurn(Turn.GO if goes_anyway(services, job, gap, at=at) else Turn.HOLD, note)


def withholds(services: Services) -> bool:
    """Return whether figures are incomplete, so that only administrators get unasked messages."""
    gap = gaps.find_gap(services.store, now=int(services.store.now()))
    return gap is not None and gap.withholds


def explain_withheld(services: Services) -> str | None:
    """Return why figures are incomplete, for people; None if they are complete."""
    gap = gaps.find_gap(services.store, now=int(services.store.now()))
    if gap is None or not gap.withholds:
        return None
    return describe_gap(gap, calendar=services.config.work_calendar())


def goes_anyway(services: Services, job: str, gap: Gap, *, at: datetime) -> bool:
    """Say whether *job* runs on incomplete figures after its wait.

    A digest and a weekly say so. A reminder leaves out members with unreadable lists. A close waits three
    working days from the settlement.
    """
    if gap.withholds:
        return False
    if job == "close":
        return _waited_enough(services, at=at)
    return job in _SAYS_SO or gap.members is not None


def gap_of(services: Services, job: str, *, at: datetime) -> Gap | None:
    """Return the gap in the figures of *job* as of *at* (aware); for a close only before the settlement."""
    if job != "close":
        return gaps.find_gap_now(services)
    settled = _settlements(services, at=at)
    return gaps.find_gap_now(services, upto=services.real_of(max(settled))) if settled else None


def latest(job: str, fire_at: int, *, calendar: WorkCalendar) -> datetime:
    """Return the end of the wait of *job*: near the end of working hours, or 20 minutes after it was due.

    The later of the two, but at the latest five minutes before the end, so that its messages still go out.
    """
    due = calendar.moment(fire_at)
    closes = datetime.combine(due.date(), calendar.closes, calendar.zone)
    last = closes - ASK_FIRST["digest"]
    if job in PROMPT:
        return min(due + PROMPT[job], last)
    if job in _SAYS_SO:
        return min(due + WAIT, last)
    return min(max(due + WAIT, closes - ASK_FIRST[job]), last)


def describe_gap(gap: Gap, *, calendar: WorkCalendar) -> str:
    """Describe a gap for a person."""
    if FIRST in gap.reasons:
        return Sentence("sentences.not_whole")
    about = {"since": f"{calendar.moment(gap.since):%m-%d %H:%M}", "reasons": list(map(reason, gap.reasons))}
    if gap.members is None:
        return Sentence("sentences.events_missing", **about)
    return Sentence("sentences.events_missing_of", n=len(gap.members), **about)


def reason(name: str) -> str:
    """Return the sentence about the reason *name* of an outage."""
    sentences = {
        DOWN: Sentence("sentences.down"),
        REFUSED: Sentence("sentences.refused"),
        SILENCE: Sentence("sentences.silence"),
        FIRST: Sentence("sentences.first"),
    }
    return sentences.get(name, name)


def _settlements(services: Services, *, at: datetime) -> list[int]:
    calendar = services.config.work_calendar()
    return [quota.settlement(period, calendar=calendar) for quota, period in settle.list_due(services, at=at)]


def _waited_enough(services: Services, *, at: datetime) -> bool:
    calendar = services.config.work_calendar()
    first = min(_settlements(services, at=at), default=None)
    if first is None:
        return True
    return len(calendar.workdays_between(calendar.day_of(first), calendar.local_day(at))) >= CLOSE_WORKDAYS


def _ask_for(services: Services, fire_at: int) -> None:
    """Request one comparison after a job was due; later ones come by themselves."""
    last = services.store.runs.newest(SYNC)
    if last is None or last["fire_at"] < fire_at:
        _ask(services, pause_s=0)


def _ask(services: Services, *, pause_s: int) -> None:
    runs, now = services.store.runs, int(services.clock.now().timestamp())
    last = runs.newest(SYNC)
    if last is not None and (last["state"] in {"running", "waiting"} or now - last["fire_at"] < pause_s):
        return
    # Whole minutes: two processes at once request the same firing.
    if runs.put_up(SYNC, now - now % _MINUTE_S):
        log.info("catching up")
