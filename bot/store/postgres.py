"""The scale-out engine: PostgreSQL through psycopg and its pool. No other file knows psycopg."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from psycopg import sql
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout

from bot.messages.sentences import Sentence
from bot.store.engine import PATIENCE_S, Engine, StoreBusyError, StoreError, TakenError
from bot.store.queries import Queries, newer, ready, steps

log = structlog.get_logger(__name__)

DIALECT = "postgres"
POOL = 16
_CONNECT_S = 3
_SILENCE_MS = 2500
_CHANNEL = "quotabot"
# A stuck statement or an idle transaction of a stopped machine must not hold others up for ever.
_LIMITS = {
    "statement_timeout": 30_000,
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 60_000,
}
_OPTIONS = " ".join(f"-c {name}={ms}" for name, ms in _LIMITS.items())
_SET_LIMITS = ";".join(f"SET LOCAL {name} = {ms}" for name, ms in _LIMITS.items())
_UNTOLD = "no password supplied"  # libpq's message; it has no SQLSTATE
_REFUSED = ("28P01", "28000")
_UNSUPPORTED = "unsupported startup parameter"  # what PgBouncer says of options
# SQLSTATEs that pass by themselves: connections, conflicts, no room, in use, stopping, the machine.
_PASSING = ("08", "40", "53", "55", "57", "58", "XX", "25006")
_READ_ONLY = "25006"
# A refused connection has no SQLSTATE. With these words in its message, English or Chinese, waiting is vain.
_FOR_A_PERSON = (
    *("authentication failed", "does not exist", "pg_hba.conf", "no password supplied"),
    *("认证失败", "不存在"),
)
_RECONNECT_S = 1.0
_LISTEN_S = 5.0
_TELL_S = 0.25

Connection = psycopg.Connection[DictRow]


class PostgresEngine(Engine):
    """Runs named statements on PostgreSQL. Safe to share between threads."""

    def __init__(self, url: str, *, may_create: bool = True) -> None:
        """Open and migrate the database at *url* (postgresql://…).

        Raises StoreError for a database that is unusable, newer than this version, or empty without
        *may_create*; StoreBusyError while it is unreachable.
        """
        self._url = url
        self._local = threading.local()
        self._ending = threading.Event()
        self._listeners: list[threading.Thread] = []
        self._telling = threading.Lock()
        self._told_at: dict[str, float] = {}  # monotonic time
        self._owed: dict[str, threading.Timer] = {}
        self._queries = Queries(DIALECT, adapter="psycopg")
        try:
            self._is_pooled = _is_pooled(url)
            with _connected(url) as connection:
                _refuse_encoding(connection)
                if not may_create and not _holds_a_store(connection):
                    raise StoreError(Sentence("faults.store.none_in_database"))
                _migrate(connection)
        except psycopg.Error as error:
            raise _unusable(error) from None
        if self._is_pooled:
            log.info("behind PgBouncer: cannot notify other processes; they poll every second")
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            connection_class=psycopg.Connection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": _CONNECT_S,
                # A machine that is gone without a word must not keep a receiver from its 503.
                "tcp_user_timeout": _SILENCE_MS,
                # A pooler gives each transaction another session: nothing may stay behind in one.
                **({"prepare_threshold": None} if self._is_pooled else {"options": _OPTIONS}),
                "application_name": "quotabot",
            },
            min_size=1,
            max_size=POOL,
            check=ConnectionPool.check_connection,
            reconnect_timeout=_RECONNECT_S,
            open=True,
        )

    @staticmethod
    def is_ready(url: str) -> bool:
        """Return whether the database at *url* holds a store that needs no step of the schema.

        Raises StoreError if it cannot be reached, or for an older store.
        """
        try:
            with _connected(url) as connection:
                rows = connection.execute("SELECT name FROM migrations").fetchall()
        except psycopg.errors.UndefinedTable:
            return False
        except psycopg.Error as error:
            raise _unusable(error) from None
        return ready({row["name"] for row in rows}, DIALECT)

    @contextmanager
    def transaction(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Store all writes of this thread inside the block together, or none of them.

        Raises StoreBusyError when the database is away or refuses now. If it went away during the commit,
        nobody knows the outcome: look by key before doing anything again.
        """
        if self.in_transaction:
            raise RuntimeError("a transaction is open in this thread; use savepoint()")
        with self._borrowed(patience_s) as connection, _translated(), connection.transaction():
            if self._is_pooled:
                connection.execute(_SET_LIMITS)
            self._local.connection = connection
            try:
                yield
            finally:
                self._local.connection = None

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a transaction."""
        return getattr(self._local, "connection", None) is not None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only this block of a transaction if it fails."""
        with self._local.connection.transaction():
            yield

    def run_many(self, name: str, rows: Sequence[Mapping[str, object]], /) -> None:
        """Carry out the statement *name* once for each of *rows*, or its form for all of them at once."""
        if (whole := f"{name}_set") in self._queries and rows:
            self._call(whole, rows=json.dumps(rows, ensure_ascii=False))
        else:
            super().run_many(name, rows)

    def append(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]], /) -> None:
        """Add many new rows to *table*; call it inside a transaction."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with (
            self._lent() as connection,
            _translated(),
            connection.cursor().copy(statement) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def number_on(self, table: str, column: str) -> None:
        """Let the next number that *column* of *table* gives be higher than every number in it."""
        highest = sql.SQL("SELECT COALESCE(MAX({}), 0) + 1 FROM {}").format(
            sql.Identifier(column), sql.Identifier(table)
        )
        with self._lent() as connection, _translated():
            connection.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), ({}), false)").format(
                    table, column, highest
                )
            )

    def scrub(self, needles: Collection[str]) -> bool:
        """Remove dead rows. The server's files cannot be read from here, so *needles* are not looked for."""
        with self._lent() as connection, _translated():
            if not self._is_pooled:
                connection.execute("SET statement_timeout = 0")  # a large database takes its time
            try:
                connection.execute("VACUUM")
            finally:
                if not self._is_pooled:
                    connection.execute("RESET statement_timeout")
        return bool(needles)

    def now(self) -> float:
        """Return real time by the database's clock, in epoch seconds: leases live by it, not by machines'."""
        with self._lent() as connection, _translated():
            row = connection.execute("SELECT EXTRACT(EPOCH FROM clock_timestamp()) AS now").fetchone()
        return float(row["now"]) if row else time.time()

    def notify(self, topic: str) -> None:
        """Tell every process that there is something to do; inside a transaction, once it is committed.

        A topic is told a few times a second at most: commits that notify wait for each other in all of
        PostgreSQL. What is not told now is told a moment later.
        """
        with self._telling:
            wait = self._told_at.get(topic, 0.0) + _TELL_S - time.monotonic()
            if wait > 0:
                if topic not in self._owed and not self._ending.is_set():
                    self._owed[topic] = threading.Timer(wait, self._tell_owed, (topic,))
                    self._owed[topic].daemon = True
                    self._owed[topic].start()
                return
            self._told_at[topic] = time.monotonic()
        self._tell(topic)

    def _tell(self, topic: str) -> None:
        with self._lent() as connection, _translated():
            connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, topic))

    def _tell_owed(self, topic: str) -> None:
        with self._telling:
            self._owed.pop(topic, None)
            self._told_at[topic] = time.monotonic()
        try:
            self._tell(topic)
        except StoreBusyError:
            log.info("could not notify other processes; they will poll")

    def listen(self, heard: Callable[[str], None]) -> None:
        """Call *heard* with each topic that any process told, from a thread that ends with the engine."""
        if self._is_pooled:
            return  # no session of its own hears for it
        thread = threading.Thread(target=self._listen, args=(heard,), name="listener", daemon=True)
        self._listeners.append(thread)
        thread.start()

    def close(self) -> None:
        """Close every connection; the engine is not used after this."""
        self._ending.set()
        with self._telling:
            owed = list(self._owed.values())
        for timer in owed:
            timer.cancel()
        self._pool.close()
        for thread in self._listeners:
            thread.join(timeout=_LISTEN_S + _CONNECT_S)

    def _listen(self, heard: Callable[[str], None]) -> None:
        while not self._ending.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    while not self._ending.is_set():
                        for notification in connection.notifies(timeout=0.5):
                            heard(notification.payload)
            except psycopg.Error as error:
                # Polling goes on meanwhile; nothing is lost but a moment.
                log.info("listening again soon", error=type(error).__name__)
                self._ending.wait(_RECONNECT_S)

    def tuples(self, name: str, /, **values: object) -> list[tuple[Any, ...]]:
        """Return the rows of the statement *name* without their names."""
        with self._lent() as connection, _translated():
            return (
                connection.cursor(row_factory=tuple_row).execute(self._queries[name].sql, values).fetchall()
            )

    def _call(self, name: str, /, *rows: object, **values: object) -> Any:
        query = self._queries[name]
        with self._lent() as connection, _translated():
            result = query(connection, *rows, **values)
            return list(result) if isinstance(result, Iterator) else result

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        """Lend the connection of the open transaction, or one for a single statement."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            yield connection
        else:
            with self._borrowed(PATIENCE_S) as borrowed:
                yield borrowed

    @contextmanager
    def _borrowed(self, patience_s: float) -> Iterator[Connection]:
        try:
            connection = self._pool.getconn(timeout=patience_s)
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise StoreBusyError(Sentence("faults.store.away", why=type(error).__name__)) from None
        try:
            yield connection
        finally:
            self._pool.putconn(connection)


@contextmanager
def _translated() -> Iterator[None]:
    """Failures of the database that may pass (away, locked, read-only, no room) as StoreBusyError."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise TakenError(type(error).__name__) from error
    except psycopg.Error as error:
        if not _passes(error):
            raise
        if error.sqlstate == _READ_ONLY:
            raise StoreBusyError(Sentence("faults.store.read_only")) from error
        raise StoreBusyError(Sentence("faults.store.not_done", why=type(error).__name__)) from error


