"""A WeCom that accepts everything after a fixed time and notes when: for measuring what we send.

Start: `python -m bench.wecom_double LATENCY_MS`; prints its port. `GET /seen` returns what came, as a list of
[path, welcome code or "", epoch seconds of its acceptance].
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SEEN: list[tuple[str, str, float]] = []


class _Answers(BaseHTTPRequestHandler):
    """Answers of WeCom's that say yes."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    latency_s = 0.0

    def do_GET(self) -> None:
        """Give a token, or what was seen."""
        if self.path.startswith("/seen"):
            self._answer(_SEEN)
        else:
            self._answer({"errcode": 0, "errmsg": "ok", "access_token": "made-up", "expires_in": 7200})

    def do_POST(self) -> None:
        """Accept a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.latency_s)
        path = self.path.partition("?")[0]
        code = json.loads(body).get("welcome_code", "") if "welcome" in path else ""
        _SEEN.append((path, code, time.time()))
        self._answer({"errcode": 0, "errmsg": "ok", "msgid": str(len(_SEEN))})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
        """Say nothing."""

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    """Answer until the process is ended."""
    _Answers.latency_s = float(sys.argv[1]) / 1000
    with _Server(("127.0.0.1", 0), _Answers) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
