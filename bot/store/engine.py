"""What every engine can do, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

PATIENCE_S = 5.0  # how long a write waits for another one to end

SqlRow = dict[str, Any]


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""


class StoreBusyError(StoreError):
    """The store could not take this now; a later try may succeed."""


class Engine(Protocol):
    """Runs named statements on one database. Safe to share between threads.

    Every method raises StoreBusyError when the store is away, locked or refuses for now.
    """

    def transaction(self, *, patience_s: float = PATIENCE_S) -> AbstractContextManager[None]:
        """All writes of this thread inside the block are kept together or not at all."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Inside a transaction: undo only this block if it fails."""
        ...

    def all(self, name: str, /, **values: object) -> list[SqlRow]:
        """Rows of the statement *name*."""
        ...

    def one(self, name: str, /, **values: object) -> SqlRow | None:
        """First row of the statement *name*, or None."""
        ...

    def run(self, name: str, /, **values: object) -> int:
        """Carry out the statement *name*, in the open transaction or as one of its own; rows touched."""
        ...

    def run_many(self, name: str, rows: Sequence[Mapping[str, object]], /) -> None:
        """Carry out the statement *name* once for each of *rows*; call it inside a transaction."""
        ...

    def append(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]], /) -> None:
        """Put many new rows into *table*, the fastest way there is; call it inside a transaction."""
        ...

    def learn(self, text: str) -> None:
        """Take more named statements, written as in `sql/*.sql`."""
        ...

    def number_on(self, table: str, column: str) -> None:
        """Let the next number that *column* of *table* gives be higher than every number in it."""
        ...

    def now(self) -> float:
        """The clock by which all processes agree who holds a lease. Epoch seconds."""
        ...

    def notify(self, topic: str) -> None:
        """Tell every other process that there is something to do; in a transaction, once it is committed."""
        ...

    def listen(self, heard: Callable[[str], None]) -> None:
        """Call *heard* with each topic that any process told, from a thread of the engine's."""
        ...

    def close(self) -> None:
        """Close all connections; the engine is not used after this."""
        ...
