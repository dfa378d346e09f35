"""Stores for tests without the cost of making each: copies of a file, databases that are lent again."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.core.contacts import PLACE, Contact
from bot.features.standings.knowledge import WHOLE as ALL_KNOWN
from bot.features.standings.knowledge import Span, load_contacts
from bot.store.sqlite import SqliteEngine
from bot.store.store import Store
from bot.store.sync import WHOLE

_GOODBYE_S = 1.0
_LOCK_MS = 2000
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# Everything that a test may have added, dropped or renamed; 16384 is the first number of a user's object.
_SHAPE = """
    SELECT
        (SELECT json_agg(json_build_array(attrelid, attname, atttypid, attnotnull) ORDER BY attrelid, attnum)
            FROM pg_attribute WHERE attrelid >= 16384)::text,
        (SELECT count(*) FROM pg_constraint WHERE oid >= 16384),
        (SELECT count(*) FROM pg_trigger WHERE oid >= 16384)
"""
_TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1"
)
_RESTART = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


def kept_contacts(store: Store) -> dict[str, list[Contact]]:
    """Everybody's contacts as the store has them, with all that is known, by time."""
    userids = sorted({userid for userid, _ in store.ledger.relations()})
    contacts = load_contacts(store, userids, Span(since=0, upto=2**40, alive=True), asked=ALL_KNOWN)
    return {userid: sorted(of_one, key=PLACE) for userid, of_one in contacts.items()}


def make_complete(store: Store) -> None:
    """Let the bot believe that it has compared WeCom's lists once: else it tells nobody anything unasked."""
    store.marks.put(WHOLE, "0")


class SqliteTemplate:
    """A store that was made once, at *path*. While *is_on* new stores begin as its copies, see `in_use`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_on = True
        with closing(Store(path)) as store:
            make_complete(store)

    def lay(self, path: Path) -> None:
        """Put a copy at *path* unless something is there; threads and processes may do so at once."""
        if path.exists():
            return
        copied = path.with_name(f"{path.name}-{uuid.uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._path, copied)
        except OSError:
            return  # the engine says what is wrong with the folder
        try:
            os.link(copied, path)  # unlike a rename it replaces nothing
        except FileExistsError:
            pass
        finally:
            copied.unlink()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Begin every new store of this process as a copy, inside the block and while *is_on*."""
        open_engine = SqliteEngine.__init__

        def open_copy(engine: SqliteEngine, path: Path, *, may_create: bool = True) -> None:
            if self.is_on and may_create:
                self.lay(path)
            open_engine(engine, path, may_create=may_create)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SqliteEngine, "__init__", open_copy)
            yield


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A database as a store that was just made leaves it, without a row: its address and its shape.

    *connection* stays open: most of what emptying costs is a new session that reads the catalogue.
    """

    url: str
    shape: tuple[object, ...]
    connection: psycopg.Connection


class Databases:
    """Databases that tests borrow one after the other: emptying one is far cheaper than making one."""

    def __init__(self, make: Callable[[str], str]) -> None:
        """*make* returns the address of a database with a new store in it, made with the given options."""
        self._make = make
        self._free: defaultdict[str, list[_Fresh]] = defaultdict(list)

    @contextmanager
    def lend(self, options: str = "") -> Iterator[str]:
        """Give the address of an empty store; keep the database for the next test if it can be emptied."""
        free = self._free[options]
        lent = free.pop() if free else _look_at(self._make(options))
        try:
            yield lent.url
        finally:
            if _empty(lent):
                free.append(lent)
            else:
                lent.connection.close()

    def close(self) -> None:
        """Lend nothing any more."""
        for free in self._free.values():
            for lent in free:
                lent.connection.close()
        self._free.clear()


def _look_at(url: str) -> _Fresh:
    connection = psycopg.connect(url, autocommit=True, options=f"-c lock_timeout={_LOCK_MS}")
    assert not _filled(connection), "a new store has rows: emptying would lose them"
    return _Fresh(url, _shape(connection), connection)


def _empty(lent: _Fresh) -> bool:
    """Whether the database is again as it was; False if somebody uses it still or its shape is another."""
    connection = lent.connection
    try:
        if not _is_alone(connection) or _shape(connection) != lent.shape:
            return False
        if filled := _filled(connection):
            names = sql.SQL(", ").join(map(sql.Identifier, filled))
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        connection.execute(_RESTART)
    except psycopg.Error:
        return False
    return True


def _is_alone(connection: psycopg.Connection) -> bool:
    """Whether nobody else is connected; those who have just said goodbye are waited for."""
    end = time.monotonic() + _GOODBYE_S
    while connection.execute(_OTHERS).fetchall() != [(0,)]:
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def _shape(connection: psycopg.Connection) -> tuple[object, ...]:
    return tuple(connection.execute(_SHAPE).fetchall())


def _filled(connection: psycopg.Connection) -> list[str]:
    """Names of the tables with rows."""
    names = [name for (name,) in connection.execute(_TABLES)]
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    asked = sql.SQL(" UNION ALL ").join(one.format(name, sql.Identifier(name)) for name in names)
    return [name for (name,) in connection.execute(asked)]
