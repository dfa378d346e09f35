"""The embedded engine: one SQLite file, made and migrated through sqlite-utils, queried through aiosql.

A connection belongs to the thread that opened it. Write transactions wait for each other: in this process by
a lock, between processes by SQLite's busy timeout. Each begins as IMMEDIATE: a read that turns into a write
would fail at once instead of waiting.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from bot.messages.sentences import Sentence
from bot.store.engine import PATIENCE_S, Engine, SqlRow, StoreBusyError, StoreError, TakenError
from bot.store.joint_writes import JointWrite, carry_out
from bot.store.queries import Queries, Step, complete, newer, ready, steps
from bot.store.sqlite_file import identity_of, make_private

DIALECT = "sqlite"
_SET = "quotabot"  # the name of our steps in the table of sqlite-utils
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_LOOK_AGAIN_S = 0.01
_BLOCK = 1 << 20


def schema_steps() -> tuple[Step, ...]:
    """Return the steps of the schema, in the words of this engine."""
    return steps(DIALECT)


def _make_schema(connection: sqlite3.Connection) -> None:
    """Apply the missing steps. Only then is sqlite-utils loaded."""
    from sqlite_utils import Database, Migrations

    migrations = Migrations(_SET)
    for step in schema_steps():

        def apply(db: Any, step: Step = step) -> None:
            for statement in step.statements:
                db.execute(statement)

        migrations(name=step.name)(apply)
    migrations.apply(Database(connection))


class _Rows:
    """A connection's rows as dictionaries. The names of a statement's columns are made once."""

    def __init__(self) -> None:
        self._description: object = None
        self._names: tuple[str, ...] = ()

    def __call__(self, cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> SqlRow:
        description = cursor.description
        if description is not self._description:
            self._description, self._names = description, tuple(column[0] for column in description)
        return dict(zip(self._names, values, strict=True))


def _is_the_stores(error: BaseException) -> bool:
    """Return whether file or disk are at fault, not the statement; a damaged file is a DatabaseError."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


