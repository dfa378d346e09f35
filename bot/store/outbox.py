"""The outbox: messages to be sent, each under a key that says what it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from operator import itemgetter
from typing import Any

from bot.logs.ref import current_ref
from bot.messages.sentences import packed
from bot.store.bounds import Floor
from bot.store.counters import count
from bot.store.engine import Engine, SqlRow, TableGroup, TakenError, row_of, told, value_of
from bot.store.inbox import Depth
from bot.store.purge import Purge

_LOOK_S = 1.0
UPDATE = "update_template_card"  # the msgtype of a row that changes a card instead of sending something


class Lane(IntEnum):
    """Answers to people go before what nobody asked for."""

    FAST = 0
    UNASKED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message before it is stored.

    *not_before*, *expires_at* are epoch seconds on the message's own clock: the service's, or, with
    *time_shift*, real time plus that many seconds (`quotabot run --at`). *forms*: JSON of the ways
    to send it, `[{"msgtype", "body", "text"}, …]` in their order; without it, *content* is sent as *msgtype*.
    *task_id* is its card's. *private*: the forms say what only the receiver may read and the
    content does not; they are forgotten when the message has its end.
    """

    key: str
    job: str
    to_userid: str
    content: str
    msgtype: str
    not_before: int
    expires_at: int
    lane: Lane = Lane.UNASKED
    time_shift: int | None = None
    forms: str = ""
    task_id: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A stored message whose turn has come. *request* is set once it was tried; *ref*: what it comes from."""

    seq: int
    key: str
    to_userid: str
    msgtype: str
    content: str
    attempts: int
    request: bytes | None
    unsure_since: int | None
    forms: str = ""
    ref: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """Return the part of the request that is named *msgtype*."""
        bodies = (form["body"] for form in self._forms() if form["msgtype"] == self.msgtype)
        return next(bodies, {"content": self.content})

    @property
    def simpler(self) -> tuple[str, str] | None:
        """Return the msgtype after this one and its text, if there is another way to send it."""
        left = [(form["msgtype"], form.get("text", "")) for form in self._forms()]
        types = [msgtype for msgtype, _ in left]
        place = types.index(self.msgtype) + 1 if self.msgtype in types else len(types)
        return left[place] if place < len(types) else None

    def _forms(self) -> list[dict[str, Any]]:
        return json.loads(self.forms) if self.forms else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A row that nobody asked for and nobody has tried yet; times as in `OutboxMessage`."""

    seq: int
    key: str
    job: str
    to_userid: str
    content: str
    forms: str
    not_before: int
    time_shift: int | None


