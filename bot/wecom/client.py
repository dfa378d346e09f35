"""Calls to WeCom's API, over `bot.wecom.transport`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.messages.sentences import Sentence
from bot.wecom.errors import UnknownOutcomeError
from bot.wecom.lean import lean_imports

CONNECT_S = 3.0
READ_S = 7.0
SHORTEST_TOKEN_S, LONGEST_TOKEN_S = 60, 86_400
CALL_S = CONNECT_S + READ_S  # the longest duration of a call; leases last longer
_NO_TOKEN = ""  # with an empty token wechatpy does not fetch one


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Address and identity for WeCom. *proxy* and *ca_file* may be empty."""

    corp_id: str
    secret: str
    base_url: str
    proxy: str = ""
    ca_file: str = ""
    parallel: int = 5

    def __repr__(self) -> str:
        return f"Access(corp_id={self.corp_id!r}, base_url={self.base_url!r})"


class WeComClient:
    """The API calls in use. Every error is a WeComError without token, secret or URL."""

    def __init__(self, access: Access) -> None:
        with lean_imports():
            from bot.wecom.transport import Transport  # most commands call nobody

        self._access = access
        self._transport = Transport(access, timeout=(CONNECT_S, READ_S))

    def get_token(self) -> tuple[str, int]:
        """Return a token and its lifetime in seconds [91039]. Raises WeComError."""
        app = {"corpid": self._access.corp_id, "corpsecret": self._access.secret}
        answer = self.read("gettoken", token=_NO_TOKEN, **app)
        if not answer.get("access_token"):
            raise UnknownOutcomeError(Sentence("sentences.no_token"))
        lifetime = str(answer.get("expires_in", 7200))
        if not lifetime.isdecimal():
            raise UnknownOutcomeError(Sentence("sentences.no_lifetime"))
        # No less than asks WeCom once a minute, no more than a store can take.
        return str(answer["access_token"]), min(max(int(lifetime[:12]), SHORTEST_TOKEN_S), LONGEST_TOKEN_S)

    def send_message(self, request: bytes, *, token: str) -> dict[str, Any]:
        """Send an app message [90236]; *request* is the JSON body, sent unchanged. Raises WeComError."""
        return self._post("message/send", request, token=token)

    def update_card(self, request: bytes, *, token: str) -> dict[str, Any]:
        """Change a card by its response code [94888]; *request* is the JSON body. Raises WeComError."""
        return self._post("message/update_template_card", request, token=token)

    def send_welcome(self, request: bytes, *, token: str) -> dict[str, Any]:
        """Send a welcome message [92137]; *request* is the JSON body, sent unchanged. Raises WeComError."""
        return self._post("externalcontact/send_welcome_msg", request, token=token)

    def post_to_robot(self, request: bytes, *, key: str) -> None:
        """Post into a group as its robot [99110]; *request* is the JSON body. Raises WeComError."""
        self._post("webhook/send", request, token=_NO_TOKEN, key=key)

    def upload_file(self, filename: str, body: bytes, *, token: str) -> str:
        """Upload a file [90253] and return its media_id, valid for three days. Raises WeComError.

        People see *filename*. It must be ASCII: WeCom does not decode other names.
        """
        answer = self._transport.call(
            "post",
            "media/upload",
            params={"access_token": token, "type": "file"},
            files={"media": (filename, body, "application/octet-stream")},
        )
        if not answer.get("media_id"):
            raise UnknownOutcomeError(Sentence("sentences.lacks", what="media_id"))
        return str(answer["media_id"])

    def create_menu(self, agent_id: int, menu: Mapping[str, object], *, token: str) -> None:
        """Replace the app's menu [90231]. Raises WeComError."""
        self._post("menu/create", json_bytes(menu), token=token, agentid=str(agent_id))

    def read(self, path: str, *, token: str, **query: str) -> dict[str, Any]:
        """Call a reading API by GET; *path* is relative to /cgi-bin/. Raises WeComError."""
        return self._transport.call("get", path, params={"access_token": token, **query})

    def read_by_post(self, path: str, body: Mapping[str, object], *, token: str) -> dict[str, Any]:
        """Call a reading API by POST with a JSON body. Raises WeComError."""
        return self._post(path, json_bytes(body), token=token)

    def _post(self, path: str, request: bytes, *, token: str, **query: str) -> dict[str, Any]:
        return self._transport.call(
            "post",
            path,
            params={"access_token": token, **query},
            data=request,
            headers={"Content-Type": "application/json; charset=utf-8"},
        )

    def close(self) -> None:
        """Close kept connections."""
        self._transport.close()


def json_bytes(body: Mapping[str, object]) -> bytes:
    """Return *body* as compact JSON, the form of every request."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
