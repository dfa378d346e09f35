"""Backups of a store: taken while others write, read back and checked before they count.

A backup is one SQLite file, or one archive of `pg_dump`. Only its owner may read it. Tokens and leases are
not in it: they belong to processes, and a token is a key to WeCom.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.messages.sentences import Sentence
from bot.store.engine import StoreError

LEFT_OUT = ("tokens", "leases", "read_apis", "read_flights", "read_grants")
BEGAN = "backup_began"  # the mark with the moment at which the newest backup began, in real epoch s
_HEADER = b"SQLite format 3\0"
_MODE = 0o600
_BESIDE = ("", "-wal", "-shm")


class BackupError(StoreError):
    """A backup cannot be made, or a file is none; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A checked backup: *size* in bytes, and how many *rows* are in how many *tables*."""

    file: Path
    size: int
    tables: int
    rows: int


def back_up(where: Path | str, target: Path) -> Backup:
    """Write the store at *where* to the file *target*; an older backup there is replaced at the end.

    Others go on writing meanwhile. Raises BackupError, and leaves nothing behind, if the copy is not whole.
    """
    _refuse_target(where, target)
    try:
        with _beside(target) as partial:
            if isinstance(where, Path):
                tables = _copy(where, partial)
            else:
                from bot.store import postgres_backup  # an installation on SQLite needs no driver

                tables = postgres_backup.dump(where, partial, left_out=LEFT_OUT)
            _put_in_place(partial, target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(
            Sentence("faults.store.backup_unwritable", file=str(target), why=str(error))
        ) from error
    rows = sum(tables.values())
    return Backup(file=target, size=target.stat().st_size, tables=len(tables), rows=rows)


def unpack(file: Path, where: Path) -> Backup:
    """Copy the backup *file* to *where*, which is replaced. Raises BackupError if it is no whole backup."""
    check_file(file)
    try:
        with _beside(where) as partial, closing(_read_only(file)) as source:
            tables = _copied(source, partial)
            _put_in_place(partial, where)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(Sentence("faults.store.backup_unread", file=str(file), why=str(error))) from error
    return Backup(file=file, size=file.stat().st_size, tables=len(tables), rows=sum(tables.values()))


def check_file(file: Path) -> None:
    """Return if *file* is a whole backup of a store that this version can open. Raises BackupError."""
    from bot.store.queries import newer  # commands that only speak for themselves load no SQL
    from bot.store.sqlite import DIALECT, schema_steps

    if not file.is_file():
        raise BackupError(Sentence("faults.store.no_backup", file=str(file)))
    if not is_sqlite(file):
        raise BackupError(Sentence("faults.store.not_sqlite", file=str(file)))
    try:
        with closing(_read_only(file)) as connection:
            _check(connection, file)
            applied = {row["name"] for row in _rows(connection, "SELECT name FROM _sqlite_migrations")}
    except sqlite3.Error as error:
        about = {"file": str(file), "why": str(error)}
        raise BackupError(Sentence("faults.store.backup_damaged", **about)) from error
    if not applied & {step.name for step in schema_steps()}:
        raise BackupError(Sentence("faults.store.backup_of_another", file=str(file)))
    if unknown := newer(applied, DIALECT):
        raise BackupError(Sentence("faults.store.backup_newer", file=str(file), why=unknown))


def is_sqlite(file: Path) -> bool:
    """Return whether *file* begins as SQLite files do."""
    with file.open("rb") as stream:
        return stream.read(len(_HEADER)) == _HEADER


def is_empty(where: Path) -> bool:
    """Return whether the store at *where* is not there, or holds no event, fact, person, message or act."""
    if not where.is_file() or where.stat().st_size == 0:
        return True
    asked = " UNION ALL ".join(
        f"SELECT 1 FROM {table}"  # noqa: S608 - names of ours
        for table in ("inbox", "relation_events", "members", "outbox", "audit")
    )
    try:
        with closing(sqlite3.connect(f"{where.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(f"SELECT 1 FROM ({asked}) LIMIT 1")  # noqa: S608 - names of ours
            return found.fetchone() is None
    except sqlite3.Error:
        return False  # nobody can say what is in it


def put_aside(where: Path) -> Path:
    """Move the store at *where*, with what lies beside it, out of the way. Return its new name."""
    aside = where.with_name(f"{where.name}.replaced-{uuid.uuid4().hex[:8]}")
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            where.with_name(where.name + end).rename(aside.with_name(aside.name + end))
    return aside


def _refuse_target(where: Path | str, target: Path) -> None:
    """Raise BackupError if *target* is the store itself, or a file that is no backup."""
    if not target.parent.is_dir():
        raise BackupError(Sentence("faults.store.no_folder", folder=str(target.parent)))
    if isinstance(where, Path):
        beside = {where.with_name(where.name + end).resolve() for end in (*_BESIDE, ".lock")}
        is_linked = target.exists() and where.exists() and target.samefile(where)
        if is_linked or target.resolve() in beside:
            raise BackupError(Sentence("faults.store.store_itself", file=str(target)))
    if target.is_dir():
        raise BackupError(Sentence("faults.store.backup_folder", file=str(target)))
    if target.exists() and target.stat().st_size and not _looks_like_backup(target):
        raise BackupError(Sentence("faults.store.backup_there", file=str(target)))


def _looks_like_backup(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_HEADER)).startswith((_HEADER, b"PGDMP"))


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a name beside *target* for a file that nobody else may read; nothing stays of it."""
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE))
    try:
        yield partial
    finally:
        for end in (*_BESIDE, "-journal"):
            partial.with_name(partial.name + end).unlink(missing_ok=True)


def _put_in_place(partial: Path, target: Path) -> None:
    """Let *partial* be *target*, also after a power cut."""
    for path in (partial, partial.parent):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
        if path == partial:
            partial.replace(target)


def _copy(where: Path, partial: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"{where.absolute().as_uri()}?mode=rw", uri=True)) as source:
        source.isolation_level = None
        source.row_factory = sqlite3.Row
        return _copied(source, partial)


def _copied(source: sqlite3.Connection, partial: Path) -> dict[str, int]:
    """Copy what *source* shows at one moment; return how many rows each table has, by its name."""
    source.execute("BEGIN")  # the copy and the counts are of one moment, and no writer waits
    expected = _count(source)
    with closing(sqlite3.connect(partial, isolation_level=None)) as copied:
        copied.row_factory = sqlite3.Row
        source.backup(copied)
        source.execute("COMMIT")
        if _count(copied) != expected:
            raise BackupError(Sentence("faults.store.backup_differs"))
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        copied.execute("PRAGMA secure_delete = ON")
        for table in LEFT_OUT:
            copied.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        _check(copied, partial)
    return expected | dict.fromkeys(LEFT_OUT, 0)


def _check(connection: sqlite3.Connection, file: Path) -> None:
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(Sentence("faults.store.backup_broken", file=str(file), why=str(found)))


def _count(connection: sqlite3.Connection) -> dict[str, int]:
    listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    names = [row["name"] for row in _rows(connection, listed)]
    return {
        name: int(connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0])  # noqa: S608 - the catalogue's
        for name in names
    }


def _read_only(file: Path) -> sqlite3.Connection:
    """Open a file that nobody writes; one with a log beside it is read with the log."""
    has_log = file.with_name(f"{file.name}-wal").is_file()
    way = "mode=ro" if has_log else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{way}", uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _rows(connection: sqlite3.Connection, statement: str) -> list[sqlite3.Row]:
    return list(connection.execute(statement))
