"""The end of a long-running command by Ctrl-C or SIGTERM, at any time."""

from __future__ import annotations

import signal
import threading
import time

_LOOK_S = 0.2


class Stop(threading.Event):
    """An event set by signals, also by signals just before the main thread begins to wait.

    Python runs a signal's handler in the main thread, between two steps. A signal after the last step before
    an endless wait, or to another thread, would never be handled.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_asked = False

    def catch(self, *numbers: signal.Signals) -> None:
        """Let SIGINT and SIGTERM, or the signals *numbers*, set the event. Call it in the main thread."""
        for number in numbers or (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    def _heard(self, *_: object) -> None:
        # No `set` here: the interrupted thread may hold its lock.
        self._is_asked = True

    def wait_for(self, seconds: float) -> bool:
        """Wait until a signal asks for the end, or for *seconds*; return whether one did."""
        end = time.monotonic() + seconds
        while not self._is_asked and (left := end - time.monotonic()) > 0:
            super().wait(min(left, _LOOK_S))
        return self._is_asked

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set, or for *timeout* seconds."""
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(_LOOK_S):
            if self._is_asked:
                self.set()
        return True
