"""Events that may have been lost, and the members whose lists no comparison has covered since.

Times are real epoch seconds. For `readyz`, `status`, jobs and those who run the bot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from bot.core.outages import DOWN, FIRST, SHORTEST_DOWN_S, SILENCE, Outage, covered_by, uncovered
from bot.core.sync import NEVER_READ, Cause
from bot.core.workdays import epoch_of
from bot.services import Services
from bot.store.store import Store

COMPLETE = "complete"  # the mark of who took the record as complete, and why, as JSON
RECEIVING = "receiving"  # the mark of the last moment at which a receiver ran
ALIVE_S = 10  # how often a receiver sets it


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Figures may lack what happened from *since* on.

    Of everybody, or only of *members*, whose lists the newest comparison could not read. *reasons*: of the
    outages, in order. *lasts*: one of them goes on. *is_ripe*: a comparison that begins now covers one that
    is over. *withholds*: figures are incomplete for everybody, so only administrators get unasked messages.
    """

    since: int
    members: frozenset[str] | None
    reasons: tuple[str, ...]
    lasts: bool
    is_ripe: bool
    withholds: bool = False


def gap(store: Store, *, now: int, upto: int | None = None) -> Gap | None:
    """What is not made good at *now* of what happened before *upto* (or now); None: figures are complete.

    An outage is made good by a comparison that began ten minutes or more after its end, for every member
    whose list it read.
    """
    if not is_taken(store) and store.syncs.first_whole_at() is None:
        return Gap(since=0, members=None, reasons=(FIRST,), lasts=False, is_ripe=True, withholds=True)
    horizon = now if upto is None else upto
    newest = store.syncs.real_covered(now=now)
    covered = 0 if newest is None else covered_by(newest)
    found = uncovered(_outages(store, now=now, since=covered), covered=covered, upto=horizon)
    if found:
        long = any(outage.is_long for outage in found) and not is_taken(store)
        return replace(_gap_of(found, covered=covered, members=None, now=now), withholds=long)
    return _of_some(store, now=now, horizon=horizon)


def take_as_complete(services: Services, *, by: str, reason: str) -> None:
    """Take the record as complete from now on; outages are named only. For banks without WeCom's lists."""
    store, at = services.store, epoch_of(services.clock.now())
    with store.transaction():
        store.marks.put(COMPLETE, json.dumps({"by": by, "reason": reason, "at": at}, ensure_ascii=False))
        store.audit.add(at=at, actor=by, act="complete", subject="record", detail={"reason": reason})


def is_taken(store: Store) -> bool:
    """Return whether a person took the record as complete."""
    return store.marks.get(COMPLETE) is not None


def silence(store: Store, *, now: int) -> Outage | None:
    """The silence of WeCom that lasts at *now*; None: there is none. For whoever is to be alarmed."""
    row = store.outages.last(SILENCE)
    if row is None or row["began_at"] < (store.inbox.last_received() or 0):
        return None
    return Outage(began_at=row["began_at"], ended_at=now, reason=SILENCE, lasts=True)


def unread(store: Store) -> frozenset[str]:
    """Members whose lists the newest comparison could not read, and a later one may."""
    run = store.syncs.last()
    if run is None:
        return frozenset()
    drifts = store.syncs.report_lines(run, Cause.UNKNOWN.value)
    return frozenset(drift.userid for drift in drifts if drift.text not in NEVER_READ)


def _outages(store: Store, *, now: int, since: int) -> list[Outage]:
    found = [
        Outage(began_at=row["began_at"], ended_at=row["ended_at"], reason=row["reason"])
        for row in store.outages.since(since)
    ]
    if (silent := silence(store, now=now)) is not None:
        found = [one for one in found if (one.reason, one.began_at) != (SILENCE, silent.began_at)]
        found.append(silent)
    received = store.marks.get(RECEIVING)
    if received is not None and now - int(received) > SHORTEST_DOWN_S + ALIVE_S:
        found.append(Outage(began_at=int(received), ended_at=now, reason=DOWN, lasts=True))
    return found


def _of_some(store: Store, *, now: int, horizon: int) -> Gap | None:
    """Members whose own lists were last read before an outage ended; so many of them are as good as all."""
    outages = _outages(store, now=now, since=0)
    if not outages or not (missing := unread(store)):
        return None
    read_at = store.syncs.real_readings()
    concerned: dict[str, tuple[tuple[Outage, ...], int]] = {}
    for userid in missing:
        covered = covered_by(read_at[userid]) if userid in read_at else 0
        if found := uncovered(outages, covered=covered, upto=horizon):
            concerned[userid] = found, covered
    if not concerned:
        return None
    found, covered = min(concerned.values(), key=lambda one: max(one[0][0].began_at, one[1]))
    newest = max(read_at.values(), default=0)
    read = sum(moment == newest for moment in read_at.values())
    members = None if len(concerned) >= read else frozenset(concerned)
    return _gap_of(found, covered=covered, members=members, now=now)


def _gap_of(found: tuple[Outage, ...], *, covered: int, members: frozenset[str] | None, now: int) -> Gap:
    return Gap(
        since=max(found[0].began_at, covered),
        members=members,
        reasons=tuple(dict.fromkeys(one.reason for one in found)),
        lasts=any(one.lasts for one in found),
        is_ripe=any(one.is_ripe(now) for one in found),
    )
