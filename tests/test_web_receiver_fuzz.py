"""The receiver against anything at all, over HTTP: it never fails and stores only what is WeCom's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote_from_bytes, urlencode

import pytest
from builders.examples import examples
from builders.service import CODEC, HOST, Callback, Site, contact_event, running, sealed, services
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr", "other", ""])
# Deadlines and health checks measure the machine, which is shared.
CALM = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with services(tmp_path_factory.mktemp("fuzz")) as opened, running(opened) as site:
        yield site


@CALM
@given(
    method=st.sampled_from(["GET", "POST"]),
    query=st.lists(st.tuples(NAMES, st.binary(max_size=40)), max_size=8),
    body=st.binary(max_size=300),
)
def test_random_requests_are_refused_and_never_stored(
    site: Site, method: str, query: list[tuple[str, bytes]], body: bytes
) -> None:
    answer = site.ask(method, "/callback?" + urlencode(query), body)

    assert answer.status in {400, 403}
    assert site.inbox() == []


@CALM
@given(raw=st.binary(max_size=200))
def test_random_bytes_in_the_query_are_refused(site: Site, raw: bytes) -> None:
    assert site.ask("POST", f"/callback?{quote_from_bytes(raw, safe='&=+%;')}").status == 400


@CALM
@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_of_the_ciphertext_is_never_stored(site: Site, where: int, flip: int) -> None:
    good = sealed(contact_event(customer="wmFuzz"))
    start = good.body.index(b"<Encrypt><![CDATA[") + len(b"<Encrypt><![CDATA[")
    at = start + where % (good.body.index(b"]]></Encrypt>") - start)
    body = bytearray(good.body)
    body[at] ^= flip

    answer = site.post(replace(good, body=bytes(body)))

    assert answer.status in {400, 403}
    assert site.inbox() == []


@CALM
@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_changed_byte_that_is_signed_again_never_fails(site: Site, where: int, flip: int) -> None:
    """Who has the token but not the key gets no further than the checks behind the signature."""
    text = bytearray(CODEC.encrypt(b"<xml><MsgType>event</MsgType></xml>").encode())
    text[where % len(text)] = (text[where % len(text)] ^ flip) & 0x7F

    answer = site.post(sealed(b"", encrypt=text.decode("ascii").replace("\x00", "A").replace("]", "B")))

    assert answer.status in {200, 400, 403}


@CALM
@given(message=st.binary(max_size=200))
def test_any_message_inside_is_stored_or_refused(site: Site, message: bytes) -> None:
    assert site.post(sealed(message)).status in {200, 400}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"POST /callback?msg_signature=\xff\xfe&nonce=\x80 HTTP/1.1", id="raw bytes, no UTF-8"),
        pytest.param("POST /callback?nonce=签名 HTTP/1.1".encode(), id="raw UTF-8"),
        pytest.param(b"POST /callback?%%%=%zz&%ff HTTP/1.1", id="broken escapes"),
        pytest.param(b"POST /callback?" + b"a=1&" * 5000 + b" HTTP/1.1", id="thousands of fields"),
        pytest.param(b"POST /callback? HTTP/1.0", id="an old protocol"),
        pytest.param(b"POST //callback HTTP/1.1", id="two slashes"),
        pytest.param(b"POST /callback/../callback HTTP/1.1", id="a way up"),
        pytest.param(b"POST /%63allback HTTP/1.1", id="an escaped path"),
        pytest.param(b"GET /%ff%fe HTTP/1.1", id="a path that is no UTF-8"),
        pytest.param(b"GARBAGE", id="no request line"),
    ],
)
def test_a_broken_request_line_never_fails_the_server(site: Site, line: bytes) -> None:
    before = site.inbox()
    with socket.create_connection((HOST, site.port), timeout=60) as connection:
        connection.sendall(line + b"\r\nHost: bot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        answer = connection.recv(200)

    # No answer at all is what a server may give to bytes that are no HTTP.
    assert answer == b"" or 400 <= int(answer[9:12]) < 500
    assert site.inbox() == before
    assert site.ask("GET", "/healthz").status == 200


def test_a_body_that_is_shorter_than_it_says_stores_nothing(site: Site) -> None:
    callback: Callback = sealed(contact_event(customer="wmShort"))
    before = site.inbox()
    with socket.create_connection((HOST, site.port), timeout=60) as connection:
        head = f"POST {callback.target} HTTP/1.1\r\nHost: bot\r\nContent-Length: {len(callback.body)}\r\n\r\n"
        connection.sendall(head.encode() + callback.body[:-10])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(200)

    assert not answer.startswith(b"HTTP/1.1 2")
    assert site.inbox() == before
