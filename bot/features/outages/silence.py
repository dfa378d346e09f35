"""Watch over WeCom's callbacks: a silence too long for working hours is stored as an outage.

All times are real time, because callbacks come by it.
"""

from __future__ import annotations

import json
from datetime import date

import structlog

from bot.core.outages import SILENCE, covered_by
from bot.core.sync import ORIGIN, Cause
from bot.features.outages import gaps
from bot.features.outages.silence_rules import LOOK_S, CallbackHistory, Day, is_silent, note_callback
from bot.services import Services
from bot.store.sync import SyncRun

log = structlog.get_logger(__name__)

LEASE = "listening"
LEASE_S = int(2.5 * LOOK_S)
_HEARD = "heard"  # the mark with the history of callbacks
_PROVED = "quiet_until"  # the mark with the last moment at which a comparison proved a silence harmless


def look(services: Services) -> None:
    """Update the history of callbacks, and store the beginning or end of a silence. Call it each LOOK_S."""
    store = services.store
    now = int(store.now())
    if not store.leases.take(LEASE, holder=services.holder, now=now, until=now + LEASE_S):
        return
    last = store.inbox.last_received()
    if last is None:
        return
    _note_end(services, last)
    calendar = services.config.work_calendar()
    before = _remembered(services)
    disturbed = before is not None and _last_outage_end(services, now=now) > before.last
    heard = note_callback(before, last=last, now=now, calendar=calendar, disturbed=disturbed)
    remember(services, heard)
    if (silent := gaps.find_silence(store, now=now)) is not None:
        _note(services, silent.began_at, now)
        return
    since = max(last, _last_outage_end(services, now=now), int(store.marks.get(_PROVED) or 0))
    if is_silent(heard, since=since, now=now, calendar=calendar):
        _note(services, since, now)
        log.warning("WeCom is silent", since=since, minutes=(now - since) // 60)


def after_comparing(services: Services, run: SyncRun) -> None:
    """Drop a silence after a comparison without a finding: WeCom had nothing to send."""
    store = services.store
    silent = gaps.find_silence(store, now=int(store.now()))
    quiet_until = covered_by(run.real_began_at)
    if silent is None or quiet_until <= silent.began_at or gaps.list_unread(store):
        return
    is_held = Cause.HELD.value in store.syncs.report_totals(run)
    if is_held or store.ledger.found_since(services.moment_of(silent.began_at), origin=ORIGIN):
        return
    with store.transaction():
        store.outages.drop(silent.began_at, reason=SILENCE)
        store.marks.put(_PROVED, str(quiet_until))
    log.info("the silence was none: WeCom had nothing to tell", since=silent.began_at)


def _note(services: Services, began_at: int, ended_at: int) -> None:
    # Without a holder: the next listening process continues the same row.
    services.store.outages.add(began_at, ended_at, reason=SILENCE, holder="")


def _note_end(services: Services, last: int) -> None:
    """End the silence before the newest callback; so far it ended with the look before."""
    row, before = services.store.outages.last(SILENCE), _remembered(services)
    if row is not None and before is not None and before.last <= row["began_at"] < last:
        _note(services, row["began_at"], max(row["ended_at"], last))
        log.info("WeCom speaks again", silent_since=row["began_at"])


def _last_outage_end(services: Services, *, now: int) -> int:
    """Return the end of the newest finished outage; a lasting silence is not finished."""
    silent = gaps.find_silence(services.store, now=now)
    ends = [
        row["ended_at"]
        for row in services.store.outages.since(now - 86_400 * 14)
        if silent is None or (row["reason"], row["began_at"]) != (SILENCE, silent.began_at)
    ]
    return max(ends, default=0)


def _remembered(services: Services) -> CallbackHistory | None:
    text = services.store.marks.get(_HEARD)
    if text is None:
        return None
    values = json.loads(text)
    days = tuple(
        Day(day=date.fromisoformat(day), longest_s=pause, busy=busy) for day, pause, busy in values["days"]
    )
    return CallbackHistory(last=values["last"], looked_at=values["looked_at"], days=days)


def remember(services: Services, heard: CallbackHistory) -> None:
    """Store the history for the next look."""
    days = [[day.day.isoformat(), day.longest_s, day.busy] for day in heard.days]
    values = {"last": heard.last, "looked_at": heard.looked_at, "days": days}
    services.store.marks.put(_HEARD, json.dumps(values))
