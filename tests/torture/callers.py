"""WeCom's side of the callbacks: a steady stream over HTTP, and what was answered to each."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

import requests
from builders.chat import text_event
from builders.service import CODEC, contact_event, sealed

from torture.processes import PEOPLE

_WORDS = ("进度", "明细", "排名", "帮助", "规则")
_TRIES = 3
_AGAIN_S = 0.3
_ANSWER_S = 5.0  # WeCom cuts the connection then [90930]
_MSGIDS = 7_400_000_000_000_000_000
_SHARES = {"word": 0.2, "loss": 0.3}  # up to; the rest are adds
_COPIES = 0.05


@dataclass
class Call:
    """One callback. *name* is the customer, or the MsgId of a word; *is_ok*: it got a 200."""

    kind: str
    part: str
    userid: str
    name: str
    at: int
    body: bytes
    is_ok: bool = False

    @property
    def hash(self) -> str:
        """Return the key of its row in the inbox, without its time: eight digits."""
        return sha256(self.body).hexdigest()[8:]


@dataclass
class Callers:
    """Threads that push callbacks to *urls*, *per_s* of them a second. *part* names what goes on now."""

    urls: list[str]
    rng: random.Random
    per_s: float = 10.0
    lanes: int = 12
    part: str = "calm"
    calls: list[Call] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    _alive: list[Call] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ending: threading.Event = field(default_factory=threading.Event)
    _turn: float = 0.0
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Return how many tries were answered 200."""
        return self.statuses["200"]

    @property
    def refused(self) -> int:
        """Return how many were not."""
        return sum(self.statuses.values()) - self.answered

    def start(self) -> None:
        """Begin to call."""
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self.lanes)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all calls; return when the last is answered."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._is_over():
                self._push(session, self._next())

    def _is_over(self) -> bool:
        """Wait for this thread's turn; a store that was slow is not made up for."""
        with self._lock:
            now = time.monotonic()
            self._turn = max(self._turn, now) + 1 / self.per_s
            wait_s = self._turn - now
        return self._ending.wait(wait_s)

    def _next(self) -> Call:
        with self._lock:
            number, now = next(self._numbers), int(time.time())
            userid, drawn = self.rng.choice(PEOPLE), self.rng.random()
            if drawn < _SHARES["word"]:
                name = str(_MSGIDS + number)
                body = text_event(userid, self.rng.choice(_WORDS), msgid=name, at=now)
                call = Call("word", self.part, userid, name, now, body)
            elif drawn < _SHARES["loss"] and self._alive:
                add = self._alive.pop(self.rng.randrange(len(self._alive)))
                at = max(now, add.at + 1)
                body = contact_event("del_follow_user", userid=add.userid, customer=add.name, at=at)
                call = Call("loss", self.part, add.userid, add.name, at, body)
            else:
                name = f"wm-real-{number}"
                body = contact_event(userid=userid, customer=name, at=now)
                call = Call("add", self.part, userid, name, now, body)
            self.calls.append(call)
        return call

    def _push(self, session: requests.Session, call: Call) -> None:
        for _ in range(_TRIES):
            if self._post(session, call):
                call.is_ok = True
                break
            self._ending.wait(_AGAIN_S)
        if call.is_ok:
            with self._lock:
                if call.kind == "add":
                    self._alive.append(call)
                is_copied = self.rng.random() < _COPIES
            if is_copied:
                self._post(session, call)

    def _post(self, session: requests.Session, call: Call) -> bool:
        with self._lock:
            url = self.rng.choice(self.urls)
        callback = sealed(call.body, codec=CODEC)
        try:
            answer = session.post(f"{url}{callback.target}", data=callback.body, timeout=_ANSWER_S)
            status = str(answer.status_code)
        except requests.RequestException:
            status = "none"
        with self._lock:
            self.statuses[status] += 1
        return status == "200"
