"""What the receiver refuses, over HTTP: the contract's status, nothing stored, one line without content."""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from builders.config import AES_KEY, TOKEN
from builders.service import (
    CODEC,
    CORP,
    Callback,
    Site,
    contact_event,
    encrypted_raw,
    locked,
    logged,
    running,
    sealed,
    services,
    signed,
)

from bot.store import group_commit
from bot.web import receiver

KEY = base64.b64decode(AES_KEY + "=")
KIB_64 = 64 * 1024
BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
EXTERNAL = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>"""


@pytest.fixture(autouse=True)
def every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal is logged, however soon it follows another one."""
    monkeypatch.setattr(receiver, "_PAUSE_S", 0.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with services(tmp_path_factory.mktemp("refusals")) as opened, running(opened) as site:
        yield site


def plaintext(*, message: bytes = b"<xml></xml>", length: int | None = None, receiver: str = CORP) -> bytes:
    size = len(message) if length is None else length
    return bytes(16) + struct.pack(">I", size) + message + receiver.encode()


def padded(plain: bytes, *, last: int | None = None, fill: int | None = None) -> Callback:
    """Encrypt by hand; *last* is written over the last byte of the padding, *fill* over all before it."""
    size = 32 - len(plain) % 32
    padding = bytes([size if fill is None else fill]) * (size - 1) + bytes([size if last is None else last])
    return from_cipher(encrypted_raw(plain + padding, key=KEY))


def from_cipher(cipher_text: bytes) -> Callback:
    return sealed(b"", encrypt=base64.b64encode(cipher_text).decode())


def add() -> Callback:
    return sealed(contact_event())


def sealed_text() -> str:
    return CODEC.encrypt(contact_event())


def now_plus(seconds: int) -> int:
    return int(time.time()) + seconds


def doubled(callback: Callback, name: str) -> Callback:
    return replace(callback, query=(*callback.query, (name, dict(callback.query)[name])))


def outer(body: bytes) -> Callback:
    return replace(add(), body=body)


def stuffed(filling: bytes) -> Callback:
    """A genuine callback with more in its outer XML than WeCom writes."""
    good = add()
    return replace(good, body=good.body.replace(b"</xml>", filling + b"</xml>"))


REFUSED: dict[str, tuple[Callable[[], Callback], int]] = {
    # the signature, the age
    "a wrong signature": (lambda: add().with_query(msg_signature="0" * 40), 403),
    "the right signature in capitals": (lambda: capital_signature(), 403),
    "a signature that is not ASCII": (lambda: add().with_query(msg_signature="签名"), 403),
    "signed with another token": (
        lambda: sealed(contact_event(), codec=replace(CODEC, token="another")),
        403,
    ),
    "a changed nonce": (lambda: add().with_query(nonce="1"), 403),
    "an hour and a bit old": (lambda: sealed(contact_event(), timestamp=now_plus(-3700)), 403),
    "an hour and a bit ahead": (lambda: sealed(contact_event(), timestamp=now_plus(3700)), 403),
    "from 1970": (lambda: sealed(contact_event(), timestamp=0), 403),
    # the encryption
    "base64 cut by a character": (lambda: sealed(b"", encrypt=sealed_text()[:-1]), 400),
    "base64 cut by a quartet": (lambda: sealed(b"", encrypt=sealed_text()[:-4]), 400),
    "half of the ciphertext": (lambda: sealed(b"", encrypt=sealed_text()[: 4 * 11]), 400),
    "not base64": (lambda: sealed(b"", encrypt="%%%"), 400),
    "base64 that is not ASCII": (lambda: sealed(b"", encrypt="中文"), 400),
    "no whole block of 32": (lambda: from_cipher(bytes(48)), 400),
    "another key": (lambda: sealed(contact_event(), codec=replace(CODEC, aes_key="A" * 43)), 400),
    "padding of 0": (lambda: padded(plaintext(), last=0), 400),
    "padding of 33": (lambda: from_cipher(encrypted_raw(bytes(63) + b"\x21", key=KEY)), 400),
    "padding whose bytes differ": (lambda: padded(plaintext(), fill=1), 400),
    "padding to 16 only": (lambda: from_cipher(encrypted_raw(b"\x10" * 16, key=KEY)), 400),
    "nothing but padding": (lambda: padded(b""), 400),
    "no room for a length": (lambda: padded(bytes(19)), 400),
    "a length of 4 GiB": (lambda: padded(plaintext(length=0xFFFFFFFF)), 400),
    "a length past the end": (lambda: padded(plaintext(length=len(b"<xml></xml>" + CORP.encode()) + 1)), 400),
    # the receiver
    "for another corp": (
        lambda: sealed(contact_event(), codec=replace(CODEC, receive_id="ww00000000000000ff")),
        403,
    ),
    "for nobody": (lambda: sealed(contact_event(), codec=replace(CODEC, receive_id="")), 403),
    "for a longer name": (lambda: sealed(contact_event(), codec=replace(CODEC, receive_id=CORP + "0")), 403),
    "a length that ends too soon": (lambda: padded(plaintext(length=5)), 403),
    # the outer XML
    "no body": (lambda: outer(b""), 400),
    "not XML": (lambda: outer(b"hello"), 400),
    "JSON": (lambda: outer(b'{"encrypt": "x"}'), 400),
    "XML cut short": (lambda: outer(add().body[:-3]), 400),
    "XML without Encrypt": (lambda: outer(b"<xml><ToUserName>a</ToUserName></xml>"), 400),
    "an empty Encrypt": (lambda: outer(b"<xml><Encrypt> </Encrypt></xml>"), 400),
    "Encrypt with children": (lambda: outer(b"<xml><Encrypt><a>b</a></Encrypt></xml>"), 400),
    "an unknown encoding": (lambda: outer(b'<?xml version="1.0" encoding="x-nothing"?><xml/>'), 400),
    "not UTF-8": (lambda: outer(b"<xml><Encrypt>\xff\xfe</Encrypt></xml>"), 400),
    "an outer DTD": (lambda: outer(b"<!DOCTYPE x><xml><Encrypt>a</Encrypt></xml>"), 400),
    "an outer XML bomb": (lambda: outer(BOMB + b"<xml><Encrypt>&b;</Encrypt></xml>"), 400),
    "an outer external entity": (lambda: outer(EXTERNAL + b"<xml><Encrypt>&a;</Encrypt></xml>"), 400),
    "thousands of outer levels": (lambda: outer(b"<a>" * 9000 + b"</a>" * 9000), 400),
    "thousands of outer elements": (lambda: stuffed(b"<a/>" * 12_000), 400),
    "thousands of outer attributes": (
        lambda: stuffed(b"<a " + b" ".join(b"a%d=''" % number for number in range(5000)) + b"/>"),
        400,
    ),
    "thousands of outer references": (lambda: stuffed(b"<a>" + b"&#65;" * 10_000 + b"</a>"), 400),
    # the inner XML
    "an empty message": (lambda: sealed(b""), 400),
    "a message that is no XML": (lambda: sealed(b"hello"), 400),
    "an inner DTD": (lambda: sealed(b"<!DOCTYPE x><xml><MsgType>event</MsgType></xml>"), 400),
    "an inner XML bomb": (lambda: sealed(BOMB + b"<xml><MsgType>&b;</MsgType></xml>"), 400),
    "an inner external entity": (lambda: sealed(EXTERNAL + b"<xml><MsgType>&a;</MsgType></xml>"), 400),
    "thousands of inner levels": (lambda: sealed(b"<a>" * 5000 + b"</a>" * 5000), 400),
    # the query
    "no query": (lambda: replace(add(), query=()), 400),
    "more fields than anybody needs": (
        lambda: replace(add(), query=tuple((f"f{n}", "1") for n in range(30))),
        400,
    ),
    **{
        f"{name} {what}": (spoil, 400)
        for name in ("msg_signature", "timestamp", "nonce")
        for what, spoil in {
            "missing": lambda name=name: add().with_query(**{name: None}),
            "empty": lambda name=name: add().with_query(**{name: ""}),
            "repeated": lambda name=name: doubled(add(), name),
        }.items()
    },
    **{
        f"a timestamp that is {what}": (lambda stamp=stamp: sealed(contact_event(), timestamp=stamp), 400)
        for what, stamp in {
            "a word": "now",
            "negative": "-1",
            "a fraction": f"{now_plus(0)}.5",
            "of Arabic digits": "١٢٣",
            "of too many digits": "1" * 13,
            "in blanks": f" {now_plus(0)}",
        }.items()
    },
    # the size
    "one byte over 64 KiB": (lambda: outer(b"x" * (KIB_64 + 1)), 413),
    "a megabyte": (lambda: outer(b"x" * 1_000_000), 413),
}


def capital_signature() -> Callback:
    callback = add()
    return callback.with_query(msg_signature=dict(callback.query)["msg_signature"].upper())


def assert_no_content(callback: Callback, entries: str) -> None:
    """Nothing of a callback but its peer may be in the log."""
    query = dict(callback.query)
    hidden = [TOKEN, AES_KEY, query.get("msg_signature"), query.get("nonce"), callback.body[120:160].decode()]
    assert not [secret for secret in hidden if secret and len(secret) > 5 and secret in entries]


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_callback_is_refused_and_leaves_one_line_without_content(
    site: Site, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    build, status = REFUSED[name]
    callback = build()
    before = site.inbox()

    with logged(receiver) as entries:
        answer = site.post(callback)

    assert (answer.status, answer.body) == (status, b"")
    assert site.inbox() == before
    assert [entry["status"] for entry in entries] == [status]
    assert caplog.records == []
    if callback.body[:1] == b"<":
        assert_no_content(callback, repr(entries))


@pytest.mark.parametrize("size", [KIB_64 + 1, 1_000_000])
def test_a_body_in_chunks_is_measured_too(site: Site, size: int) -> None:
    before = site.inbox()

    with logged(receiver) as entries:
        answer = site.ask("POST", add().target, b"x" * size, chunked=True)

    assert answer.status == 413
    assert site.inbox() == before
    assert [entry["status"] for entry in entries] == [413]


def test_a_callback_in_chunks_within_the_limit_is_taken(site: Site) -> None:
    callback = sealed(contact_event(customer="wmChunked"))

    assert site.ask("POST", callback.target, callback.body, chunked=True).status == 200
    assert contact_event(customer="wmChunked") in [body for _, body, _ in site.inbox()]


def test_a_callback_of_exactly_64_kib_is_taken(site: Site) -> None:
    small = sealed(contact_event(customer="wmLarge"))
    filler = b"<!--" + b"x" * (KIB_64 - len(small.body) - 7) + b"-->"
    callback = replace(small, body=small.body.replace(b"</xml>", filler + b"</xml>"))
    assert len(callback.body) == KIB_64

    assert site.post(callback).status == 200
    assert contact_event(customer="wmLarge") in [body for _, body, _ in site.inbox()]


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        pytest.param(-3500, 200, id="nearly an hour old"),
        pytest.param(3500, 200, id="nearly an hour ahead"),
    ],
)
def test_a_callback_within_the_age_is_taken(site: Site, seconds: int, status: int) -> None:
    assert site.post(sealed(contact_event(), timestamp=now_plus(seconds))).status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_not_allowed(site: Site, method: str) -> None:
    before = site.inbox()

    with logged(receiver) as entries:
        answer = site.ask(method, add().target)

    assert (answer.status, answer.body, answer.headers["allow"]) == (405, b"", "GET, POST")
    assert [entry["status"] for entry in entries] == [405]
    assert site.inbox() == before


