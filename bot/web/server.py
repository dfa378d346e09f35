"""The HTTP server around the application: inside this process, one thread for the wire, a bounded stop.

granian, embedded, speaks HTTP (in Rust, without the GIL). Its event loop has a thread of its own, and every
body is read there to its end, within bounds, before anybody works on it: a slow client costs a connection,
never a thread. After that a request goes one of two ways:

* *direct*: a function is called on the loop's thread, must not block, and replies whenever and from whichever
  thread the answer is known. The receiver of callbacks lives here: nothing changes threads before the writer.
* everything else is called as WSGI in a pool of threads.

No other file knows granian or asyncio. Why this server, with figures: docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]  # there, but not marked as an export
from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]  # the same
from granian.server.embed import Server

from bot.web.request import MAX_BODY, Direct, Request, headers_of
from bot.web.wsgi import Call, Pool, Response

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

log = logging.getLogger(__name__)

# A body over the limit is read and thrown away up to here, so that its sender can read the refusal.
MAX_DISCARDED = 8 * 1024 * 1024
MAX_CONNECTIONS = 512
MAX_HEAD_BYTES = 64 * 1024
BACKLOG = 1024
IS_UNIX_SOCKET = False
HEAD_SECONDS = 10
BODY_SECONDS = 10.0
# WeCom gives up after 5 s, a page should not take longer.
DRAIN_SECONDS = 10.0
LEAVE_SECONDS = 1.0
_TASKS = Path("/proc/self/task")


class PortInUse(OSError):  # noqa: N818 - the name says all
    """Another program listens on the address that we were told to listen on."""


def serve(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    threads: int,
    on_ready: Callable[[int], None],
    stop: threading.Event,
    direct: Mapping[str, Direct] | None = None,
) -> None:
    """Answer requests until *stop* is set; then take no new ones, finish those under way, and return.

    Paths in *direct* (all methods) go to their function on the loop's thread, all others to *app* in one of
    *threads* threads. *port* 0 takes a free one; *on_ready* is told which. Returns DRAIN_SECONDS and
    LEAVE_SECONDS after *stop* at the latest, whatever is still under way. Sets *stop* itself if the server
    dies. Handles no signals.

    Raises PortInUse if the port is taken, another OSError if the address cannot be used at all.
    """
    others = _native_threads()
    listener = _bind(host, port=port)
    bound: int = listener.getsockname()[1]
    pool = Pool(app, threads=threads)
    wire = _Wire(listener, _Front(pool, direct=direct or {}), stop=stop)
    wire.start()
    try:
        wire.ready.wait()
        if wire.failure is None:
            on_ready(bound)
        stop.wait()
    finally:
        wire.close()
        wire.join()
        pool.close()
        _await_leaving(others)
    if wire.failure is not None:
        raise wire.failure


def _bind(host: str, *, port: int) -> socket.socket:
    """Return a listening socket of our own: granian's would let two services share a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(
                errno.EADDRINUSE,
                f"{host}:{port} is in use by another program; stop it or change server.listen",
            ) from error
        raise
    return listener


def _native_threads() -> set[str]:
    """The threads of this process that Python did not start; none where there is no /proc."""
    if not _TASKS.exists():
        return set()
    ours = {str(thread.native_id) for thread in threading.enumerate()}
    return {task.name for task in _TASKS.iterdir()} - ours


def _await_leaving(others: set[str]) -> None:
    """Wait for granian's own threads, all but *others*: the interpreter aborts if it exits before they do."""
    deadline = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < deadline and _native_threads() - others:
        time.sleep(0.002)


