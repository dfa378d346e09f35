"""Wrong callbacks against the receiver, in this process or over HTTP: nothing wrong is stored, no 5xx.

What may be stored is computed by the sandbox's crypto, which knows nothing of the bot's.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from builders.config import AES_KEY, TOKEN
from builders.service import CODEC, CORP, HOST, Callback, Site, encrypted_raw, sealed

from bot.web.peer import Peer
from bot.web.receiver import Receiver
from bot.web.request import MAX_BODY, Request
from bot.wecom.crypto import CallbackCrypto
from fuzz.mutate import broken
from fuzz.tally import Tally
from sandbox.wxcrypto import CryptoError

SAMPLES = tuple(path.read_bytes() for path in sorted((Path(__file__).parents[1] / "samples").glob("*.xml")))
_KEY = b64decode(AES_KEY + "=")
_REFUSED = frozenset({400, 403, 405, 413})
_AGE_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, and the only event that it may leave in the store; None: none at all.

    *must*: it is a genuine one that must be stored.
    """

    query: str
    body: bytes
    event: bytes | None
    must: bool = False


class Cases:
    """Cases by seed: each has a number, and depends on nothing but seed and number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._kinds: tuple[tuple[Callable[[random.Random], Case], int], ...] = (
            (_genuine, 4),
            (_outer, 20),
            (_query, 15),
            (_cipher_text, 15),
            (_inner, 25),
            (_frame, 12),
            (_of_others, 6),
            (_old, 3),
        )

    def case(self, number: int) -> tuple[str, Case]:
        """Return the name of the kind of case *number*, and the case."""
        rng = random.Random(f"{self._seed}:{number}")
        kinds, weights = zip(*self._kinds, strict=True)
        (kind,) = rng.choices(kinds, weights)
        return kind.__name__.strip("_"), kind(rng)


def _event(rng: random.Random) -> bytes:
    """Return an event as WeCom sends it, that was never there before."""
    return rng.choice(SAMPLES).replace(b"</xml>", b"<Case>%d</Case></xml>" % rng.getrandbits(48))


def _as_case(callback: Callback, event: bytes | None, *, must: bool = False) -> Case:
    return Case(query=urlencode(callback.query), body=callback.body, event=event, must=must)


def _genuine(rng: random.Random) -> Case:
    event = _event(rng)
    return _as_case(sealed(event), event, must=True)


def _outer(rng: random.Random) -> Case:
    event = _event(rng)
    good = sealed(event)
    return _as_case(replace(good, body=broken(rng, good.body, others=SAMPLES)), event)


def _query(rng: random.Random) -> Case:
    event = _event(rng)
    case = _as_case(sealed(event), event)
    return replace(case, query=broken(rng, case.query.encode()).decode("latin-1"))


def _cipher_text(rng: random.Random) -> Case:
    """Who has the token and not the key: a changed cipher text, signed again."""
    raw = bytearray(b64decode(CODEC.encrypt(_event(rng))))
    if rng.random() < 0.5:
        text = broken(rng, b64encode(raw)).decode("latin-1").replace("]", "")
    else:
        text = b64encode(broken(rng, bytes(raw))).decode()
    event = None
    with suppress(CryptoError, UnicodeEncodeError):
        event = CODEC.decrypt(text)
    return _as_case(sealed(b"", encrypt=text), event)


def _inner(rng: random.Random) -> Case:
    """A wrong message under the right key."""
    event = broken(rng, _event(rng), others=SAMPLES)
    return _as_case(sealed(event), event)


def _frame(rng: random.Random) -> Case:
    """Wrong lengths, paddings and receivers under the right key."""
    event = _event(rng)
    length = rng.choice((len(event), 0, 1, len(event) - 1, len(event) + 1, 2**31, 2**32 - 1))
    receiver = rng.choice((CORP, CORP, "", CORP + "0", CORP[:-1], "ww00000000000000ff")).encode()
    plain = os.urandom(16) + length.to_bytes(4, "big") + event + receiver
    size = 32 - len(plain) % 32
    padding = rng.choice((bytes([size]) * size, bytes([size - 1]) * size, bytes(size), os.urandom(size)))
    text = b64encode(encrypted_raw((plain + padding)[: (len(plain) + size) // 16 * 16], key=_KEY)).decode()
    kept = None
    with suppress(CryptoError):
        kept = CODEC.decrypt(text)
    return _as_case(sealed(b"", encrypt=text), kept)


def _of_others(rng: random.Random) -> Case:
    """Another app's token, key or corp."""
    other = rng.choice(({"token": "another"}, {"aes_key": "A" * 43}, {"receive_id": "ww00000000000000ff"}))
    return _as_case(sealed(_event(rng), codec=replace(CODEC, **other)), None)


