"""kill -9 in one process: from a drawn statement on, the store does nothing for the process that died."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.store.engine import Engine


class Killed(BaseException):
    """The end of a process, at any statement of its store."""


class Mortal:
    """Lets an engine die. After that it takes nothing, so no clean-up of the dying code has an effect."""

    def __init__(self, engine: Engine, rng: random.Random) -> None:
        """Put this between *engine* and its users."""
        self._engine: Any = engine
        self._rng = rng
        self._left: int | None = None
        self.is_dead = False
        self._call, self._transaction = self._engine._call, self._engine.transaction
        self._engine._call = self._mortal_call
        self._engine.transaction = self._mortal_transaction

    def die_soon(self) -> None:
        """Let the process die within some hundred statements."""
        self._left = self._rng.randrange(1, 400)

    def live_on(self) -> None:
        """Take a planned death back."""
        self._left = None

    def _mortal_call(self, name: str, /, *rows: object, **values: object) -> Any:
        self._age()
        return self._call(name, *rows, **values)

    @contextmanager
    def _mortal_transaction(self, **named: Any) -> Iterator[None]:
        self._age()
        with self._transaction(**named):
            yield
            self._age()  # before the commit: nothing of the block is kept
        self._age()  # after it: all is kept, and nobody knows

    def _age(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.is_dead, self._left = True, None
        if self.is_dead:
            raise Killed
