"""Events that may have been lost and that no comparison with WeCom's lists has recovered yet.

Times are real epoch seconds. For `readyz`, `status`, jobs and administrators.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from bot.core.outages import DOWN, FIRST, SHORTEST_DOWN_S, SILENCE, Outage, covered_by, find_uncovered
from bot.core.sync import NEVER_READ, NOT_IN_DIRECTORY, Cause
from bot.core.workdays import epoch_of
from bot.services import Services
from bot.store.store import Store

COMPLETE = "complete"  # the mark of who took the record as complete, and why, as JSON
RECEIVING = "receiving"  # the mark with the last moment of a running receiver
ALIVE_S = 10  # seconds between two updates of this mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Figures may lack events from *since* on.

    *members*: the people concerned, with lists that the newest comparison could not read; None: everybody.
    *reasons*: of the outages, in order. *lasts*: one of them goes on. *is_ripe*: a comparison that begins now
    covers a finished one. *withholds*: figures are incomplete, so only administrators get unasked messages.
    *can_wait*: it concerns newcomers alone, and the night's comparison asks for their lists.
    """

    since: int
    members: frozenset[str] | None
    reasons: tuple[str, ...]
    lasts: bool
    is_ripe: bool
    withholds: bool = False
    can_wait: bool = False


Newcomers = Mapping[str, int]  # by userid: the moment from which their events are missing


def find_gap_now(services: Services, *, upto: int | None = None) -> Gap | None:
    """Return what `find_gap` finds now, newcomers included. They never withhold anything from others."""
    now, newcomers = int(services.store.now()), partial(list_newcomers, services)
    return find_gap(services.store, now=now, upto=upto, newcomers=newcomers)


def find_gap(
    store: Store, *, now: int, upto: int | None = None, newcomers: Callable[[], Newcomers] = dict
) -> Gap | None:
    """Return the gap at *now* in events before *upto* (or now); None: figures are complete.

    A comparison recovers an outage if it begins ten minutes or more after its end, for read lists.
    *newcomers* is asked only after an outage.
    """
    if not is_taken(store) and store.syncs.first_whole_at() is None:
        return Gap(since=0, members=None, reasons=(FIRST,), lasts=False, is_ripe=True, withholds=True)
    horizon = now if upto is None else upto
    newest = store.syncs.real_covered(now=now)
    covered = 0 if newest is None else covered_by(newest)
    outages = find_uncovered(_outages(store, now=now, since=covered), covered=covered, upto=horizon)
    if outages:
        long = any(outage.is_long for outage in outages) and not is_taken(store)
        return replace(_gap_of(outages, covered=covered, members=None, now=now), withholds=long)
    return _of_some(store, now=now, horizon=horizon, newcomers=newcomers)


def take_as_complete(services: Services, *, by: str, reason: str) -> None:
    """Take the record as complete from now on; outages are named only. For banks without WeCom's lists."""
    store, at = services.store, epoch_of(services.clock.now())
    with store.transaction():
        store.marks.put(COMPLETE, json.dumps({"by": by, "reason": reason, "at": at}, ensure_ascii=False))
        store.audit.add(at=at, actor=by, act="complete", subject="record", detail={"reason": reason})


def is_taken(store: Store) -> bool:
    """Return whether a person took the record as complete."""
    return store.marks.get(COMPLETE) is not None


def find_silence(store: Store, *, now: int) -> Outage | None:
    """Return the silence of WeCom that lasts at *now*, for alarms; None: there is none."""
    row = store.outages.last(SILENCE)
    if row is None or row["began_at"] < (store.inbox.last_received() or 0):
        return None
    return Outage(began_at=row["began_at"], ended_at=now, reason=SILENCE, lasts=True)


def list_unread(store: Store) -> frozenset[str]:
    """Return the members with lists that the newest comparison did not read, but a later one may.

    The comparison could not read them, or asked under a userid that has changed since.
    """
    run = store.syncs.last()
    if run is None:
        return frozenset()
    drifts = store.syncs.report_lines(run, Cause.UNKNOWN.value)
    unread = frozenset(drift.userid for drift in drifts if drift.text not in NEVER_READ)
    return unread | store.renames.since(run.began_at)


def list_newcomers(services: Services) -> Newcomers:
    """Return the people that the newest comparison did not know, but the next one would.

    Each with the beginning of their first day: earlier outages do not concern them. WeCom's lists may lack
    them, and no list says so. So they count for the rest of the day of their arrival.
    """
    store, calendar = services.store, services.config.work_calendar()
    if (run := store.syncs.last()) is None:
        return {}
    frozen = store.syncs.report_lines(run, Cause.FROZEN.value)
    unknown = {drift.userid for drift in frozen if drift.text == NOT_IN_DIRECTORY}
    unknown |= store.members.first_read_since(calendar.day_of(run.began_at))
    unknown -= {drift.userid for drift in store.syncs.report_lines(run, Cause.UNKNOWN.value)}
    if not unknown:
        return {}
    today, found = calendar.local_day(services.clock.now()), dict[str, int]()
    for userid, person in store.members.some(unknown).items():
        if person.employed_on(today):
            first = person.joined_on or person.first_read
            found[userid] = 0 if first is None else services.real_of(calendar.start_of(first))
    return found


def _outages(store: Store, *, now: int, since: int) -> list[Outage]:
    outages = [
        Outage(began_at=row["began_at"], ended_at=row["ended_at"], reason=row["reason"])
        for row in store.outages.since(since)
    ]
    if (silent := find_silence(store, now=now)) is not None:
        outages = [other for other in outages if (other.reason, other.began_at) != (SILENCE, silent.began_at)]
        outages.append(silent)
    received = store.marks.get(RECEIVING)
    if received is not None and now - int(received) > SHORTEST_DOWN_S + ALIVE_S:
        outages.append(Outage(began_at=int(received), ended_at=now, reason=DOWN, lasts=True))
    return outages


def _of_some(store: Store, *, now: int, horizon: int, newcomers: Callable[[], Newcomers]) -> Gap | None:
    """Return the gap of members with lists last read before an outage ended; many of them count as all."""
    if not (outages := _outages(store, now=now, since=0)):
        return None
    unread = list_unread(store)
    owed = {**newcomers(), **dict.fromkeys(unread, 0)}
    if not owed:
        return None
    read_at = store.syncs.real_readings()
    concerned: dict[str, tuple[tuple[Outage, ...], int]] = {}
    for userid, since in owed.items():
        covered = max(since, covered_by(read_at[userid]) if userid in read_at else 0)
        if lost := find_uncovered(outages, covered=covered, upto=horizon):
            concerned[userid] = lost, covered
    if not concerned:
        return None
    lost, covered = min(concerned.values(), key=lambda item: max(item[0][0].began_at, item[1]))
    newest = max(read_at.values(), default=0)
    read = sum(moment == newest for moment in read_at.values())
    urgent = len(concerned.keys() & unread)
    members = None if urgent and urgent >= read else frozenset(concerned)
    return replace(_gap_of(lost, covered=covered, members=members, now=now), can_wait=not urgent)


def _gap_of(outages: tuple[Outage, ...], *, covered: int, members: frozenset[str] | None, now: int) -> Gap:
    return Gap(
        since=max(outages[0].began_at, covered),
        members=members,
        reasons=tuple(dict.fromkeys(outage.reason for outage in outages)),
        lasts=any(outage.lasts for outage in outages),
        is_ripe=any(outage.is_ripe(now) for outage in outages),
    )
