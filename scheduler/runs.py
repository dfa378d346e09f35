"""Run the firings of the timetable: claim each once, plan it in chunks, take over abandoned ones.

Firings due while the service was down are caught up within that day's working hours (jobs without messages:
on that day), else noted as missed. Nothing due before the first start is missed. Long jobs have a thread of
their own, so that they delay no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event, Thread
from time import monotonic

import structlog

from bot.features.details.tags import build_freshener, freshen
from bot.features.notify.enqueue import enqueue_unasked, quiet_hours
from bot.features.outages import catch_up
from bot.features.outages.catch_up import Turn
from bot.logs.ref import bound_ref
from bot.messages.sentences import Sentence
from bot.services import FIRST_START, Services
from bot.store.counters import count
from bot.store.engine import StoreBusyError
from bot.store.outbox import OutboxMessage
from bot.store.runs import SEEN
from bot.wecom.asker import StoppedError
from scheduler.jobs import LASTING, NEEDED, SILENT
from scheduler.planner import Piece, plan_for_admins, plan_pieces, prepare
from scheduler.timetable import Firing, firings, timetable

log = structlog.get_logger(__name__)

CHUNK = 100
CLOSING = "close"
MORNING = "progress"  # the administrators' message goes with it
LEASE_S = 60  # a planner that does not renew for so long has died
RENEW_S = LEASE_S / 4  # real seconds between two renewals
TRIES = 3
_LOOK_BACK_S = 31 * 86_400  # older firings are not even missed: a machine's clock may have begun in 1970
_MS = 1000


def tick(services: Services) -> None:
    """Run, or note as missed, the firings due since the last tick. Call it about every second.

    Long jobs are only stored, for `tick_lasting`.
    """
    store = services.store
    now = services.clock.now()
    moment = int(now.timestamp())
    first = store.marks.first(FIRST_START, str(moment))
    seen = int(store.marks.get(SEEN) or first)
    calendar = services.config.work_calendar()
    since = max(seen, moment - _LOOK_BACK_S)
    due = firings(timetable(services.config), calendar=calendar, after=since, upto=moment)
    for firing in _open(services, lasting=False):
        _run_or_miss(services, firing, now=now)
    for firing in due:
        is_needed = NEEDED.get(firing.job)
        if is_needed is not None and not is_needed(services, now):
            continue
        if firing.job in LASTING:
            store.runs.put_up(firing.job, firing.fire_at)
        else:
            _run_or_miss(services, firing, now=now)
    if moment > seen:  # a clock that went back is the work of `outages.clock`
        store.marks.put(SEEN, str(moment))


def tick_lasting(services: Services) -> None:
    """Run long jobs, one after another. Call it about every second from a thread of its own."""
    for firing in _open(services, lasting=True):
        if services.ending.is_set():
            return
        _run_or_miss(services, firing, now=services.clock.now())


def _open(services: Services, *, lasting: bool) -> list[Firing]:
    """Return firings that were stored, postponed until now, or left by a process that died."""
    found = services.store.runs.abandoned(now=int(services.store.now()))
    return [Firing(job, at) for job, at in found if (job in LASTING) is lasting]


def _run_or_miss(services: Services, firing: Firing, *, now: datetime) -> None:
    """Run *firing*, or note that it is missed; one after now is not due, whatever the store says."""
    if firing.fire_at > now.timestamp():
        return
    calendar = services.config.work_calendar()
    same_day = calendar.day_of(firing.fire_at) == calendar.local_day(now)
    if same_day and (firing.job in SILENT or calendar.in_working_hours(now)):
        fire(services, firing, now=now)
    elif services.store.runs.miss(firing.job, firing.fire_at, now=int(services.store.now())):
        log.warning("job missed", job=firing.job, fire_at=firing.fire_at)


def fire(services: Services, firing: Firing, *, now: datetime) -> bool:
    """Plan one firing as of *now*. Return False if another process has it or it was done before."""
    with bound_ref(f"{firing.job}:{firing.fire_at}"):
        return _fire(services, firing, now=now)


def _fire(services: Services, firing: Firing, *, now: datetime) -> bool:
    runs = services.store.runs
    real_now = int(services.store.now())
    mine = runs.claim(
        firing.job, firing.fire_at, holder=services.holder, now=real_now, lease_until=real_now + LEASE_S
    )
    if not mine:
        return False
    row = runs.get(firing.job, firing.fire_at)
    cursor, attempts, noted = (row["cursor"], row["attempts"], row["error"]) if row else ("", 1, "")
    try:
        if _is_put_off(services, firing, at=now, noted=noted):
            return True
        late_s = now.timestamp() - firing.fire_at
        count("job_late_ms", firing.job, number=max(0, int(late_s * _MS)))
        began = monotonic()
        with _kept(services, firing) as beat:
            _plan(services, firing, at=now, cursor=cursor, beat=beat)
        count("job_ms", firing.job, number=int((monotonic() - began) * _MS))
    except Exception as error:  # noqa: BLE001 - one job's failure must not stop the others
        _failed(services, firing, error, attempts=attempts)
        return True
    runs.end(firing.job, firing.fire_at, holder=services.holder, state="done")
    services.outbox_signal.ring()
    return True


def _is_put_off(services: Services, firing: Firing, *, at: datetime, noted: str) -> bool:
    """Return whether figures are too incomplete for this job now. It then waits, or is held for good."""
    job, fire_at, runs = firing.job, firing.fire_at, services.store.runs
    answer = catch_up.decide_turn(services, job, fire_at=fire_at, at=at)
    if answer.turn is not Turn.GO and job == MORNING and noted != answer.note:
        _tell_admins(services, at=at)
    if answer.turn is Turn.WAIT:
        until = int(services.store.now()) + catch_up.LOOK_S
        runs.put_back(job, fire_at, holder=services.holder, until=until, error=answer.note)
        if noted != answer.note:
            log.info("job waits", job=job, fire_at=fire_at, reason=answer.note)
        return True
    if answer.turn is Turn.HOLD:
        log.warning("job held", job=job, fire_at=fire_at, reason=answer.note)
        runs.end(job, fire_at, holder=services.holder, state="held", error=answer.note)
        return True
    if answer.note:
        log.warning("job goes on with incomplete figures", job=job, fire_at=fire_at, reason=answer.note)
    return False


def _tell_admins(services: Services, *, at: datetime) -> None:
    quiet = quiet_hours(services)
    with services.store.transaction():
        for message in plan_for_admins(services, at=at):
            enqueue_unasked(services, message, quiet=quiet, spread=True)
    services.outbox_signal.ring()


def _failed(services: Services, firing: Firing, error: Exception, *, attempts: int) -> None:
    """Log a failed try. Another one follows when the lease ends; after TRIES a person must look."""
    job, fire_at, runs = firing.job, firing.fire_at, services.store.runs
    if services.ending.is_set():  # no fault of the job: the next process may take it at once
        until = int(services.store.now())
        runs.put_back(job, fire_at, holder=services.holder, until=until, error=Sentence("sentences.ended"))
        log.info("job stopped", job=job, fire_at=fire_at, reason="the service is ending")
        return
    about = {"job": job, "fire_at": fire_at, "attempts": attempts}
    if isinstance(error, StoppedError):
        log.warning("job stopped", reason=str(error), **about)
    else:
        log.error("job failed", exc_info=error, **about)
    if attempts >= TRIES:
        runs.end(job, fire_at, holder=services.holder, state="failed", error=type(error).__name__)


def _plan(services: Services, firing: Firing, *, at: datetime, cursor: str, beat: Callable[[], None]) -> None:
    job, store = firing.job, services.store
    if (work := LASTING.get(job)) is not None:
        work(services, at, beat)
        return
    if job == CLOSING:
        freshen(services, job, at=at)  # a result is of all people
    prepare(services, job, at=at)
    beat()
    ready = build_freshener(services, job, at=at)
    for piece in plan_pieces(services, job, at=at, after=cursor, keep=True, ready=ready):
        beat()
        quiet = quiet_hours(services)
        for chunk, upto in _chunks(piece):
            with store.transaction():
                added = sum(enqueue_unasked(services, message, quiet=quiet, spread=True) for message in chunk)
                still_mine = store.runs.advance(
                    job,
                    firing.fire_at,
                    holder=services.holder,
                    lease_until=int(store.now()) + LEASE_S,
                    planned_at=int(at.timestamp()),
                    cursor=upto,
                    messages=added,
                )
            if not still_mine:
                return
            services.outbox_signal.ring()


@contextmanager
def _kept(services: Services, firing: Firing) -> Iterator[Callable[[], None]]:
    """Renew the lease of a firing from a thread, however long something computes.

    Yield a function that raises StoppedError once another process has taken the firing over.
    """
    store, ended, lost = services.store, Event(), Event()
    renewed = store.now()

    def renew() -> None:
        nonlocal renewed
        renewed = store.now()
        until = int(renewed) + LEASE_S
        if not store.runs.renew(firing.job, firing.fire_at, holder=services.holder, lease_until=until):
            lost.set()

    def keep() -> None:
        while not (lost.is_set() or ended.wait(RENEW_S)):
            with suppress(StoreBusyError):  # the next try comes in time
                renew()

    def beat() -> None:
        if not 0 <= store.now() - renewed < RENEW_S:
            renew()
        if lost.is_set():
            raise StoppedError(Sentence("sentences.taken_over"))

    thread = Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield beat
    finally:
        ended.set()
        thread.join()


def _chunks(piece: Piece) -> Iterator[tuple[list[OutboxMessage], str]]:
    """Yield CHUNK messages or a few more at a time, with the last userid that is done with them.

    Those to one person stay together. The last chunk may be empty: nobody of the piece is read again.
    """
    chunk: list[OutboxMessage] = []
    for to_one in piece.people:
        chunk += to_one
        if len(chunk) >= CHUNK:
            yield chunk, min(chunk[-1].to_userid, piece.upto)
            chunk = []
    yield chunk, piece.upto
