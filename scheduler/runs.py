"""The run ledger at work: each firing is claimed once, planned in chunks, and taken over if it is abandoned.

What was due while the service was down is caught up within that day's working hours (what tells nobody
anything: on that day); what cannot be is noted as missed. Nothing due before the first start is missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import structlog

from bot.services import FIRST_START, Services
from bot.store.outbox import Message
from bot.telling import peace, put_unasked
from scheduler.asking import StoppedError
from scheduler.jobs import LASTING, NEEDED, PREPARES, SILENT
from scheduler.planner import plan_by_person
from scheduler.table import Firing, firings, timetable
from scheduler.tags import freshen

log = structlog.get_logger(__name__)

CHUNK = 100
LEASE_S = 60  # a planner that is silent for so long has died
TRIES = 3
_SEEN = "timetable_seen"


def tick(services: Services) -> None:
    """Run or note everything that has become due since the last tick. Call it every second or so."""
    store = services.store
    now = services.clock.now()
    moment = int(now.timestamp())
    first = store.marks.first(FIRST_START, str(moment))
    seen = int(store.marks.get(_SEEN) or first)
    calendar = services.config.work_calendar()
    due = firings(timetable(services.config), calendar=calendar, after=seen, upto=moment)
    abandoned = [Firing(job, at) for job, at in store.runs.abandoned(now=int(store.now()))]
    for firing in abandoned:
        _run_or_miss(services, firing, now=now)
    for firing in due:
        is_needed = NEEDED.get(firing.job)
        if is_needed is None or is_needed(services, now):
            _run_or_miss(services, firing, now=now)
    if moment > seen:
        store.marks.put(_SEEN, str(moment))


def _run_or_miss(services: Services, firing: Firing, *, now: datetime) -> None:
    calendar = services.config.work_calendar()
    same_day = calendar.day_of(firing.fire_at) == calendar.local_day(now)
    if same_day and (firing.job in SILENT or calendar.in_working_hours(now)):
        fire(services, firing, now=now)
    elif services.store.runs.miss(firing.job, firing.fire_at, now=int(services.store.now())):
        log.warning("job missed", job=firing.job, fire_at=firing.fire_at)


def fire(services: Services, firing: Firing, *, now: datetime) -> bool:
    """Plan one firing as of *now*; False when it is another process's, or was done before."""
    runs = services.store.runs
    real_now = int(services.store.now())
    mine = runs.claim(
        firing.job, firing.fire_at, holder=services.holder, now=real_now, lease_until=real_now + LEASE_S
    )
    if not mine:
        return False
    row = runs.get(firing.job, firing.fire_at)
    cursor, attempts = (row["cursor"], row["attempts"]) if row else ("", 1)
    try:
        _plan(services, firing, at=now, cursor=cursor)
    except Exception as error:
        # The lease ends, and whoever is there tries again; after TRIES a person must look.
        about = {"job": firing.job, "fire_at": firing.fire_at, "attempts": attempts}
        if isinstance(error, StoppedError):
            log.warning("job stopped", reason=str(error), **about)
        else:
            log.exception("job failed", **about)
        if attempts >= TRIES:
            reason = type(error).__name__
            runs.end(firing.job, firing.fire_at, holder=services.holder, state="failed", error=reason)
        return True
    runs.end(firing.job, firing.fire_at, holder=services.holder, state="done")
    services.outbox_signal.ring()
    return True


def _plan(services: Services, firing: Firing, *, at: datetime, cursor: str) -> None:
    store = services.store
    freshen(services, firing.job, at=at)
    if (prepare := PREPARES.get(firing.job)) is not None:
        prepare(services, at)
    if (work := LASTING.get(firing.job)) is not None:
        work(services, at, _beat(services, firing, at=at, cursor=cursor))
    people, quiet = plan_by_person(services, firing.job, at=at, after=cursor), peace(services)
    for chunk in _chunks(people):
        with store.transaction():
            added = sum(put_unasked(services, message, quiet=quiet, spread=True) for message in chunk)
            still_mine = store.runs.advance(
                firing.job,
                firing.fire_at,
                holder=services.holder,
                lease_until=int(store.now()) + LEASE_S,
                planned_at=int(at.timestamp()),
                cursor=chunk[-1].to_userid,
                messages=added,
            )
        if not still_mine:
            return
        services.outbox_signal.ring()


def _beat(services: Services, firing: Firing, *, at: datetime, cursor: str) -> Callable[[], None]:
    """What says that a firing is being worked on: it renews the lease in time.

    Raises StoppedError when another process has taken the firing over.
    """
    store = services.store
    renewed = store.now()

    def beat() -> None:
        nonlocal renewed
        now = store.now()
        if now - renewed < LEASE_S / 4:
            return
        still_mine = store.runs.advance(
            firing.job,
            firing.fire_at,
            holder=services.holder,
            lease_until=int(now) + LEASE_S,
            planned_at=int(at.timestamp()),
            cursor=cursor,
            messages=0,
        )
        if not still_mine:
            raise StoppedError("another process has taken this job over")
        renewed = now

    return beat


def _chunks(people: Iterable[list[Message]]) -> Iterator[list[Message]]:
    """Yield CHUNK messages or a few more at a time; all to one person are planned together."""
    chunk: list[Message] = []
    for to_one in people:
        chunk += to_one
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
