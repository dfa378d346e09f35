"""Counting in windows of time: how often something happened in the last minute or hour."""

from __future__ import annotations

from collections import deque


class Window:
    """What happened in the last *seconds*. Not thread-safe: the world's lock is held."""

    def __init__(self, *, seconds: int) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque()

    def has_room(self, now: float, *, limit: int, aligned: bool = False) -> bool:
        """Say whether one more fits under *limit* at *now* (epoch seconds); a limit of 0 is none.

        *aligned* counts from the last whole clock minute or hour instead of a window that slides: which of
        the two WeCom does is UNCONFIRMED (90312).
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
