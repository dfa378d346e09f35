"""The part of WeCom that senders meet, for as many members as a test likes."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FORBIDDEN: dict[str, object] = {"errcode": 48002, "errmsg": "api forbidden"}


@dataclass
class WeCom:
    """The part of WeCom that senders meet, for as many members as one likes; drops what it had before.

    What others ask (contacts, tags) this app may not.
    """

    pause_s: float = 0.0
    delivered: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    tokens: int = 0
    arrived: Counter[bytes] = field(default_factory=Counter)  # requests of message/send
    phones: Counter[bytes] = field(default_factory=Counter)  # how often each of them was shown to its person
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes) -> None:
        time.sleep(self.pause_s)  # that is how long WeCom takes
        with self._lock:
            self.times.append(time.monotonic())
            message = json.loads(body)
            self.arrived[body] += 1
            if self.arrived[body] == 1 or not message["enable_duplicate_check"]:
                self.phones[body] += 1
                self.delivered[message["touser"]] += 1

    def shown(self) -> dict[bytes, int]:
        """Return `phones` as they are now, while senders go on."""
        with self._lock:
            return dict(self.phones)

    def token(self) -> str:
        time.sleep(0.2)  # long enough for others to ask, too, if they may
        with self._lock:
            self.tokens += 1
        return "token"


@contextmanager
def far_wecom() -> Iterator[tuple[WeCom, str]]:
    """WeCom and its address."""
    far = WeCom()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if "/gettoken" in self.path:
                self._answer({"errcode": 0, "access_token": far.token(), "expires_in": 7200})
            else:
                self._answer(FORBIDDEN)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if "/message/send" in self.path:
                far.take(body)
                self._answer({"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "1"})
            else:
                self._answer(FORBIDDEN)

        def _answer(self, answer: dict[str, object]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # who asked was killed meanwhile
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield far, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
