"""Backups of a PostgreSQL store through `pg_dump` and `pg_restore`: client programs of the server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bot.messages.sentences import Sentence
from bot.store.engine import StoreError

_AS_ENVIRONMENT = {"dbname": "PGDATABASE", "connect_timeout": "PGCONNECT_TIMEOUT"}
_DATA = " TABLE DATA "


def dump(url: str, target: Path, *, left_out: Sequence[str]) -> dict[str, int]:
    """Write an archive of the database at *url* to *target*, without the rows of *left_out*.

    Read its table of contents back. Return how many rows each table had at that moment. Raises StoreError.
    """
    try:
        with psycopg.connect(url, autocommit=False) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
            tables = [
                str(name)
                for (name,) in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                )
            ]
            without = (f"--exclude-table-data={table}" for table in left_out)
            way = ("--format=custom", f"--file={target}", f"--snapshot={snapshot[0] if snapshot else ''}")
            _run(url, "pg_dump", *way, "--no-owner", "--no-privileges", *without)
            counted = {table: _rows(connection, table) for table in tables if table not in left_out}
    except psycopg.Error as error:
        raise StoreError(Sentence("faults.store.database_unread", why=type(error).__name__)) from None
    listed = _run(url, "pg_restore", "--list", str(target))
    if missing := [table for table in counted if f"{_DATA}public {table} " not in listed]:
        raise StoreError(Sentence("faults.store.archive_lacks", tables=", ".join(missing)))
    return counted


def load(url: str, file: Path, *, replace: bool) -> None:
    """Put the archive *file* into the database at *url*, in one transaction. Raises StoreError.

    Not *replace*: the database must be empty.
    """
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
    except psycopg.Error as error:
        raise StoreError(Sentence("faults.store.database_unreached", why=type(error).__name__)) from None
    if found and found[0] and not replace:
        raise StoreError(Sentence("faults.store.database_holds_data"))
    clean = ("--clean", "--if-exists") if found and found[0] else ()
    way = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run(url, "pg_restore", *way, *clean, "--dbname=", str(file))


def _rows(connection: psycopg.Connection[tuple[int]], table: str) -> int:
    row = connection.execute(sql.SQL("SELECT COUNT(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return row[0] if row else 0


def _run(url: str, program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs; where it connects, stands in its environment, which nobody lists."""
    told = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    environment = {_AS_ENVIRONMENT.get(name, f"PG{name.upper()}"): value for name, value in told.items()}
    try:
        done = subprocess.run(  # noqa: S603 - programs of the server, names of ours
            [program, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise StoreError(Sentence("faults.store.no_client", program=program)) from None
    if done.returncode:
        reason = _reason(done.stderr) or f"exit code {done.returncode}"
        raise StoreError(Sentence("faults.store.client_failed", program=program, why=reason))
    return done.stdout


def _reason(stderr: str) -> str:
    """Return the line that names the error; Debian's wrapper of these programs may warn of locales first."""
    lines = stderr.strip().splitlines()
    return next((line for line in lines if ": error: " in line), lines[0] if lines else "")