def _passes(error: psycopg.Error) -> bool:
    """Return whether a later try may succeed without anybody's help."""
    if error.sqlstate is not None:
        return error.sqlstate.startswith(_PASSING)
    if isinstance(error, psycopg.OperationalError):
        return not any(words in str(error) for words in _FOR_A_PERSON)
    return isinstance(error, psycopg.InterfaceError)


def _unusable(error: psycopg.Error) -> StoreError:
    """Return what to say when a database cannot be opened."""
    reason: str = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        # libpq quotes what it cannot read, the password in it included
        reason = Sentence("faults.store.unreadable_address")
    kind = StoreBusyError if _passes(error) else StoreError
    if _UNTOLD in reason or error.sqlstate in _REFUSED:
        return kind(Sentence("faults.store.password", why=reason))
    return kind(Sentence("faults.store.unusable", why=reason))


def _connected(url: str, **more: Any) -> Connection:
    """Return a connection of its own. Raises psycopg.Error."""
    return psycopg.Connection[DictRow].connect(
        url, connect_timeout=_CONNECT_S, row_factory=dict_row, prepare_threshold=None, **more
    )


def _is_pooled(url: str) -> bool:
    """Return whether a pooler is between us and the server: what we want for a session does not arrive."""
    try:
        with _connected(url, options=_OPTIONS) as connection:
            row = connection.execute("SELECT current_setting('lock_timeout') AS limit").fetchone()
    except psycopg.OperationalError as error:
        if _UNSUPPORTED not in str(error):
            raise
        return True
    return row is None or row["limit"] != "10s"


def _refuse_encoding(connection: Connection) -> None:
    """Raise StoreError if the database cannot hold every name."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(Sentence("faults.store.encoding", encoding=str(encoding)))


def _holds_a_store(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('migrations') IS NOT NULL AS is_there").fetchone()
    return bool(row and row["is_there"])


def _migrate(connection: Connection) -> None:
    """Apply what is missing in one transaction; a table lock keeps two starting processes apart."""
    try:
        with connection.transaction():
            connection.execute(
                "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)"
            )
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject, psycopg.errors.DuplicateTable):
        pass  # another process made it in the same moment; which of its parts is there, depends
    with connection.transaction():
        connection.execute("LOCK TABLE migrations IN ACCESS EXCLUSIVE MODE")
        applied = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
        if unknown := newer(applied, DIALECT):
            raise StoreError(unknown)
        for step in steps(DIALECT):
            if step.name in applied:
                continue
            for statement in step.statements:
                connection.execute(statement.encode())
            noted = (step.name, int(time.time()))
            connection.execute("INSERT INTO migrations (name, applied_at) VALUES (%s, %s)", noted)
