"""What an answer of 200 and a word to forget promise of the file: synced to the disk, gone from its pages."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from builders.service import locked, logged, rows

from bot.store import group_commit
from bot.store.engine import StoreBusyError
from bot.store.group_commit import GroupCommit
from bot.store.sqlite import SqliteEngine

FULL = 2  # PRAGMA synchronous: each commit is synced to the disk before it returns
ASK = """
-- name: how_synced()^
PRAGMA synchronous;

-- name: how_journalled()^
PRAGMA journal_mode;
"""


class Watched(SqliteEngine):
    """An engine that notes how safe each of its transactions is."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.learn(ASK)
        self.seen: list[tuple[str, object, object]] = []
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    @contextmanager
    def transaction(self, *, patience_s: float = 5.0) -> Iterator[None]:
        with super().transaction(patience_s=patience_s):
            yield
            self.seen.append((threading.current_thread().name, *self.safety()))
            self.begun.set()
            assert self.may_end.wait(60)

    def safety(self) -> tuple[object, object]:
        """(synchronous, journal_mode) of this thread's connection."""
        found = [self.one(name) for name in ("how_synced", "how_journalled")]
        return tuple(next(iter((row or {"none": None}).values())) for row in found)  # type: ignore[return-value]  # two


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Watched]:
    engine = Watched(tmp_path / "bot.db")
    yield engine
    engine.close()


def put(writer: GroupCommit, name: str) -> bool:
    """Have an event stored; whether it was."""
    return begin(writer, name)()


def begin(writer: GroupCommit, name: str) -> Callable[[], bool]:
    """Hand an event over; the function returned waits for the word."""
    told: list[bool] = []
    ready = threading.Event()

    def done(stored: bool) -> None:
        told.append(stored)
        ready.set()

    writer.put(hash=name, body=name.encode(), received_at=1, done=done)

    def wait() -> bool:
        assert ready.wait(60)
        return told[0]

    return wait


def test_each_commit_is_on_the_disk_before_its_sender_is_told(engine: Watched) -> None:
    """A power cut cannot be played here: the test asks the writer's own connection what it does."""
    writer = GroupCommit(engine, on_stored=lambda: None)
    stored = put(writer, "event")
    writer.close()
    with engine.transaction():
        engine.run("mark_put", name="a", value="1")

    assert stored
    assert {name for name, *_ in engine.seen} == {"inbox-writer", threading.current_thread().name}
    for _, synced, journal in engine.seen:
        assert isinstance(synced, int)
        assert synced >= FULL
        assert journal == "wal"


def test_what_is_forgotten_is_gone_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every build of SQLite overwrites what is deleted; here none does by itself."""
    name = "a customer of some bank " * 20
    connect = sqlite3.connect

    def as_most_builds(path: Path, **options: Any) -> sqlite3.Connection:
        connection = connect(path, **options)
        connection.execute("PRAGMA secure_delete = OFF")
        return connection

    monkeypatch.setattr("bot.store.sqlite.sqlite3.connect", as_most_builds)
    engine = SqliteEngine(tmp_path / "bot.db")
    engine.run("mark_put", name="forgotten", value=name)
    engine.run("mark_clear", name="forgotten")
    engine.close()

    assert name.encode() not in engine.path.read_bytes()


def quick(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(group_commit, "GIVE_UP_S", 0.3)
    patch.setattr(group_commit, "PATIENCE_S", 0.05)
    patch.setattr(group_commit, "PAUSE_S", 0.02)


def outages(path: Path) -> list[tuple[object, ...]]:
    return list(rows(path, "SELECT began_at, ended_at, reason, holder FROM outages ORDER BY began_at"))


class Clock:
    """The time module as the writer sees it; waits are real."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

    def __init__(self) -> None:
        self.now = 1_000_000.2

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(group_commit, "time", clock)
    return clock


def test_a_time_of_refused_events_is_one_outage_from_the_first_to_the_next_commit(
    engine: Watched, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    writer = GroupCommit(engine, on_stored=lambda: None, holder="this one")
    refused = []
    with locked(engine.path):
        for _ in range(2):
            refused.append(put(writer, "lost"))
            clock.now += 50
    while_refused = outages(engine.path)
    stored = put(writer, "kept")
    clock.now += 50
    later = put(writer, "more")
    writer.close()

    assert (refused, stored, later) == ([False, False], True, True)
    assert while_refused == []
    # It begins when the first of them came, 0.3 s before its refusal.
    assert outages(engine.path) == [(999_999, 1_000_100, "refused", "this one")]


def test_a_second_outage_is_one_of_its_own(
    engine: Watched, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    writer = GroupCommit(engine, on_stored=lambda: None)
    for number in range(2):
        with locked(engine.path):
            assert not put(writer, f"lost-{number}")
        clock.now += 100
        assert put(writer, f"kept-{number}")
        clock.now += 100
    writer.close()

    assert [ended for _, ended, *_ in outages(engine.path)] == [1_000_100, 1_000_300]


def test_an_outage_is_one_line_of_the_log_however_often_it_is_tried(
    engine: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    writer = GroupCommit(engine, on_stored=lambda: None)
    with logged(group_commit) as entries:
        for number in range(2):
            with locked(engine.path):
                assert not put(writer, f"lost-{number}")
            assert put(writer, f"kept-{number}")
    writer.close()

    assert [entry["event"] for entry in entries] == ["events not stored yet"] * 2


def test_no_outage_is_noted_while_everything_is_stored(engine: Watched) -> None:
    writer = GroupCommit(engine, on_stored=lambda: None)
    stored = [put(writer, str(number)) for number in range(3)]
    writer.close()

    assert stored == [True] * 3
    assert outages(engine.path) == []


def test_other_processes_are_told_of_events_within_their_transaction(
    engine: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        engine, "notify", lambda topic: told.append((topic, engine._connection().in_transaction))
    )
    writer = GroupCommit(engine, on_stored=lambda: None)
    assert put(writer, "event")
    writer.close()

    assert told == [("inbox", True)]


def test_events_that_come_together_are_stored_in_one_order(engine: Watched) -> None:
    """Two receivers with the same events must not wait for each other's rows."""
    engine.may_end.clear()
    writer = GroupCommit(engine, on_stored=lambda: None)
    waits = [begin(writer, "0")]
    assert engine.begun.wait(60)
    waits += [begin(writer, name) for name in ("c", "a", "b")]  # while the first is being committed
    engine.may_end.set()

    assert [wait() for wait in waits] == [True] * 4
    writer.close()
    assert rows(engine.path, "SELECT hash FROM inbox ORDER BY seq") == [("0",), ("a",), ("b",), ("c",)]


def test_a_file_that_may_only_be_read_is_not_ready(engine: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite begins a transaction on it without a word: a probe that writes nothing would find it good."""
    writer = GroupCommit(engine, on_stored=lambda: None)
    writer.probe()
    connect = sqlite3.connect
    monkeypatch.setattr(
        "bot.store.sqlite.sqlite3.connect",
        lambda path, **options: connect(path.replace("mode=rw", "mode=ro"), **options),
    )
    found: list[str] = []

    def probe() -> None:
        """In a thread of its own, which opens a connection of its own."""
        try:
            writer.probe()
            found.append("ready")
        except StoreBusyError:
            found.append("busy")

    thread = threading.Thread(target=probe)
    thread.start()
    thread.join()
    writer.close()

    assert found == ["busy"]
