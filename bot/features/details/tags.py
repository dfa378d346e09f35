"""Reading missing tags again before a job that reports numbers.

A tag set by the bank's own system through the API fires no event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.quota_periods import QuotaPeriod
from bot.core.quotas import Basis
from bot.core.rulebook import QuotaInPeriod
from bot.core.verdicts import Verdict
from bot.core.workdays import epoch_of
from bot.features.close import settle
from bot.features.details.reader import LEASE
from bot.features.standings.load import load_rulebook
from bot.features.standings.pieces import iter_people, load_piece
from bot.services import Services
from bot.store.details import Relation
from bot.store.troubles import Part

PATIENCE_S = 20.0  # a job does not wait longer; later readings show in the next job
_LOOK_S = 0.1
_WAITS = frozenset({Verdict.TAGS, Verdict.REJECTED_TAGS, Verdict.LEFT_OUT})


def _running(services: Services, at: datetime) -> Sequence[QuotaInPeriod]:
    return load_rulebook(services).periods_at(services.config.work_calendar().local_day(at))


def _to_close(services: Services, at: datetime) -> Sequence[QuotaInPeriod]:
    return settle.list_due(services, at=at)


# The jobs with numbers that depend on tags, each with its periods.
FRAMES: dict[str, Callable[[Services, datetime], Sequence[QuotaInPeriod]]] = {
    "progress": _running,
    "reminder": _running,
    "digest": _running,
    "weekly": _running,
    "close": _to_close,
}


def freshen(services: Services, job: str, *, at: datetime) -> None:
    """Have the tags for *job* as of *at* (aware) read, and wait a little for the reader.

    Do not wait if no reader runs, or it cannot read.
    """
    if want_again(services, job, at=at):
        _wait(services, until=time.monotonic() + PATIENCE_S)


def build_freshener(services: Services, job: str, *, at: datetime) -> Callable[[Sequence[str]], None]:
    """Return what does the same for a piece of the people at a time; all pieces together wait PATIENCE_S."""
    left_s = PATIENCE_S

    def freshen_piece(userids: Sequence[str]) -> None:
        nonlocal left_s
        if want_again(services, job, at=at, userids=userids) and left_s > 0:
            began = time.monotonic()
            _wait(services, until=began + left_s)
            left_s -= time.monotonic() - began

    return freshen_piece


def _wait(services: Services, *, until: float) -> None:
    """Wait for the reader until the monotonic time *until*."""
    store = services.store

    def rest() -> float | None:
        return _LOOK_S if store.leases.get(LEASE, now=int(store.now())) else None

    wait_for_reading(services, step=rest, until=until)


def want_again(services: Services, job: str, *, at: datetime, userids: Sequence[str] | None = None) -> int:
    """Have every living contact without a tag of a rule as of *at* (aware) read again; return their number.

    *userids*: those of these people alone. Of a quota with basis `held` only required tags: all customers
    outside its segment would be too many.
    """
    if job not in FRAMES:
        return 0
    quota_periods = [
        quota_period
        for quota_period in FRAMES[job](services, at)
        if quota_period[0].counting.required_tags or quota_period[0].counting.segment_tags
    ]
    if not quota_periods:
        return 0
    pieces = iter_people(services) if userids is None else [userids]
    return sum(_want_piece(services, quota_periods, piece, at=at) for piece in pieces)


def _want_piece(
    services: Services, quota_periods: Sequence[QuotaInPeriod], userids: Sequence[str], *, at: datetime
) -> int:
    waiting = _waiting(services, quota_periods, userids, at=at)
    with services.store.transaction():
        now = int(services.store.now())
        for userid, external_userid in waiting:
            services.store.details.want(userid, external_userid, now=now)
    return len(waiting)


def wait_for_reading(
    services: Services, *, step: Callable[[], float | None], until: float | None = None
) -> None:
    """Call *step* until all wanted contacts were tried, the reader cannot read, or PATIENCE_S is over.

    *step* returns the seconds to wait before the next one; None without a reader. *until*: monotonic time, in
    place of PATIENCE_S.
    """
    store, end = services.store, time.monotonic() + PATIENCE_S if until is None else until
    while time.monotonic() < end and store.details.untried():
        pause = step()
        if pause is None or store.troubles.get(Part.DETAILS) is not None:
            return
        time.sleep(min(pause, _LOOK_S))


def _waiting(
    services: Services, quota_periods: Sequence[QuotaInPeriod], userids: Sequence[str], *, at: datetime
) -> set[Relation]:
    book = load_rulebook(services)
    shown = load_piece(services, quota_periods, userids, at=at, book=book, stored=False)
    past = shown.branch.past(epoch_of(at))
    by_name = {
        (quota.id, period.name): QuotaPeriod.of(quota, period, calendar=shown.calendar)
        for quota, period in quota_periods
    }
    return {
        (contact.userid, contact.external_userid)
        for row in shown.rows
        for quota_period in [by_name[row.quota, row.period]]
        for contact, verdict in quota_period.listed(row.userid, past)
        if verdict in _WAITS and contact.ended_at is None
        if verdict is not Verdict.LEFT_OUT or quota_period.quota.basis is Basis.ADDED
    }
