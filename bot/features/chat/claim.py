"""Which words this process, and no other, answers: an act is done once, and its answer tells of it."""

from __future__ import annotations

import uuid
from contextlib import suppress

from bot.store.chat import ChatRequest
from bot.store.engine import StoreError
from bot.store.store import Store

CLAIM_S = 10  # after so long others take over what a process that was killed had in hand
_EARLY_S = 5  # so long before a claim runs out it is renewed: longer than an answer about a few takes
_PEOPLE_A_SECOND = 20  # whose figures a busy machine reads at least


class Claim:
    """What is in hand, until it is answered or given back. Lives by real time."""

    def __init__(self, store: Store) -> None:
        """Nothing is in hand yet."""
        self._store = store
        self._name = uuid.uuid4().hex  # not the process: two of its threads may answer
        self._until = 0
        self._held: frozenset[str] = frozenset()

    def take(self, *, batch: int) -> list[ChatRequest]:
        """Take *batch* words at most that nobody has in hand, oldest first. What was taken before is over."""
        store, now = self._store, int(self._store.now())
        if not store.words.is_free(now=now):
            return []
        self._until = now + CLAIM_S
        with store.transaction():
            taken = store.words.claim(self._name, now=now, until=self._until, batch=batch)
        self._held = frozenset(word.msgid for word in taken)
        return taken

    def holds(self, msgid: str, *, people: int = 1) -> bool:
        """Whether the word is still ours for as long as an answer takes that is about so many *people*.

        Were it not, two processes could take a long one from each other for ever.
        """
        now, longer = int(self._store.now()), people // _PEOPLE_A_SECOND
        if now + longer > self._until - _EARLY_S:
            self._until = now + CLAIM_S + longer
            self._held = self._store.words.hold(self._name, until=self._until)
        return msgid in self._held

    def finish(self, msgid: str) -> bool:
        """It is answered; False if another process took it over. Call it inside the answer's transaction."""
        return self._store.words.finish(msgid, claim=self._name)

    def give_back(self) -> None:
        """Let others have what is left; if the store is away, they have it when the claim runs out."""
        with suppress(StoreError):
            self._store.words.give_back(self._name)
