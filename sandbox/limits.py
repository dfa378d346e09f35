"""Counts in windows of time: how often something happened in the last minute or hour."""

from __future__ import annotations

from collections import deque


class Window:
    """The events of the last *seconds*. Not thread-safe: the caller holds the world's lock."""

    def __init__(self, *, seconds: int) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    def has_room(self, now: float, *, limit: int, aligned: bool = False) -> bool:
        """Return whether one more fits under *limit* at *now* (epoch seconds); 0 is no limit.

        *aligned* counts from the last whole clock minute or hour instead of a sliding window; WeCom's way is
        UNCONFIRMED (90312).
        """
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        if limit == 0:
            return True
        if not aligned:
            return len(self._times) < limit
        return sum(at >= now - now % self._seconds for at in self._times) < limit

    def add(self, now: float) -> None:
        """Count one at *now*."""
        self._times.append(now)
