"""From a job and a moment to rows of the outbox. Planning twice, anywhere, adds nothing: keys are unique."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.progress import QuotaFigures, Status
from bot.features.notify.enqueue import build_unasked, comes_later, working_window
from bot.features.reminder.message import to_remind
from bot.features.robots.posts import posts
from bot.features.standings.load import Standings, load_standings
from bot.services import Services
from bot.store.outbox import OutboxMessage
from scheduler import admin
from scheduler.jobs import ALONGSIDE, JOBS, KEEPS, PREPARES, Job


def prepared(services: Services, job: str, *, at: datetime) -> Standings:
    """Store what *job* stores before it tells anybody; return what it tells of, for `plan`.

    Not inside a transaction.
    """
    if (prepare := PREPARES.get(job)) is not None:
        prepare(services, at)
    found = load_standings(services, at=at)
    if (keep := KEEPS.get(job)) is not None:
        keep(services, found)
    return found


def plan(
    services: Services,
    job: str,
    *,
    at: datetime,
    time_shift: int | None = None,
    after: str = "",
    found: Standings | None = None,
) -> Iterator[OutboxMessage]:
    """The messages of *job*, and what goes with it, as of *at* (aware), to userids greater than *after*.

    Whether each may go (mute, leave, how many a day) is seen when it is stored: `put_unasked`.

    In the order of userids. They may go from *at* until that day's working hours are over, so nothing unasked
    is ever sent late. *time_shift* puts their times on a clock that differs from the service's: real time and
    so many seconds. *found*: what was `prepared` as of *at*; without it nothing is kept, and all read anew.
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
    """The same, all messages to one person together."""
    told = load_standings(services, at=at) if found is None else found

    def written(name: str, job: Job) -> Iterator[OutboxMessage]:
        for userid, message in job(services, told):
            if userid > after:
                row = build_unasked(services, name, userid, message, at=at, time_shift=time_shift)
                yield replace(row, awaited=_awaited(services, told, name, userid))

    not_before, expires_at = working_window(services, at)
    in_groups = posts(
        services,
        job,
        told,
        not_before=not_before,
        expires_at=expires_at,
        time_shift=time_shift,
        after=after,
    )
    jobs = {job: JOBS[job], **ALONGSIDE.get(job, {})}
    return _together([*(written(name, one) for name, one in jobs.items()), in_groups])


def plan_for_admins(services: Services, *, at: datetime) -> Iterator[OutboxMessage]:
    """Build the administrators' messages as of *at* (aware): they go also while figures are incomplete."""
    for userid, message in admin.messages(services, load_standings(services, at=at)):
        yield build_unasked(services, admin.ADMIN, userid, message, at=at)


def _together(streams: Sequence[Iterator[OutboxMessage]]) -> Iterator[list[OutboxMessage]]:
    """Merge *streams*, each in the order of userids; none is asked for more than the next one."""
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


def _awaited(services: Services, standings: Standings, name: str, userid: str) -> frozenset[str]:
    """Which messages may still come to *userid* that day, to which one of *name* leaves a place.

    With one place a day progress gives it up only for whoever is behind already; else everybody unfinished
    may still be reminded.
    """
    local = standings.calendar.local(standings.at)
    rows = standings.by_person.get(userid, ())
    person = standings.people.get(userid)
    found = set()
    only_one = name == "progress" and services.config.messages.per_day == 1
    is_late = to_remind(rows) if only_one else any(map(_unfinished, rows))
    if is_late and comes_later(services, "reminder", local):
        found.add("reminder")
    if person is not None and person.leader_of and comes_later(services, "digest", local):
        found.add("digest")
    return frozenset(found)


def _unfinished(row: QuotaFigures) -> bool:
    return row.status in (Status.ON_TRACK, Status.BEHIND)
