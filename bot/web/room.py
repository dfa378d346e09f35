"""Room for connections: whoever holds many of them keeps nobody else out."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Protocol


class Held(Protocol):
    """A connection. *since*: when it was made, or its last request was complete, by its loop's clock."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    since: float

    @property
    def is_waiting(self) -> bool:
        """Whether we wait for the other end, and owe it no answer."""
        ...


class Room:
    """Room for so many connections."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: set[Held] = set()
        self._lock = threading.Lock()

    def take(self, connection: Held) -> bool:
        """Take a place; if none is free, that of the connection which is idle or sending for longest."""
        with self._lock:
            if len(self._inside) >= self._most:
                waiting = [one for one in self._inside if one.is_waiting]
                if not waiting:
                    return False
                longest = min(waiting, key=lambda one: one.since)
                self._inside.discard(longest)
                with suppress(RuntimeError):  # its loop has ended, and it with that
                    longest.loop.call_soon_threadsafe(longest.transport.abort)
            self._inside.add(connection)
            return True

    def leave(self, connection: Held) -> None:
        """Give the place back, if it still has one."""
        with self._lock:
            self._inside.discard(connection)