@dataclass(frozen=True)
class Double:
    """Two faults at once, and which of the checks speaks."""

    build: Callable[[], Callback]
    status: int
    reason: str


SPOILED = replace(CODEC, token="another")
OTHER_CORP = replace(CODEC, receive_id="ww00000000000000ff")
OLD = now_plus(-7200)
DOUBLES = {
    "too long, and no query": Double(lambda: Callback(query=(), body=b"x" * 70_000), 413, "body"),
    "too long, and wrongly signed": Double(
        lambda: replace(add().with_query(nonce="1"), body=b"x" * 70_000), 413, "body"
    ),
    "no nonce, and not XML": Double(lambda: outer(b"x").with_query(nonce=None), 400, "query"),
    "no number, and wrongly signed": Double(lambda: add().with_query(timestamp="x"), 400, "query"),
    "not XML, and wrongly signed": Double(lambda: outer(b"x").with_query(nonce="1"), 400, "outer XML"),
    "not XML, and too old": Double(lambda: outer(b"x").with_query(timestamp=str(OLD)), 400, "outer XML"),
    "wrongly signed, and too old": Double(
        lambda: sealed(contact_event(), codec=SPOILED, timestamp=OLD), 403, "signature"
    ),
    "wrongly signed, and not base64": Double(
        lambda: sealed(b"", encrypt="%%", codec=SPOILED), 403, "signature"
    ),
    "too old, and not base64": Double(lambda: sealed(b"", encrypt="%%", timestamp=OLD), 403, "timestamp"),
    "too old, and for another corp": Double(
        lambda: sealed(b"<a/>", codec=OTHER_CORP, timestamp=OLD), 403, "timestamp"
    ),
    "badly padded, and for another corp": Double(
        lambda: padded(plaintext(receiver="ww00000000000000ff"), last=0), 400, "encryption"
    ),
    "for another corp, and not XML": Double(lambda: sealed(b"x", codec=OTHER_CORP), 403, "receiver"),
}


