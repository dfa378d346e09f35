"""The load: a process of its own that sends ready-made callbacks from many clients and prints what it saw.

`python -m bench.load PORT COUNT CLIENTS keep|fresh` prints one line of JSON. Each client sends its next
callback when the last one is answered. With "keep" a connection is kept as long as the server offers it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

from bench.callbacks import build

TIMEOUT_S = 30.0


@dataclass
class Client:
    """One connection and the request under way on it."""

    connection: socket.socket | None = None
    began: float = 0.0
    received: bytes = b""


@dataclass
class Load:
    """Sends *requests* once each to *port*; latencies are in seconds, connecting included."""

    port: int
    requests: list[bytes]
    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    _next: int = 0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, clients: int) -> float:
        """Return the seconds it took. Raises TimeoutError when the server falls silent."""
        began = time.perf_counter()
        for _ in range(min(clients, len(self.requests))):
            self._send(Client())
        while self._selector.get_map():
            ready = self._selector.select(TIMEOUT_S)
            if not ready:
                raise TimeoutError(f"no answer for {TIMEOUT_S:.0f} s")
            for key, _events in ready:
                self._receive(key.data)
        return time.perf_counter() - began

    def _send(self, client: Client) -> None:
        if self._next == len(self.requests):
            return self._leave(client)
        request = self.requests[self._next]
        self._next += 1
        client.began, client.received = time.perf_counter(), b""
        if client.connection is None:
            client.connection = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(client.connection, selectors.EVENT_READ, client)
        client.connection.sendall(request)
        return None

    def _receive(self, client: Client) -> None:
        assert client.connection is not None
        data = client.connection.recv(65536)
        client.received += data
        head, end, body = client.received.partition(b"\r\n\r\n")
        if not end and data:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if data and len(body) < length:
            return
        self.latencies.append(time.perf_counter() - client.began)
        status = head[9:12].decode() or "none"
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if not data or b"connection: close" in lines:
            self._leave(client)
        self._send(client)

    def _leave(self, client: Client) -> None:
        if client.connection is not None:
            self._selector.unregister(client.connection)
            client.connection.close()
            client.connection = None


def main() -> None:
    """Build, send, print."""
    port, count, clients = (int(text) for text in sys.argv[1:4])
    load = Load(port, [build(number, close=sys.argv[4] == "fresh") for number in range(count)])
    seconds = load.run(clients)
    latencies = sorted(load.latencies)
    report = {
        "rate": count / seconds,
        "p50_ms": latencies[count // 2] * 1000,
        "p99_ms": latencies[count * 99 // 100] * 1000,
        "statuses": load.statuses,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
