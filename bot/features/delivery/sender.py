"""The sender: one in the whole installation, under a lease, because WeCom's limits are per app.

The lease outlives every call that may begin under it. So a successor never sends during the last call of a
holder that died. The successor rebuilds its pacing from the outbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

import structlog

from bot.core.counting import DAY_S
from bot.features.delivery.deliver import Delivery
from bot.features.notify.recheck import hold_back
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.lease import Lease
from bot.store.troubles import NOTHING_LEARNT, Part, Trouble
from bot.wecom.client import CALL_S
from bot.wecom.errors import TOO_MANY_AT_ONCE
from bot.wecom.pacing import Pacer

log = structlog.get_logger(__name__)

LEASE = "delivery"
LEASE_S = 13  # a successor takes over within 15 s of the holder's death
_RENEW_BELOW_S = LEASE_S - 1  # no call begins with less left than it may last (CALL_S)
_IDLE_S = 1.0
_LOOK_S = 0.5  # the interval of waiting senders for the lease
_CALLS_S = 0.25  # how long a step waits for calls in flight
_SENDS_PER_SEAT = 200  # WeCom: account cap x 200 person-times a day and app
_BATCH = 100
# Seconds between two probes, the last one repeated: after -1, and while other calls use up an API's limit.
_BUSY_PAUSES_S, _CROWDED_PAUSES_S = (5, 120, 600), (2, 5, 15, 30)
_AFTER_FAULT_S = 60  # of a row that met a fault of ours; its neighbours do not wait


class Sender:
    """The sender of due messages. One thread calls `step` repeatedly; `close` ends it."""

    def __init__(
        self, services: Services, delivery: Delivery, *, real_time: Callable[[], float] = time.time
    ) -> None:
        wecom = services.config.wecom
        self._services = services
        self._outbox = services.store.outbox
        self._delivery = delivery
        self._time = real_time
        self._limits = (wecom.max_per_minute, wecom.account_cap * _SENDS_PER_SEAT)
        self._parallel = wecom.max_in_flight
        self._rechecked = _BATCH + wecom.max_per_minute // 6  # more than go in a second
        self._pool = ThreadPoolExecutor(max_workers=self._parallel, thread_name_prefix="sender")
        self._flying: dict[int, Future[Trouble | None]] = {}
        self._pacer: Pacer | None = None
        self._lease = Lease(
            services.store.leases, LEASE, holder=services.holder, lasts_s=LEASE_S, real_time=real_time
        )
        self._hold_until = self._looked_at = 0.0
        self._busy = 0  # probes in a row that WeCom answered with -1
        self._expired_at = (0, 0)
        self._trouble = services.store.troubles.of(Part.DELIVERY)

    @property
    def leads(self) -> bool:
        """Whether this process held the lease at the last step."""
        return self._pacer is not None

    def step(self) -> float:
        """Do what can be done now; return the seconds to wait before the next step."""
        self._reap()
        now = self._time()
        if now < self._looked_at:  # the clock went back: nothing that we wait for is true
            self._hold_until, self._pacer = 0.0, None
        self._looked_at = now
        if not self._lead():
            return _LOOK_S
        clock_now = int(self._services.clock.now().timestamp())
        if (int(now), clock_now) != self._expired_at:
            self._outbox.expire(real_now=int(now), clock_now=clock_now)
            self._expired_at = (int(now), clock_now)
            hold_back(self._services, real_now=int(now), clock_now=clock_now, batch=self._rechecked)
        if now >= self._hold_until:
            wait_s = self._send_due(clock_now)
        else:
            wait_s = min(_IDLE_S, self._hold_until - now)
        if self._flying:
            wait(self._flying.values(), timeout=_CALLS_S, return_when=FIRST_COMPLETED)
            return 0.0
        return wait_s

    def close(self) -> None:
        """Wait for calls in flight, store their outcome and free the lease."""
        self._pool.shutdown(wait=True)
        self._reap()
        self._lease.free()
        self._pacer = None

    def _lead(self) -> bool:
        if not self._lease.hold(for_s=_RENEW_BELOW_S):
            self._pacer = None
            return False
        if self._pacer is None:
            per_minute, per_day = self._limits
            self._pacer = Pacer(max_per_minute=per_minute, max_per_day=per_day)
            now = int(self._time())
            tries = self._outbox.tries_since(now - DAY_S)
            self._pacer.rebuild((userid, min(at, now)) for userid, at in tries)
            log.info("delivery begins", holder=self._services.holder)
        return True

    def _send_due(self, clock_now: int) -> float:
        """Start the calls that are due and allowed; return the seconds without another one."""
        assert self._pacer is not None  # noqa: S101 - only called while leading
        now = self._time()
        rows = self._outbox.due(real_now=int(now), clock_now=clock_now, batch=_BATCH)
        if self._busy:
            rows.sort(key=lambda row: row.attempts)  # a probe costs a try: that of a message with many left
        for due in rows:
            if len(self._flying) >= (1 if self._busy else self._parallel):
                break
            if due.seq in self._flying:
                continue
            if pause := self._pacer.app_wait(now):
                return min(pause, _IDLE_S)
            if pause := self._pacer.member_wait(due.to_userid, now):
                self._outbox.postpone(due.seq, next_try_at=int(now + pause) + 1)
                continue
            self._pacer.note(due.to_userid, now)
            self._flying[due.seq] = self._pool.submit(self._delivery.deliver, due, may_call=self._may_call)
        return _IDLE_S

    def _may_call(self) -> bool:
        """Return whether a call that begins now ends within the lease."""
        return self._lease.left_s >= CALL_S

    def _reap(self) -> None:
        for seq, future in [(seq, future) for seq, future in self._flying.items() if future.done()]:
            del self._flying[seq]
            if (error := future.exception()) is not None:
                self._failed(seq, error)
            elif (trouble := future.result()) is None:
                self._busy = 0
                self._trouble.clear()
            elif trouble is not NOTHING_LEARNT:
                self._note(trouble)

    def _failed(self, seq: int, error: BaseException) -> None:
        """Note a fault of ours. The row stays as stored; its open outcome was stored before the call."""
        now = self._time()
        if isinstance(error, StoreError):
            self._hold_until = now + _IDLE_S
            log.warning("the store is away; a message waits", seq=seq, error=type(error).__name__)
            return
        self._outbox.postpone(seq, next_try_at=int(now) + _AFTER_FAULT_S)
        text = f"a message could not be sent for a fault of the program ({type(error).__name__}): see the log"
        if self._trouble.note(Trouble(0, text)):
            log.error("delivery failed", seq=seq, exc_info=error)

    def _note(self, trouble: Trouble) -> None:
        now = self._time()
        if trouble.is_busy and now >= self._hold_until:  # not a call that began before the pause
            pauses = _CROWDED_PAUSES_S if trouble.errcode in TOO_MANY_AT_ONCE else _BUSY_PAUSES_S
            pause = pauses[min(self._busy, len(pauses) - 1)]
            self._busy += 1
            trouble = replace(trouble, until=int(now) + pause)
        self._hold_until = max(self._hold_until, float(trouble.until))
        if self._trouble.note(trouble):
            log.error("delivery waits", errcode=trouble.errcode, reason=trouble.text, until=trouble.until)
