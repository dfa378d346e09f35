"""SQLite: single writes of several threads are committed together, and each gets its own result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders.e2e import until
from builders.service import rows

from bot.store.engine import StoreBusyError, TakenError
from bot.store.outbox import OutboxMessage
from bot.store.sqlite import SqliteEngine
from bot.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bot.db")
    yield store
    store.close()


@pytest.fixture
def engine(store: Store) -> SqliteEngine:
    assert isinstance(store.engine, SqliteEngine)
    return store.engine


def while_another_writes(engine: SqliteEngine, acts: list[Callable[[], object]]) -> list[object]:
    """Let all *acts* wait for one transaction; return their results or errors, in their order."""
    results: dict[int, object] = {}

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001 - the error is the result
            results[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    with engine.transaction():
        for thread in threads:
            thread.start()
        until(lambda: len(engine._waiting) == len(acts))
    for thread in threads:
        thread.join()
    return [results[place] for place in range(len(acts))]


def put(engine: SqliteEngine, name: str) -> Callable[[], object]:
    return lambda: engine.run("mark_put", name=name, value="1")


def marks(engine: SqliteEngine) -> list[str]:
    return sorted(str(row[0]) for row in rows(engine.path, "SELECT name FROM marks WHERE name LIKE 'm%'"))


def test_writes_that_wait_are_committed_together(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, begin = [], engine._begun

    def count(patience_s: float) -> object:
        begun.append(patience_s)
        return begin(patience_s)

    monkeypatch.setattr(engine, "_begun", count)

    results = while_another_writes(engine, [put(engine, f"m{number:02}") for number in range(20)])

    assert results == [1] * 20
    assert marks(engine) == [f"m{number:02}" for number in range(20)]
    assert len(begun) == 2  # the other's transaction, and one for all


def message(number: int) -> OutboxMessage:
    return OutboxMessage(
        key=f"k{number}", job="j", to_userid="u", content="", msgtype="text", not_before=0, expires_at=9
    )


def test_a_write_that_fails_undoes_none_of_its_neighbours(store: Store, engine: SqliteEngine) -> None:
    for number in range(2):
        store.outbox.add(message(number), created_at=1)

    def begin(seq: int) -> Callable[[], object]:
        given = {"seq": seq, "request": b"{}", "request_hash": "same", "now": 1}
        return lambda: engine.run("outbox_begin", **given)

    results = while_another_writes(engine, [put(engine, "m1"), begin(1), begin(2), put(engine, "m2")])

    assert results[0] == results[3] == 1
    assert sorted(isinstance(result, TakenError) for result in results[1:3]) == [False, True]
    assert marks(engine) == ["m1", "m2"]


def test_no_write_is_told_done_if_the_commit_fails(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = iter([None])  # the other's transaction finds its file

    def check() -> None:
        if next(checks, "gone") is not None:
            raise StoreBusyError("the file is gone")

    monkeypatch.setattr(engine, "check", check)

    results = while_another_writes(engine, [put(engine, f"m{number}") for number in range(3)])

    assert [str(result) for result in results] == ["the file is gone"] * 3
    assert marks(engine) == []


def test_a_write_after_a_failed_one_is_carried_out(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(engine, "check", lambda: (_ for _ in ()).throw(StoreBusyError("gone")))
        with pytest.raises(StoreBusyError):
            engine.run("mark_put", name="m1", value="1")

    engine.run("mark_put", name="m2", value="1")

    assert marks(engine) == ["m2"]
