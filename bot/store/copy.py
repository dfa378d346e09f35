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

from bot.store.coordination import Marks
from bot.store.engine import Engine, Row, StoreError

CHUNK = 500
# Marks: whose copy the target is, and since when it is complete; in the source, which installation it is.
INSTALLATION, COPIED_FROM, COPIED_AT = "installation", "copied_from", "copied_at"

Tell = Callable[[str, int, int], None]  # step, rows done, rows in all


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
        """All columns, in the order in which they are compared."""
        return self.key + self.rest


# A new table or column belongs here as well; a test compares this list with the schema of both engines.
TABLES = (
    Table(
        "inbox",
        ("seq",),
        ("hash", "body", "received_at", "state", "kind", "attempts", "next_try_at", "error"),
        numbered=True,
    ),
    Table("relation_events", ("userid", "external_userid", "at", "kind"), ("origin", "state", "recorded_at")),
    Table("dirty", ("scope", "key"), ("marks",)),
    Table(
        "adds",
        ("userid", "external_userid", "added_at"),
        ("nth", "ended_at", "ended_by", "slips", "last_regained_at", "state"),
    ),
    Table("members", ("userid",), ("name", "leader_of", "joined_on", "left_on", "share", "read_on")),
    Table("memberships", ("userid", "since"), ("departments", "role")),
    Table(
        "outbox",
        ("seq",),
        (
            *("key", "job", "to_userid", "lane", "msgtype", "content", "created_at", "not_before"),
            *("expires_at", "time_shift", "state", "attempts", "next_try_at", "request", "request_hash"),
            *("unsure_since", "tried_at", "finished_at", "receipt", "error", "forms", "task_id"),
            *("refused_forms", "private"),
        ),
        numbered=True,
    ),
    Table(
        "runs",
        ("job", "fire_at"),
        ("state", "holder", "lease_until", "attempts", "planned_at", "cursor", "messages", "error"),
    ),
    Table("tokens", ("name",), ("token", "expires_at", "error", "errcode", "blocked_until")),
    # What the copy notes in the target is no part of the installation.
    Table("marks", ("name",), ("value",), only=f"name NOT IN ('{COPIED_FROM}', '{COPIED_AT}')"),
    Table("outages", ("began_at", "reason", "holder"), ("ended_at",)),
    Table("absences", ("userid", "first_day", "last_day"), ("kind",)),
    Table(
        "details",
        ("userid", "external_userid", "createtime"),
        (
            *("customer_type", "add_way", "state", "oper_userid", "tags", "unionid", "mobile_sha256"),
            "read_at",
        ),
    ),
    Table(
        "detail_reads",
        ("userid", "external_userid"),
        ("state", "marks", "wanted_since", "attempts", "next_try_at", "error"),
    ),
    Table("customer_names", ("userid", "external_userid"), ("name", "remark", "read_at")),
    Table("corp_tags", ("id",), ("kind", "group_name", "name")),
    Table("facts", ("number",), ("key_kind", "key", "manager", "said"), numbered=True),
    Table(
        "reviews",
        ("number",),
        (
            *("kind", "quota", "period", "userid", "external_userid", "added_at", "opened_at", "text"),
            *("told", "told_at", "state", "decided_by", "decided_at", "reason"),
        ),
        numbered=True,
    ),
    Table(
        "findings",
        ("kind", "userid", "subject"),
        (
            *("on_day", "concerned", "evidence", "asked_at", "answer", "answered_at"),
            *("told", "told_at", "state", "decided_by", "decided_at", "reason"),
        ),
    ),
    Table("rule_versions", ("quota", "since"), ("rule", "adopted_by", "recorded_at")),
    Table(
        "results",
        ("quota", "period", "userid", "version"),
        ("state", "line", "author", "reason", "stored_at"),
    ),
    Table("ranks", ("quota", "period"), ("as_of", "places")),
    Table(
        "sync_runs",
        ("number",),
        ("began_at", "accepts_losses", "state", "cursor", "calls", "ended_at", "error"),
        numbered=True,
    ),
    Table("sync_members", ("userid",), ("batch", "state", "living", "losses", "is_held", "error")),
    Table(
        "sync_listed",
        ("userid", "external_userid"),
        (
            *("createtime", "customer_type", "add_way", "state", "oper_userid", "tags", "unionid"),
            "mobile_sha256",
        ),
    ),
    Table("sync_losses", ("userid", "external_userid"), ("at", "is_gone")),
    Table("sync_readings", ("userid",), ("read_at",)),
    Table("sync_drift", ("run", "cause", "userid"), ("number", "text")),
    Table(
        "engagement",
        ("userid", "day"),
        (
            *("chats", "messages", "reply_rate", "first_reply_s", "losses", "applied", "added"),
            *("is_final", "read_at"),
        ),
    ),
    Table(
        "engagement_teams",
        ("department", "day"),
        ("method", "people", "reply_rate", "first_reply_s", "run", "read_at"),
    ),
    Table(
        "engagement_runs",
        ("number",),
        ("last_day", "began_at", "state", "ended_at", "error"),
        numbered=True,
    ),
    Table("engagement_members", ("userid",), ("state", "error")),
    Table("departments", ("id",), ("name", "parent", "read_on")),
    Table(
        "address_book",
        ("userid",),
        (
            *("name", "departments", "leads", "position", "status", "direct_leader", "tags", "state"),
            *("state_since", "listed_on", "arrived_on", "joined_on", "read_on"),
        ),
    ),
    Table("member_tags", ("id",), ("name",)),
    Table("member_reads", ("userid",), ("wanted_since", "arrived_on", "attempts", "next_try_at", "error")),
    Table("welcomes", ("code_hash",), ("happened_at", "claimed_at", "state", "errcode", "finished_at")),
    Table("robots_off", ("name",), ("configured", "errcode", "error", "since")),
    Table("renames", ("old_userid",), ("userid", "renamed_at", "renamed_by")),
    Table("statement_keys", ("month",), ("key",)),
    Table("daily_statements", ("code",), ("month", "body")),
    Table("wrong_codes", ("asker", "hour"), ("number",)),
    Table(
        "proposed_renames",
        ("old_userid", "userid"),
        (
            *("same", "living", "proposed_at", "told", "told_at", "state"),
            *("decided_by", "decided_at", "reason"),
        ),
    ),
    Table("roster_lines", ("userid",), ("line", "beside", "imported_at")),
    Table("mutes", ("userid",), ("until", "since", "way")),
    Table("leaves_said", ("userid", "first_day", "last_day"), ("said_at",)),
    Table("help_wishes", ("userid", "day"), ("wished_at",)),
    Table("coaching", ("leader", "userid", "day"), ("marked_at", "quota", "pace")),
    Table("lists_shown", ("userid", "number"), ("external_userid", "shown_at")),
    Table(
        "words",
        ("msgid",),
        ("userid", "text", "way", "said_at", "state", "claimed_by", "claimed_until"),
    ),
    Table("unasked_days", ("userid", "day"), ("number",)),
    Table("withheld", ("key",), ("job", "userid", "day", "reason", "at")),
    Table("attachments", ("id",), ("filename", "body", "made_at")),
    Table("exports", ("id", "userid"), ("by_userid", "at")),
    Table("audit", ("seq",), ("at", "actor", "act", "subject", "detail", "previous", "hash")),
)
# They belong to processes, and none runs during the copy; what was read in the last hour is forgotten.
LEFT_OUT = frozenset({"leases", "read_apis", "read_flights", "read_grants"})


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: how many rows, and the SHA-256 over them in the order of their keys."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One table on both sides."""

    table: str
    source: Content
    target: Content

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same rows."""
        return self.source == self.target


def copy(source: Engine, target: Engine, *, tell: Tell) -> list[Compared]:
    """Bring everything in *source* to *target*, compare both, and note in *target* when they are equal.

    May be repeated: it goes on where it was cut off; a complete copy is compared only, never written to.
    Writers of *source* have to wait meanwhile. *tell* hears how far each step is.

    Raises StoreError when *target* holds anything but the beginning of a copy of *source*, StoreBusyError
    when one of them is away; then a later try goes on.
    """
    for engine in (source, target):
        engine.learn("\n".join(_statements(table) for table in TABLES))
    # Kept at once, in a transaction of its own: a copy that is cut off must know its source again.
    installation = Marks(source).first(INSTALLATION, uuid.uuid4().hex)
    complete = _claim(target, installation)
    with source.transaction():
        if not complete:
            _transfer(source, target, tell)
        compared = _compare(source, target, tell)
    if all(table.equal for table in compared):
        Marks(target).first(COPIED_AT, str(int(time.time())))
    return compared


def refuse_half_a_copy(engine: Engine) -> None:
    """Raise StoreError if a copy into this store was begun and is not complete: it lacks facts."""
    marks = Marks(engine)
    if marks.get(COPIED_FROM) is not None and marks.get(COPIED_AT) is None:
        raise StoreError(
            "the store is a copy that is not complete: run `quotabot copy` to its end, "
            "or set [store] url back to the SQLite file"
        )


def _statements(table: Table) -> str:
    """The statements for one table, made of nothing but the list above."""
    name, columns, key = f"copy_{table.name}", ", ".join(table.columns), ", ".join(table.key)
    values = ", ".join(f":{column}" for column in table.columns)
    last = ", ".join(f":{column}" for column in table.key)
    backwards = ", ".join(f"{column} DESC" for column in table.key)
    begin = f"SELECT {columns} FROM {table.name} WHERE {table.only}"  # noqa: S608 - constants of this file
    return f"""
