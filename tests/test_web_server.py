"""The server's conditions: port, stop, limits, slow clients, and what WSGI promises an application."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.web import server
from bot.web.request import MAX_BODY, Reply, Request
from bot.web.server import PortInUse, serve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

THREADS = 4
HOST = "127.0.0.1"


@dataclass
class Site:
    """A server under test, with an application whose every move is seen."""

    stop: threading.Event = field(default_factory=threading.Event)
    ready: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    held: list[Reply] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    environs: list[WSGIEnvironment] = field(default_factory=list)
    port: int = 0

    def app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.environs.append(environ)
        if environ["PATH_INFO"] == "/wait":
            self.entered.release()
            self.release.wait(60)
        if environ["PATH_INFO"] == "/fail":
            raise LookupError("a fault of the application")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read()]

    def hold(self, _request: Request, reply: Reply) -> None:
        self.held.append(reply)
        self.entered.release()

    def echo(self, request: Request, reply: Reply) -> None:
        self.seen.append(request)
        reply(413 if request.too_long else 200, request.body[:100])

    def fail(self, _request: Request, _reply: Reply) -> None:
        raise LookupError("a fault of the receiver")

    def run(self) -> None:
        def on_ready(port: int) -> None:
            self.port = port
            self.ready.set()

        direct = {"/echo": self.echo, "/hold": self.hold, "/direct-fail": self.fail}
        serve(self.app, host=HOST, port=0, threads=THREADS, on_ready=on_ready, stop=self.stop, direct=direct)


@pytest.fixture
def site() -> Iterator[Site]:
    with started() as site:
        yield site


@contextlib.contextmanager
def started() -> Iterator[Site]:
    """A server with the limits that hold now; the end of the block stops it."""
    site = Site()
    thread = threading.Thread(target=site.run)
    thread.start()
    assert site.ready.wait(60)
    yield site
    site.release.set()
    for reply in site.held:
        reply(200, b"")
    site.stop.set()
    thread.join(server.DRAIN_SECONDS + 60)
    assert not thread.is_alive()


def connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=60)


def request_bytes(path: str, body: bytes = b"", *, head: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: bot\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read one answer with a length (or until the end); return status and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return 0, data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return int(head[9:12]), body


def ask(site: Site, path: str, body: bytes = b"", *, head: str = "") -> tuple[int, bytes]:
    with connect(site.port) as connection:
        connection.sendall(request_bytes(path, body, head=head))
        return answer(connection)


def refuses_soon(port: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connect(port).close()
        except ConnectionError:
            return True
        time.sleep(0.01)  # between two looks
    return False


@pytest.mark.parametrize("path", ["/page", "/echo"])
def test_one_connection_carries_many_requests(site: Site, path: str) -> None:
    with connect(site.port) as connection:
        for text in (b"one", b"two", b"three"):
            connection.sendall(request_bytes(path, text))

            assert answer(connection) == (200, text)


@pytest.mark.parametrize("path", ["/page", "/echo"])
def test_every_request_may_come_on_a_fresh_connection(site: Site, path: str) -> None:
    answers = [ask(site, path, b"text", head="Connection: close\r\n") for _ in range(20)]

    assert answers == [(200, b"text")] * 20


def test_the_application_gets_what_wsgi_promises(site: Site) -> None:
    ask(
        site,
        "/%E4%BA%BA/page?a=1%2B2",
        b"x",
        head="X-Forwarded-For: 1\r\nX_Forwarded_For: 2\r\nContent-Type: a/b\r\n",
    )

    environ = site.environs[0]
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/人/page"
    assert environ["QUERY_STRING"] == "a=1%2B2"
    assert (environ["REQUEST_METHOD"], environ["CONTENT_LENGTH"], environ["CONTENT_TYPE"]) == (
        "POST",
        "1",
        "a/b",
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "1"
    assert (environ["HTTP_HOST"], environ["REMOTE_ADDR"], environ["SERVER_PORT"]) == (
        "bot",
        HOST,
        str(site.port),
    )


@pytest.mark.parametrize("path", ["/fail", "/direct-fail"])
def test_a_failing_request_is_answered_500_and_the_next_one_is_served(site: Site, path: str) -> None:
    assert ask(site, path)[0] == 500
    assert ask(site, "/page")[0] == 200


def test_a_reply_may_come_late_from_another_thread_and_counts_once(site: Site) -> None:
    with connect(site.port) as connection:
        connection.sendall(request_bytes("/hold"))
        assert site.entered.acquire(timeout=60)
        site.held[0](200, b"first")
        site.held[0](503, b"second")

        assert answer(connection) == (200, b"first")
        connection.sendall(request_bytes("/echo", b"next"))
        assert answer(connection) == (200, b"next")


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(MAX_BODY, 200, id="the largest allowed"),
        pytest.param(MAX_BODY + 1, 413, id="one byte more"),
        pytest.param(1_000_000, 413, id="a megabyte"),
    ],
)
@pytest.mark.parametrize("path", ["/page", "/echo"])
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_body_over_the_limit_is_refused_and_never_held(
    site: Site, *, path: str, size: int, status: int, chunked: bool
) -> None:
    message = request_bytes(path, b"x" * size)
    if chunked:
        head = f"POST {path} HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        message = head + b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n"
    with connect(site.port) as connection:
        connection.sendall(message)

        assert answer(connection)[0] == status
    assert all(len(request.body) <= MAX_BODY + 1 for request in site.seen)


def test_a_flood_is_cut_off_and_not_stored(site: Site) -> None:
    sent = 0
    with connect(site.port) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 64 * 1024 * 1024:
                sent += connection.send(b"x" * 65536)

    assert sent < 64 * 1024 * 1024
    assert [len(request.body) for request in site.seen] == [MAX_BODY + 1]


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"POST /echo HTTP/1.1\r\nHost: bot\r\nContent-Length: 9\r\n\r\nab", id="with a length"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", id="in chunks"
        ),
    ],
)
def test_a_body_that_breaks_off_reaches_nobody(site: Site, start: bytes) -> None:
    with connect(site.port) as connection:
        connection.sendall(start)

    assert ask(site, "/page")[0] == 200
    assert site.seen == []


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"POST /page HTTP/1.1\r\nHo", id="in the head"),
        pytest.param(b"POST /page HTTP/1.1\r\nHost: bot\r\nContent-Length: 9\r\n\r\na", id="in the body"),
    ],
)
def test_slow_clients_do_not_block_the_others(site: Site, start: bytes) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(THREADS * 8):
            slow.enter_context(connect(site.port)).sendall(start)

        assert ask(site, "/page", b"quick") == (200, b"quick")
        assert ask(site, "/echo", b"quick") == (200, b"quick")


def test_a_body_that_does_not_come_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.2)
    with connect(site.port) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: bot\r\nContent-Length: 9\r\n\r\na")

        assert answer(connection)[0] == 408


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"POST /page HTTP/1.1\r\nHo", id="a part of it"),
        pytest.param(b"POST /page HTTP/1.1\r\nHost: bot\r\n", id="all but its end"),
    ],
)
def test_a_head_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.5)
    with started() as site, connect(site.port) as connection:
        connection.sendall(start)

        assert answer(connection)[0] in {0, 408}
        assert site.environs == []


def test_a_head_that_drips_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 2.0)  # a busy machine sends the first request before
    deadline = time.monotonic() + 60
    with started() as site, connect(site.port) as connection:
        connection.settimeout(0.05)
        connection.sendall(request_bytes("/page") + b"GET /page HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < deadline:
                connection.sendall(b"X: y\r\n")
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(65536):
                        break

        assert time.monotonic() < deadline
        assert len(site.environs) == 1


def test_a_head_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 600.0)
    sent = 0
    with started() as site:
        with connect(site.port) as connection:
            connection.sendall(b"GET /page HTTP/1.1\r\nHost: bot\r\nX: ")
            with contextlib.suppress(ConnectionError):
                while sent < 64 * 1024 * 1024:
                    sent += connection.send(b"x" * 65536)

        assert sent < 64 * 1024 * 1024
        assert site.environs == []
        assert ask(site, "/page")[0] == 200


def test_a_connection_over_the_limit_is_closed_and_one_after_others_leave_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 4)
    with started() as site:
        with contextlib.ExitStack() as held:
            for _ in range(4):
                connection = held.enter_context(connect(site.port))
                connection.sendall(request_bytes("/hold"))
                assert site.entered.acquire(timeout=60)
            surplus, answered = held.enter_context(connect(site.port)), 0
            with contextlib.suppress(ConnectionError):
                surplus.sendall(request_bytes("/echo"))
                answered = answer(surplus)[0]
            for reply in site.held:
                reply(200, b"")

            assert (answered, site.seen) == (0, [])

        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionError):
                if ask(site, "/page")[0] == 200:
                    return
        pytest.fail("nobody is served any more")


def test_no_more_pages_are_called_at_once_than_there_are_threads(site: Site) -> None:
    with contextlib.ExitStack() as clients:
        waiting = [clients.enter_context(connect(site.port)) for _ in range(THREADS * 4)]
        for connection in waiting:
            connection.sendall(request_bytes("/wait"))
        assert site.entered.acquire(timeout=60)
        inside = 1
        while site.entered.acquire(timeout=1):
            inside += 1
        quick = ask(site, "/echo", b"quick")
        site.release.set()

        assert inside <= THREADS
        assert quick == (200, b"quick")
        assert [answer(connection)[0] for connection in waiting] == [200] * THREADS * 4


def test_an_answer_names_no_software(site: Site) -> None:
    with connect(site.port) as connection:
        connection.sendall(request_bytes("/page"))
        head = connection.recv(65536).lower()

    assert head.startswith(b"http/1.1 200")
    assert b"\r\nserver:" not in head


def test_a_taken_port_is_an_error_in_one_sentence(site: Site) -> None:
    with pytest.raises(PortInUse, match="is in use by another program"):
        serve(
            site.app,
            host=HOST,
            port=site.port,
            threads=1,
            on_ready=lambda _port: None,
            stop=threading.Event(),
        )


@pytest.mark.parametrize("path", ["/wait", "/hold"])
def test_a_stop_refuses_new_clients_and_answers_those_inside(site: Site, path: str) -> None:
    with connect(site.port) as inside:
        inside.sendall(request_bytes(path, b"kept"))
        assert site.entered.acquire(timeout=60)

        site.stop.set()
        assert refuses_soon(site.port)
        site.release.set()
        for reply in site.held:
            reply(200, b"kept")

        assert answer(inside) == (200, b"kept")


def test_a_stop_is_not_held_up_by_idle_and_slow_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("HEAD_SECONDS", "IDLE_SECONDS", "DRAIN_SECONDS"):
        monkeypatch.setattr(server, limit, 120)
    with started() as site, connect(site.port) as idle, connect(site.port) as slow:
        idle.sendall(request_bytes("/page"))
        assert answer(idle)[0] == 200
        slow.sendall(b"POST /page HTT")
        began = time.monotonic()
        site.stop.set()

        assert idle.recv(1) == b""
        assert time.monotonic() - began < 60


def test_the_drain_ends_even_if_a_request_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "DRAIN_SECONDS", 0.3)
    site = Site()
    thread = threading.Thread(target=site.run)
    thread.start()
    assert site.ready.wait(60)
    with connect(site.port) as inside:
        inside.sendall(request_bytes("/hold"))
        assert site.entered.acquire(timeout=60)
        site.stop.set()
        thread.join(60)

        assert not thread.is_alive()
    site.held[0](200, b"too late, and harmless")


def test_a_program_that_ends_right_after_the_stop_ends_cleanly() -> None:
    ending = PROGRAM.replace("print(port, flush=True)", "stop.set()")

    assert subprocess.run([sys.executable, "-c", ending], cwd=ROOT, timeout=120, check=False).returncode == 0


ROOT = Path(__file__).parents[1]
PROGRAM = """
import threading
from bot.web.server import serve

