"""How long the SQLite engine waits for others, and what is undone when something fails."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.service import locked, rows

from bot.store import sqlite
from bot.store.engine import StoreBusyError, StoreError
from bot.store.sqlite import SqliteEngine

SOON_S = 4.0  # below the patience that a write has if it is not told another one
TRIES = 5  # on a busy machine one of them may be late


@pytest.fixture
def engine(tmp_path: Path, from_scratch: None) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path / "bot.db")
    engine.learn("-- name: only_read()$\nPRAGMA query_only = 1;\n")
    yield engine
    engine.close()


def put(engine: SqliteEngine, *names: str) -> None:
    for name in names:
        engine.run("mark_put", name=name, value="1")


def put_and_fail(engine: SqliteEngine, name: str) -> None:
    put(engine, name)
    raise LookupError


def marks(engine: SqliteEngine) -> list[str]:
    return [str(row[0]) for row in rows(engine.path, "SELECT name FROM marks ORDER BY name")]


def quickest_refusal(engine: SqliteEngine) -> float:
    """Return how long a write waits that is told to wait a tenth of a second, in the best of a few tries."""
    quickest = 60.0
    for _ in range(TRIES):
        began = time.monotonic()
        with pytest.raises(StoreBusyError), engine.transaction(patience_s=0.1):
            pytest.fail("somebody else is writing")
        quickest = min(quickest, time.monotonic() - began)
        if quickest < SOON_S:
            break
    return quickest


def test_a_write_waits_for_another_thread_as_long_as_it_was_told_and_no_longer(engine: SqliteEngine) -> None:
    writing, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with engine.transaction():
            writing.set()
            assert may_end.wait(60)

    thread = threading.Thread(target=write)
    thread.start()
    assert writing.wait(60)
    try:
        quickest = quickest_refusal(engine)
    finally:
        may_end.set()
        thread.join()

    assert 0.1 <= quickest < SOON_S


def test_a_write_waits_for_another_process_as_long_as_it_was_told_and_no_longer(
    engine: SqliteEngine,
) -> None:
    with locked(engine.path):
        quickest = quickest_refusal(engine)

    assert 0.1 <= quickest < SOON_S


def test_the_turn_of_a_write_that_was_refused_is_free_for_the_next(engine: SqliteEngine) -> None:
    with locked(engine.path), pytest.raises(StoreBusyError), engine.transaction(patience_s=0.05):
        pytest.fail("another program is writing")
    with pytest.raises(LookupError), engine.transaction():
        put_and_fail(engine, "undone")
    put(engine, "kept")

    assert marks(engine) == ["kept"]


def test_a_new_file_that_others_never_let_go_of_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE_S", 0.2)
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    failures: list[BaseException] = []

    def start() -> None:
        try:
            SqliteEngine(path).close()
        except StoreError as error:
            failures.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join(30)
    is_over = not thread.is_alive()
    other.execute("COMMIT")
    other.close()
    thread.join()

    assert is_over
    assert "new.db" in str(failures[0])


def test_only_what_is_inside_a_failed_savepoint_is_undone(engine: SqliteEngine) -> None:
    with engine.transaction():
        put(engine, "before")
        with pytest.raises(LookupError), engine.savepoint():
            put_and_fail(engine, "inside")
        with engine.savepoint():
            put(engine, "next")

    assert marks(engine) == ["before", "next"]


def test_a_disk_that_takes_nothing_is_an_error_of_the_store_for_each_kind_of_write(
    engine: SqliteEngine,
) -> None:
    engine.all("only_read")
    with pytest.raises(StoreBusyError):
        put(engine, "a")
    with pytest.raises(StoreBusyError), engine.transaction():
        engine.run_many("mark_put", [{"name": "b", "value": "1"}])
    with pytest.raises(StoreBusyError), engine.transaction():
        engine.append("marks", ("name", "value"), [("c", "1")])

    assert marks(engine) == []


def test_a_disk_that_fails_at_the_commit_is_an_error_of_the_store(engine: SqliteEngine) -> None:
    with pytest.raises(StoreBusyError), engine.transaction():
        raise sqlite3.OperationalError("disk I/O error")
    with engine.transaction():
        put(engine, "next")

    assert marks(engine) == ["next"]


def test_writes_of_many_threads_that_are_no_transactions_are_all_kept(engine: SqliteEngine) -> None:
    def write(lane: int) -> None:
        for number in range(20):
            put(engine, f"{lane}-{number}")

    threads = [threading.Thread(target=write, args=(lane,)) for lane in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(marks(engine)) == 160
