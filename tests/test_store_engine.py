"""The SQLite engine: schema, transactions, and what it says when the file cannot be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders.service import locked, rows

from bot.store.engine import StoreBusyError, StoreError
from bot.store.sqlite import SqliteEngine

OPEN_AND_CLOSE = """
import sys
from pathlib import Path
from bot.store.sqlite import SqliteEngine
sys.stdin.readline()
SqliteEngine(Path(sys.argv[1])).close()
"""
# The steps of the schema are the subject: no store begins as a copy.
pytestmark = pytest.mark.usefixtures("from_scratch")
TABLES = {"inbox", "relation_events", "adds", "members", "memberships", "outbox", "runs", "leases", "tokens"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path / "bot.db")
    yield engine
    engine.close()


def marks(engine: SqliteEngine) -> dict[str, str]:
    return dict(rows(engine.path, "SELECT name, value FROM marks"))  # type: ignore[arg-type]  # two columns


def schema(path: Path) -> list[tuple[object, ...]]:
    return list(rows(path, "SELECT type, name, sql FROM sqlite_master ORDER BY name"))


def test_a_fresh_store_gets_its_tables_in_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "bot.db"

    SqliteEngine(path).close()

    assert {name for _, name, _ in schema(path)} >= TABLES


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    SqliteEngine(path).close()
    before = schema(path), rows(path, "SELECT * FROM _sqlite_migrations")

    SqliteEngine(path).close()

    assert (schema(path), rows(path, "SELECT * FROM _sqlite_migrations")) == before


@pytest.mark.parametrize("attempt", range(3))
def test_two_processes_may_make_the_store_at_the_same_moment(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / "bot.db"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_CLOSE, str(path)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], errors
    assert len(rows(path, "SELECT name FROM _sqlite_migrations")) == len(
        {name for (name,) in rows(path, "SELECT name FROM _sqlite_migrations")}  # type: ignore[misc]  # rows are tuples of one
    )


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE of_the_other (x)")
    ending = threading.Timer(0.3, other.execute, ["COMMIT"])
    ending.start()

    SqliteEngine(path).close()

    ending.join()
    other.close()
    assert {name for _, name, _ in schema(path)} >= {*TABLES, "of_the_other"}
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]


def test_threads_may_make_the_store_at_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    faults: list[BaseException] = []
    barrier = threading.Barrier(8)

    def open_and_close() -> None:
        barrier.wait()
        try:
            SqliteEngine(path).close()
        except BaseException as error:  # noqa: BLE001 - told to the test
            faults.append(error)

    threads = [threading.Thread(target=open_and_close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []


def test_a_store_of_a_newer_version_is_refused_with_a_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    SqliteEngine(path).close()
    connection = sqlite3.connect(path)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(_sqlite_migrations)")]
    kept = ", ".join(column for column in columns if column not in {"id", "name"})
    connection.execute(
        f"INSERT INTO _sqlite_migrations (name, {kept}) SELECT '9999_future', {kept} "
        "FROM _sqlite_migrations LIMIT 1"
    )
    connection.commit()
    connection.close()
    before = schema(path)

    with pytest.raises(StoreError, match=r"newer version.*9999_future.*install that version"):
        SqliteEngine(path)

    assert schema(path) == before


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.mkdir(), id="a folder stands there"),
        pytest.param(lambda path: path.write_bytes(b"no database" * 1000), id="another kind of file"),
        pytest.param(lambda path: path.parent.rmdir() or path.parent.write_text("x"), id="no folder can be"),
    ],
)
def test_a_path_that_cannot_be_a_store_gives_a_sentence_with_the_path(tmp_path: Path, make: object) -> None:
    path = tmp_path / "var" / "bot.db"
    path.parent.mkdir()
    make(path)  # type: ignore[operator]  # a lambda of the table

    with pytest.raises(StoreError, match=r"bot\.db.*\[store\] url"):
        SqliteEngine(path)


def test_a_file_that_is_read_only_gives_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not bind the superuser, so the connection itself is made read-only."""
    path = tmp_path / "bot.db"
    SqliteEngine(path).close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        "bot.store.sqlite.sqlite3.connect",
        lambda path, **options: connect(path.replace("mode=rw", "mode=ro"), **options),
    )

    with pytest.raises(StoreError, match="writable"):
        SqliteEngine(path)


def test_a_transaction_that_began_by_reading_waits_for_another_writer_instead_of_failing(
    engine: SqliteEngine,
) -> None:
    """Sixteen threads read a number and write it back one higher: none fails, none is lost."""
    engine.run("mark_put", name="count", value="0")

    def count() -> None:
        for _ in range(10):
            with engine.transaction():
                row = engine.one("mark_get", name="count")
                assert row is not None
                engine.run("mark_put", name="count", value=str(int(row["value"]) + 1))

    threads = [threading.Thread(target=count) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert marks(engine) == {"count": "160"}


def test_a_write_that_waited_too_long_says_that_the_store_is_busy(engine: SqliteEngine) -> None:
    with locked(engine.path), pytest.raises(StoreBusyError), engine.transaction(patience_s=0.1):
        pytest.fail("the transaction must not begin")

    with engine.transaction(patience_s=0.1):
        engine.run("mark_put", name="a", value="1")
    assert marks(engine) == {"a": "1"}


def test_reading_goes_on_while_another_program_writes(engine: SqliteEngine) -> None:
    engine.run("mark_put", name="a", value="1")

    with locked(engine.path):
        assert engine.one("mark_get", name="a") == {"value": "1"}


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda engine: engine.one("mark_get", name="a"), id="reading"),
        pytest.param(lambda engine: engine.run("mark_put", name="a", value="2"), id="writing"),
        pytest.param(lambda engine: engine.transaction().__enter__(), id="a transaction"),
    ],
)
def test_a_file_that_is_damaged_under_a_running_service_is_an_error_of_the_store(
    engine: SqliteEngine, use: Callable[[SqliteEngine], object]
) -> None:
    """A new thread sees it first: its connection is opened then."""
    engine.run("mark_put", name="a", value="1")
    Path(f"{engine.path}-wal").unlink()
    engine.path.write_bytes(b"\xff" * engine.path.stat().st_size)
    caught: list[BaseException] = []

    def work() -> None:
        try:
            use(engine)
        except BaseException as error:  # noqa: BLE001 - told to the test
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert [isinstance(error, StoreError) for error in caught] == [True], caught


def test_a_statement_that_breaks_a_rule_is_no_error_of_the_store(engine: SqliteEngine) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        engine.run("mark_put", name="a", value=None)
