"""The way from the bot to WeCom: the bot's own HTTP code, with the sandbox's application at its other end.

Faults are drawn from the seed, one decision a call. Nothing leaves the process.
"""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from bot.wecom import deadline
from bot.wecom.errors import CODE_SPENT
from sandbox.app import create_app
from sandbox.callbacks import CallbackSender
from sandbox.world import World

_HTML = b"<html><body>502 Bad Gateway</body></html>"
_BROKEN = b'{"errcode": 0, "errm'
_GATEWAY = b'{"message": "no Route matched with those values"}'
_BUSY = b'{"errcode": -1, "errmsg": "system busy"}'
_VOID = b'{"errcode": 40014, "errmsg": "invalid access_token"}'
_DISTURBED = 0.5  # the share of calls with a fault while the network is bad


class WireError(AssertionError):
    """Something that the wire never expected."""


class Wire(BaseAdapter):
    """A transport adapter of requests that calls the sandbox in this process.

    *is_bad*: the network is bad now. *faults* counts what was played.
    """

    def __init__(self, world: World, rng: random.Random) -> None:
        super().__init__()
        self._app = create_app(world, sender=CallbackSender(world))
        self._world = world
        self._rng = rng
        self.accepted: Counter[bytes] = Counter()  # requests that changed what a phone shows
        self.accepted_at: dict[bytes, float] = {}  # the last time; epoch s
        self.refused_changes: set[bytes] = set()  # of cards; they have spent their code
        self.is_bad = False
        self.faults: Counter[str] = Counter()
        self._acts = {
            "refused": self._refused,
            "cut before": self._cut_before,
            "cut after": self._cut_after,
            "502 before": lambda request: _answer(request, 502, _HTML),
            "502 after": self._bad_gateway_after,
            "broken JSON": self._broken_after,
            "gateway": lambda request: _answer(request, 200, _GATEWAY),
            "busy": lambda request: _answer(request, 200, _BUSY),
            "token refused": self._void,
        }

    def send(self, request: requests.PreparedRequest, **_named: object) -> requests.Response:
        """Answer as the sandbox does, or play a fault."""
        if self.is_bad and self._rng.random() < _DISTURBED:
            fault = self._rng.choice(sorted(self._acts))
            self.faults[fault] += 1
            return self._acts[fault](request)
        return self._forwarded(request)

    def close(self) -> None:
        """Nothing is open."""

    def _forwarded(self, request: requests.PreparedRequest) -> requests.Response:
        _begin()
        parts = urlsplit(str(request.url))
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if not isinstance(body, bytes):
            raise WireError(f"a body of {type(body).__name__}")
        given = self._app.test_client().open(
            path=parts.path,
            query_string=parts.query,
            method=request.method,
            input_stream=io.BytesIO(body),
            headers={**request.headers, "Content-Length": str(len(body))},
        )
        if parts.path.endswith("/message/send"):
            call = self._world.calls[-1]
            if call.errcode == 0 and call.duplicate_of is None and call.delivered:
                self._note_accepted(body)
        elif parts.path.endswith("/message/update_template_card"):
            if (errcode := self._world.calls[-1].errcode) == 0:
                self._note_accepted(body)
            elif errcode != CODE_SPENT:
                self.refused_changes.add(body)
        return _answer(request, given.status_code, given.get_data(), given.headers)

    def _note_accepted(self, body: bytes) -> None:
        self.accepted[body] += 1
        self.accepted_at[body] = self._world.real()

    def _refused(self, _request: requests.PreparedRequest) -> requests.Response:
        raise requests.ConnectTimeout

    def _cut_before(self, request: requests.PreparedRequest) -> requests.Response:
        _begin()
        raise requests.ConnectionError(request=request)

    def _cut_after(self, request: requests.PreparedRequest) -> requests.Response:
        self._forwarded(request)
        raise requests.ReadTimeout(request=request)

    def _bad_gateway_after(self, request: requests.PreparedRequest) -> requests.Response:
        self._forwarded(request)
        return _answer(request, 502, _HTML)

    def _broken_after(self, request: requests.PreparedRequest) -> requests.Response:
        self._forwarded(request)
        return _answer(request, 200, _BROKEN)

    def _void(self, request: requests.PreparedRequest) -> requests.Response:
        path = urlsplit(str(request.url)).path
        if path.endswith(("/gettoken", "/webhook/send")):
            return self._forwarded(request)
        return _answer(request, 200, _VOID)


def _answer(
    request: requests.PreparedRequest, status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> requests.Response:
    _begin()
    answer: Any = requests.Response()
    answer.status_code, answer.raw, answer.url = status, io.BytesIO(body), request.url
    answer.headers.update(headers or {"Content-Type": "application/json"})
    answer.request = request
    return answer


def _begin() -> None:
    """Tell the call's deadline that the request has left, as a connection does."""
    current = getattr(deadline._local, "deadline", None)
    if current is not None:
        current.begin(None)