class _Embedded(Server):
    """granian's embedded server, on a socket that is bound already."""

    def __init__(self, listener: socket.socket, front: _Front) -> None:
        super().__init__(
            front,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=MAX_CONNECTIONS,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=MAX_HEAD_BYTES
            ),
            # Its own configuration would print to standard output and close the handlers that are there.
            log_dictconfig={"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}},
            log_level=LogLevels.error,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # granian closes the descriptor when it stops, so Python must let go of it.
        # The stubs know only granian's own way to make a holder; the constructor is what it unpickles with.
        self._shd = SocketHolder(self._listener.detach(), IS_UNIX_SOCKET, BACKLOG)  # type: ignore[call-arg, assignment]  # see above


class _Wire(threading.Thread):
    """The thread of the event loop."""

    def __init__(self, listener: socket.socket, front: _Front, *, stop: threading.Event) -> None:
        super().__init__(name="wire", daemon=True)
        self.ready = threading.Event()
        self.failure: Exception | None = None
        self._listener, self._front, self._stop_all = listener, front, stop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - handed over to the caller of serve()
            self.failure = error
        finally:
            self._listener.close()
            self.ready.set()
            self._stop_all.set()

    def close(self) -> None:
        """Begin the drain; without effect if the loop is gone."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._closing.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = _Embedded(self._listener, self._front)
        server.on_startup(self.ready.set)
        serving = asyncio.create_task(server.serve())
        closing = asyncio.create_task(self._closing.wait())
        await asyncio.wait({serving, closing}, return_when=asyncio.FIRST_COMPLETED)
        server.stop()  # type: ignore[no-untyped-call]  # granian annotates only arguments
        await asyncio.wait({serving}, timeout=DRAIN_SECONDS)
        if serving.done():
            serving.result()
        else:
            log.warning(
                "stopped with requests unanswered", extra={"action": "web_drain", "seconds": DRAIN_SECONDS}
            )


class _Front:
    """What granian calls for each request."""

    def __init__(self, pool: Pool, *, direct: Mapping[str, Direct]) -> None:
        self._pool = pool
        self._direct = direct
        self._answers: _Answers

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._answers = _Answers(loop)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(scope, protocol)
        except TimeoutError:
            response = Response(status=408, headers=[("connection", "close")])
        except (ProtocolError, ProtocolClosed):
            response = Response(status=400, headers=[("connection", "close")])
        else:
            response = await self._respond(scope, body)
        protocol.response_bytes(response.status, list(response.headers), response.body)

    async def _respond(self, scope: Scope, body: bytes) -> Response:
        future, done = self._answers.expect()
        path = scope.path
        if (handler := self._direct.get(path)) is not None:
            request = Request(
                method=scope.method,
                path=path,
                query=scope.query_string,
                body=body,
                client=scope.client.rpartition(":")[0].strip("[]"),
                forwarded=_forwarded(scope),
            )
            try:
                handler(request, lambda status, text: done(_plain(status, text)))
            except Exception:
                log.exception("request failed", extra={"action": "web_error", "path": path})
                return Response(status=500)
        elif len(body) > MAX_BODY:
            return Response(status=413)
        else:
            self._pool.submit(_call(scope, body), done)
        return await future


class _Answers:
    """The way back from any thread to the loop: one wake-up for all the answers that come together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._arrived: list[tuple[asyncio.Future[Response], Response]] = []

    def expect(self) -> tuple[asyncio.Future[Response], Callable[[Response], None]]:
        """Return a future and the function that fulfils it from any thread."""
        future: asyncio.Future[Response] = self._loop.create_future()
        return future, lambda response: self._post(future, response)

    def _post(self, future: asyncio.Future[Response], response: Response) -> None:
        with self._lock:
            first = not self._arrived
            self._arrived.append((future, response))
        if first:
            # After the drain nobody waits any more, and the one who answers has other work to do.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for future, response in arrived:
            if not future.done():
                future.set_result(response)


async def _read(scope: Scope, protocol: HTTPProtocol) -> bytes:
    """Return the body, cut one byte past MAX_BODY. Raises ProtocolError if it broke off."""
    length = scope.headers.get("content-length")
    if length is not None and int(length) <= MAX_BODY:
        return await protocol()
    if length is None and "transfer-encoding" not in scope.headers:
        return b""
    kept, seen, empty = bytearray(), 0, 0
    async for chunk in protocol:
        seen += len(chunk)
        kept += chunk[: MAX_BODY + 1 - len(kept)]
        empty += not chunk
        if seen > MAX_DISCARDED:
            return bytes(kept)
    # granian ends a body with one empty chunk and puts another in the place of an error.
    if empty > 1:
        raise ProtocolError("the body broke off")
    return bytes(kept)


def _forwarded(scope: Scope) -> str:
    """Every X-Forwarded-For header: a proxy may append one of its own to the caller's."""
    if "x-forwarded-for" not in scope.headers:
        return ""
    return ",".join(value for name, value in scope.headers.items() if name == "x-forwarded-for")


def _plain(status: int, body: bytes) -> Response:
    return Response(status=status, headers=headers_of(status, body), body=body)


def _call(scope: Scope, body: bytes) -> Call:
    return Call(
        method=scope.method,
        path=scope.path,
        query=scope.query_string,
        scheme=scope.scheme,
        client=scope.client,
        server=scope.server,
        headers=scope.headers.items(),
        body=body,
    )
