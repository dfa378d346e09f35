"""The receiver: verify, decrypt, store durably, answer. It computes nothing else [90930].

An empty 200 means that the event is on disk. Two doors lead here: the Flask application, and the built-in
server. The server leaves out Flask's dispatch, which is more than half of what a callback costs
(docs/decisions.md). The order of the checks is part of the contract:
403 (address), 413, 400 (query, outer XML), 403 (signature, age), 400 (encryption), 403 (receiver),
400 (inner XML), 503.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs

import structlog

from bot.logs.ref import ref_of_event
from bot.store.counters import count
from bot.store.inbox import key_of
from bot.web.peer import household
from bot.web.request import Reply, Request
from bot.web.strangers import MOST, Strangers
from bot.wecom.crypto import CallbackCrypto, CallbackError, DecryptionError, SignatureError
from bot.wecom.events import text_of
from bot.wecom.xml import XmlError, parse

log = structlog.get_logger(__name__)

PATH = "/callback"  # and with a slash at its end
_MAX_DIGITS = 12
_PAUSE_S = 1.0
_MANY = ("address:", "signature:", "store:")  # reasons of refusals that come in floods
# Elements of the outer XML, usually five. Parsing many takes 16 ms, before any check of the signature.
_MARKS, _MOST_MARKS = (b"<", b"&", b'"', b"'"), 64


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """The callback is answered with *status*; *reason* is for the log and holds no content."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.check = reason.partition(":")[0].replace(" ", "_")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the query of every callback carries."""

    signature: str
    timestamp: str
    nonce: str


class Put(Protocol):
    """Stores an event durably and then, from any thread, says whether it is on disk: then or never."""

    def __call__(
        self,
        *,
        hash: str,  # noqa: A002 - the column's name
        body: bytes,
        received_at: int,
        done: Callable[[bool], None],
    ) -> None: ...


class _Floods:
    """At most a line a second for what strangers or an outage can cause in any number."""

    def __init__(self) -> None:
        self._said_at: dict[str, float] = {}  # by the failed check
        self._unsaid: dict[str, int] = {}
        self._lock = threading.Lock()

    def due(self, refusal: Refusal) -> int | None:
        """Return how many lines like this one were left out before it; None: this one is, too."""
        if not refusal.reason.startswith(_MANY):
            return 0
        now, check = time.monotonic(), refusal.check
        with self._lock:
            if now - self._said_at.get(check, -_PAUSE_S) < _PAUSE_S:
                self._unsaid[check] = self._unsaid.get(check, 0) + 1
                return None
            self._said_at[check] = now
            return self._unsaid.pop(check, 0)