@contextmanager
def _translated() -> Iterator[None]:
    """Failures of the file or disk as StoreBusyError, a unique value that is there as TakenError."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            raise
        raise TakenError(str(error)) from error
    except sqlite3.Error as error:
        if not _is_the_stores(error):
            raise
        raise StoreBusyError(Sentence("faults.store.not_used", why=str(error))) from error


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL, which is done once in its life.

    SQLite's own patience does not cover the switch of a new file: while another process makes the same one
    it says SQLITE_BUSY at once.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _applied(path: Path) -> set[str]:
    """Return the steps of the schema in the file at *path*, if there is one. Raises sqlite3.Error."""
    if not path.is_file():
        return set()
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return _noted(connection)
    finally:
        connection.close()


def _noted(connection: sqlite3.Connection) -> set[str]:
    """Return the steps of the schema that sqlite-utils has noted."""
    table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if connection.execute(table).fetchone() is None:
        return set()
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (_SET,))
    return {name for (name,) in rows}


class SqliteEngine(Engine):
    """Runs named statements on one SQLite file. Safe to share between threads."""

    has_one_writer = True

    def __init__(self, path: Path, *, may_create: bool = True) -> None:
        """Open and migrate the file at *path*.

        Raises StoreError for a file that is read-only, newer than this version, or missing without
        *may_create*; StoreBusyError while another process locks it.
        """
        self.path = path
        self._local = threading.local()
        self._writing = threading.Lock()
        self._waiting: deque[JointWrite] = deque()
        self._identity: tuple[int, int] | None = None
        self._wal_identity: tuple[int, int] | None = None
        self._opened: list[sqlite3.Connection] = []
        self._read: list[BinaryIO] = []
        self._queries = Queries(DIALECT, adapter="sqlite3")
        try:
            if not (may_create or self._holds_a_store(path)):
                raise StoreError(Sentence("faults.store.none", path=str(path)))
            path.parent.mkdir(parents=True, exist_ok=True)
            make_private(path)
            self._identity = identity_of(path)
            self._migrate()
            self._wal_identity = identity_of(self._wal)
        except (OSError, sqlite3.Error) as error:
            self.close()
            about = {"path": str(path), "why": str(error)}
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in _BUSY:
                raise StoreBusyError(Sentence("faults.store.locked", **about)) from error
            if type(error) is sqlite3.DatabaseError:
                raise StoreError(Sentence("faults.store.damaged", **about)) from error
            raise StoreError(Sentence("faults.store.unwritable", **about)) from error

    @property
    def _wal(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    @staticmethod
    def is_ready(path: Path) -> bool:
        """Return whether *path* is a store that needs no step. Raises StoreError if it is older."""
        if not path.is_file():
            return False
        try:
            return ready(_applied(path), DIALECT)
        except sqlite3.Error:
            return True  # opening it raises the error

    @staticmethod
    def _holds_a_store(path: Path) -> bool:
        """Return whether the file at *path* has a schema; one that nobody can read now may have one."""
        try:
            return bool(_applied(path))
        except sqlite3.Error:
            return True  # opening it raises the error

    def check(self) -> None:
        """Return if file and WAL are those that were opened. Raises StoreBusyError."""
        for path, identity in ((self.path, self._identity), (self._wal, self._wal_identity)):
            if identity_of(path) != identity:
                raise StoreBusyError(Sentence("faults.store.replaced", path=str(path)))

    def space(self) -> tuple[int, int] | None:
        """Return how many bytes are free where the file is, and of how many."""
        usage = shutil.disk_usage(self.path.parent)
        return usage.free, usage.total

    def scrub(self, needles: Collection[str]) -> bool:
        """Empty the log into the file, and rewrite the file if one of *needles* is still in it.

        Deleted content is overwritten at once (`secure_delete`); rarely a copy of it stays in a page that was
        reordered, and only a rewrite removes it.
        """
        wanted = [needle.encode() for needle in needles]
        self._empty_log()
        if not self._holds_any(wanted):
            return True
        try:
            with self._writing:
                self._connection().execute("VACUUM")
        except sqlite3.OperationalError:
            return False  # a service is using the file all the time
        self._empty_log()
        return not self._holds_any(wanted)

    def _empty_log(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with self._writing:
                row = self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not row["busy"] or time.monotonic() > deadline:
                return
            time.sleep(_LOOK_AGAIN_S)

    def _holds_any(self, wanted: Sequence[bytes]) -> bool:
        """Return whether file or log hold one of *wanted*; a piece that two blocks share is found, too.

        What is opened to be read stays open: closing it would end SQLite's locks of this process.
        """
        longest = max(map(len, wanted), default=0)
        for path in (self.path, self._wal):
            if not path.exists():
                continue
            stream = path.open("rb", buffering=0)
            self._read.append(stream)
            tail = b""
            while block := stream.read(_BLOCK):
                if any(part in tail + block for part in wanted):
                    return True
                tail = block[-longest:]
        return False

    def _migrate(self) -> None:
        connection = self._connection()
        connection.row_factory = None  # sqlite-utils wants tuples
        connection.execute("BEGIN IMMEDIATE")  # two starting processes take turns
        try:
            applied = _noted(connection)
            if unknown := newer(applied, DIALECT):
                raise StoreError(unknown)
            if not complete(applied, DIALECT):
                _make_schema(connection)
            # A file that may only be read takes BEGIN IMMEDIATE without a word; only a write is refused.
            connection.execute("DELETE FROM marks WHERE 0 = 1")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        finally:
            connection.row_factory = _Rows()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # The file is there: a connection that makes a new one would hide that it was deleted.
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=PATIENCE_S,
                isolation_level=None,
                check_same_thread=False,
            )
            _log_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            # Not every build does it by itself: what is forgotten must not stay in free pages.
            connection.execute("PRAGMA secure_delete = ON")
            connection.row_factory = _Rows()
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    @contextmanager
    def transaction(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Store all writes of this thread inside the block together, or none of them.

        Raises StoreBusyError when others, here or in another process, write for longer than *patience_s*.
        """
        if not self._writing.acquire(timeout=patience_s):
            raise StoreBusyError(Sentence("faults.store.busy"))
        try:
            with self._begun(patience_s):
                yield
        finally:
            self._writing.release()

    @contextmanager
    def _begun(self, patience_s: float) -> Iterator[None]:
        """Begin a transaction and end it with the block; call it while holding the lock of the writers."""
        self.check()
        try:
            connection = self._connection()
            connection.execute(f"PRAGMA busy_timeout = {int(patience_s * 1000)}")
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise StoreBusyError(Sentence("faults.store.not_written", why=str(error))) from error
        try:
            yield
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if _is_the_stores(error):
                raise StoreBusyError(Sentence("faults.store.not_written", why=str(error))) from error
            raise

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        return connection is not None and connection.in_transaction

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only this block of a transaction if it fails."""
        connection = self._connection()
        connection.execute("SAVEPOINT step")
        try:
            yield
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO SAVEPOINT step")
                connection.execute("RELEASE SAVEPOINT step")
            raise
        connection.execute("RELEASE SAVEPOINT step")

    def run(self, name: str, /, **values: object) -> int:
        """Carry out the statement *name*, after the other writers of this process. Return rows touched.

        Single writes of several threads that wait for their turn are committed together.
        """
        if self.in_transaction:
            return super().run(name, **values)
        write = JointWrite(partial(super().run, name, **values))
        self._waiting.append(write)
        with self._writing:
            if not write.is_done:
                carry_out(self._waiting, self._begun(PATIENCE_S), is_open=lambda: self.in_transaction)
        return write.result()

    def tuples(self, name: str, /, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of the statement *name* without their names."""
        cursor = self._connection().cursor()
        cursor.row_factory = None
        with _translated():
            return cursor.execute(self._queries[name].sql, values).fetchall()

    def _call(self, name: str, /, *rows: object, **values: object) -> Any:
        query = self._queries[name]
        with _translated():
            result = query(self._connection(), *rows, **values)
            return list(result) if isinstance(result, Iterator) else result

    def append(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]], /) -> None:
        """Add many new rows to *table*; call it inside a transaction."""
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names of ours
        try:
            self._connection().executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise StoreBusyError(Sentence("faults.store.not_used", why=str(error))) from error

    def number_on(self, table: str, column: str) -> None:
        """Do nothing: SQLite counts on from the highest number by itself."""

    def now(self) -> float:
        """Return this machine's time: all processes of a file run on it. Epoch seconds."""
        return time.time()

    def notify(self, topic: str) -> None:
        """Do nothing: nobody else serves this file, and the process wakes itself."""

    def listen(self, heard: Callable[[str], None]) -> None:
        """Do nothing: no other process notifies."""

    def close(self) -> None:
        """Close every thread's connection; the engine is not used after this."""
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        for stream in self._read:
            stream.close()
        self._read.clear()
