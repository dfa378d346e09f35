"""The HTTP server around the application: inside this process, two threads for the wire, a bounded stop.

uvicorn speaks HTTP, with httptools. Two event loops, each in its thread, accept from one socket. A loop reads
every body to its end, within bounds, before anybody works on it: a slow client costs a connection, never a
thread. After that a request goes one of two ways:

* *direct*: a function is called on a loop's thread, must not block, and replies whenever and from whichever
  thread the answer is known. The receiver of callbacks lives here: nothing changes threads before the writer.
* everything else is called as WSGI by a2wsgi, in a few threads.

No other file knows uvicorn, a2wsgi or asyncio. Why this server, with figures: docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import queue
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.web.request import MAX_BODY, Direct, Request, headers_of

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

log = logging.getLogger(__name__)

# A body over the limit is read and thrown away up to here, so that its sender can read the refusal.
MAX_DISCARDED = 8 * 1024 * 1024
MAX_CONNECTIONS = 512
# One may wait for the network while the other works (docs/decisions.md).
LOOPS = 2
# Of an unfinished head, beyond what the first read brings (256 KiB at most).
MAX_HEAD_BYTES = 64 * 1024
BACKLOG = 1024
HEAD_SECONDS = 10.0
BODY_SECONDS = 10.0
IDLE_SECONDS = 10
# WeCom gives up after 5 s, a page should not take longer.
DRAIN_SECONDS = 10

_Scope = dict[str, Any]
_Receive = Callable[[], Awaitable[dict[str, Any]]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]
_Answer = tuple[int, bytes]


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

    Paths in *direct* (all methods) go to their function on a loop's thread, all others to *app* in
    *threads* threads at once. *port* 0 takes a free one; *on_ready* is told which. Returns DRAIN_SECONDS
    or so after *stop* at the latest, whatever is under way. Sets *stop* itself if the server dies. Handles no
    signals.

    Raises PortInUse if the port is taken, another OSError if the address cannot be used at all.
    """
    with _bind(host, port=port) as listener:
        bound: int = listener.getsockname()[1]
        room = threading.Semaphore(MAX_CONNECTIONS)
        pages = _DaemonThreads(threads)
        fronts = [_Front(app, threads=pages, direct=direct or {}, room=room) for _ in range(LOOPS)]
        wires = [_Wire(listener.dup(), front, stop=stop) for front in fronts]
    try:
        for wire in wires:
            wire.start()
        # The socket listens already: who comes before a loop runs waits for it.
        on_ready(bound)
        stop.wait()
    finally:
        for wire in wires:
            wire.server.should_exit = True
        for wire in wires:
            wire.join()
        pages.close()
    if any(front.unanswered for front in fronts):
        log.warning(
            "stopped with requests unanswered", extra={"action": "web_drain", "seconds": DRAIN_SECONDS}
        )
    for wire in wires:
        if wire.failure is not None:
            raise wire.failure


