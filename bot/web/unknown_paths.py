"""Requests for paths that the bot does not serve: one log line a minute, with the path likely meant."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import structlog

from bot.web.receiver import PATH

log = structlog.get_logger(__name__)

_EVERY_S = 60.0
_SHOWN = 80  # characters of a path
_OF_CALLBACKS = "msg_signature="  # in the query of every request of WeCom's


class UnknownPaths:
    """The count of such requests since the last line. Safe to share between threads."""

    def __init__(self, known: Sequence[str], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Store the paths that are *known*."""
        self._known = known
        self._time = monotonic
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._requests = 0

    def note(self, path: str, *, query: str, peer: str) -> None:
        """Count a request from *peer*, and log it if a minute has passed since the last line."""
        with self._lock:
            self._requests += 1
            now = self._time()
            if now < self._next_at:
                return
            self._next_at, requests, self._requests = now + _EVERY_S, self._requests, 0
        log.warning(
            "no such path",
            path=path[:_SHOWN].encode("unicode_escape").decode(),
            likely=self._likely(path, query) or None,
            requests=requests,
            peer=peer,
        )

    def _likely(self, path: str, query: str) -> str:
        if _OF_CALLBACKS in query:
            return PATH
        last = "/" + path.rstrip("/").rpartition("/")[2].lower()
        return next(iter(get_close_matches(last[:_SHOWN], self._known, n=1)), "")
