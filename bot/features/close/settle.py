"""Closing a settled period: its preliminary lines are stored, in pieces, and shown once all are there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice

from bot.core.periods import parse_period
from bot.core.progress import Branch, QuotaFigures
from bot.core.quota_periods import QuotaPeriod
from bot.core.rulebook import LONGEST_TO_SETTLE, QuotaInPeriod
from bot.core.workdays import epoch_of
from bot.features.close import proof
from bot.features.close.favour_rules import mark_of
from bot.features.standings.load import Standings, load_rulebook
from bot.features.standings.pieces import iter_people, load_piece
from bot.features.standings.whole import Marks, WholeRow, WholeRows, gather_rows
from bot.services import Services
from bot.store.results import Result, ResultState, text_of
from bot.wecom.asker import StoppedError

_PIECE = 200  # lines in one transaction: receivers wait for it
_LEASE_S = 60
_LOOK_S = 0.2


def list_due(services: Services, *, at: datetime) -> list[QuotaInPeriod]:
    """Return the quota periods settled at *at* (aware) but not closed, the earliest first.

    Periods that ended before the ledger's first fact are left out.
    """
    first = services.store.ledger.first_at()
    if first is None:
        return []
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    closed = services.store.results.closings()
    earliest = max(calendar.day_of(first), today) - LONGEST_TO_SETTLE
    settled = [
        (quota, period)
        for quota, period in load_rulebook(services).periods_beginning(earliest, today)
        if period.last >= calendar.day_of(first)
        and quota.settlement(period, calendar=calendar) <= epoch_of(at)
        and (quota.id, period.name) not in closed
    ]
    return sorted(settled, key=lambda quota_period: quota_period[1].last)


def close_due(services: Services, *, at: datetime) -> None:
    """Store the preliminary results of all periods due at *at* (aware), once.

    A period is closed when its last line is stored; what a process left that died before is made anew.
    """
    for quota_period in list_due(services, at=at):
        with _alone(services, quota_period) as keep_on:
            if keep_on is not None:
                _close(services, quota_period, at=at, keep_on=keep_on)


def _close(
    services: Services, quota_period: QuotaInPeriod, *, at: datetime, keep_on: Callable[[], None]
) -> None:
    store, quota, period = services.store, quota_period[0].id, quota_period[1].name
    while store.results.drop_unclosed(quota, period):
        keep_on()
    lines, digest = 0, hashlib.sha256()
    with lines_of(services, quota_period, at=at, look=lambda _standings: keep_on(), marks=_counted) as whole:
        for piece in _in_pieces(whole.read()):
            keep_on()
            with store.transaction():
                store.results.add(_preliminary(line, at=at) for line in piece)
            for line in piece:
                digest.update(f"{chr(10) if lines else ''}{text_of(line.row)}".encode())
                lines += 1
    with store.transaction():
        if lines and store.results.close(quota, period, at=epoch_of(at)):
            detail = {"lines": lines, "sha256": digest.hexdigest(), "reason": ""}
            detail |= proof.publish(store, quota, period)
            subject = f"{quota} {period}"
            store.audit.add(at=epoch_of(at), actor="quotabot", act="close", subject=subject, detail=detail)


def _preliminary(line: WholeRow, *, at: datetime) -> Result:
    return Result(
        line=line.row,
        version=1,
        state=ResultState.PRELIMINARY,
        author="",
        reason="settlement",
        stored_at=epoch_of(at),
        counted=frozenset(line.marks),
    )


def _in_pieces(lines: Iterator[WholeRow]) -> Iterator[list[WholeRow]]:
    while piece := list(islice(lines, _PIECE)):
        yield piece


@contextmanager
def _alone(services: Services, quota_period: QuotaInPeriod) -> Iterator[Callable[[], None] | None]:
    """Let one process close a period; yield what it calls every few seconds. None: another one closed it."""
    leases, holder = services.store.leases, f"{services.holder}:{threading.get_ident()}"
    name = f"close:{quota_period[0].id}:{quota_period[1].name}"

    def take() -> bool:
        now = int(services.store.now())
        return leases.take(name, holder=holder, now=now, until=now + _LEASE_S)

    def keep_on() -> None:
        if not take():
            raise StoppedError("another process closes this period")

    while not take():
        if services.ending.wait(_LOOK_S):
            raise StoppedError("the service is ending")
    try:
        is_closed = (quota_period[0].id, quota_period[1].name) in services.store.results.closings()
        yield None if is_closed else keep_on
    finally:
        leases.free(name, holder=holder)


def lines_of(
    services: Services,
    quota_period: QuotaInPeriod,
    *,
    at: datetime,
    look: Callable[[Standings], None] | None = None,
    marks: Marks | None = None,
    change: Callable[[Branch], Branch] = lambda branch: branch,
) -> AbstractContextManager[WholeRows]:
    """Return the lines of one quota period, computed anew, regardless of stored ones.

    *change*: of the input of each piece.
    """
    return gather_rows(
        services,
        [quota_period],
        iter_people(services),
        at=at,
        book=load_rulebook(services),
        stored=False,
        look=look,
        marks=marks,
        change=change,
    )


def list_of_today(services: Services, *, at: datetime) -> list[QuotaInPeriod]:
    """Return the periods closed on the local day of *at* (aware), then those due then."""
    calendar = services.config.work_calendar()
    today = sorted(
        name
        for name, closed_at in services.store.results.closings().items()
        if calendar.day_of(closed_at) == calendar.local_day(at)
    )
    book = load_rulebook(services)
    closed = [
        quota_period
        for quota, period in today
        for quota_period in book.in_period(quota, parse_period(period))
    ]
    return [*closed, *list_due(services, at=at)]


def load_settled(
    services: Services, quota_period: QuotaInPeriod, userids: Sequence[str], *, at: datetime
) -> Standings:
    """Return the figures of *userids* in a closed period, with its stored lines."""
    return load_piece(services, [quota_period], userids, at=at, book=load_rulebook(services))


def load_lines(services: Services, quota_period: QuotaInPeriod, *, at: datetime) -> dict[str, QuotaFigures]:
    """Return by userid the lines that a close at *at* (aware) would store; they are all in memory."""
    with lines_of(services, quota_period, at=at) as whole:
        return {line.row.userid: line.row for line in whole.read()}


def _counted(standings: Standings, about: QuotaInPeriod) -> dict[str, list[str]]:
    """Return by userid the marks of the contacts that count in a quota period."""
    quota_period = QuotaPeriod.of(*about, calendar=standings.calendar)
    past = standings.branch.past(epoch_of(standings.at))
    return {
        row.userid: [
            mark_of(contact.key)
            for contact, verdict in quota_period.judged(row.userid, past)
            if verdict.outcome == "counted"
        ]
        for row in standings.rows
    }