def _old(rng: random.Random) -> Case:
    age = rng.choice((-1, 1)) * rng.randrange(_AGE_S + 60, 10**9)
    return _as_case(sealed(_event(rng), timestamp=max(0, int(time.time()) - age)), None)


def in_process(seed: int, cases: int) -> Tally:
    """Try *cases* on a receiver whose store takes everything."""
    stored: dict[str, bytes] = {}
    replies: list[int] = []

    def put(*, hash: str, body: bytes, received_at: int, done: Callable[[bool], None]) -> None:  # noqa: A002
        stored[hash] = body
        done(True)

    crypto = CallbackCrypto(token=TOKEN, aes_key=AES_KEY, corp_id=CORP)
    receiver = Receiver(crypto=crypto, put=put, max_age=_AGE_S, peer=Peer(()))
    tally, source = Tally(), Cases(seed)
    for number in range(cases):
        name, case = source.case(number)
        body = case.body[: MAX_BODY + 1]
        asked = Request(
            method="POST", path="/callback", query=case.query, body=body, client=HOST, forwarded=""
        )
        replies.clear()
        stored.clear()
        try:
            receiver.handle(asked, lambda status, _body: replies.append(status))
        except Exception as error:  # noqa: BLE001 - it is what we look for
            tally.fail(number, f"{name}: {type(error).__name__}: {error}")
            continue
        kept = next(iter(stored.values()), None)
        if problem := judged(case, replies, kept):
            tally.fail(number, f"{name}: {problem}")
        elif kept is not None and hashlib.sha256(kept).hexdigest()[8:] not in {key[8:] for key in stored}:
            tally.fail(number, f"{name}: the key is not that of the event")
        else:
            tally.outcomes[f"{name} {replies[0]}"] += 1
    return tally


def judged(case: Case, replies: list[int], kept: bytes | None) -> str:
    """Return what is wrong with the answer to *case* and with what it left in the store; else empty."""
    if len(replies) != 1:
        return f"answered {len(replies)} times"
    (status,) = replies
    if status != 200 and status not in _REFUSED:
        return f"answered {status}"
    if (status == 200) != (kept is not None):
        return f"answered {status}, and stored: {kept is not None}"
    if kept is not None and kept != case.event:
        return f"stored what nobody sent: {kept[:80]!r}"
    if case.must and kept is None:
        return f"a genuine one was answered {status}"
    return ""


def over_http(site: Site, seed: int, cases: int) -> Tally:
    """Try *cases* over one connection after the other; afterwards compare what the store holds."""
    tally, source = Tally(), Cases(seed)
    allowed: dict[bytes, int] = {}
    sent: list[bytes] = []
    already = len(site.inbox())
    connection = http.client.HTTPConnection(HOST, site.port, timeout=60)
    for number in range(cases):
        name, case = source.case(number)
        target = "/callback?" + "".join(
            char if "!" <= char <= "~" else f"%{ord(char):02x}" for char in case.query
        )
        try:
            connection.request("POST", target, case.body)
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
        except (http.client.HTTPException, OSError) as error:
            tally.fail(number, f"{name}: no answer ({type(error).__name__})")
            connection.close()
            continue
        if status == 200:
            if case.event is None or body:
                tally.fail(number, f"{name}: answered 200 {body[:80]!r}")
                continue
            sent.append(case.event)
            allowed[case.event] = number
        elif status not in _REFUSED or case.must or body:
            tally.fail(number, f"{name}: answered {status} {body[:80]!r}")
            continue
        tally.outcomes[f"{name} {status}"] += 1
    connection.close()
    held = [body for _, body, _ in site.inbox()[already:]]
    for body in held:
        if body not in allowed:
            tally.fail(-1, f"stored what was not answered 200: {body[:80]!r}")
    for body in set(sent) - set(held):
        tally.fail(allowed[body], "answered 200 and not stored")
    if len(held) != len(set(held)):
        tally.fail(-1, "an event is stored twice")
    return tally
