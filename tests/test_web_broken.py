"""Requests that break off, come slowly, or are under way at a stop, as a sender at a socket sees them.

Callbacks go to the running service, pages to the server around a small application: what holds here must hold
for any server.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders.e2e import until
from builders.service import HOST, Callback, Site, contact_event, locked, logged, running, sealed, services

from bot.services import Services
from bot.store import group_commit
from bot.web.server import serve

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LATE_S = 30.0  # nothing is held so long


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Services]:
    with services(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(opened: Services) -> Iterator[Site]:
    with running(opened) as site:
        yield site


def callback(customer: str) -> Callback:
    return sealed(contact_event(customer=customer))


def head(sent: Callback, *fields: str) -> bytes:
    lines = [f"POST {sent.target} HTTP/1.1", "Host: bot", "Connection: close", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=60)


def until_closed(connection: socket.socket) -> bytes:
    """All that the server still says before it hangs up."""
    found = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            found += chunk
    return found


def shorter_than_said(sent: Callback) -> bytes:
    return head(sent, f"Content-Length: {len(sent.body) + 1}") + sent.body


def without_the_last_chunk(sent: Callback) -> bytes:
    return head(sent, "Transfer-Encoding: chunked") + b"%x\r\n" % len(sent.body) + sent.body + b"\r\n"


def within_a_chunk(sent: Callback) -> bytes:
    return head(sent, "Transfer-Encoding: chunked") + b"%x\r\n" % (len(sent.body) + 1) + sent.body


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    until_closed(connection)


def vanish(connection: socket.socket) -> None:
    """End as a machine that lost its power does: a reset instead of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("begin", [shorter_than_said, without_the_last_chunk, within_a_chunk])
@pytest.mark.parametrize("end", [hang_up, vanish])
def test_a_callback_that_breaks_off_is_not_stored_however_complete_it_looks(
    site: Site, begin: Callable[[Callback], bytes], end: Callable[[socket.socket], None]
) -> None:
    """Its body is a whole, well sealed callback; only its sender had more to say."""
    with connect(site.port) as connection:
        connection.sendall(begin(callback("wm-broken")))
        end(connection)
    answers = [
        site.post(callback(f"wm-{number}")).status for number in range(3)
    ]  # it would be stored by then

    bodies = b"".join(body for _, body, _ in site.inbox())
    assert answers == [200] * 3
    assert b"wm-2" in bodies
    assert b"wm-broken" not in bodies


# --- slow ones ---


def trickle(connection: socket.socket, message: bytes, ended: threading.Event) -> float:
    """Send a byte now and then; how long the server bore it, in s."""
    began = time.monotonic()
    connection.settimeout(0.2)
    for number in range(len(message)):
        try:
            connection.sendall(message[number : number + 1])
            connection.recv(65536)  # an answer, or the end
            break
        except TimeoutError:
            pass
        except ConnectionError:
            break
        if ended.is_set() or time.monotonic() - began > LATE_S:
            break
    return time.monotonic() - began


def slow_head(sent: Callback) -> tuple[bytes, bytes]:
    return b"", head(sent, f"Content-Length: {len(sent.body)}")


def slow_body(sent: Callback) -> tuple[bytes, bytes]:
    return head(sent, f"Content-Length: {len(sent.body)}"), sent.body


def slow_chunks(sent: Callback) -> tuple[bytes, bytes]:
    chunks = b"".join(b"1\r\n" + sent.body[number : number + 1] + b"\r\n" for number in range(500))
    return head(sent, "Transfer-Encoding: chunked"), chunks


@pytest.mark.lasting
def test_a_sender_who_trickles_is_given_up_after_some_seconds_and_stores_nothing(site: Site) -> None:
    """It takes as long as a slow sender may: ten seconds, whatever he sends meanwhile."""
    borne: dict[str, float] = {}
    ended = threading.Event()

    def send(kind: Callable[[Callback], tuple[bytes, bytes]]) -> None:
        at_once, slowly = kind(callback("wm-slow"))
        with connect(site.port) as connection:
            connection.sendall(at_once)
            borne[kind.__name__] = trickle(connection, slowly, ended)

    threads = [threading.Thread(target=send, args=(kind,)) for kind in (slow_head, slow_body, slow_chunks)]
    for thread in threads:
        thread.start()
    meanwhile = site.post(callback("wm-quick")).status
    for thread in threads:
        thread.join()

    assert meanwhile == 200
    assert {kind: seconds for kind, seconds in borne.items() if not 5 < seconds < LATE_S} == {}
    assert b"wm-slow" not in b"".join(body for _, body, _ in site.inbox())