-- name: {name}_first(chunk)
{begin} ORDER BY {key} LIMIT :chunk;
-- name: {name}_after({key}, chunk)
{begin} AND ({key}) > ({last}) ORDER BY {key} LIMIT :chunk;
-- name: {name}_last()^
SELECT {key} FROM {table.name} WHERE {table.only} ORDER BY {backwards} LIMIT 1;
-- name: {name}_count()^
SELECT COUNT(*) AS counted FROM {table.name} WHERE {table.only};
-- name: {name}_put({columns})*!
INSERT INTO {table.name} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;
"""  # noqa: S608 - constants of this file


def _claim(target: Engine, installation: str) -> bool:
    """Make *target* the copy of this installation; whether it is complete already."""
    marks = Marks(target)
    if marks.get(COPIED_FROM) is None and _rows_in_all(target):
        raise StoreError("the target is not empty: copy into a new database")
    if marks.first(COPIED_FROM, installation) != installation:
        raise StoreError("the target is a copy of another installation: copy into a new database")
    return marks.get(COPIED_AT) is not None


def _rows_in_all(engine: Engine) -> int:
    counted = (engine.one(f"copy_{table.name}_count") for table in TABLES)
    return sum(int(row["counted"]) for row in counted if row)


def _transfer(source: Engine, target: Engine, tell: Tell) -> None:
    done, total = _rows_in_all(target), _rows_in_all(source)
    tell("copying", done, total)
    for table in TABLES:
        arrived = target.one(f"copy_{table.name}_last")
        for chunk in _chunks(source, table, after=arrived):
            with target.transaction():
                target.run_many(f"copy_{table.name}_put", chunk)
            done += len(chunk)
            tell("copying", done, total)
        if table.numbered:
            target.number_on(table.name, table.key[0])


def _compare(source: Engine, target: Engine, tell: Tell) -> list[Compared]:
    done, total = 0, _rows_in_all(source) + _rows_in_all(target)

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

    return [Compared(table.name, content(source, table), content(target, table)) for table in TABLES]


def _chunks(engine: Engine, table: Table, *, after: Row | None) -> Iterator[list[Row]]:
    """All rows of *table*, or those after the key *after*, in the order of the key: never many in memory."""
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
    """One row as bytes that are the same for the same values in every engine, and for no others.

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
