"""The inbox's one writer: it commits everything that is waiting as one group.

A callback is answered 200 only after the commit that holds its event. Many callbacks wait for one commit, so
a thousand events cost a few syncs of the disk and not a thousand. Nobody else decides what becomes of an
event: one whose sender was told "no" is never stored afterwards.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import structlog

from bot.core.outages import REFUSED
from bot.store.coordination import Outages
from bot.store.engine import Engine, StoreError
from bot.store.refusals import RefusalFile

log = structlog.get_logger(__name__)

GIVE_UP_S = 3.0  # contract: the receiver tries for 3 s, then answers 503
PAUSE_S = 0.1
PATIENCE_S = 0.5  # of one commit, so that several fit into GIVE_UP_S
GROUP = 500
_EVENT_BYTES = 4096  # more than most events; a probe writes as much


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: dict[str, object]
    body: bytes
    done: Callable[[bool], None]
    until: float


def try_event(engine: Engine, *, size: int = _EVENT_BYTES) -> None:
    """Return if *engine* can store an event of *size* bytes now; it is taken away. Raises StoreError."""
    row = {"hash": secrets.token_hex(), "body": secrets.token_bytes(size), "received_at": 0}
    with engine.transaction(patience_s=PATIENCE_S):
        engine.run_many("inbox_add", [row])
        engine.run("inbox_forget", hash=row["hash"])
    engine.check()


class GroupCommit:
    """Stores events durably from many threads at once."""

    def __init__(
        self,
        engine: Engine,
        *,
        on_stored: Callable[[], None],
        topic: str = "inbox",
        holder: str = "",
        refusals: RefusalFile | None = None,
    ) -> None:
        """Start the writer; a commit calls *on_stored* and tells other processes *topic*.

        *refusals* keeps the time of refused events until the store has it.
        """
        self._engine = engine
        self._on_stored = on_stored
        self._topic = topic
        self._holder = holder
        self._outages = Outages(engine)
        self._refusals = refusals
        self._refused_since: int | None = None
        self._failed_bytes = 0  # of the last group, if it was not stored
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox-writer", daemon=True)
        self._thread.start()

    def put(
        self,
        *,
        hash: str,  # noqa: A002 - the column's name
        body: bytes,
        received_at: int,
        done: Callable[[bool], None],
    ) -> None:
        """Store an event; call *done* from the writer's thread with whether it is on disk (or was before).

        False means that it is not and will not be: a refusing store is tried again for GIVE_UP_S.
        """
        row: dict[str, object] = {"hash": hash, "body": body, "received_at": received_at}
        self._queue.put(_Waiting(row, body, done, time.monotonic() + GIVE_UP_S))

    def probe(self) -> None:
        """Return if a group could be committed now. Raises StoreBusyError.

        It does what an event needs, with as much as the group that failed last: a full disk may still take
        less. What it stores it takes away again.
        """
        try_event(self._engine, size=max(_EVENT_BYTES, self._failed_bytes))

    def close(self) -> None:
        """Commit or refuse the waiting events, and end the writer."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        waiting: list[_Waiting] = []
        stopping = False
        while waiting or not stopping:
            stopping = self._collect(waiting, block=not waiting and not stopping) or stopping
            group = waiting[:GROUP]
            if self._commit(group):
                del waiting[:GROUP]
                continue
            now = time.monotonic()
            refused = [event for event in waiting if event.until <= now]
            if refused:
                self._note_refusal()
            for late in refused:
                _tell(late, stored=False)
            waiting = [event for event in waiting if event.until > now]
            time.sleep(PAUSE_S)

    def _collect(self, waiting: list[_Waiting], *, block: bool) -> bool:
        """Add everything that has arrived to *waiting*. Return whether the end was asked for."""
        try:
            while True:
                more = self._queue.get(block=block)
                if more is None:
                    return True
                waiting.append(more)
                block = False
        except Empty:
            return False

    def _commit(self, group: list[_Waiting]) -> bool:
        try:
            if group:
                with self._engine.transaction(patience_s=PATIENCE_S):
                    # in one order, so that two receivers with the same events do not wait for each other
                    rows = sorted((event.row for event in group), key=lambda row: str(row["hash"]))
                    self._engine.run_many("inbox_add", rows)
                    self._note_outage()
                    self._engine.notify(self._topic)
                self._engine.check()  # a file that was deleted meanwhile holds nothing
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may be told 200
            if not self._failed_bytes:  # one line an outage, not one a try
                reason = str(error) if isinstance(error, StoreError) else type(error).__name__
                log.warning("events not stored yet", waiting=len(group), reason=reason)
            self._failed_bytes = sum(len(one.body) for one in group)
            return False
        if group:
            self._failed_bytes = 0
            self._forget_refusals()
            for event in group:
                _tell(event, stored=True)
            self._on_stored()
        return True

    def _note_refusal(self) -> None:
        """Keep the time of refused events, before their senders hear of it."""
        now = int(time.time())
        self._refused_since = self._refused_since or int(now - GIVE_UP_S)
        if self._refusals is not None:
            self._refusals.note(self._refused_since, now)

    def _note_outage(self) -> None:
        """Store the time of refused events: a later sync looks for what WeCom did not send again."""
        if self._refused_since is not None:
            self._outages.add(self._refused_since, int(time.time()), reason=REFUSED, holder=self._holder)

    def _forget_refusals(self) -> None:
        if self._refused_since is not None:
            self._refused_since = None
            if self._refusals is not None:
                self._refusals.clear()


def _tell(event: _Waiting, *, stored: bool) -> None:
    try:
        event.done(stored)
    except Exception:
        log.exception("could not report whether an event was stored", stored=stored)