@pytest.mark.parametrize("name", DOUBLES)
def test_of_two_faults_the_check_that_comes_first_speaks(site: Site, name: str) -> None:
    double = DOUBLES[name]

    with logged(receiver) as entries:
        answer = site.post(double.build())

    assert answer.status == double.status
    assert [str(entry["reason"]).split(":")[0] for entry in entries] == [double.reason]


def echo_target(**changes: str | None) -> str:
    text = CODEC.encrypt(b"echo")
    callback = signed(b"", encrypt=text)
    return callback.with_query(**{"echostr": text, **changes}).target


@pytest.mark.parametrize(
    ("build", "status"),
    [
        pytest.param(lambda: echo_target(echostr=None), 400, id="no echostr"),
        pytest.param(lambda: echo_target(echostr=""), 400, id="an empty echostr"),
        pytest.param(lambda: echo_target() + "&echostr=a", 400, id="two of them"),
        pytest.param(lambda: echo_target(nonce=None), 400, id="no nonce"),
        pytest.param(lambda: echo_target(timestamp="x"), 400, id="no number"),
        pytest.param(lambda: echo_target(msg_signature="0" * 40), 403, id="a wrong signature"),
        pytest.param(lambda: echo_target(echostr=CODEC.encrypt(b"other")), 403, id="another echostr"),
        pytest.param(lambda: signed(b"", encrypt="%%").with_query(echostr="%%").target, 400, id="not base64"),
        pytest.param(
            lambda: (
                signed(b"", encrypt=(text := OTHER_CORP.encrypt(b"echo"))).with_query(echostr=text).target
            ),
            403,
            id="for another corp",
        ),
    ],
)
def test_a_bad_address_check_is_refused_with_one_line(
    site: Site, build: Callable[[], str], status: int
) -> None:
    target = build()

    with logged(receiver) as entries:
        answer = site.ask("GET", target)

    assert (answer.status, answer.body) == (status, b"")
    assert [entry["status"] for entry in entries] == [status]
    assert not [part for part in target.split("=") if len(part) > 20 and part in repr(entries)]


