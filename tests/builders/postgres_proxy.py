"""A proxy in front of PostgreSQL that loses a connection when nobody can know the outcome."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # the protocol's simple query
_HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Lose the connection on which *needle* is sent: before it arrives, or after it is done and unanswered.

    *skip* lets so many pass before; for *away_s* seconds afterwards every connection is lost.
    """

    needle: bytes = COMMIT
    arrives: bool
    skip: int = 0
    away_s: float = 0.0


@dataclass
class Proxy:
    """Passes bytes on between clients and *server_port*; `cuts` counts the connections lost on purpose."""

    server_port: int
    cuts: int = 0
    _armed: Cut | None = None
    _passed: int = 0
    _away_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server((_HOST, 0)))

    def url(self, direct: str) -> str:
        """The address of a database by way of this proxy."""
        port: int = self._listener.getsockname()[1]
        return direct.replace(f":{self.server_port}/", f":{port}/")

    def arm(self, cut: Cut) -> None:
        """Do *cut* once, at the next chance."""
        with self._lock:
            self._armed, self._passed = cut, 0

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if time.monotonic() < self._away_until:
                client.close()
                continue
            try:
                server = socket.create_connection((_HOST, self.server_port))
            except OSError:  # it is down
                client.close()
                continue
            with self._lock:
                self._pairs = [pair for pair in self._pairs if not _is_over(*pair)]
                self._pairs.append((client, server))
            hushed = threading.Event()
            for act in (self._ask, self._answer):
                threading.Thread(target=act, args=(client, server, hushed), daemon=True).start()

    def close(self) -> None:
        """Lose everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            _lose(*pair)
            for end in pair:
                end.close()

    def _ask(self, client: socket.socket, server: socket.socket, hushed: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                cut = self._due(data)
                if cut is not None and not cut.arrives:
                    self._lost(cut, client, server)
                    return
                if cut is not None:
                    hushed.set()
                server.sendall(data)
        if not hushed.is_set():
            _lose(client, server)

    def _answer(self, client: socket.socket, server: socket.socket, hushed: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if hushed.is_set():  # it is done, and nobody hears of it
                    break
                client.sendall(data)
        if hushed.is_set() and self._armed is not None:
            self._lost(self._armed, client, server)
        _lose(client, server)

    def _due(self, data: bytes) -> Cut | None:
        with self._lock:
            if self._armed is None or self._armed.needle not in data:
                return None
            self._passed += 1
            return self._armed if self._passed == self._armed.skip + 1 else None

    def _lost(self, cut: Cut, client: socket.socket, server: socket.socket) -> None:
        self._away_until = time.monotonic() + cut.away_s
        if cut.away_s:
            for pair in self._pairs:
                _lose(*pair)
        self._armed = None
        self.cuts += 1
        _lose(client, server)


def _is_over(*ends: socket.socket) -> bool:
    """Close a pair that both sides have left; return whether it is one."""
    for end in ends:
        try:
            end.getpeername()
        except OSError:
            continue
        return False
    for end in ends:
        end.close()
    return True


def _lose(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(server_port: int) -> Iterator[Proxy]:
    """A proxy in front of the server on *server_port*."""
    between = Proxy(server_port)
    thread = threading.Thread(target=between.serve, daemon=True)
    thread.start()
    try:
        yield between
    finally:
        between.close()
        thread.join()