class Receiver:
    """Turns requests into stored events. `handle` never blocks: it runs on the server's own thread."""

    def __init__(
        self,
        *,
        crypto: CallbackCrypto,
        put: Put,
        max_age: int,
        peer: Callable[[Request], str],
        admits: Callable[[str], bool] | None = None,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        """*max_age*: seconds, 0 for any age. *peer* names the caller, *admits* checks it (None: anybody)."""
        self._crypto = crypto
        self._put = put
        self._max_age = max_age
        self._peer = peer
        self._admits = admits
        self._time = real_time
        self._floods, self._strangers = _Floods(), Strangers()

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer a callback: an empty 200 once the event is on disk, or the first check it failed."""
        try:
            if self._admits is not None and not self._admits(self._peer(request)):
                raise Refusal(403, "address: not one of WeCom's (getcallbackip); is trusted_proxies right?")
            if request.too_long:
                raise Refusal(413, "body: over 64 KiB")
            if request.method == "POST":
                plain, key = self.opened(_query(request.query), request.body)
                self._put(
                    hash=key,
                    body=plain,
                    received_at=int(self._time()),
                    done=lambda stored: self._stored(stored, request, reply, body=plain),
                )
            elif request.method == "GET":
                echo = self.verify(_query(request.query))
                count("callbacks", "checked")
                reply(200, echo)
            else:
                raise Refusal(405, "method: only GET and POST")
        except Refusal as refusal:
            self._refuse(refusal, request, reply)

    def _stored(self, stored: bool, request: Request, reply: Reply, *, body: bytes) -> None:  # noqa: FBT001 - it is the message
        if stored:
            count("callbacks", "stored")
            reply(200, b"")
        else:
            refusal = Refusal(503, "store: the event was not stored")
            self._refuse(refusal, request, reply, ref=ref_of_event(body))

    def _refuse(self, refusal: Refusal, request: Request, reply: Reply, **about: str) -> None:
        count("callbacks", refusal.check)
        peer = self._peer(request)
        failures = self._strangers.note(household(peer)) if refusal.check == "signature" else 0
        if failures > MOST:
            if failures == MOST + 1:
                log.warning("many wrong signatures from one address; logged once a minute", peer=peer)
        elif (unsaid := self._floods.due(refusal)) is not None:
            log.warning(
                "callback refused",
                status=refusal.status,
                reason=refusal.reason,
                peer=peer,
                **({"more": unsaid} if unsaid else {}),
                **about,
            )
        reply(refusal.status, b"")

    def verify(self, query: Mapping[str, list[str]]) -> bytes:
        """Return the plain echo of WeCom's address check. Raises Refusal."""
        envelope = _envelope(query)
        # A '+' that was not escaped arrives as a blank, which base64 never holds.
        echo = _single(query, "echostr").replace(" ", "+")
        return self._open(envelope, echo)

    def opened(self, query: Mapping[str, list[str]], body: bytes) -> tuple[bytes, str]:
        """Return the decrypted event of a callback that passed every check, and its key. Raises Refusal."""
        envelope = _envelope(query)
        if any(body.count(mark) > _MOST_MARKS for mark in _MARKS):
            raise Refusal(400, "outer XML: too many elements")
        try:
            encrypted = text_of(parse(body), "Encrypt")
        except XmlError as error:
            raise Refusal(400, f"outer XML: {error}") from None
        if not encrypted or not encrypted.isascii():
            raise Refusal(400, "outer XML: no Encrypt")
        plain = self._open(envelope, encrypted)
        try:
            created = text_of(parse(plain), "CreateTime")
        except XmlError as error:
            raise Refusal(400, f"inner XML: {error}") from None
        return plain, key_of(plain, created=created)

    def _open(self, envelope: Envelope, encrypted: str) -> bytes:
        try:
            self._crypto.check_signature(
                envelope.signature,
                timestamp=envelope.timestamp,
                nonce=envelope.nonce,
                encrypted=encrypted,
            )
            if self._max_age and abs(self._time() - int(envelope.timestamp)) > self._max_age:
                raise Refusal(403, "timestamp: too far from now; is this machine's clock right?")
            return self._crypto.decrypt(encrypted)
        except SignatureError as error:
            raise Refusal(403, f"signature: {error}; is callback_token the one in the console?") from None
        except DecryptionError as error:
            raise Refusal(400, f"encryption: {error}; is callback_aes_key the one in the console?") from None
        except CallbackError as error:
            raise Refusal(403, f"receiver: {error}; is corp_id right?") from None


def _single(query: Mapping[str, list[str]], name: str) -> str:
    values = query.get(name, [])
    if len(values) != 1 or not values[0]:
        raise Refusal(400, f"query: {name} must be there once")
    return values[0]


def _envelope(query: Mapping[str, list[str]]) -> Envelope:
    envelope = Envelope(
        signature=_single(query, "msg_signature"),
        timestamp=_single(query, "timestamp"),
        nonce=_single(query, "nonce"),
    )
    stamp = envelope.timestamp
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _MAX_DIGITS):
        raise Refusal(400, "query: timestamp is no number")
    return envelope


def _query(text: str) -> Mapping[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Refusal(400, "query: too many fields") from None
