"""Calls to WeCom: what each kind of failure means for a retry, and that no secret is in any text."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import logging
import socket
import ssl
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from builders.e2e import until
from builders.ports import free_port
from builders.sandbox import make_world
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.wecom import client as client_module
from bot.wecom.client import LONGEST_TOKEN_S, SHORTEST_TOKEN_S, Access, WeComClient
from bot.wecom.errors import AnswerError, NotSentError, UnknownOutcomeError, WeComError
from sandbox import server as sandbox_server
from sandbox.server import RunningServer

SECRET = "very-secret-of-the-app"
TOKEN = "very-secret-token"
CORP = "ww0123456789abcdef"
OK = b'{"errcode":0,"errmsg":"ok","access_token":"T","expires_in":7200,"msgid":"m"}'
Answer = Callable[[socket.socket], None]


def reply(status: int, body: bytes, *, head: str = "") -> Answer:
    """A whole answer."""
    text = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{head}\r\n"
    return lambda connection: connection.sendall(text.encode() + body)


def cut(connection: socket.socket) -> None:
    """Hang up after the request was read."""


def reset(connection: socket.socket) -> None:
    """Break the connection after the request was read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half(connection: socket.socket) -> None:
    """Break off inside the body."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"errcode":0')


def silent(connection: socket.socket) -> None:
    """Say nothing until the caller gives up."""
    connection.settimeout(60)
    connection.recv(1)


@dataclass
class Far:
    """The far end of the wire: reads a request, then does what *answer* says."""

    port: int
    answer: Answer = field(default_factory=lambda: reply(200, OK))
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (chunk := connection.recv(65536)):
            raise ConnectionResetError  # the caller has gone
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def far_end(*, tls: ssl.SSLContext | None = None) -> Iterator[Far]:
    listener = socket.create_server(("127.0.0.1", 0))
    far = Far(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                used = tls.wrap_socket(connection, server_side=True) if tls else connection
                with used:
                    used.settimeout(60)
                    far.requests.append(_read_request(used))
                    far.answer(used)
            except OSError:
                connection.close()  # the caller has gone

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield far
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(6)


@pytest.fixture
def far() -> Iterator[Far]:
    with far_end() as far:
        yield far


@contextmanager
def calling(base_url: str, *, proxy: str = "", ca_file: str = "") -> Iterator[WeComClient]:
    client = WeComClient(Access(corp_id=CORP, secret=SECRET, base_url=base_url, proxy=proxy, ca_file=ca_file))
    try:
        yield client
    finally:
        client.close()


def send(client: WeComClient) -> dict[str, object]:
    return client.send_message(b'{"touser":"yg01"}', token=TOKEN)


CALLS: Mapping[str, Callable[[WeComClient], object]] = {
    "gettoken": lambda client: client.get_token(),
    "message/send": send,
    "a card": lambda client: client.update_card(b"{}", token=TOKEN),
    "a welcome": lambda client: client.send_welcome(b"{}", token=TOKEN),
    "a robot": lambda client: client.post_to_robot(b"{}", key="k"),
    "an upload": lambda client: client.upload_file("a.xlsx", b"x", token=TOKEN),
    "a menu": lambda client: client.create_menu(1, {}, token=TOKEN),
    "a read": lambda client: client.read("user/get", token=TOKEN),
    "a read by POST": lambda client: client.read_by_post("externalcontact/get", {}, token=TOKEN),
}


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "READ_S", 2.0)  # on a busy machine answers take their time, too


def test_a_message_is_sent_byte_for_byte_with_the_token_in_the_query_only(far: Far) -> None:
    raw = '{"touser":"yg01","text":{"content":"今天加 2 位就够"}}'.encode()
    with calling(far.url) as client:
        answer = client.send_message(raw, token=TOKEN)

    (request,) = far.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert answer["msgid"] == "m"
    assert body == raw
    assert head.startswith(f"POST /cgi-bin/message/send?access_token={TOKEN} ".encode())
    assert head.count(TOKEN.encode()) == 1


@pytest.mark.parametrize("path", ["", "/", "/wecom", "/wecom/"])
def test_the_token_is_asked_for_at_the_configured_address_too(far: Far, path: str) -> None:
    with calling(far.url + path) as client:
        assert client.get_token() == ("T", 7200)

    assert far.requests[0].startswith(f"GET {path.rstrip('/')}/cgi-bin/gettoken?".encode())
    assert f"corpid={CORP}&corpsecret={SECRET}".encode() in far.requests[0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(reply(502, b"<html>bad gateway</html>"), UnknownOutcomeError, id="HTTP 502"),
        pytest.param(reply(500, b'{"errcode":0}'), UnknownOutcomeError, id="HTTP 500 with JSON"),
        pytest.param(reply(404, b""), UnknownOutcomeError, id="HTTP 404"),
        pytest.param(reply(200, b"<html>login first</html>"), UnknownOutcomeError, id="a page, no JSON"),
        pytest.param(reply(200, b""), UnknownOutcomeError, id="nothing"),
        pytest.param(reply(200, b"[1]"), UnknownOutcomeError, id="JSON that is no object"),
        pytest.param(reply(200, b'{"errcode":"x"}'), UnknownOutcomeError, id="a code that is no number"),
        pytest.param(reply(200, b'{"errcode":null}'), UnknownOutcomeError, id="a code that is null"),
        pytest.param(
            reply(301, b"", head="Location: http://127.0.0.1:9/\r\n"), UnknownOutcomeError, id="a redirection"
        ),
        pytest.param(cut, UnknownOutcomeError, id="the connection was cut"),
        pytest.param(reset, UnknownOutcomeError, id="the connection was reset"),
        pytest.param(half, UnknownOutcomeError, id="half an answer"),
        pytest.param(silent, UnknownOutcomeError, id="silence"),
        pytest.param(reply(200, b'{"errcode":81013,"errmsg":"all invalid"}'), AnswerError, id="an error"),
        pytest.param(reply(200, b'{"errcode":45009,"errmsg":"freq"}'), AnswerError, id="a limit"),
        pytest.param(reply(200, b'{"errcode":40014,"errmsg":"token"}'), AnswerError, id="a refused token"),
    ],
)
def test_each_failure_says_whether_the_call_may_have_been_carried_out(
    far: Far, answer: Answer, kind: type[WeComError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    far.answer = answer
    with calling(far.url) as client, pytest.raises(kind) as caught:
        send(client)

    assert len(far.requests) == 1, "the client must not try again by itself"
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(client)
    assert TOKEN not in told
    assert SECRET not in told


def test_the_secret_is_in_no_text_when_the_token_cannot_be_had(far: Far) -> None:
    told = ""
    for answer in (
        cut,
        half,
        silent,
        reply(502, b""),
        reply(200, b"{}"),
        reply(200, b'{"errcode":40001,"errmsg":"invalid credential, hint: [1]"}'),
        reply(200, b'{"access_token":"T","expires_in":"soon"}'),
    ):
        far.answer = answer
        with calling(far.url) as client, pytest.raises(WeComError) as caught:
            client.get_token()
        told += "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    with calling(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(WeComError) as caught:
        client.get_token()
    told += "".join(traceback.format_exception(caught.value))

    assert SECRET not in told
    assert SECRET not in repr(Access(corp_id=CORP, secret=SECRET, base_url="http://x", proxy="http://u:p@x"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"message":"no Route matched"}', id="a gateway"),
        pytest.param(b'{"msgid":"m"}', id="what would be a success"),
        pytest.param(b'{"errcode":"0","errmsg":"ok"}', id="a text"),
        pytest.param(b'{"errcode":0.0}', id="a fraction"),
        pytest.param(b'{"errcode":false}', id="a truth"),
        pytest.param(b'{"errcode":99999999999999999999}', id="a number of 20 digits"),
        pytest.param(b"[" * 20_000, id="JSON without a bottom"),
    ],
)
@pytest.mark.parametrize("call", sorted(CALLS))
def test_the_absence_of_an_errcode_is_not_taken_for_success(far: Far, body: bytes, call: str) -> None:
    far.answer = reply(200, body)
    with calling(far.url) as client, pytest.raises(UnknownOutcomeError):
        CALLS[call](client)


@pytest.mark.parametrize("odd", ["\\ud83d", "\\u0000", "\\ufffe", "\\u001d", "\x00"])
def test_text_that_a_store_cannot_take_is_cleaned_in_every_answer(far: Far, odd: str) -> None:
    far.answer = reply(200, f'{{"errcode":0,"name":"a{odd}b","list":[{{"a{odd}":"{odd}"}}]}}'.encode())
    with calling(far.url) as client:
        answer = client.read("user/get", token=TOKEN)

    assert answer == {"errcode": 0, "name": "a\ufffdb", "list": [{"a\ufffd": "\ufffd"}]}


def drip(head: str, body: bytes) -> Answer:
    """A byte every twentieth of a second."""

    def answer(connection: socket.socket) -> None:
        for byte in head.encode() + body:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return answer


SOON_S = 60.0  # on a busy machine, too; each of the answers below drips for minutes
SLOW = b'{"errcode":0,"errmsg":"' + b"o" * 4000 + b'"}'


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drip(f"HTTP/1.1 200 OK\r\nContent-Length: {len(SLOW)}\r\n\r\n", SLOW), id="the body"),
        pytest.param(drip("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", SLOW), id="a body until the end"),
        pytest.param(drip("HTTP/1.1 200 OK\r\n" + ("X-A: " + "b" * 60 + "\r\n") * 50, b""), id="the head"),
        pytest.param(
            drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + "1\r\n \r\n" * 1000, b""),
            id="chunks",
        ),
    ],
)
@pytest.mark.parametrize("call", ["gettoken", "message/send"])
def test_a_timeout_per_read_is_not_one_per_call(
    far: Far, answer: Answer, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "CONNECT_S", 0.25)
    monkeypatch.setattr(client_module, "READ_S", 0.5)
    far.answer = answer
    with calling(far.url) as client:
        began = time.monotonic()
        with pytest.raises(UnknownOutcomeError, match=r"within 0\.75 s"):
            CALLS[call](client)

    assert 0.7 < time.monotonic() - began < SOON_S


def test_a_kept_connection_has_a_deadline_for_each_call(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificate
) -> None:
    """The second call over one TLS connection: WeCom's answer to it drips."""
    monkeypatch.setattr(client_module, "CONNECT_S", 0.25)  # the first call needs some of it

    def twice(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(OK) + OK)
        far.requests.append(_read_request(connection))
        drip(f"HTTP/1.1 200 OK\r\nContent-Length: {len(SLOW)}\r\n\r\n", SLOW)(connection)

    with far_end(tls=certificate.context) as far:
        far.answer = twice
        with calling(far.url.replace("http:", "https:"), ca_file=str(certificate.file)) as client:
            send(client)
            began = time.monotonic()
            with pytest.raises(UnknownOutcomeError, match=r"within 2\.25 s"):
                send(client)

    assert len(far.requests) == 2
    assert time.monotonic() - began < SOON_S


