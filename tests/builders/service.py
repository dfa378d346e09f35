"""Builders for tests of the running bot: a store in a folder, sealed callbacks, a service on a free port.

Callbacks are sealed with the sandbox's crypto, which knows nothing of the bot's.
"""

from __future__ import annotations

import http.client
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

import pytest
import structlog
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from structlog.testing import LogCapture
from structlog.typing import EventDict

from bot.app import service
from bot.app.bootstrap import open_services
from bot.services import Services
from builders import config as config_files
from builders.stores import make_complete
from sandbox.wxcrypto import Codec
from scheduler import runner

CORP = "ww0123456789abcdef"
CODEC = Codec(token=config_files.TOKEN, aes_key=config_files.AES_KEY, receive_id=CORP)
ROSTER = """userid,name,department,role,leader_of,joined_on,left_on,share
sales01,员工甲,2,,,,,
sales02,员工乙,2,,,,,
"""
EVENT_AT = 1_795_395_600  # 2026-11-23T09:00+08:00
HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A POST as WeCom makes it; `query` and `body` may be spoiled before it is sent."""

    query: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        return f"/callback?{urlencode(self.query)}"

    def with_query(self, **changes: str | None) -> Callback:
        """Replace fields of the query; None leaves one out."""
        pairs = {**dict(self.query), **changes}
        return Callback(
            query=tuple((name, value) for name, value in pairs.items() if value is not None), body=self.body
        )


def sealed(
    message: bytes,
    *,
    codec: Codec = CODEC,
    timestamp: int | str | None = None,
    nonce: str | None = None,
    encrypt: str | None = None,
) -> Callback:
    """Encrypt and sign *message*; with *encrypt* that text is signed and sent instead."""
    text = codec.encrypt(message) if encrypt is None else encrypt
    outer = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{text}]]></Encrypt></xml>"
    return signed(outer.encode(), encrypt=text, codec=codec, timestamp=timestamp, nonce=nonce)


def signed(
    body: bytes,
    *,
    encrypt: str,
    codec: Codec = CODEC,
    timestamp: int | str | None = None,
    nonce: str | None = None,
) -> Callback:
    """A callback with any *body* whose signature is right for *encrypt*."""
    stamp = str(int(time.time()) if timestamp is None else timestamp)
    chosen = os.urandom(6).hex() if nonce is None else nonce
    signature = codec.sign(timestamp=stamp, nonce=chosen, encrypt=encrypt)
    return Callback(query=(("msg_signature", signature), ("timestamp", stamp), ("nonce", chosen)), body=body)


def encrypted_raw(plain: bytes, *, key: bytes) -> bytes:
    """AES-CBC as WeCom's, without any padding: for plaintexts that are wrong on purpose."""
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def contact_event(
    change: str = "add_external_contact",
    *,
    userid: str = "sales01",
    customer: str = "wmSIM0AAAAcust000000000000000001",
    at: int | str = EVENT_AT,
    extra: str = "",
) -> bytes:
    """A change_external_contact as WeCom writes it; *at* is its CreateTime."""
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[change_external_contact]]></Event>"
        f"<ChangeType><![CDATA[{change}]]></ChangeType><UserID><![CDATA[{userid}]]></UserID>"
        f"<ExternalUserID><![CDATA[{customer}]]></ExternalUserID>{extra}</xml>"
    ).encode()


@contextmanager
def services(
    folder: Path, *, server: str = "", wecom: str = "", rest: str = "", roster: str = ROSTER, corp: str = CORP
) -> Iterator[Services]:
    """An installation in *folder* on a free port; *server* and *wecom* are more keys of those sections."""
    (folder / "roster.csv").write_text(roster, encoding="utf-8")
    text = (
        config_files.WECOM.replace(CORP, corp)
        + f'{wecom}\n[server]\nlisten = "{HOST}:0"\n{server}\n'
        + config_files.DIRECTORY
        + config_files.QUOTA
        + rest
        + ("" if "[calendar]" in rest else _calendar())
    )
    with open_services(config_files.read(folder, text)) as opened:
        make_complete(opened.store)
        yield opened


def _calendar() -> str:
    """Return days off that are off anyway: in December nobody is told that next year's decree lacks."""
    year = date.today().year  # noqa: DTZ011 - whichever zone, two years more are written
    return f"[calendar]\nholidays = [{', '.join(f'{year + more}-01-01' for more in range(3))}]\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """A service that answers on *port*."""

    services: Services
    port: int

    @property
    def path(self) -> Path:
        return self.services.store.engine.path

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        chunked: bool = False,
    ) -> Answer:
        """Send a request exactly as written."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            sent = iter([body]) if chunked and body is not None else body
            connection.request(method, target, body=sent, headers=dict(headers or {}), encode_chunked=chunked)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, response.read(), named)
        finally:
            connection.close()

    def post(self, callback: Callback) -> Answer:
        return self.ask("POST", callback.target, callback.body)

    def inbox(self) -> list[tuple[int, bytes, str]]:
        """(seq, body, state) of every row, read by a connection of our own."""
        return rows(self.path, "SELECT seq, body, state FROM inbox ORDER BY seq")


def rows(path: Path, query: str) -> list[tuple[int, bytes, str]]:
    """What another program sees in the file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@contextmanager
def running(opened: Services, *, role: str = "receiver", tick_s: float = 1.0) -> Iterator[Site]:
    """Serve until the end of the block, which waits for the stop."""
    stop, ready = threading.Event(), threading.Event()
    ports: list[int] = []
    failures: list[BaseException] = []

    def on_ready(port: int) -> None:
        ports.append(port)
        ready.set()

    def serve() -> None:
        try:
            service.run(opened, stop=stop, on_ready=on_ready, role=role, tick_s=tick_s)
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=serve)
    # An act of an earlier test may have ended while the store was away; nobody would say it again.
    vars(runner)["_outage"] = type(vars(runner)["_outage"])()
    thread.start()
    try:
        assert ready.wait(60)
        assert not failures, failures
        yield Site(opened, ports[0])
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the store's write lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def logged(module: ModuleType) -> Iterator[list[EventDict]]:
    """The entries that *module* logs inside the block."""
    capture = LogCapture()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(), processors=[capture], wrapper_class=structlog.BoundLogger
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "log", logger)
        yield capture.entries
