"""What breaks beside the bot's processes: the database, its connections, other programs on the store."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from builders.e2e import until
from builders.postgres import Server
from builders.postgres_proxy import Cut, Proxy

_ROLE = "bank"
_names = itertools.count()
Seen = Callable[[], int]  # how many calls were refused, or answered, so far


class Postgres:
    """A database of a role without special rights on *server*; the bot reaches it through *between*."""

    def __init__(self, server: Server, between: Proxy) -> None:
        self._server, self._between = server, between
        self.name = f"real{next(_names)}"
        with self._admin() as admin:
            known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (_ROLE,)).fetchone()
            if known is None:
                admin.execute(f"CREATE ROLE {_ROLE} LOGIN".encode())
            admin.execute(f"CREATE DATABASE {self.name} OWNER {_ROLE}".encode())

    @property
    def url(self) -> str:
        """Return its address for those who look from outside."""
        return self._server.url(self.name).replace("quotabot@", f"{_ROLE}@")

    @property
    def bots_url(self) -> str:
        """Return its address by way of the proxy."""
        return self._between.url(self.url)

    def _admin(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self._server.url("postgres"), autocommit=True)

    def _backends(self) -> list[int]:
        with self._admin() as admin:
            rows = admin.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", (_ROLE,)).fetchall()
        return [pid for (pid,) in rows]

    def end_backends(self) -> None:
        """End every session of the bot."""
        with self._admin() as admin:
            for pid in self._backends():
                admin.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def kill_a_backend(self) -> None:
        """kill -9 of one session: the server throws all of them out and recovers."""
        for pid in self._backends()[:1]:
            os.kill(pid, signal.SIGKILL)
        self._server.wait()

    def crash(self, refused: Seen) -> None:
        """Stop the server like a power cut, and start it once a caller has noticed."""
        before = refused()
        self._server.stop(immediately=True)
        try:
            until(lambda: refused() > before)
        finally:
            self._server.start()

    def exhaust(self, refused: Seen) -> None:
        """Leave the bot no connection until callers have noticed."""
        before = refused()
        with self._admin() as admin:
            admin.execute(f"ALTER ROLE {_ROLE} CONNECTION LIMIT 0".encode())
            try:
                self.end_backends()
                until(lambda: refused() >= before + 3)
            finally:
                admin.execute(f"ALTER ROLE {_ROLE} CONNECTION LIMIT -1".encode())

    def cut(self, *, arrives: bool, skip: int = 0) -> None:
        """Lose a connection in the middle of a COMMIT that is done, or is not."""
        before = self._between.cuts
        self._between.arm(Cut(arrives=arrives, skip=skip))
        until(lambda: self._between.cuts > before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a snapshot, as a long report or a backup does."""
        with psycopg.connect(self.url) as other:
            other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            other.execute("SELECT count(*) FROM inbox")
            yield
            other.rollback()

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Leave a transaction open that has changed something and holds locks on the newest events."""
        with psycopg.connect(self.url) as other:
            other.execute("SELECT seq FROM inbox ORDER BY seq DESC LIMIT 20 FOR UPDATE")
            other.execute("CREATE TABLE of_somebody_else (number BIGINT)")
            yield
            other.rollback()


class Sqlite:
    """The file of one process, and other programs that open it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a snapshot: the log ahead cannot be written back."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM inbox").fetchone()
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Hold the lock of writers."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=60)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
