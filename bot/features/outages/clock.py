"""A clock that was ahead: what it left in the store is put right, or the bot would wait until then.

One rule for every stored moment: what lies further ahead than its own span allows is not true.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import structlog

from bot.clock import RealClock, is_set
from bot.config.fields import is_userid
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.store.store import Store

log = structlog.get_logger(__name__)

LOOK_S = 5.0


def look_at_clock(services: Services) -> None:
    """Put the store right if it has seen a later time than now. Call it every few seconds."""
    real, played = _now(services)
    if is_set() and services.store.moments.is_ahead(real=real, played=played):
        put_right(services)


def put_right(services: Services) -> None:
    """Correct every stored moment that lies too far ahead, with a log line. Call it at each start.

    It searches large tables only if a small table, a mark or a newest row holds a later time.
    Raises StoreBusyError while the machine's clock is not set: what is stored under it lies decades back.
    """
    if not is_set():
        raise StoreBusyError(Sentence("faults.store.clock_unset", now=f"{RealClock().now():%Y-%m-%d %H:%M}"))
    store, (real, played) = services.store, _now(services)
    if not store.moments.has_later(real=real, played=played):
        return
    with store.transaction():
        messages = _forget_messages(services, real=real)
        runs = _forget_runs(services, played=played, jobs_again=messages)
        counts = {name: len(rows) for name, rows in (("jobs", messages), ("runs", runs)) if rows}
        for table, number in store.moments.put_right(real=real, played=played).items():
            counts[table] = counts.get(table, 0) + number
    if counts:
        log.warning("the clock was ahead: stored moments are put right", **counts)
        services.inbox_signal.wake()
        services.outbox_signal.wake()


def find_problem(store: Store, *, now: int) -> str | None:
    """Return what `readyz` says while the store knows of a later time than *now* (real epoch s)."""
    seen = store.moments.later_time(real=now)
    if seen is None:
        return None
    return (
        f"this store has seen a later time than now ({_utc(seen)}, now {_utc(now)}): "
        "is this machine's clock right (timedatectl)?"
    )


def _now(services: Services) -> tuple[int, int]:
    return int(services.store.now()), int(services.clock.now().timestamp())


def _forget_messages(services: Services, *, real: int) -> set[tuple[str, date]]:
    """Forget unasked messages that were planned ahead; return their jobs and days."""
    store, calendar = services.store, services.config.work_calendar()
    planned: set[tuple[str, date]] = set()
    for row in store.moments.messages_ahead(real=real):
        day = calendar.day_of(row["not_before"])
        planned.add((row["job"], day))
        if is_userid(row["to_userid"]):
            store.unasked_messages.give_back(row["to_userid"], day)
        store.moments.forget_message(row["seq"])
    return planned


def _forget_runs(
    services: Services, *, played: int, jobs_again: set[tuple[str, date]]
) -> set[tuple[str, int]]:
    """Forget firings after now that came to nothing, or whose messages were forgotten."""
    moments, calendar = services.store.moments, services.config.work_calendar()
    forgotten: set[tuple[str, int]] = set()
    for row in moments.runs_ahead(played=played):
        job, fire_at = row["job"], int(row["fire_at"])
        if row["state"] != "done" or (job, calendar.day_of(fire_at)) in jobs_again:
            moments.forget_run(job, fire_at)
            forgotten.add((job, fire_at))
    return forgotten


def _utc(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
