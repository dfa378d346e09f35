"""The inbox: events as received, decrypted. Queue and proof in one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from bot.store.bounds import Bound
from bot.store.engine import Engine, SqlRow, TableGroup
from bot.store.purge import Purge

_LAST = 2**62
_OVER = frozenset({"done", "ignored", "dropped"})  # of such an event only its hash is still needed


def key_of(body: bytes, *, created: str) -> str:
    """Return the key of an event: its `CreateTime` and the hash of its bytes, 64 hexadecimal digits.

    Events of one time lie side by side in the index, so a commit of many writes few pages.
    """
    second = int(created[:10]) % 2**32 if created.isascii() and created.isdigit() else 0
    return f"{second:08x}{hashlib.sha256(body).hexdigest()[8:]}"


@dataclass(frozen=True, slots=True)
class Received:
    """An event whose turn has come. *body* is the decrypted XML."""

    seq: int
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Finished:
    """An event that was handled: *state* is done or ignored, *kind* as in `kind_of`."""

    seq: int
    state: str
    kind: str


@dataclass(frozen=True, slots=True)
class Depth:
    """How many rows are pending, how many are dead, and the age of the oldest pending one in seconds."""

    pending: int
    dead: int
    oldest_s: int | None

    @classmethod
    def of(cls, row: SqlRow | None, *, now: int) -> Depth:
        """Build the depth from a row of counts; *now* in epoch seconds of real time."""
        if row is None:
            return cls(0, 0, None)
        oldest = row["oldest"]
        return cls(row["pending"], row["dead"], None if oldest is None else max(0, now - oldest))


class Inbox(TableGroup):
    """Rows of the inbox; call the changing ones inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.bound = Bound(engine, "inbox")
        self._purge = Purge(
            engine,
            "inbox",
            keep="inbox_keep_hashes",
            is_over=lambda row, _: row["state"] in _OVER,
            begins="received_at",
        )

    def may_be_due(self, *, now: int, upto: int | None = None) -> bool:
        """Return whether `due` may find anything; a glance without a transaction."""
        first = self._engine.number("inbox_first_open", after=self.bound.after())
        last = _LAST if upto is None else upto
        return (
            (first is not None and first <= last)
            or self.bound.misses
            or bool(self._engine.all("inbox_due_again", now=now, upto=last, batch=1))
        )

    def due(self, *, now: int, batch: int, upto: int | None = None) -> list[Received]:
        """Return at most *batch* events to be tried at *now* (epoch s), up to row *upto*, oldest first."""
        span = {"upto": _LAST if upto is None else upto, "batch": batch}
        rows = self._engine.all("inbox_due_again", now=now, **span)
        if numbers := self.bound.missing():
            rows += self._engine.all("inbox_due_among", numbers=json.dumps(numbers), **span)
        rows += self._engine.all("inbox_due", after=self.bound.after(), **span)
        rows.sort(key=itemgetter("seq"))
        return [Received(row["seq"], bytes(row["body"]), row["attempts"]) for row in rows[:batch]]

    def finish(self, seq: int, *, state: str, kind: str) -> None:
        """Mark an event as handled: *state* is done or ignored."""
        self.finish_all([Finished(seq, state, kind)])

    def finish_all(self, events: Sequence[Finished]) -> None:
        """Mark events as handled; *events* ascend by number."""
        rows = [{"seq": event.seq, "state": event.state, "kind": event.kind} for event in events]
        self._engine.run_many("inbox_finish", rows)
        self.bound.passed([event.seq for event in events])

    def empty(self, seq: int) -> None:
        """Forget an event's body: nothing of it may be kept but its hash."""
        self._engine.run("inbox_empty", seq=seq)

    def fail(self, seq: int, *, kind: str, attempts: int, next_try_at: int | None, error: str) -> None:
        """Note that an event failed; without *next_try_at* it is a dead letter."""
        state = "dead" if next_try_at is None else "pending"
        about = {"state": state, "kind": kind, "attempts": attempts, "error": error}
        self._engine.run("inbox_fail", seq=seq, next_try_at=max(1, next_try_at or 1), **about)
        self.bound.passed([seq])

    def newest(self) -> int:
        """Return the newest row's number; 0 when nothing was ever received."""
        return self._engine.number("inbox_newest") or 0

    def last_received(self) -> int | None:
        """Return when the newest callback came (epoch s); None before the first."""
        return self._engine.number("inbox_last_received")

    def waiting(self, *, now: int, upto: int) -> int:
        """Return how many unhandled events up to row *upto* may be tried at *now* (epoch s)."""
        return self._engine.number("inbox_waiting", now=now, after=self.bound.floor(), upto=upto) or 0

    def depth(self, *, now: int) -> Depth:
        """Return how much is pending at *now* (epoch s)."""
        return Depth.of(self._engine.one("inbox_depth"), now=now)

    def oldest_untried(self) -> int | None:
        """Return when the oldest event came (epoch s) that nobody has tried; None if there is none."""
        return self._engine.number("inbox_oldest_untried")

    def failing(self, *, upto: int) -> list[SqlRow]:
        """Return the events that are to be tried again, or were given up on."""
        return self._engine.all("inbox_failing", upto=upto)

    def dead(self) -> list[SqlRow]:
        """Return the dead letters."""
        return self._engine.all("inbox_dead")

    def show(self, seq: int) -> SqlRow | None:
        """Return one event with its body."""
        return self._engine.one("inbox_show", seq=seq)

    def revive(self, seq: int) -> bool:
        """Give a dead letter another round of tries; whether there was one."""
        return self._engine.apply("inbox_revive", seq=seq)

    def drop(self, seq: int) -> bool:
        """Drop a dead letter; whether there was one."""
        return self._engine.apply("inbox_drop", seq=seq)

    def purge_before(self, moment: int, *, limit: int) -> int:
        """Delete at most *limit* handled events received before *moment* (epoch s); return how many.

        Their hashes stay, so a repeated event is still known. Events that wait or were given up on stay, too.
        0: nothing is left to delete.
        """
        return self._purge.step(moment, limit=limit)
