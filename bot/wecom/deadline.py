"""One deadline for a whole HTTP call.

The timeouts of requests count from one part of an answer to the next: a server that sends a byte a second is
never too slow for them. So at the deadline another thread shuts down the socket of the call, and the call
ends with an error.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

_local = threading.local()


class Deadline:
    """The end of the HTTP calls that this thread makes inside the block.

    *is_over*: it was reached. *has_begun*: a request may have left this machine.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = self.has_begun = False
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon, self._timer.name = True, "deadline"

    def __enter__(self) -> Self:
        _local.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _local.deadline = None
        self._watch(None)

    def connected(self, sock: socket.socket, connection: HTTPConnection) -> None:
        """Watch the socket of a new connection. Raises ConnectTimeoutError after the deadline."""
        self._watch(sock)
        if self.is_over:
            sock.close()
            raise ConnectTimeoutError(connection, "the deadline is over")

    def begin(self, sock: socket.socket | None) -> None:
        """Note that a request goes out now, over *sock* if it is connected."""
        self.has_begun = True
        if sock is not None:
            self._watch(sock)

    def _watch(self, sock: socket.socket | None) -> None:
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            # A second handle: requests may close its own before it has read the answer.
            self._handle = None if sock is None else socket.socket(fileno=os.dup(sock.fileno()))
            if self.is_over:
                self._shut_down()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._handle is not None:
            with suppress(OSError):  # the other side was faster
                self._handle.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn(), self)

    def request(self, *arguments: Any, **named: Any) -> None:
        _begin(self)
        super().request(*arguments, **named)


class _SafeConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn(), self)

    def request(self, *arguments: Any, **named: Any) -> None:
        _begin(self)
        super().request(*arguments, **named)


def _watched(sock: socket.socket, connection: HTTPConnection) -> socket.socket:
    deadline: Deadline | None = getattr(_local, "deadline", None)
    if deadline is not None:
        deadline.connected(sock, connection)
    return sock


def _begin(connection: HTTPConnection) -> None:
    deadline: Deadline | None = getattr(_local, "deadline", None)
    if deadline is not None:
        deadline.begin(connection.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


POOLS = {"http": _Pool, "https": _SafePool}  # as urllib3 keeps them
