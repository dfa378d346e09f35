"""The lease on chat messages: one process alone acts on a message and answers it."""

from __future__ import annotations

import uuid
from contextlib import suppress

from bot.store.chat import ChatRequest
from bot.store.engine import StoreError
from bot.store.store import Store

CLAIM_S = 10  # after this time other processes take over the messages of a killed process
_EARLY_S = 5  # a claim is renewed this long before its end: longer than an answer about a few people takes
_PEOPLE_A_SECOND = 20  # a busy machine reads the figures of at least this many


class Claim:
    """The messages claimed by this process, until they are answered or given back. Uses real time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._name = uuid.uuid4().hex  # not the process: two of its threads may answer
        self._until = 0
        self._held: frozenset[str] = frozenset()

    def take(self, *, batch: int) -> list[ChatRequest]:
        """Claim at most *batch* unclaimed messages, the oldest first. They replace those claimed before."""
        store, now = self._store, int(self._store.now())
        if not store.chat.is_free(now=now):
            return []
        self._until = now + CLAIM_S
        with store.transaction():
            taken = store.chat.claim(self._name, now=now, until=self._until, batch=batch)
        self._held = frozenset(word.msgid for word in taken)
        return taken

    def holds(self, msgid: str, *, people: int = 1) -> bool:
        """Say whether the claim lasts for an answer about so many *people*; renew it if need be.

        Without that, two processes could take a long answer from each other for ever.
        """
        now, longer = int(self._store.now()), people // _PEOPLE_A_SECOND
        if now + longer > self._until - _EARLY_S:
            self._until = now + CLAIM_S + longer
            self._held = self._store.chat.hold(self._name, until=self._until)
        return msgid in self._held

    def finish(self, msgid: str) -> bool:
        """Note an answer; False if another process took it over. Call it inside the answer's transaction."""
        return self._store.chat.finish(msgid, claim=self._name)

    def give_back(self) -> None:
        """Release the remaining messages. If the store is away, they are free when the claim runs out."""
        with suppress(StoreError):
            self._store.chat.give_back(self._name)
