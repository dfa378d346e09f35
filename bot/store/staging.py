"""A file of facts beside what the store knows of the same keys, in a temporary database of its own.

It is SQLite for both engines, and exact: keys are compared themselves. SQLite keeps it in a nameless file in
the folder for temporary files, of which only the cache is in memory; it is gone when it is closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.store.queries import Queries

_SETTINGS = (
    "journal_mode = OFF",  # nothing of it is ever undone or found again
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
    "temp_store = FILE",
    "cache_size = -16384",  # 16 MB, however long the file is
)


class StoredRow(NamedTuple):
    """A row of the store. *says*: its values in the columns of the file; *manager* and *said*: all of it."""

    number: int
    key: str
    says: str
    manager: str | None
    said: str


class OddKey(NamedTuple):
    """A line with a key that no contact has, or contacts of several customers."""

    line: int
    key: str
    is_ambiguous: int


class Change(NamedTuple):
    """A line that says something new of its key. *number*, *manager*, *said*: the row that held so far."""

    line: int
    key: str
    says: str
    number: int | None
    manager: str | None
    said: str | None


class Staging:
    """The lines of a file, the keys of contacts and the rows of the store, beside each other."""

    def __init__(self) -> None:
        self._queries = Queries("sqlite", adapter="sqlite3")
        self._connection = sqlite3.connect("", isolation_level=None)
        for setting in _SETTINGS:
            self._connection.execute(f"PRAGMA {setting}")
        self._queries["staging_tables"](self._connection)
        self._connection.execute("BEGIN")

    def add_lines(self, lines: Iterable[tuple[int, str, str]]) -> None:
        """Add lines: number, key and what the line says of it."""
        self._connection.executemany("INSERT INTO lines VALUES (?, ?, ?)", lines)

    def add_contacts(self, contacts: Iterable[tuple[str, str]]) -> None:
        """Add pairs of key and customer, in any order; the same pair may come again."""
        self._connection.executemany("INSERT INTO contacts VALUES (?, ?)", contacts)

    def add_rows(self, rows: Iterable[StoredRow]) -> None:
        """Add rows of the store; of two with the same key the one with the higher number holds."""
        self._connection.executemany("INSERT INTO held VALUES (?, ?, ?, ?, ?)", rows)

    def odd_keys(self) -> Iterator[OddKey]:
        """Return the lines whose key does not name exactly one customer, in their order."""
        return map(OddKey._make, self._queries["staging_odd_keys"](self._connection))

    def drop_contradicted(self) -> dict[int, int]:
        """Remove all lines of keys of which the file says several things.

        Return each with the first line that says something else.
        """
        against = dict(self._queries["staging_contradictions"](self._connection))
        self._connection.executemany("DELETE FROM lines WHERE number = ?", ((line,) for line in against))
        return against

    def count_absent(self) -> int:
        """Return the number of contacts' keys of which no customer is in the file."""
        return int(self._queries["staging_count_absent"](self._connection))

    def add_absent(self, says: str) -> None:
        """Add a line of *says* for each contact's key of which no customer is in the file."""
        self._queries["staging_add_absent"](self._connection, says=says)

    def changes(self) -> Iterator[Change]:
        """Return the first line of each key of which the store does not say the same, in their order."""
        return map(Change._make, self._queries["staging_changes"](self._connection))

    def outdated(self) -> Iterator[int]:
        """Return the numbers of rows in whose place a later one holds."""
        return (number for (number,) in self._queries["staging_outdated"](self._connection))

    def close(self) -> None:
        """Remove the database."""
        self._connection.close()
