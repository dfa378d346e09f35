"""The sandbox's clock: any start, any speed, jumps forward, never back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class ClockError(ValueError):
    """A request to set the clock back or to a negative speed."""


class VirtualClock:
    """Virtual epoch seconds. Thread-safe.

    *start* is the first reading (default: real time), *speed* virtual seconds a real second; 0 stops the
    clock. Only the acts of WeCom's people follow it: CreateTime, the times on the phones. Token expiry,
    sending windows and the timestamp of a callback use real time, because the bot's do.
    """

    def __init__(
        self,
        start: float | None = None,
        *,
        speed: float = 1.0,
        real: Callable[[], float] = time.time,
    ) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._base_real = real()
        self._base = self._base_real if start is None else start
        self._speed = _checked(speed)

    def now(self) -> float:
        """Return the current virtual epoch seconds."""
        with self._lock:
            return self._reading()

    @property
    def speed(self) -> float:
        """Return the virtual seconds that pass in a real second."""
        with self._lock:
            return self._speed

    def set(self, at: float) -> None:
        """Jump to *at* (epoch seconds). Raises ClockError if it is in the past."""
        with self._lock:
            if at < self._reading():
                raise ClockError("the clock goes forward only")
            self._rebase(at)

    def advance(self, seconds: float) -> None:
        """Jump *seconds* ahead. Raises ClockError if they are negative."""
        if seconds < 0:
            raise ClockError("the clock goes forward only")
        with self._lock:
            self._rebase(self._reading() + seconds)

    def run_at(self, speed: float) -> None:
        """Continue at *speed*. Raises ClockError if it is negative."""
        _checked(speed)
        with self._lock:
            self._rebase(self._reading())
            self._speed = speed

    def _reading(self) -> float:
        return self._base + (self._real() - self._base_real) * self._speed

    def _rebase(self, at: float) -> None:
        self._base, self._base_real = at, self._real()


def _checked(speed: float) -> float:
    if speed < 0:
        raise ClockError("the speed must be 0 or more")
    return speed
