"""What every engine can do, how it says that it cannot, and what all groups of tables share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from bot.messages.sentences import unpacked

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from bot.store.queries import Queries

PATIENCE_S = 5.0  # how long a write waits for another one to end

SqlRow = dict[str, Any]
_PLAIN = frozenset({str, int, bytes, type(None)})  # most columns: they stay as they are
_Value = TypeVar("_Value")


class StoreError(Exception):
    """The store cannot be used; the text says why and what to do."""


class TakenError(Exception):
    """A row with the same unique value is there; another thread was quicker."""


class StoreBusyError(StoreError):
    """The store could not take this now; a later try may succeed."""


class Engine(ABC):
    """Runs named statements on one database. Safe to share between threads.

    Every method raises StoreBusyError when the store is away, locked or refuses for now.
    """

    _queries: Queries
    has_one_writer = False  # whether a transaction that writes begins after all others have ended

    @abstractmethod
    def transaction(self, *, patience_s: float = PATIENCE_S) -> AbstractContextManager[None]:
        """Store all writes of this thread inside the block together, or none of them."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction."""

    @abstractmethod
    def savepoint(self) -> AbstractContextManager[None]:
        """Undo only this block of a transaction if it fails."""

    def all(self, name: str, /, **values: object) -> list[SqlRow]:
        """Return the rows of the statement *name*."""
        rows: list[SqlRow] = self._call(name, **values)
        return rows

    @abstractmethod
    def tuples(self, name: str, /, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of the statement *name* without their names, for many rows: a third of the time."""

    def one(self, name: str, /, **values: object) -> SqlRow | None:
        """Return the first row of the statement *name*, or None."""
        row: SqlRow | None = self._call(name, **values)
        return row

    def number(self, name: str, /, **values: object) -> int | None:
        """Return the first column of that row as a whole number; None if it is NULL or there is no row."""
        value = next(iter((self.one(name, **values) or {}).values()), None)
        return None if value is None else int(value)

    def run(self, name: str, /, **values: object) -> int:
        """Carry out the statement *name*, in the open transaction or its own. Return the rows touched."""
        count: int = self._call(name, **values)
        return count

    def apply(self, name: str, /, **values: object) -> bool:
        """Carry out the statement *name* as `run` does. Return whether it touched a row."""
        return self.run(name, **values) > 0

    def run_many(self, name: str, rows: Sequence[Mapping[str, object]], /) -> None:
        """Carry out the statement *name* once for each of *rows*; call it inside a transaction."""
        if rows:
            self._call(name, rows)

    @abstractmethod
    def append(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]], /) -> None:
        """Add many new rows to *table*, the fastest way there is; call it inside a transaction."""

    def learn(self, text: str) -> None:
        """Take more named statements, written as in `sql/*.sql`."""
        self._queries.learn(text)

    @abstractmethod
    def number_on(self, table: str, column: str) -> None:
        """Let the next number that *column* of *table* gives be higher than every number in it."""

    @abstractmethod
    def now(self) -> float:
        """Return the time by which all processes agree who holds a lease. Epoch seconds."""

    @abstractmethod
    def notify(self, topic: str) -> None:
        """Tell every other process that there is something to do; in a transaction, once it is committed."""

    @abstractmethod
    def listen(self, heard: Callable[[str], None]) -> None:
        """Call *heard* with each topic that any process told, from a thread of the engine's."""

    @abstractmethod
    def scrub(self, needles: Collection[str]) -> bool:
        """Leave nothing of deleted rows in the files; return whether none of *needles* is found in them.

        Call it outside a transaction. Where files cannot be read, nothing is looked for.
        """

    def check(self) -> None:  # noqa: B027 - a server looks after its files itself
        """Return if this is still the store that was opened. Raises StoreBusyError."""

    def space(self) -> tuple[int, int] | None:
        """Return how many bytes of the store's disk are free, and of how many; None where nobody knows."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Close all connections; the engine is not used after this."""

    @abstractmethod
    def _call(self, name: str, /, *rows: object, **values: object) -> Any:
        """Carry out the statement *name*, once or for each of *rows*. Return what aiosql makes of it."""


class TableGroup:
    """Some tables, used through the named statements of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine


def value_of(kind: type[_Value], row: SqlRow, **others: object) -> _Value:
    """Return *row* as a *kind* of dataclass: days from ISO texts, enums from values, flags from 0 and 1.

    *others* are fields that the row has in another form, or not at all. Other columns are left out.
    """
    value: _Value = _adapter(kind).validate_python({**row, **others})
    return value


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def told(row: SqlRow) -> SqlRow:
    """Return *row* with its column `error` as the sentence that was stored."""
    return {**row, "error": unpacked(row["error"])}


def row_of(value: DataclassInstance, **others: object) -> SqlRow:
    """Return a dataclass as a row: days as ISO texts, enums as values, flags as 0 and 1.

    *others* are columns that *value* has in another form, or not at all. Fields without a column do no harm.
    """
    row = {name: getattr(value, name) for name in value.__dataclass_fields__} | others
    return {name: cell if type(cell) in _PLAIN else _column(cell) for name, cell in row.items()}


def _column(cell: object) -> object:
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Enum):
        return cell.value
    return int(cell) if isinstance(cell, bool) else cell
