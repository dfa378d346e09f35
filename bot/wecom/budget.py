"""One process's part of the common budget for reading calls [90312]; `bot.store.budget` divides it.

Messages go first. While some are due, a process makes one call of each API at a time, with pauses. So reading
never stops.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.store.budget import GRANT_S, Budget, Grant, Share
from bot.wecom.client import CALL_S
from bot.wecom.errors import TOO_MANY_AT_ONCE, ErrorKind, kind_of

# Limits of a corp and API, for all programs of the bank. Concurrency has no official number; see 45033.
CORP_PER_MINUTE, CORP_PER_HOUR = 10_000, 150_000
READS_IN_FLIGHT = 5
# Half: the bank's other programs read too, and WeCom counts a call on arrival, not when it begins.
SHARE = Share(
    per_minute=CORP_PER_MINUTE // 2,
    per_hour=CORP_PER_HOUR // 2,
    in_flight=READS_IN_FLIGHT,
    call_s=math.ceil(CALL_S),
)
MOST_CALLS = 200  # more than five parallel calls make within one grant
GIVE_WAY_S = 0.2
_NOW_S = 0.001  # a shorter rest of a wait counts as none: clocks round
_LOOK_S = 0.02
_MOST_REST_S = GIVE_WAY_S + _NOW_S  # more: the clock went back


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A wait of *seconds*, until *until* (epoch s), before a call. *is_block*: WeCom blocks the API."""

    seconds: float
    until: float
    is_block: bool = False


@dataclass(slots=True)
class _Held:
    """The grant of this process for one API: *calls* may begin before *until*, *places* of them in parallel.

    *capped*: more places are not available now. *chunk*: how many calls are requested at once. *closed*: the
    wait that the last request got instead of calls.
    """

    calls: int = 0
    granted: int = 0
    places: int = 0
    capped: bool = False
    probes: bool = False
    until: float = 0.0
    flying: int = 0
    began_at: float = 0.0
    chunk: int = READS_IN_FLIGHT
    gives_way: bool = False
    closed: Wait | None = None


class ReadBudget:
    """The moments when reading calls may begin. One object a process; safe to share between threads."""

    def __init__(
        self,
        budget: Budget,
        *,
        holder: str,
        real_time: Callable[[], float],
        messages_due: Callable[[], bool] = lambda: False,
        share: Share = SHARE,
    ) -> None:
        self._budget = budget
        self._holder = holder
        self._time = real_time
        self._messages_due = messages_due
        self._share = share
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def begin(self, api: str) -> Wait | None:
        """Begin a call of *api* and return None, or return the wait. Call `end` after the call."""
        with self._lock:
            held = self._held.setdefault(api, _Held())
            if wait := self._granted(api, held, places=held.flying + 1):
                return wait
            now = self._time()
            if held.flying >= held.places or now >= held.until:
                return Wait(seconds=_LOOK_S, until=now + _LOOK_S)
            if held.gives_way and _NOW_S < (rest := held.began_at + GIVE_WAY_S - now) <= _MOST_REST_S:
                return Wait(seconds=rest, until=now + rest)
            held.calls -= 1
            held.flying += 1
            held.began_at = now
            return None

    def room(self, api: str, *, most: int) -> tuple[int, Wait | None]:
        """Return how many calls of *api* (at most *most*) may run in parallel now; if 0, also the wait."""
        with self._lock:
            held = self._held.setdefault(api, _Held())
            wait = self._granted(api, held, places=most)
            return (0, wait) if wait else (min(held.calls, held.places, most), None)

    def end(self, api: str, errcode: int | None) -> None:
        """Record the end of a call that `begin` allowed, with WeCom's *errcode*; None without an answer."""
        with self._lock:
            held = self._held[api]
            held.flying -= 1
            is_blocked = errcode is not None and kind_of(errcode) is ErrorKind.RATE
            if is_blocked or errcode in TOO_MANY_AT_ONCE:
                held.calls = 0
            answers = held.probes and errcode is not None and not is_blocked
            if answers:
                held.calls, held.probes = 0, False
        now = self._time()
        if is_blocked:
            self._budget.block(api, now=now)
        elif errcode in TOO_MANY_AT_ONCE:
            self._budget.lower(api, now=now, share=self._share)
        if answers:
            self._budget.well(api, now=now)

    def leave(self) -> None:
        """Give all grants back; later calls request new ones."""
        with self._lock:
            if self._held:
                self._budget.leave(holder=self._holder, now=self._time())
            for held in self._held.values():
                held.calls = 0

    def _granted(self, api: str, held: _Held, *, places: int) -> Wait | None:
        """Request calls and *places* as needed; return the wait if there are none."""
        now = self._time()
        if held.until - now > GRANT_S:  # the clock went back: what is held is of another time
            held.until = now
        if held.calls > 0 and now < held.until and (places <= held.places or held.capped):
            return None
        if held.closed and 0 < held.closed.until - now <= held.closed.seconds:
            return replace(held.closed, seconds=held.closed.until - now)
        if now >= held.until:
            # Request twice as many as were used last time: few are wasted, and requests are rare.
            held.chunk = 2 * (held.granted - held.calls) if held.granted else held.chunk
            held.calls = held.granted = held.places = 0
        elif not held.calls:
            held.chunk *= 2
        held.chunk = min(MOST_CALLS, max(READS_IN_FLIGHT, held.chunk))
        held.gives_way = self._messages_due()
        grant = self._budget.take(
            api,
            holder=self._holder,
            calls=max(1, held.chunk - held.calls),
            places=1 if held.gives_way else min(max(places, held.places), self._share.in_flight),
            flying=held.flying,
            now=now,
            share=self._share,
        )
        self._keep(held, grant, places=places, now=now)
        return held.closed

    @staticmethod
    def _keep(held: _Held, grant: Grant, *, places: int, now: float) -> None:
        if not grant.calls:
            held.calls = held.granted = held.places = 0
            seconds = max(_LOOK_S, grant.wait_s)
            held.closed = Wait(seconds=seconds, until=now + seconds, is_block=grant.is_block)
            return
        if not held.calls:
            held.until = now + GRANT_S
        held.calls += grant.calls
        held.granted += grant.calls
        held.places, held.capped, held.probes = grant.places, grant.places < places, grant.probes
        held.closed = None