def _bind(host: str, *, port: int) -> socket.socket:
    """Return a listening socket that nobody shares."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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


class _Wire(threading.Thread):
    """The thread of an event loop: not the main thread, where uvicorn would take the signals."""

    def __init__(self, listener: socket.socket, front: _Front, *, stop: threading.Event) -> None:
        super().__init__(name="wire", daemon=True)
        self.failure: BaseException | None = None
        self.server = uvicorn.Server(
            uvicorn.Config(
                front,
                http=_Connection,
                ws="none",
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                workers=1,
                backlog=BACKLOG,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._listener, self._stop_all = listener, stop

    def run(self) -> None:
        try:
            asyncio.run(self.server.serve(sockets=[self._listener]))
        except BaseException as error:  # noqa: BLE001 - handed over to the caller of serve()
            self.failure = error
        finally:
            self._listener.close()
            self._stop_all.set()


class _Connection(HttpToolsProtocol):
    """uvicorn's connection, with the limits that it lacks: of unfinished heads, and of their number."""

    _head_timer: asyncio.TimerHandle | None = None
    _has_room = False
    _is_between = True  # the next request has no complete head yet
    _received = 0
    _limit = MAX_HEAD_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._has_room = cast("_Front", self.config.app).room.acquire(blocking=False)
        if not self._has_room:
            transport.abort()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        if self._has_room:
            cast("_Front", self.config.app).room.release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_between:
            self._await_head()
        self._received += len(data)
        super().data_received(data)
        if self._received > self._limit:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._received, self._limit = 0, MAX_HEAD_BYTES
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_head()
        # Bodies have their own, smaller limit; this one is for the headers that may follow a body in chunks.
        self._is_between, self._limit = False, 2 * MAX_DISCARDED
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_between = True
        super().on_message_complete()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _Front:
    """What the uvicorn of one loop calls for each request; *room* for connections is everybody's."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: _DaemonThreads,
        direct: Mapping[str, Direct],
        room: threading.Semaphore,
    ) -> None:
        self.room = room
        self._app: Any = WSGIMiddleware(app)  # type: ignore[arg-type]  # its own names for WSGI's types
        self._app.executor = threads
        self._direct = direct
        self._answers = _Answers()
        self.unanswered = 0

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except asyncio.CancelledError:  # the drain is over
            self.unanswered += 1
            await _send(send, 503, close=True)
        except Exception:
            log.exception("request failed", extra={"action": "web_error", "path": scope["path"]})
            await _send(send, 500, close=True)

    async def _answer(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(receive)
        except TimeoutError:
            return await _send(send, 408, close=True)
        if body is None:
            return None  # it broke off, and nobody is there to be answered
        too_long = len(body) > MAX_BODY
        if (handler := self._direct.get(scope["path"])) is not None:
            status, text = await self._answers.ask(handler, _request(scope, body))
            return await _send(send, status, text, close=too_long)
        if too_long:
            return await _send(send, 413, close=True)
        return await self._page(scope, body, send)

    async def _page(self, scope: _Scope, body: bytes, send: _Send) -> None:
        """Send what *app* answers, as a whole: a slow reader costs no thread."""
        messages: list[dict[str, Any]] = []

        async def keep(message: dict[str, Any]) -> None:
            messages.append(message)

        await self._app(*_call(scope, body), keep)
        start, *rest = messages
        text = b"".join(message["body"] for message in rest)
        if not any(name == b"content-length" for name, _ in start["headers"]):
            start["headers"].append((b"content-length", str(len(text)).encode()))
        await send(start)
        await send({"type": "http.response.body", "body": text})


class _Answers:
    """The way back from any thread to the loop: one wake-up for all the answers that come together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrived: list[tuple[asyncio.Future[_Answer], _Answer]] = []

    def ask(self, handler: Direct, request: Request) -> asyncio.Future[_Answer]:
        """Call *handler*; its reply, from any thread, fulfils the future."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()

        def reply(status: int, body: bytes) -> None:
            with self._lock:
                is_first = not self._arrived
                self._arrived.append((future, (status, body)))
            if is_first:
                # After the drain nobody waits any more, and the one who answers has other work to do.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._deliver)

        handler(request, reply)
        return future

    def _deliver(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for future, answer in arrived:
            if not future.done():
                future.set_result(answer)


class _DaemonThreads(ThreadPoolExecutor):
    """A few threads for all loops. The interpreter does not wait for them at its exit: a page may hang."""

    def __init__(self, threads: int) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads_at_once = threads
        for number in range(threads):
            threading.Thread(target=self._work, name=f"page-{number}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call *fn* as soon as a thread is free."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                future.set_exception(error)

        self._calls.put(run)
        return future

    def close(self) -> None:
        """End the threads when they have made the calls that were submitted; do not wait for them."""
        for _ in range(self._threads_at_once):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


async def _read(receive: _Receive) -> bytes | None:
    """Return the body, cut one byte past MAX_BODY; None if it broke off."""
    kept, seen, more = b"", 0, True
    while more and seen <= MAX_DISCARDED:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk, more = message["body"], message["more_body"]
        seen += len(chunk)
        kept += chunk[: MAX_BODY + 1 - len(kept)]
    return kept


async def _send(send: _Send, status: int, body: bytes = b"", *, close: bool = False) -> None:
    headers = [*headers_of(status, body), ("content-length", str(len(body)))]
    if close:
        headers.append(("connection", "close"))
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _request(scope: _Scope, body: bytes) -> Request:
    client = scope["client"]
    # A proxy may append a header of its own to the caller's.
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        body=body,
        client=client[0] if client else "",
        forwarded=b",".join(forwarded).decode("latin-1"),
    )


def _call(scope: _Scope, body: bytes) -> tuple[_Scope, _Receive]:
    """Return the request for a2wsgi: its body is here already, so no thread waits for it."""
    # "X_Real_Ip" would land on the key of "X-Real-Ip", which proxies set and programs trust.
    told = (b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name and name not in told]
    headers.append((b"content-length", str(len(body)).encode()))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": headers}, receive
