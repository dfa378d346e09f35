"""From a job and a moment to rows of the outbox. Planning twice adds nothing, because keys are unique."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.quiet_hours import CARRIERS, WAITED
from bot.core.workdays import epoch_of
from bot.features.notify.enqueue import UnaskedMessage, build_unasked, working_window
from bot.features.robots.posts import build_posts
from bot.features.standings.load import Standings, load_standings
from bot.messages.message import Message
from bot.services import Services
from bot.store.outbox import OutboxMessage
from scheduler import admin, waited
from scheduler.jobs import ALONGSIDE, JOBS, KEEPS, PREPARES


def prepared(services: Services, job: str, *, at: datetime) -> Standings:
    """Store what *job* stores before its messages; return the figures of these messages, for `plan`.

    Not inside a transaction.
    """
    if (prepare := PREPARES.get(job)) is not None:
        prepare(services, at)
    services.store.outbox.expire_waiting(clock_now=epoch_of(at), real_now=int(services.store.now()))
    standings = load_standings(services, at=at)
    if (keep := KEEPS.get(job)) is not None:
        keep(services, standings)
    return standings


def plan(
    services: Services,
    job: str,
    *,
    at: datetime,
    time_shift: int | None = None,
    after: str = "",
    found: Standings | None = None,
) -> Iterator[OutboxMessage]:
    """Yield the messages of *job*, and those that go with it, as of *at* (aware), to userids after *after*.

    They are in the order of userids. `enqueue_unasked` decides whether each may go. They may go from *at*
    until that day's working hours end, so no unasked message is late. *time_shift* puts their times on a
    clock that differs from the service's: real time plus so many seconds. *found*: what was `prepared` as of
    *at*; without it everything is read anew and nothing is stored.
    """
    for to_one in plan_by_person(services, job, at=at, time_shift=time_shift, after=after, found=found):
        yield from to_one


def plan_by_person(
    services: Services,
    job: str,
    *,
    at: datetime,
    time_shift: int | None = None,
    after: str = "",
    found: Standings | None = None,
) -> Iterator[list[OutboxMessage]]:
    """Yield the same as lists, one for each person, with the job's own message after those beside it."""
    standings = load_standings(services, at=at) if found is None else found

    def rows(name: str, messages: Iterator[tuple[str, Message]]) -> Iterator[OutboxMessage]:
        for userid, message in messages:
            if userid > after:
                row = build_unasked(services, name, userid, message, at=at, time_shift=time_shift)
                yield replace(row, planned_with=job)

    not_before, expires_at = working_window(services, at)
    jobs = {**ALONGSIDE.get(job, {}), job: JOBS[job]}
    streams = [rows(name, yield_messages(services, standings)) for name, yield_messages in jobs.items()]
    if job in CARRIERS:
        streams.append(rows(WAITED, waited.messages(services, standings)))
    in_groups = build_posts(
        services,
        job,
        standings,
        not_before=not_before,
        expires_at=expires_at,
        time_shift=time_shift,
        after=after,
    )
    for to_one in _together([*streams, in_groups]):
        follows = any(row.job == job for row in to_one)
        yield [
            replace(row, follows=follows and row.job not in (job, WAITED))
            if isinstance(row, UnaskedMessage)
            else row
            for row in to_one
        ]


def plan_for_admins(services: Services, *, at: datetime) -> Iterator[OutboxMessage]:
    """Build the administrators' messages as of *at* (aware): they go also while figures are incomplete."""
    for userid, message in admin.messages(services, load_standings(services, at=at)):
        yield build_unasked(services, admin.ADMIN, userid, message, at=at)


def _together(streams: Sequence[Iterator[OutboxMessage]]) -> Iterator[list[OutboxMessage]]:
    """Merge *streams*, each in the order of userids; read only one message ahead."""
    heads = {stream: message for stream in streams if (message := next(stream, None)) is not None}
    while heads:
        userid = min(message.to_userid for message in heads.values())
        reached = [stream for stream, message in heads.items() if message.to_userid == userid]
        yield [heads[stream] for stream in reached]
        for stream in reached:
            if (following := next(stream, None)) is None:
                del heads[stream]
            else:
                heads[stream] = following
