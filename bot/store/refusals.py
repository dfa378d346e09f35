"""A small file that keeps the time of refused events while the store takes nothing, over a restart too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_MODE = 0o600
_FORM = "{:020d} {:020d}\n"  # always as long: a full disk still takes it


@dataclass(frozen=True, slots=True)
class RefusedSpan:
    """Events were refused from *since* to *until*, both real epoch seconds."""

    since: int
    until: int


class RefusalFile:
    """The file at *path*. It is made at once, so that a full disk can take a note later."""

    def __init__(self, path: Path) -> None:
        """Make the file if it is not there. A folder that cannot be written to is logged."""
        self._path = path
        if self.read() is None:
            self._write(0, 0)

    def read(self) -> RefusedSpan | None:
        """Return the noted time; None if nothing was refused since the last `clear`."""
        try:
            since, until = (int(part) for part in self._path.read_text("ascii").split())
        except (OSError, ValueError):
            return None
        return RefusedSpan(since, until) if since else None

    def note(self, since: int, until: int) -> None:
        """Keep that events were refused from *since* to *until* (real epoch s)."""
        self._write(since, until)

    def clear(self) -> None:
        """Forget the time: the store has it."""
        self._write(0, 0)

    def _write(self, since: int, until: int) -> None:
        try:
            number = os.open(self._path, os.O_WRONLY | os.O_CREAT, _MODE)  # in place: it needs no new block
            try:
                os.write(number, _FORM.format(since, until).encode())
                os.fsync(number)
            finally:
                os.close(number)
        except OSError as error:
            log.warning("cannot keep the time of refused events", file=str(self._path), reason=error.strerror)
