"""Builders for the tests of the sandbox: a small world, a real clock that obeys, a receiver that can fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.branch import make_branch
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.switches import ApiSwitches, CallbackSwitches
from sandbox.world import World
from sandbox.wxcrypto import Codec

TODAY = date(2026, 11, 23)
NOON = 1_795_406_400.0  # 2026-11-23T12:00+08:00


@dataclass
class RealClock:
    """Real time as a test wants it."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


def make_world(
    *, api: ApiSwitches | None = None, callbacks: CallbackSwitches | None = None, callback_url: str = ""
) -> tuple[World, RealClock]:
    real = RealClock()
    world = World(
        make_branch(seed=7, today=TODAY),
        clock=VirtualClock(NOON, speed=0),
        real=real,
        api=api,
        callbacks=callbacks,
        callback_url=callback_url,
    )
    return world, real


@dataclass
class Api:
    """The API as a program sees it, with the credentials of the world's app."""

    world: World
    real: RealClock
    client: FlaskClient
    token: str = ""

    def gettoken(self, **query: str) -> TestResponse:
        app = self.world.app
        given = {"corpid": app.corp_id, "corpsecret": app.secret} | query
        return self.client.get("/cgi-bin/gettoken", query_string={k: v for k, v in given.items() if v != "-"})

    def send(self, **changes: object) -> TestResponse:
        return self.send_raw(json.dumps(self.request(**changes), ensure_ascii=False).encode())

    def request(self, **changes: object) -> dict[str, object]:
        whole = {
            "touser": "yg01",
            "msgtype": "text",
            "agentid": self.world.app.agent_id,
            "text": {"content": "今天加 2 位就够"},
        } | changes
        return {name: value for name, value in whole.items() if value is not None}

    def send_raw(self, raw: bytes, *, token: str | None = None) -> TestResponse:
        query = {"access_token": self.token if token is None else token}
        return self.client.post("/cgi-bin/message/send", query_string=query, data=raw)

    def read(self, path: str = "externalcontact/get", **query: str) -> TestResponse:
        """A reading call by GET."""
        given = {"access_token": self.token} | query
        return self.client.get(f"/cgi-bin/{path}", query_string=given)

    def tag_list(self, body: object = None, *, token: str | None = None) -> TestResponse:
        query = {"access_token": self.token if token is None else token}
        raw = json.dumps({} if body is None else body).encode()
        return self.client.post("/cgi-bin/externalcontact/get_corp_tag_list", query_string=query, data=raw)

    def happen(self, kind: str, userid: str = "yg01", **more: object) -> str:
        """Let something happen, without callbacks; the customer's id."""
        (event, *_) = compose(self.world, {"kind": kind, "userid": userid, **more})
        return event.external_userid

    def texts(self, userid: str) -> list[str]:
        return [message.content for message in self.world.mailbox.messages.get(userid, [])]


def make_api(**switches: object) -> Api:
    world, real = make_world(api=ApiSwitches(**switches))
    api = Api(world, real, create_app(world).test_client())
    api.token = api.gettoken().json["access_token"]
    return api


@dataclass
class Receiver:
    """A callback address. *plan* is what the next POSTs get: a status, or "hang"; 200 when it is used up."""

    url: str
    plan: list[int | str] = field(default_factory=list)
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    codec: Codec | None = None
    echo_suffix: bytes = b""
    echo_delay: float = 0.0
    most_at_once: int = 0
    _now: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opened(self) -> list[ElementTree.Element]:
        """Return the decrypted events in the order of arrival; signatures are checked."""
        assert self.codec is not None
        events = []
        for query, body in self.posts:
            encrypt = ElementTree.fromstring(body).findtext("Encrypt", "")
            signature = self.codec.sign(timestamp=query["timestamp"], nonce=query["nonce"], encrypt=encrypt)
            assert query["msg_signature"] == signature
            events.append(ElementTree.fromstring(self.codec.decrypt(encrypt)))
        return events

    def take(self, query: dict[str, str], body: bytes) -> int | str:
        with self.lock:
            self.posts.append((query, body))
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            return self.plan.pop(0) if self.plan else 200

    def leave(self) -> None:
        with self.lock:
            self._now -= 1


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.receiver.take(self._query(), body)
        if answer == "hang":
            self.receiver.released.wait(60)
        threading.Event().wait(0.02)
        self.receiver.leave()
        self._answer(answer if isinstance(answer, int) else 200, b"")

    def do_GET(self) -> None:
        assert self.receiver.codec is not None
        self.receiver.released.wait(self.receiver.echo_delay)
        self._answer(200, self.receiver.codec.decrypt(self._query()["echostr"]) + self.receiver.echo_suffix)

    def _query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def _answer(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # the sandbox has given up on a receiver that hung

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Write nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port of the loopback."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/callback")
    handler.receiver = receiver
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
