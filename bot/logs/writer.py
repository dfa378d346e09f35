"""Standard error of a service: a reader that hangs, a full disk or a closed file never stop the service.

One thread writes. Lines that it cannot write, or that wait behind too many others, are lost and counted.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from queue import Full, Queue

_ROOM = 10_000  # lines
_GOODBYE_S = 1.0


class LogWriter(logging.Handler):
    """A handler that returns at once.

    *lost* counts the lines that nobody can read, *unsaid* those of them of which no line tells yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lost = self.unsaid = 0
        self._counting = threading.Lock()
        self._lines: Queue[str] = Queue(_ROOM)
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()
        atexit.register(self.finish)

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record* soon, or count it as lost."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - whatever a library logs, its work goes on
            line = str(record.msg)
        self.say(line)

    def say(self, line: str) -> None:
        """Write *line* soon, or count it as lost."""
        try:
            self._lines.put_nowait(line)
        except Full:
            self._lose()

    def finish(self) -> None:
        """Return when all lines are written, or a second later."""
        end = time.monotonic() + _GOODBYE_S
        while self._lines.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)  # nothing tells of the end of a write

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            try:
                _write(line + "\n")
            except (OSError, ValueError):
                self._lose()
            else:
                self._own_up()
            self._lines.task_done()

    def _lose(self) -> None:
        with self._counting:
            self.lost += 1
            self.unsaid += 1

    def _own_up(self) -> None:
        """Say how many lines were lost, as soon as one can be written again."""
        if not self.unsaid:
            return
        with suppress(OSError, ValueError), self._counting:
            _write(f"{self.unsaid} log lines were lost: standard error was closed, full or not read\n")
            self.unsaid = 0


def _write(text: str) -> None:
    """Write *text* to standard error without its buffer. Raises OSError, ValueError."""
    stream = sys.stderr
    if stream is None:
        raise ValueError("standard error is closed")
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # a stream of a test
        stream.write(text)
        return
    data = text.encode(errors="backslashreplace")
    while data:
        data = data[os.write(number, data) :]
