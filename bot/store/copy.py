"""The copy of a whole installation from one engine to another: resumable, and compared row by row.

Rows go in the order of their keys, a chunk in one transaction; a copy that was cut off goes on after the last
key that arrived. Nothing is believed: at the end both sides are read again and compared.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from bot.messages.sentences import Sentence
from bot.store.coordination import Marks
from bot.store.engine import Engine, SqlRow, StoreError

CHUNK = 500
# Marks: whose copy the target is, and since when it is complete; in the source, which installation it is.
INSTALLATION, COPIED_FROM, COPIED_AT = "installation", "copied_from", "copied_at"

Tell = Callable[[str, int, int], None]  # step, rows done, rows in all


# They belong to processes, and none runs during the copy; what was read in the last hour is forgotten.
LEFT_OUT = frozenset({"leases", "read_apis", "read_flights", "read_grants"})
# What the copy notes in the target is no part of the installation.
_ONLY = {"marks": f"name NOT IN ('{COPIED_FROM}', '{COPIED_AT}')"}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the columns of its key in their order, then the others. *only* leaves rows out."""

    name: str
    key: tuple[str, ...]
    rest: tuple[str, ...]
    numbered: bool = False
    only: str = "0 = 0"

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns, in the order in which they are compared."""
        return self.key + self.rest


def tables_of(source: Engine) -> list[Table]:
    """Return the tables that are copied, as the catalogue of *source* (SQLite) names them."""
    tables: list[Table] = []
    for name, rows in groupby(source.all("catalog_columns"), key=itemgetter("table_name")):
        if name in LEFT_OUT:
            continue
        columns = sorted(rows, key=itemgetter("key_place"))  # 0: not in the key; the others stay in order
        tables.append(
            Table(
                name,
                key=tuple(row["column_name"] for row in columns if row["key_place"]),
                rest=tuple(row["column_name"] for row in columns if not row["key_place"]),
                numbered=bool(columns[0]["is_numbered"]),
                only=_ONLY.get(name, "0 = 0"),
            )
        )
    return tables


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: how many rows, and the SHA-256 over them in the order of their keys."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """One table on both sides."""

    table: str
    source: Content
    target: Content

    @property
    def equal(self) -> bool:
        """Return whether both sides hold the same rows."""
        return self.source == self.target


def copy(source: Engine, target: Engine, *, tell: Tell) -> list[ComparedTable]:
    """Bring everything in *source* to *target*, compare both, and note in *target* when they are equal.

    May be repeated: it goes on where it was cut off; a complete copy is compared only, never written to.
    Writers of *source* have to wait meanwhile. *tell* hears how far each step is.

    Raises StoreError when *target* holds anything but the beginning of a copy of *source*, StoreBusyError
    when one of them is away; then a later try goes on.
    """
    tables = tables_of(source)
    for engine in (source, target):
        engine.learn("\n".join(map(_statements, tables)))
    # Kept at once, in a transaction of its own: a copy that is cut off must know its source again.
    installation = Marks(source).first(INSTALLATION, uuid.uuid4().hex)
    complete = _claim(target, tables, installation)
    with source.transaction():
        if not complete:
            _transfer(source, target, tables, tell)
        compared = _compare(source, target, tables, tell)
    if all(table.equal for table in compared):
        Marks(target).first(COPIED_AT, str(int(time.time())))
    return compared


def refuse_half_a_copy(engine: Engine) -> None:
    """Raise StoreError if a copy into this store was begun and is not complete: it lacks facts."""
    marks = Marks(engine)
    if marks.get(COPIED_FROM) is not None and marks.get(COPIED_AT) is None:
        raise StoreError(Sentence("faults.store.half_copy"))


def _statements(table: Table) -> str:
    """Return the statements for one table, made of nothing but names of the schema."""
    name, columns, key = f"copy_{table.name}", ", ".join(table.columns), ", ".join(table.key)
    last = ", ".join(f":{column}" for column in table.key)
    backwards = ", ".join(f"{column} DESC" for column in table.key)
    begin = f"SELECT {columns} FROM {table.name} WHERE {table.only}"  # noqa: S608 - names of ours
    return f"""