def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]

stop = threading.Event()

def on_ready(port):
    print(port, flush=True)

serve(app, host="127.0.0.1", port=0, threads=2, on_ready=on_ready, stop=stop)
"""


HANGING = """
import signal, threading
from bot.web import server

server.DRAIN_SECONDS = 0.3
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())

def app(environ, start_response):
    print("in", flush=True)
    threading.Event().wait()

def on_ready(port):
    print(port, flush=True)

server.serve(app, host="127.0.0.1", port=0, threads=2, on_ready=on_ready, stop=stop)
print("out", flush=True)
"""


def test_a_page_that_hangs_does_not_keep_the_process_alive_after_the_drain() -> None:
    process = subprocess.Popen([sys.executable, "-c", HANGING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout, connect(int(process.stdout.readline())) as connection:
        connection.sendall(request_bytes("/"))
        entered = process.stdout.readline()
        process.send_signal(signal.SIGTERM)  # our own handler: no server may replace it
        left = process.stdout.readline()
        try:
            code = process.wait(60)
        finally:
            process.kill()
            process.wait()

    assert (entered, left, code) == ("in\n", "out\n", 0)


def test_kill_9_leaves_no_process_and_frees_the_port_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        port = int(process.stdout.readline())
        with connect(port) as connection:
            connection.sendall(request_bytes("/"))
            assert answer(connection) == (200, b"ok")
        process.kill()
        process.wait()

    # The process led a group of its own: a worker that outlived it would still be in it.
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((HOST, port))


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"", id="nothing sent"),
        pytest.param(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Le", id="half a head"),
        pytest.param(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab", id="half a body"),
        pytest.param(b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n", id="idle after an answer"),
    ],
)
def test_connections_that_somebody_holds_delay_no_request(
    monkeypatch: pytest.MonkeyPatch, begin: bytes
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 8)
    monkeypatch.setattr(server, "HEAD_SECONDS", 600.0)  # who waits for one of these waits too long
    monkeypatch.setattr(server, "BODY_SECONDS", 600.0)
    monkeypatch.setattr(server, "IDLE_SECONDS", 600)
    with started() as site, contextlib.ExitStack() as held:
        for _ in range(30):
            connection = held.enter_context(connect(site.port))
            with contextlib.suppress(ConnectionError):
                connection.sendall(begin)
                if b"/page" in begin:
                    answer(connection)
        asked = time.monotonic()
        statuses = [ask(site, "/echo")[0] for _ in range(5)]
        took = time.monotonic() - asked

    assert statuses == [200] * 5
    assert took < 60