# --- those under way at a stop ---


@pytest.mark.parametrize("is_free", [True, False], ids=["stored in the end", "refused in the end"])
def test_a_callback_under_way_at_a_stop_gets_its_answer(opened: Services, *, is_free: bool) -> None:
    """The store is busy: its sender waits up to three seconds for the word, stop or not."""
    answers: list[int] = []
    holding, answered = threading.Event(), threading.Event()

    def hold(site: Site) -> None:
        """Keep others from writing until the stop began, or until the sender was refused."""
        with locked(site.path):
            holding.set()
            if is_free:
                until(lambda: refuses(site.port))
            else:
                assert answered.wait(60)

    def send(site: Site) -> None:
        answers.append(site.post(callback("wm-late")).status)
        answered.set()

    with logged(group_commit) as entries:
        with running(opened) as site:
            threads = [threading.Thread(target=act, args=(site,)) for act in (hold, send)]
            threads[0].start()
            assert holding.wait(60)
            threads[1].start()
            until(lambda: bool(entries))  # the writer has it, and cannot store it
        for thread in threads:
            thread.join()

    assert answers == [200 if is_free else 503]
    assert len(site.inbox()) == int(is_free)


def refuses(port: int) -> bool:
    try:
        connect(port).close()
    except ConnectionError:
        return True
    return False


@contextmanager
def page(
    app: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]], *, host: str = HOST
) -> Iterator[int]:
    """Serve *app* until the end of the block; its port."""
    stop, ready = threading.Event(), threading.Event()
    ports: list[int] = []

    def on_ready(port: int) -> None:
        ports.append(port)
        ready.set()

    def run() -> None:
        serve(app, host=host, port=0, threads=4, on_ready=on_ready, stop=stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(60)
        yield ports[0]
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def plain(text: bytes, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]


def get(port: int, *fields: str, host: str = HOST) -> bytes:
    """Everything that the server says to a GET of a page."""
    with socket.create_connection((host, port), timeout=60) as connection:
        lines = ["GET /page HTTP/1.1", "Host: bot", "Connection: close", *fields]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return until_closed(connection)


def test_a_page_under_way_at_a_stop_is_finished_even_if_it_takes_seconds() -> None:
    begun = threading.Event()
    answers: list[bytes] = []

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun.set()
        until(lambda: refuses(ports[0]))  # the stop began
        time.sleep(2.5)
        return plain(b"whole", start_response)

    ports: list[int] = []
    with page(app) as port:
        ports.append(port)
        thread = threading.Thread(target=lambda: answers.append(get(port)))
        thread.start()
        assert begun.wait(60)
    thread.join()

    assert answers[0].startswith(b"HTTP/1.1 200")
    assert answers[0].endswith(b"whole")


def test_as_many_pages_at_once_as_there_are_threads() -> None:
    together = threading.Barrier(4)

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        together.wait(60)
        return plain(b"met", start_response)

    answers: list[bytes] = []
    with page(app) as port:
        threads = [threading.Thread(target=lambda: answers.append(get(port))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [answer.endswith(b"met") for answer in answers] == [True] * 4


def test_each_header_of_a_proxy_reaches_the_application() -> None:
    seen: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(str(environ["HTTP_X_FORWARDED_FOR"]))
        return plain(b"", start_response)

    with page(app) as port:
        get(port, "X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 198.51.100.2")

    assert [part.strip() for part in seen[0].split(",")] == ["203.0.113.7", "198.51.100.2"]


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_of_ipv6_is_served() -> None:
    seen: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(str(environ["REMOTE_ADDR"]))
        return plain(b"six", start_response)

    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no address of IPv6")
    with page(app, host="::1") as port:
        answer = get(port, host="::1")

    assert answer.endswith(b"six")
    assert seen[0].strip("[]") == "::1"