-- name: {name}_first(chunk)
{begin} ORDER BY {key} LIMIT :chunk;
-- name: {name}_after({key}, chunk)
{begin} AND ({key}) > ({last}) ORDER BY {key} LIMIT :chunk;
-- name: {name}_last()^
SELECT {key} FROM {table.name} WHERE {table.only} ORDER BY {backwards} LIMIT 1;
-- name: {name}_count()^
SELECT COUNT(*) AS counted FROM {table.name} WHERE {table.only};
"""  # noqa: S608 - names of ours


def _claim(target: Engine, tables: Sequence[Table], installation: str) -> bool:
    """Make *target* the copy of this installation; whether it is complete already."""
    marks = Marks(target)
    if marks.get(COPIED_FROM) is None and _rows_in_all(target, tables):
        raise StoreError(Sentence("faults.store.copy_not_empty"))
    if marks.first(COPIED_FROM, installation) != installation:
        raise StoreError(Sentence("faults.store.copy_of_another"))
    return marks.get(COPIED_AT) is not None


def _rows_in_all(engine: Engine, tables: Sequence[Table]) -> int:
    counted = (engine.one(f"copy_{table.name}_count") for table in tables)
    return sum(int(row["counted"]) for row in counted if row)


def _transfer(source: Engine, target: Engine, tables: Sequence[Table], tell: Tell) -> None:
    done, total = _rows_in_all(target, tables), _rows_in_all(source, tables)
    tell("copying", done, total)
    for table in tables:
        arrived = target.one(f"copy_{table.name}_last")
        for chunk in _chunks(source, table, after=arrived):
            with target.transaction():
                rows = ([row[column] for column in table.columns] for row in chunk)
                target.append(table.name, table.columns, map(tuple, rows))
            done += len(chunk)
            tell("copying", done, total)
        if table.numbered:
            target.number_on(table.name, table.key[0])


def _compare(source: Engine, target: Engine, tables: Sequence[Table], tell: Tell) -> list[ComparedTable]:
    done, total = 0, _rows_in_all(source, tables) + _rows_in_all(target, tables)

    def content(engine: Engine, table: Table) -> Content:
        nonlocal done
        rows, digest = 0, hashlib.sha256()
        for chunk in _chunks(engine, table, after=None):
            for row in chunk:
                digest.update(canonical([row[column] for column in table.columns]))
            rows += len(chunk)
            done += len(chunk)
            tell("comparing", done, total)
        return Content(rows, digest.hexdigest())

    return [ComparedTable(table.name, content(source, table), content(target, table)) for table in tables]


def _chunks(engine: Engine, table: Table, *, after: SqlRow | None) -> Iterator[list[SqlRow]]:
    """Yield the rows of *table*, after the key *after* if given, in the order of the key, in chunks."""
    while True:
        if after is None:
            rows = engine.all(f"copy_{table.name}_first", chunk=CHUNK)
        else:
            key = {column: after[column] for column in table.key}
            rows = engine.all(f"copy_{table.name}_after", chunk=CHUNK, **key)
        if not rows:
            return
        yield rows
        after = rows[-1]


def canonical(values: Sequence[object]) -> bytes:
    """Return one row as bytes that are the same for the same values in every engine, and for no others.

    Kind and length stand before each value, so that no value can run into the next.
    """
    return b"%d;" % len(values) + b"".join(map(_canonical, values))


def _canonical(value: object) -> bytes:
    match value:
        case None:
            kind, text = b"n", b""
        case int():
            kind, text = b"i", b"%d" % value
        case str():
            kind, text = b"t", value.encode()
        case bytes():
            kind, text = b"b", value
        case _:  # no column is made for it; SQLite may hold it all the same, and then the sides differ
            kind, text = b"?", repr(value).encode()
    return b"%b%d:%b" % (kind, len(text), text)