def test_an_address_check_of_today_gets_exactly_its_echo(site: Site) -> None:
    answer = site.ask("GET", echo_target())

    assert (answer.status, answer.body) == (200, b"echo")


def test_a_store_that_is_locked_gives_503_and_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "GIVE_UP_S", 0.4)  # in earnest: tests/test_store_group_commit.py
    monkeypatch.setattr(group_commit, "PATIENCE_S", 0.1)
    with services(tmp_path) as opened, running(opened) as own:
        with locked(own.path), logged(receiver) as entries:
            refused = own.post(add())
            wrong = own.post(add().with_query(nonce="1"))
        recovered = own.post(add())  # one writer, in order: what was refused would be there now

        assert (refused.status, wrong.status, recovered.status) == (503, 403, 200)
        assert [entry["status"] for entry in entries] == [503, 403]
        assert len(own.inbox()) == 1


def test_a_flood_of_forged_signatures_is_a_line_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(receiver, "_PAUSE_S", 1.0)
    monkeypatch.setattr(receiver.time, "monotonic", lambda: clock[0])
    floods = receiver._Floods()
    forged = receiver.Refusal(403, "signature: does not match")
    lines = []
    for number in range(50):
        clock[0] += 0.1
        lines.append(floods.due(forged))
        assert floods.due(receiver.Refusal(403, "receiver: another corp")) == 0, number

    said = [one for one in lines if one is not None]
    assert len(said) in {5, 6}
    assert sum(said) + len(said) <= 50
    assert said[1] in {9, 10}
