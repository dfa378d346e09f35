"""How a command that runs on is ended: by Ctrl-C or SIGTERM, whenever they come."""

from __future__ import annotations

import signal
import threading

_LOOK_S = 0.2


class Stop(threading.Event):
    """An event that signals set, also those that come just before the main thread begins to wait.

    Python runs a signal's handler in the main thread, between two steps. A signal that comes after the last
    step before a wait without end, or to another thread, would be heard when the wait is over: never.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_asked = False

    def catch(self) -> None:
        """Let SIGINT and SIGTERM set it. Call it in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    def _heard(self, *_: object) -> None:
        # No `set` here: the thread that was interrupted may hold the lock that it takes.
        self._is_asked = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or for *timeout* seconds."""
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(_LOOK_S):
            if self._is_asked:
                self.set()
        return True
