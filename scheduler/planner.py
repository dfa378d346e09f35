"""From a job and a moment to rows of the outbox. Planning twice adds nothing, because keys are unique."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.core.quiet_hours import CARRIERS, WAITED
from bot.core.workdays import epoch_of
from bot.features.notify.enqueue import UnaskedMessage, build_unasked, working_window
from bot.features.robots.posts import build_posts
from bot.features.standings.beside import add_computed
from bot.features.standings.load import load_standings_of
from bot.messages.message import Message
from bot.services import Services
from bot.store.outbox import OutboxMessage
from scheduler import admin, waited
from scheduler.jobs import ALONGSIDE, BESIDE, JOBS, KEEPS, PREPARES, WHOM, Job
from scheduler.whom import everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Messages to some people, a list for each of them; *upto*: the last userid that they are about.

    They are built while they are read, once. The next piece comes after them.
    """

    upto: str
    people: Iterator[list[OutboxMessage]]


def prepare(services: Services, job: str, *, at: datetime) -> None:
    """Store what *job* stores before its first message. Not inside a transaction."""
    if (act := PREPARES.get(job)) is not None:
        act(services, at)
    services.store.outbox.expire_waiting(clock_now=epoch_of(at), real_now=int(services.store.now()))


def plan(
    services: Services, job: str, *, at: datetime, time_shift: int | None = None, after: str = ""
) -> Iterator[OutboxMessage]:
    """Yield the messages of *job*, and those that go with it, as of *at* (aware), to userids after *after*.

    They are in the order of userids, posts to groups last. `enqueue_unasked` decides whether each may go.
    They may go from *at* until that day's working hours end, so no unasked message is late. *time_shift* puts
    their times on a clock that differs from the service's: real time plus so many seconds. Nothing is stored.
    """
    for piece in plan_pieces(services, job, at=at, time_shift=time_shift, after=after):
        for to_one in piece.people:
            yield from to_one


def plan_pieces(
    services: Services,
    job: str,
    *,
    at: datetime,
    time_shift: int | None = None,
    after: str = "",
    keep: bool = False,
    ready: Callable[[Sequence[str]], None] = lambda _userids: None,
) -> Iterator[Piece]:
    """Yield the same a piece of the people at a time; a piece is read when the one before it is done with.

    *keep*: store of each piece what its messages speak of; then not inside a transaction. *ready* is called
    with the userids of a piece before they are read.
    """
    write = _Writer(services=services, job=job, at=at, time_shift=time_shift)
    beside = [_Rest(write.rows(*named), after) for named in _of_all(services, BESIDE.get(job, {}), at=at)]
    carried = {WAITED: waited.messages} if job in CARRIERS else {}
    waiting = [_Rest(write.rows(*named), after) for named in _of_all(services, carried, at=at)]
    last, shared = after, dict[Hashable, Any]()
    for userids, about, below in WHOM.get(job, everybody)(services, at, after):
        ready([*about, *below])
        standings = load_standings_of(services, about, at=at)
        if below:
            standings = add_computed(services, standings, below)
        standings = replace(standings, chosen=tuple(userids), shared=shared)
        if keep and (act := KEEPS.get(job)) is not None:
            act(services, standings)
        last = userids[-1]
        streams = [
            *(write.rows(name, build(services, standings)) for name, build in ALONGSIDE.get(job, {}).items()),
            *(stream.upto(last) for stream in beside),
            write.rows(job, JOBS[job](services, standings)),
            *(stream.upto(last) for stream in waiting),
        ]
        yield Piece(upto=last, people=write.together(streams))
    yield Piece(upto=last, people=write.together([stream.upto(None) for stream in (*beside, *waiting)]))
    posts = _posts(services, job, at=at, time_shift=time_shift)
    yield Piece(upto=last, people=([post] for post in posts))


def _of_all(
    services: Services, jobs: Mapping[str, Job], *, at: datetime
) -> Iterator[tuple[str, Iterator[tuple[str, Message]]]]:
    """Yield the name and the messages of *jobs* that do not depend on anybody's figures."""
    if jobs:
        nobody = load_standings_of(services, (), at=at)
        yield from ((name, build(services, nobody)) for name, build in jobs.items())


def _posts(services: Services, job: str, *, at: datetime, time_shift: int | None) -> Iterator[OutboxMessage]:
    not_before, expires_at = working_window(services, at)
    yield from build_posts(
        services, job, at=at, not_before=not_before, expires_at=expires_at, time_shift=time_shift
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Messages of one firing as rows of the outbox."""

    services: Services
    job: str
    at: datetime
    time_shift: int | None

    def rows(self, name: str, messages: Iterable[tuple[str, Message]]) -> Iterator[OutboxMessage]:
        """Yield the *messages* of the job *name*."""
        for userid, message in messages:
            row = build_unasked(self.services, name, userid, message, at=self.at, time_shift=self.time_shift)
            yield replace(row, planned_with=self.job)

    def together(self, streams: Sequence[Iterator[OutboxMessage]]) -> Iterator[list[OutboxMessage]]:
        """Yield the rows of *streams* by person, with the job's own message after those beside it."""
        for to_one in _together(streams):
            follows = any(row.job == self.job for row in to_one)
            yield [
                replace(row, follows=follows and row.job not in (self.job, WAITED))
                if isinstance(row, UnaskedMessage)
                else row
                for row in to_one
            ]


@dataclass(slots=True)
class _Rest:
    """A stream in the order of userids, of which each piece takes its part; *after*: where it begins."""

    stream: Iterator[OutboxMessage]
    after: str
    _ahead: list[OutboxMessage] = field(default_factory=list)

    def upto(self, last: str | None) -> Iterator[OutboxMessage]:
        """Yield the messages up to the userid *last* (None: all that are left)."""
        while (row := self._ahead.pop() if self._ahead else next(self.stream, None)) is not None:
            if last is not None and row.to_userid > last:
                self._ahead.append(row)
                return
            if row.to_userid > self.after:
                yield row


def plan_for_admins(services: Services, *, at: datetime) -> Iterator[OutboxMessage]:
    """Build the administrators' messages as of *at* (aware): they go also while figures are incomplete."""
    for userid, message in admin.messages(services, load_standings_of(services, (), at=at)):
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
