"""Outgoing callbacks: encrypt an event, POST it, retry like WeCom (90930, 90238), and keep a log.

As with WeCom, nothing is guaranteed: switches make events lost, repeated or reordered.
"""

from __future__ import annotations

import queue
import random
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

import requests

from sandbox.events import Event, cdata
from sandbox.switches import CallbackSwitches
from sandbox.world import World
from sandbox.wxcrypto import Codec

_DELIVERIES_KEPT = 50_000
_EVENTS_KEPT = 2000
_OK = 200
_CREATE_TIME = re.compile(rb"<CreateTime>(\d+)</CreateTime>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One try as logged. *status* None: no answer, see *error*. *real_at*: the begin of the try."""

    event: int
    kind: str
    userid: str
    external_userid: str
    copy: int
    attempt: int
    at: float
    real_at: float
    ms: float
    status: int | None
    error: str
    body_bytes: int
    ok: bool


@dataclass(slots=True, kw_only=True)
class SentEvent:
    """One event and what became of its copies.

    *at*: its CreateTime, *real_at*: real epoch seconds, *delivered_at*: monotonic, 0 before.
    """

    number: int
    kind: str
    userid: str
    external_userid: str
    at: int
    real_at: float
    copies: int = 0
    delivered: int = 0
    failed: int = 0
    lost: int = 0
    tries: int = 0
    delivered_at: float = 0.0

    @property
    def way(self) -> str:
        """Return in a word how it went: sending, delivered, many (times), late (not at the first try)…"""
        if self.delivered + self.failed + self.lost < self.copies:
            return "sending"
        if not self.delivered:
            return "failed" if self.failed else "lost"
        return "many" if self.delivered > 1 else ("late" if self.tries > 1 else "delivered")


@dataclass(slots=True)
class Batch:
    """Events that were sent together. Counts are of copies: delivered + failed + lost = planned."""

    planned: int
    delivered: int = 0
    failed: int = 0
    lost: int = 0
    done: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    event: Event
    copy: int


class CallbackSender:
    """The sender of the world's events to the callback URL. Thread-safe."""

    def __init__(self, world: World) -> None:
        self._world = world
        app = world.app
        self._codec = Codec(token=app.callback_token, aes_key=app.callback_aes_key, receive_id=app.corp_id)
        self.deliveries: deque[Delivery] = deque(maxlen=_DELIVERIES_KEPT)
        self._sent: deque[SentEvent] = deque(maxlen=_EVENTS_KEPT)
        self._batches: list[Batch] = []
        self._numbers = 0
        self._lock = threading.Lock()

    def send(self, events: Sequence[Event], *, switches: CallbackSwitches | None = None) -> Batch:
        """Start sending *events* and return at once. Without a callback URL all of them are lost."""
        chosen = switches or self._world.callbacks
        tasks = self._tasks(events, chosen)
        batch = Batch(planned=len(tasks))
        waiting: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        for task in tasks:
            waiting.put(task)
        with self._lock:
            self._batches.append(batch)
        if not tasks:
            batch.done.set()
        for _ in range(min(chosen.parallel, len(tasks))):
            # Daemons: a hanging receiver must not delay the end of the sandbox.
            threading.Thread(target=self._work, args=(waiting, batch, chosen), daemon=True).start()
        return batch

    @property
    def count(self) -> int:
        """Return how many events were sent so far: the number of the next one."""
        with self._lock:
            return self._numbers

    def sent_since(self, number: int) -> list[SentEvent]:
        """Return the events from *number* on that are still kept, oldest first."""
        with self._lock:
            return [one for one in self._sent if one.number >= number]

    def wait(self, timeout: float) -> bool:
        """Wait until all events are delivered, failed or lost; return False after *timeout* seconds."""
        end = time.monotonic() + timeout
        with self._lock:
            batches = list(self._batches)
        finished = all(batch.done.wait(max(0.0, end - time.monotonic())) for batch in batches)
        with self._lock:
            self._batches = [batch for batch in self._batches if not batch.done.is_set()]
        return finished

    def verify(self) -> dict[str, object]:
        """Run the address check (GET, 90930) and report: ok, status, ms, reason."""
        if not self._world.callback_url:
            return {"ok": False, "status": None, "ms": 0.0, "reason": "no callback address"}
        echo = str(self._world.rng.randrange(10**18, 10**19)).encode()
        query = self._query(self._codec.encrypt(echo), is_echo=True)
        limit = self._world.callbacks.verify_timeout
        began = time.monotonic()
        try:
            with _session() as session:
                answer = session.get(
                    f"{self._world.callback_url}?{query}", timeout=limit, allow_redirects=False
                )
        except requests.RequestException as exc:
            return {"ok": False, "status": None, "ms": _ms(began), "reason": type(exc).__name__}
        ms = _ms(began)
        reason = _verify_fault(answer, echo, is_late=ms > limit * 1000)
        return {"ok": not reason, "status": answer.status_code, "ms": ms, "reason": reason}

    def _tasks(self, events: Sequence[Event], switches: CallbackSwitches) -> list[_Task]:
        with self._lock:
            first = self._numbers
            self._numbers += len(events)
        with self._world.lock:
            rng = self._world.rng
            tasks = [
                _Task(first + offset, event, copy)
                for offset, event in enumerate(events)
                for copy in range(switches.copies + _hits(rng, switches.double_rate))
            ]
            self._note(first, events, tasks)
            if switches.late_rate:
                late = {task.number: _hits(rng, switches.late_rate) for task in tasks}
                tasks.sort(key=lambda task: late[task.number])
            if switches.reorder:
                rng.shuffle(tasks)
        return tasks

    def _note(self, first: int, events: Sequence[Event], tasks: Sequence[_Task]) -> None:
        """Keep *events*, numbered from *first* on, to tell later what became of them."""
        now = self._world.real()
        sent = [_sent_event(first + offset, event, now=now) for offset, event in enumerate(events)]
        for task in tasks:
            sent[task.number - first].copies += 1
        with self._lock:
            self._sent.extend(sent)

    def _work(self, waiting: queue.SimpleQueue[_Task], batch: Batch, switches: CallbackSwitches) -> None:
        with _session() as session:
            while True:
                try:
                    task = waiting.get_nowait()
                except queue.Empty:
                    return
                self._finish(batch, task, self._outcome(session, task, switches))

    def _outcome(self, session: requests.Session, task: _Task, switches: CallbackSwitches) -> str:
        with self._world.lock:
            is_lost = self._world.rng.random() < switches.drop_rate
        if is_lost or not self._world.callback_url or self._world.stopping.wait(switches.delay):
            return "lost"
        return "delivered" if self._deliver(session, task, switches) else "failed"

    def _finish(self, batch: Batch, task: _Task, outcome: str) -> None:
        with self._lock:
            sent = next((one for one in reversed(self._sent) if one.number == task.number), None)
            for count in (batch, sent):
                if count is not None:
                    setattr(count, outcome, getattr(count, outcome) + 1)
            if batch.delivered + batch.failed + batch.lost == batch.planned:
                batch.done.set()

    def _deliver(self, session: requests.Session, task: _Task, switches: CallbackSwitches) -> bool:
        query, body = self._sealed(task.event, switches)
        for attempt in range(1, switches.tries + 1):
            if attempt > 1:
                if self._world.stopping.wait(switches.retry_pause):
                    return False
                if switches.fresh_retry:
                    query, body = self._sealed(task.event, switches)
            delivery = self._try(session, task, attempt, query=query, body=body, timeout=switches.timeout)
            self._log(delivery)
            if delivery.ok:
                return True
            if delivery.status is not None and not switches.retry_non_200:
                return False
        return False

    def _log(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        with self._lock:
            sent = next((one for one in reversed(self._sent) if one.number == delivery.event), None)
            if sent is not None:
                sent.tries = max(sent.tries, delivery.attempt)
                if delivery.ok and not sent.delivered_at:
                    sent.delivered_at = time.monotonic()

    def _try(
        self, session: requests.Session, task: _Task, attempt: int, *, query: str, body: bytes, timeout: float
    ) -> Delivery:
        real_at, began = time.time(), time.monotonic()
        status, error, size = None, "", 0
        try:
            answer = session.post(
                f"{self._world.callback_url}?{query}",
                data=body,
                headers={"Content-Type": "text/xml"},
                timeout=timeout,
                allow_redirects=False,
            )
            status, size = answer.status_code, len(answer.content)
        except requests.RequestException as exc:
            error = type(exc).__name__
        return Delivery(
            event=task.number,
            kind=task.event.kind,
            userid=task.event.userid,
            external_userid=task.event.external_userid,
            copy=task.copy,
            attempt=attempt,
            at=self._world.clock.now(),
            real_at=real_at,
            ms=_ms(began),
            status=status,
            error=error,
            body_bytes=size,
            ok=status == _OK,
        )

    def _sealed(self, event: Event, switches: CallbackSwitches) -> tuple[str, bytes]:
        encrypt = self._codec.encrypt(event.xml)
        own = str(self._world.app.agent_id)
        agent = (
            own if event.is_app else {"own": own, "empty": ""}.get(switches.outer_agent, switches.outer_agent)
        )
        parts = (
            cdata("ToUserName", self._world.app.corp_id) + cdata("AgentID", agent) + cdata("Encrypt", encrypt)
        )
        return self._query(encrypt), f"<xml>{parts}</xml>".encode()

    def _query(self, encrypt: str, *, is_echo: bool = False) -> str:
        timestamp = str(int(time.time()))
        with self._world.lock:
            nonce = str(self._world.rng.randrange(10**8, 10**10))
        signature = self._codec.sign(timestamp=timestamp, nonce=nonce, encrypt=encrypt)
        query = f"msg_signature={signature}&timestamp={timestamp}&nonce={nonce}"
        return f"{query}&echostr={quote_plus(encrypt)}" if is_echo else query


def _sent_event(number: int, event: Event, *, now: float) -> SentEvent:
    created = _CREATE_TIME.search(event.xml)
    return SentEvent(
        number=number,
        kind=event.kind,
        userid=event.userid,
        external_userid=event.external_userid,
        at=int(created[1]) if created else int(now),
        real_at=now,
    )


def _hits(rng: random.Random, rate: float) -> int:
    """Return 1 with probability *rate*, else 0. Rate 0 draws nothing, so a seed gives the same."""
    return int(rate > 0 and rng.random() < rate)


def _verify_fault(answer: requests.Response, echo: bytes, *, is_late: bool) -> str:
    if is_late:
        return "answered too late"
    if answer.status_code != _OK:
        return f"status {answer.status_code}"
    return "" if answer.content == echo else "another body than the decrypted echostr"


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # WeCom does not use this machine's proxies
    return session


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