def test_a_handshake_that_never_ends_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CONNECT_S", 0.25)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                # A TLS record of 16,000 bytes that grows by one byte at a time.
                with contextlib.suppress(OSError):
                    drip("", b"\x16\x03\x03\x3e\x80" + b"\x02" * 4000)(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        began = time.monotonic()
        with (
            calling(f"https://127.0.0.1:{listener.getsockname()[1]}") as client,
            pytest.raises(NotSentError),
        ):
            send(client)
        waited = time.monotonic() - began
        thread.join()

    assert waited < SOON_S


def test_no_deadline_outlives_its_call(far: Far) -> None:
    """Cancelled timers end at once, long before their time."""
    with calling(far.url) as client:
        for _ in range(5):
            send(client)

    began = time.monotonic()
    until(lambda: not any(thread.name == "deadline" for thread in threading.enumerate()))
    assert time.monotonic() - began < client_module.CONNECT_S


@pytest.mark.parametrize(
    ("given", "lifetime"),
    [("0", 60), ("1", 60), ("7200", 7200), ("9" * 20, 86_400), ('"7200"', 7200)],
)
def test_a_token_lives_neither_for_no_time_nor_for_ever(far: Far, given: str, lifetime: int) -> None:
    far.answer = reply(200, f'{{"errcode":0,"access_token":"T","expires_in":{given}}}'.encode())
    with calling(far.url) as client:
        assert client.get_token() == ("T", lifetime)


def test_a_refused_connection_was_not_sent() -> None:
    with calling(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(NotSentError):
        send(client)


def test_an_unknown_name_was_not_sent() -> None:
    with calling("http://no-such-host.invalid") as client, pytest.raises(NotSentError):
        send(client)


def test_silence_ends_after_the_timeout(far: Far) -> None:
    far.answer = silent
    began = time.monotonic()
    with calling(far.url) as client, pytest.raises(UnknownOutcomeError):
        send(client)

    assert time.monotonic() - began < 30


def test_calls_go_through_the_proxy(far: Far) -> None:
    with calling("http://wecom.invalid", proxy=far.url) as client:
        client.get_token()
        send(client)

    assert far.requests[0].startswith(b"GET http://wecom.invalid/cgi-bin/gettoken?")
    assert far.requests[1].startswith(b"POST http://wecom.invalid/cgi-bin/message/send?")


def test_a_proxy_that_is_down_or_refuses_was_not_sent(far: Far) -> None:
    with (
        calling("http://wecom.invalid", proxy=f"http://127.0.0.1:{free_port()}") as client,
        pytest.raises(NotSentError),
    ):
        send(client)
    far.answer = reply(403, b"")
    with calling("https://wecom.invalid", proxy=far.url) as client, pytest.raises(NotSentError):
        send(client)

    assert far.requests[-1].startswith(b"CONNECT wecom.invalid:443")


def test_the_environment_does_not_choose_the_proxy(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    with calling(far.url) as client:
        assert client.get_token() == ("T", 7200)


@dataclass(frozen=True)
class Certificate:
    """A self-made certificate for 127.0.0.1, and the server's side of it."""

    file: Path
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bank proxy")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return Certificate(folder / "ca.pem", context)


def test_the_certificates_of_the_file_are_trusted_and_others_are_not(certificate: Certificate) -> None:
    with far_end(tls=certificate.context) as far:
        address = far.url.replace("http:", "https:")
        with calling(address, ca_file=str(certificate.file)) as client:
            trusted = client.get_token()
        with calling(address) as client, pytest.raises(NotSentError):
            send(client)

    assert trusted == ("T", 7200)
    assert len(far.requests) == 1


def test_tls_that_breaks_after_the_request_leaves_the_outcome_unknown(certificate: Certificate) -> None:
    def garble(connection: socket.socket) -> None:
        """Bytes that are no TLS record, on the bare socket."""
        socket.socket.sendall(connection, b"\x17\x03\x03\x00\x20" + b"x" * 32)

    with far_end(tls=certificate.context) as far:
        far.answer = garble
        address = far.url.replace("http:", "https:")
        with calling(address, ca_file=str(certificate.file)) as client, pytest.raises(UnknownOutcomeError):
            send(client)

    assert len(far.requests) == 1


@pytest.fixture
def wecom() -> Iterator[RunningServer]:
    world, real = make_world()
    real.now = time.time()
    with sandbox_server.start(world) as running:
        yield running


def test_the_sandbox_takes_what_the_client_sends(wecom: RunningServer) -> None:
    app = wecom.world.app
    request = {
        "touser": "yg01",
        "msgtype": "text",
        "agentid": app.agent_id,
        "text": {"content": "今天加 2 位就够"},
    }
    client = WeComClient(Access(corp_id=app.corp_id, secret=app.secret, base_url=wecom.url))
    try:
        token, lifetime = client.get_token()
        answer = client.send_message(json.dumps(request, ensure_ascii=False).encode(), token=token)
        with pytest.raises(AnswerError) as refused:
            client.send_message(b"{}", token="garbled")
    finally:
        client.close()

    assert (lifetime, answer["errcode"]) == (7200, 0)
    assert refused.value.errcode == 40014
    assert "garbled" not in str(refused.value)
    assert [message.content for message in wecom.world.mailbox.messages["yg01"]] == ["今天加 2 位就够"]


@pytest.mark.parametrize(
    ("lifetime", "usable"),
    [
        pytest.param("7200", 7200, id="as documented"),
        pytest.param('"7200"', 7200, id="as a text"),
        pytest.param("9" * 20, LONGEST_TOKEN_S, id="20 digits"),
        pytest.param(f'"{"9" * 5000}"', LONGEST_TOKEN_S, id="5,000 digits"),
        pytest.param("0", SHORTEST_TOKEN_S, id="none: it is asked for once a minute"),
        pytest.param("-5", None, id="over already"),
        pytest.param("null", None, id="nothing"),
    ],
)
def test_a_lifetime_that_no_token_has_is_never_stored(lifetime: str, usable: int | None) -> None:
    body = f'{{"errcode":0,"errmsg":"ok","access_token":"T","expires_in":{lifetime}}}'.encode()
    with far_end() as far, calling(f"http://127.0.0.1:{far.port}") as client:
        far.answer = reply(200, body)
        if usable is None:
            with pytest.raises(UnknownOutcomeError, match="no lifetime"):
                client.get_token()
        else:
            assert client.get_token() == ("T", usable)


def test_json_20000_deep_is_a_malformed_answer() -> None:
    with far_end() as far, calling(f"http://127.0.0.1:{far.port}") as client:
        far.answer = reply(200, b'{"errcode":' + b"[" * 20_000 + b"]" * 20_000 + b"}")
        with pytest.raises(UnknownOutcomeError, match="is not JSON"):
            send(client)


def test_a_proxy_that_wants_a_password_is_named() -> None:
    with far_end() as proxy:
        proxy.answer = reply(407, b"", head="Proxy-Authenticate: Basic\r\n")
        for address in ("http://wecom.invalid", "https://wecom.invalid"):
            with (
                calling(address, proxy=f"http://127.0.0.1:{proxy.port}") as client,
                pytest.raises(NotSentError, match=r"407.*\[wecom\] proxy"),
            ):
                send(client)
