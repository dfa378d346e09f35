"""The HTTP server around the application: one event loop in a thread of this process, a bounded stop.

uvicorn speaks HTTP, with httptools. The loop reads every body to its end, within bounds, before anybody works
on it: a slow client costs a connection, never a thread. After that a request goes one of two ways:

* *direct*: the loop calls a function that must not block and may reply later, from any thread. The receiver
  of callbacks uses this way, so a callback changes threads only for the writer.
* all other requests: a2wsgi calls them as WSGI, in a few threads.

No other file knows uvicorn, a2wsgi or asyncio. Why this server, with figures: docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import queue
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.messages.sentences import Sentence
from bot.web.request import MAX_BODY, Direct, Request, headers_of
from bot.web.room import Room

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

log = logging.getLogger(__name__)

# A body over the limit is read and thrown away up to here, so that its sender can read the refusal.
MAX_DISCARDED = 8 * 1024 * 1024
MAX_CONNECTIONS = 512
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
    """Another program listens on the configured address."""


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

    Paths in *direct* (all methods) go to their function on the loop's thread. *threads* threads run *app* for
    all others. *port* 0 takes a free one; *on_ready* is called with the port. Return at most
    about DRAIN_SECONDS after *stop*, whatever is under way. Set *stop* if the server dies. Handle no signals.

    Raises PortInUse if the port is taken, another OSError if the address cannot be used at all.
    """
    listener = _bind(host, port=port)
    bound: int = listener.getsockname()[1]
    pages = _DaemonThreads(threads)
    front = _Front(app, threads=pages, direct=direct or {}, room=Room(MAX_CONNECTIONS))
    wire = uvicorn.Server(_settings(front))
    failures: list[BaseException] = []
    run = partial(_run, wire, listener, stop=stop, failures=failures)
    # In a thread of its own, because in the main thread uvicorn would take the signals.
    thread = threading.Thread(target=run, name="wire", daemon=True)
    try:
        thread.start()
        # Objects made before the first request stay: the collector need not look at them for each callback.
        gc.collect()
        gc.freeze()
        # The socket listens already: clients that come before the loop runs wait for it.
        on_ready(bound)
        stop.wait()
    finally:
        wire.should_exit = True
        thread.join()
        pages.close()
    if front.unanswered:
        log.warning(
            "stopped with requests unanswered", extra={"action": "web_drain", "seconds": DRAIN_SECONDS}
        )
    if failures:
        raise failures[0]


def _run(
    wire: uvicorn.Server, listener: socket.socket, *, stop: threading.Event, failures: list[BaseException]
) -> None:
    """Serve until the end; then set *stop*. What ends it goes to *failures*."""
    try:
        asyncio.run(wire.serve(sockets=[listener]))
    except BaseException as error:  # noqa: BLE001 - the caller of serve() gets it
        failures.append(error)
    finally:
        listener.close()
        stop.set()


def _settings(front: _Front) -> uvicorn.Config:
    return uvicorn.Config(
        front,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _bind(host: str, *, port: int) -> socket.socket:
    """Return a listening socket that no other process shares."""
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
                Sentence("faults.store.port", address=f"{host}:{port}"),
            ) from error
        raise
    return listener


class _Connection(HttpToolsProtocol):
    """uvicorn's connection with the limits it lacks: of unfinished heads and of the number of connections."""

    _head_timer: asyncio.TimerHandle | None = None
    since = 0.0  # when it was made, or its last request was complete
    _is_between = True  # the next request has no complete head yet
    _received = 0
    _limit = MAX_HEAD_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self.since = self.loop.time()
        if not cast("_Front", self.config.app).room.take(self):
            transport.abort()
        self._await_head()

    @property
    def is_waiting(self) -> bool:
        """Whether we wait for the other end, and owe it no answer."""
        is_answered = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # at first
        return is_answered or not self._is_between

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        cast("_Front", self.config.app).room.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_between:
            self._await_head()
        self._received += len(data)
        super().data_received(data)
        if self._received > self._limit:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words help nobody
        """Refuse what is no HTTP, with the headers of every answer."""
        headers = [*headers_of(400, b""), ("content-length", "0"), ("connection", "close")]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.transport.write(f"HTTP/1.1 400 Bad Request\r\n{lines}\r\n".encode())
        self.transport.close()

    def on_message_begin(self) -> None:
        self._received, self._limit = 0, MAX_HEAD_BYTES
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_head()
        # Bodies have their own, smaller limit; this one is for the headers that may follow a body in chunks.
        self._is_between, self._limit = False, 2 * MAX_DISCARDED
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_between, self.since = True, self.loop.time()
        super().on_message_complete()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class _Front:
    """The ASGI application that uvicorn calls for each request."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: _DaemonThreads,
        direct: Mapping[str, Direct],
        room: Room,
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
            return None  # it broke off: no client waits for an answer
        too_long = len(body) > MAX_BODY
        if (handler := self._direct.get(scope["path"])) is not None:
            status, text = await self._answers.ask(handler, _request(scope, body))
            return await _send(send, status, text, close=too_long)
        if too_long:
            return await _send(send, 413, close=True)
        return await self._page(scope, body, send)

    async def _page(self, scope: _Scope, body: bytes, send: _Send) -> None:
        """Send the whole answer of *app* at once, so that a slow reader costs no thread."""
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
    """Answers on their way from any thread to the loop. Answers that come together wake the loop once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrived: list[tuple[asyncio.Future[_Answer], _Answer]] = []

    def ask(self, handler: Direct, request: Request) -> asyncio.Future[_Answer]:
        """Call *handler*. Its reply, from any thread, fulfils the returned future."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Answer] = loop.create_future()

        def reply(status: int, body: bytes) -> None:
            with self._lock:
                is_first = not self._arrived
                self._arrived.append((future, (status, body)))
            if is_first:
                # After the drain no client waits, and the loop is closed.
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
    """An executor of daemon threads: a page may hang, and the interpreter must not wait for it at exit."""

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
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                future.set_exception(error)

        self._calls.put(run)
        return future

    def close(self) -> None:
        """End the threads after the calls that were submitted, without waiting for them."""
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
    """Return the request for a2wsgi. Its body is complete, so no thread waits for it."""
    # "X_Real_Ip" would land on the key of "X-Real-Ip", which proxies set and programs trust.
    replaced = (b"content-length", b"transfer-encoding")
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name and name not in replaced]
    headers.append((b"content-length", str(len(body)).encode()))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": headers}, receive
