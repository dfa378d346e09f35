"""Deletion of finished rows, in steps of few rows, so that nobody waits long for a step.

A step deletes rows for good and keeps what names them: the hash of an event, the key of a message.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from bot.store.engine import Engine, SqlRow


class Purge:
    """The deletion of old rows of one queue, from its oldest row on.

    *queue* begins the names of its statements, *keep* is the statement that keeps what names the rows.
    """

    def __init__(
        self, engine: Engine, queue: str, *, keep: str, is_over: Callable[[SqlRow, int], bool], begins: str
    ) -> None:
        """*is_over* tells whether a row ended before a moment; *begins* is the column of its first moment."""
        self._engine = engine
        self._queue = queue
        self._keep = keep
        self._is_over = is_over
        self._begins = begins
        self._after = 0

    def step(self, moment: int, *, limit: int) -> int:
        """Delete at most *limit* rows that ended before *moment* (real epoch s); return how many.

        0 says that none is left, and the next step begins anew. Call it inside a transaction.
        """
        while rows := self._engine.all(f"{self._queue}_window", after=self._after, batch=limit):
            old = [row for row in rows if row[self._begins] < moment]
            if not old:
                break
            self._after = old[-1]["seq"]
            if seqs := [row["seq"] for row in old if self._is_over(row, moment)]:
                listed = json.dumps(seqs)
                self._engine.run(self._keep, seqs=listed)
                return self._engine.run(f"{self._queue}_delete", seqs=listed)
        self._after = 0
        return 0