class Outbox(TableGroup):
    """Rows of the outbox; each changing method is one statement, safe alone or in a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._floors = {
            lane: Floor(engine, "outbox", look_s=_LOOK_S, lane=lane.value) for lane in sorted(Lane)
        }
        self._purge = Purge(
            engine, "outbox", keep="outbox_keep_keys", is_over=_ended_before, begins="created_at"
        )

    def add(self, message: OutboxMessage, *, created_at: int, waits: bool = False) -> bool:
        """Store a message; False when its key is there, or was. *waits*: until another one carries it."""
        state = "waiting" if waits else "pending"
        row = row_of(message, created_at=created_at, state=state, ref=current_ref())
        is_new = self._engine.apply("outbox_add", **row)
        if is_new:
            count("messages", _word(message.job), "planned")
        return is_new

    def due(self, *, real_now: int, clock_now: int, batch: int) -> list[Due]:
        """Return the messages that may be tried now, fast lane first."""
        moment = {"real_now": real_now, "clock_now": clock_now, "batch": batch}
        rows = self._engine.all("outbox_due_again", **moment)
        for lane, floor in self._floors.items():
            if len(rows) < batch or lane is Lane.FAST:
                rows += self._engine.all("outbox_due", lane=lane.value, after=floor.floor(), **moment)
        rows.sort(key=itemgetter("lane", "seq"))
        return [value_of(Due, row) for row in rows[:batch]]

    def unasked_due(self, *, real_now: int, clock_now: int, batch: int) -> list[Pending]:
        """Return untried messages nobody asked for that are due, in the order of planning.

        These are the next *batch* and all that were put off.
        """
        moment = {"real_now": real_now, "clock_now": clock_now, "batch": batch}
        rows = self._engine.all("outbox_unasked_due", after=self._floors[Lane.UNASKED].floor(), **moment)
        return [Pending(**row) for row in rows]

    def wait(self, seq: int, *, content: str, expires_at: int) -> bool:
        """Let a message wait as text *content* until another one carries it; False if it is tried or gone."""
        return self._engine.apply("outbox_wait", seq=seq, content=content, expires_at=expires_at)

    def waiting(self, userid: str, *, now: int) -> list[SqlRow]:
        """Return the messages that wait for *userid* at *now* (epoch s), oldest first: seq, job, content."""
        return self._engine.all("outbox_waiting", to_userid=userid, now=now)

    def waiting_for(self, *, now: int) -> list[str]:
        """Return the userids, in order, for whom something may wait at *now* (epoch s)."""
        return [row["to_userid"] for row in self._engine.all("outbox_waiting_for", now=now)]

    def carried(self, seq: int, *, by: str, now: int) -> None:
        """Note that the message *by* (its key) carries a waiting one."""
        self._engine.run("outbox_carried", seq=seq, carrier=by, now=now)

    def expire_waiting(self, *, clock_now: int, real_now: int) -> None:
        """Drop messages that waited too long."""
        self._engine.run("outbox_expire_waiting", clock_now=clock_now, real_now=real_now)

    def untried(self, job: str) -> list[Pending]:
        """Return the messages of *job*, and of `job:…`, that were never tried, in the order of planning."""
        rows = self._engine.all("outbox_untried", first_job=job, last_job=f"{job};")  # ; follows :
        return [Pending(**row) for row in rows]

    def withdraw(self, seq: int, *, reason: str, now: int) -> bool:
        """Withdraw a message because of *reason*; False if it was tried or is gone."""
        return self._engine.apply("outbox_withdraw", seq=seq, error=reason, now=now)

    def expired(self, *, since: int) -> int:
        """Return how many messages expired from *since* (epoch s of real time) on."""
        return self._engine.number("outbox_expired_since", since=since) or 0

    def expire(self, *, real_now: int, clock_now: int) -> int:
        """Drop expired messages. Return how many."""
        number = self._engine.run("outbox_expire", real_now=real_now, clock_now=clock_now)
        if number:
            count("messages", "any", "expired", number=number)
        return number

    def begin(self, seq: int, *, request: bytes, now: int) -> bool:
        """Keep the exact request before its try; False when the row is no longer pending.

        False, too, when another row made the same request in the same moment: this one is made anew.
        """
        digest = hashlib.sha256(request).hexdigest()
        try:
            return self._engine.apply("outbox_begin", seq=seq, request=request, request_hash=digest, now=now)
        except TakenError:
            return False

    def is_taken(self, seq: int, *, request: bytes) -> bool:
        """Return whether another row makes this very request: WeCom would drop the second one."""
        digest = hashlib.sha256(request).hexdigest()
        return bool(self._engine.number("outbox_request_taken", seq=seq, request_hash=digest))

    def finish(self, seq: int, *, state: str, now: int, receipt: str = "", error: str = "") -> None:
        """End a message: *state* is sent, failed or unknown; *receipt* is WeCom's answer as JSON."""
        values = {"seq": seq, "state": state, "now": now, "receipt": receipt, "error": packed(error)}
        if self._engine.apply("outbox_finish", **values):
            row = self._engine.one("outbox_job", seq=seq)
            count("messages", _word(row["job"] if row else ""), state)

    def retry(
        self, seq: int, *, next_try_at: int, unsure_since: int | None, error: str, spent: bool = True
    ) -> None:
        """Try again later; *unsure_since* None: WeCom surely did not take it. Not *spent*: no try used up."""
        about = {"next_try_at": max(1, next_try_at), "unsure_since": unsure_since, "error": packed(error)}
        self._engine.run("outbox_retry", seq=seq, spent=int(spent), **about)

    def fall_back(self, seq: int, *, msgtype: str, content: str, refused: str, now: int) -> None:
        """Send it as *msgtype* instead: WeCom surely did not take what was *refused*, which is noted."""
        form = {"msgtype": msgtype, "content": content}
        self._engine.run("outbox_fall_back", seq=seq, refused=refused, now=now, **form)

    def postpone(self, seq: int, *, next_try_at: int) -> None:
        """Wait for the pacing of this member; no try is used up."""
        self._engine.run("outbox_postpone", seq=seq, next_try_at=max(1, next_try_at))

    def tries_since(self, since: int) -> list[tuple[str, int]]:
        """Return (userid, epoch s) of each row's last try after *since*, oldest first."""
        rows = self._engine.all("outbox_tries_since", since=since)
        return [(row["to_userid"], row["tried_at"]) for row in rows]

    def unreached_since(self, since: int) -> list[SqlRow]:
        """Return messages that did not reach their person, ended after *since* (real epoch s).

        Each with to_userid, state, error, and receipt as in `finish`.
        """
        return [told(row) for row in self._engine.all("outbox_unreached_since", since=since)]

    def by_key(self, key: str) -> SqlRow | None:
        """Return one message by its key."""
        row = self._engine.one("outbox_show", key=key)
        return row and told(row)

    def knows(self, key: str) -> bool:
        """Return whether there is, or was, a message with this key."""
        return self._engine.one("outbox_known", key=key) is not None

    def told(self, job: str, day: date, *, userids: Iterable[str]) -> frozenset[str]:
        """Return those of *userids* that the message of *job* and the local *day* may have reached."""
        keys = [f"{job}:{day.isoformat()}:{userid}" for userid in userids]
        rows = self._engine.all("outbox_told", keys=json.dumps(keys))
        return frozenset(row["to_userid"] for row in rows)

    def by_task(self, task_id: str) -> SqlRow | None:
        """Return the message whose card has *task_id*."""
        return self._engine.one("outbox_by_task", task_id=task_id)

    def depth(self, *, now: int) -> Depth:
        """Return how much is pending at *now* (epoch s of real time)."""
        return Depth.of(self._engine.one("outbox_depth"), now=now)

    def dead(self) -> list[SqlRow]:
        """Return the messages that were given up on."""
        return [told(row) for row in self._engine.all("outbox_dead")]

    def revive(self, key: str, *, now: int) -> bool:
        """Give a dead letter another round of tries from *now* (real epoch s) on; whether there was one."""
        return self._engine.apply("outbox_revive", key=key, now=now)

    def drop(self, key: str) -> bool:
        """Drop a dead letter; whether there was one."""
        return self._engine.apply("outbox_drop", key=key)

    def purge_before(self, moment: int, *, limit: int) -> int:
        """Delete at most *limit* messages that ended before *moment* (real epoch s); return how many.

        Their keys stay, so no message is planned a second time. 0: nothing is left to delete. Call it inside
        a transaction.
        """
        return self._purge.step(moment, limit=limit)


def _ended_before(row: SqlRow, moment: int) -> bool:
    return row["state"] not in {"pending", "waiting"} and (row["finished_at"] or 0) < moment


def _word(job: str) -> str:
    """Return the job without what follows a colon, which names a case or a person."""
    return job.partition(":")[0].replace(" ", "_") or "none"
