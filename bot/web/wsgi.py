"""Calling a WSGI application in a pool of threads, with a request that was read to its end before.

The threads are daemons and not a ThreadPoolExecutor, whose threads the interpreter joins when it exits: a
page that hangs must not keep the process alive after the drain.
"""

from __future__ import annotations

import io
import logging
import queue
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from wsgiref.types import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. *path* is percent-decoded, *query* is not; *client* and *server* are "host:port"."""

    method: str
    path: str
    query: str
    scheme: str
    client: str
    server: str
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One complete answer; bodies are held in memory."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


class Pool:
    """Threads that call one application."""

    def __init__(self, app: WSGIApplication, *, threads: int) -> None:
        self._app = app
        self._size = threads
        self._jobs: queue.SimpleQueue[tuple[Call, Callable[[Response], None]] | None] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"web-{number}", daemon=True).start()

    def submit(self, call: Call, done: Callable[[Response], None]) -> None:
        """Call the application soon; *done* gets its answer, in a thread of the pool."""
        self._jobs.put((call, done))

    def close(self) -> None:
        """End the threads when they have answered what was submitted; does not wait for them."""
        for _ in range(self._size):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, done = job
            done(self._answer(call))

    def _answer(self, call: Call) -> Response:
        try:
            return respond(self._app, call)
        except Exception:
            log.exception("request failed", extra={"action": "web_error", "path": call.path})
            return Response(status=500)


def respond(app: WSGIApplication, call: Call) -> Response:
    """Call *app* as PEP 3333 says and collect its whole answer. Passes on what *app* raises."""
    heads: list[tuple[int, list[tuple[str, str]]]] = []
    chunks: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: Any = None
    ) -> Callable[[bytes], object]:
        heads.append((int(status[:3]), headers))
        return chunks.append

    result = app(_environ(call), start_response)
    try:
        chunks.extend(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, headers = heads[-1]
    return Response(status=status, headers=headers, body=b"".join(chunks))


def _environ(call: Call) -> WSGIEnvironment:
    client, _, client_port = call.client.rpartition(":")
    server, _, server_port = call.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        # WSGI wants the bytes of the path, each as one latin-1 character.
        "PATH_INFO": call.path.encode().decode("latin-1"),
        "QUERY_STRING": call.query,
        "CONTENT_LENGTH": str(len(call.body)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": server,
        "SERVER_PORT": server_port,
        "REMOTE_ADDR": client,
        "REMOTE_PORT": client_port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": call.scheme,
        "wsgi.input": io.BytesIO(call.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in call.headers:
        _add_header(environ, name, value)
    return environ


def _add_header(environ: WSGIEnvironment, name: str, value: str) -> None:
    # "X_Real_Ip" would land on the key of "X-Real-Ip", which proxies set and programs trust.
    if "_" in name or name == "content-length":
        return
    key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
    separator = ";" if name == "cookie" else ","
    environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
