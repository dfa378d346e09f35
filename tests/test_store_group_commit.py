"""The inbox's writer: "stored" means it is in the file, "not stored" that it never will be."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from builders.e2e import until
from builders.service import locked, rows

from bot.store import group_commit
from bot.store.engine import StoreBusyError
from bot.store.group_commit import GroupCommit
from bot.store.inbox import key_of
from bot.store.sqlite import SqliteEngine


class Putter:
    """Puts events and waits for the word on each."""

    def __init__(self, writer: GroupCommit) -> None:
        self._writer = writer

    def begin(self, name: str) -> Callable[[], bool]:
        """Hand an event over; the function returned waits for the word."""
        told: list[bool] = []
        ready = threading.Event()

        def done(stored: bool) -> None:
            told.append(stored)
            ready.set()

        self._writer.put(hash=name, body=name.encode(), received_at=1, done=done)

        def wait() -> bool:
            assert ready.wait(60), "nobody said what became of the event"
            assert len(told) == 1
            return told[0]

        return wait

    def put(self, name: str) -> bool:
        return self.begin(name)()


class SmallDisk(SqliteEngine):
    """An engine whose disk can be full: SQLite itself refuses to grow the file."""

    full = False

    def _connection(self) -> sqlite3.Connection:
        connection = super()._connection()
        connection.execute(f"PRAGMA max_page_count = {1 if self.full else 2**30}")
        return connection


class BrokenDisk(SqliteEngine):
    """An engine whose commits fail after everything was written."""

    broken = False

    @contextmanager
    def transaction(self, *, patience_s: float = 5.0) -> Iterator[None]:
        with super().transaction(patience_s=patience_s):
            yield
            if self.broken:
                raise sqlite3.OperationalError("disk I/O error")


class TriedEngine(SqliteEngine):
    """An engine that counts the transactions that did not come about."""

    failed = 0

    @contextmanager
    def transaction(self, *, patience_s: float = 5.0) -> Iterator[None]:
        try:
            with super().transaction(patience_s=patience_s):
                yield
        except StoreBusyError:
            self.failed += 1
            raise


class SlowDisk(SqliteEngine):
    """An engine that takes *seconds* for a commit."""

    seconds = 0.0

    @contextmanager
    def transaction(self, *, patience_s: float = 5.0) -> Iterator[None]:
        with super().transaction(patience_s=patience_s):
            yield
            time.sleep(self.seconds)  # that is how slow the disk is


@contextmanager
def writing(engine: SqliteEngine, *, on_stored: Callable[[], None] = lambda: None) -> Iterator[Putter]:
    writer = GroupCommit(engine, on_stored=on_stored)
    try:
        yield Putter(writer)
    finally:
        writer.close()
        engine.close()


def names(path: Path) -> list[str]:
    return [row[0] for row in rows(path, "SELECT hash FROM inbox ORDER BY seq")]


def quick(patch: pytest.MonkeyPatch, *, give_up_s: float = 0.6) -> None:
    patch.setattr(group_commit, "GIVE_UP_S", give_up_s)
    patch.setattr(group_commit, "PATIENCE_S", 0.1)
    patch.setattr(group_commit, "PAUSE_S", 0.02)


def test_each_event_is_in_the_file_when_its_sender_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    missing: list[str] = []

    with writing(SqliteEngine(path)) as putter:

        def send(thread: int) -> None:
            connection = sqlite3.connect(path)
            for number in range(15):
                name = f"{thread}-{number}"
                stored = putter.put(name)
                seen = connection.execute("SELECT 1 FROM inbox WHERE hash = ?", (name,)).fetchone()
                if not stored or not seen:
                    missing.append(name)
            connection.close()

        threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert missing == []
    assert len(names(path)) == 24 * 15


def test_the_same_event_from_many_threads_is_stored_once_and_all_are_told_yes(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with writing(SqliteEngine(path)) as putter:
        waits = [putter.begin("same") for _ in range(50)]

        assert [wait() for wait in waits] == [True] * 50
    assert names(path) == ["same"]


def test_more_events_than_one_group_are_all_stored_in_order(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    many = [f"{number:05}" for number in range(group_commit.GROUP * 2 + 7)]
    with writing(SqliteEngine(path)) as putter:
        waits = [putter.begin(name) for name in many]

        assert all(wait() for wait in waits)
    assert names(path) == many


def test_the_worker_is_woken_after_a_commit_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    seen: list[list[str]] = []
    with writing(SqliteEngine(path), on_stored=lambda: seen.append(names(path))) as putter:
        putter.put("first")

    assert seen == [["first"]]


def test_an_event_that_was_refused_is_not_stored_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    path = tmp_path / "bot.db"
    with writing(SqliteEngine(path)) as putter:
        with locked(path):
            refused = [wait() for wait in [putter.begin(f"lost-{number}") for number in range(5)]]

        assert refused == [False] * 5
        assert putter.put("kept")  # one writer, in order: what was begun before would be there now
    assert names(path) == ["kept"]


def test_the_refusal_comes_after_three_seconds_and_before_wecom_hangs_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = group_commit.GIVE_UP_S + group_commit.PATIENCE_S + group_commit.PAUSE_S
    assert 3 <= group_commit.GIVE_UP_S < longest < 5

    quick(monkeypatch, give_up_s=0.4)
    path = tmp_path / "bot.db"
    with writing(SqliteEngine(path)) as putter, locked(path):
        began = time.monotonic()
        stored = putter.put("lost")
        took = time.monotonic() - began

    assert not stored
    assert took >= 0.4


def test_a_store_that_is_free_again_in_time_takes_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch, give_up_s=60)
    path = tmp_path / "bot.db"
    engine = TriedEngine(path)
    with writing(engine) as putter:
        with locked(path):
            wait = putter.begin("patient")
            until(lambda: engine.failed > 1)

        assert wait()
    assert names(path) == ["patient"]


def test_a_commit_under_way_decides_the_answer_however_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch, give_up_s=0.1)
    engine = SlowDisk(tmp_path / "bot.db")
    engine.seconds = 0.5
    with writing(engine) as putter:
        assert putter.put("slow")
    assert names(tmp_path / "bot.db") == ["slow"]


def test_a_full_disk_refuses_and_room_again_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch, give_up_s=0.3)
    engine = SmallDisk(tmp_path / "bot.db")
    large = "x" * 100_000  # more than the free room of the last page
    with writing(engine) as putter:
        engine.full = True
        refused = putter.put(large)
        engine.full = False
        kept = putter.put("kept")

    assert (refused, kept) == (False, True)
    assert names(tmp_path / "bot.db") == ["kept"]


def test_a_failing_commit_stores_nothing_and_its_group_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch, give_up_s=0.3)
    engine = BrokenDisk(tmp_path / "bot.db")
    with writing(engine) as putter:
        engine.broken = True
        refused = [wait() for wait in [putter.begin("a"), putter.begin("b")]]
        engine.broken = False
        kept = putter.put("c")

    assert (refused, kept) == ([False, False], True)
    assert names(tmp_path / "bot.db") == ["c"]


def test_closing_stores_what_waits(tmp_path: Path) -> None:
    engine = SlowDisk(tmp_path / "bot.db")
    engine.seconds = 0.1
    with writing(engine) as putter:
        waits = [putter.begin(f"{number}") for number in range(10)]

    assert all(wait() for wait in waits)
    assert len(names(tmp_path / "bot.db")) == 10


def test_closing_on_a_locked_store_refuses_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch, give_up_s=0.3)
    engine = SqliteEngine(tmp_path / "bot.db")
    with locked(engine.path):
        with writing(engine) as putter:
            wait = putter.begin("late")

        assert not wait()
    assert names(tmp_path / "bot.db") == []


def test_one_sender_that_went_away_does_not_keep_the_others_from_their_answer(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "bot.db")
    writer = GroupCommit(engine, on_stored=lambda: None)

    def gone(stored: bool) -> None:
        raise RuntimeError("the connection is closed")

    writer.put(hash="gone", body=b"x", received_at=1, done=gone)
    kept = Putter(writer).put("kept")
    writer.close()
    engine.close()

    assert kept
    assert names(tmp_path / "bot.db") == ["gone", "kept"]


def _store(engine: SqliteEngine, *, seconds: range) -> None:
    bodies = {f"{second} {number}".encode(): str(second) for second in seconds for number in range(10)}
    found = [
        {"hash": key_of(body, created=created), "body": body, "received_at": 1}
        for body, created in bodies.items()
    ]
    with engine.transaction():
        engine.run_many("inbox_add", found)


def test_a_commit_of_events_of_one_time_writes_few_pages_of_a_large_index(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "bot.db")
    begin = 1_795_000_000
    for second in range(begin, begin + 600, 20):
        _store(engine, seconds=range(second, second + 20))
    with closing(sqlite3.connect(engine.path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    _store(engine, seconds=range(begin + 600, begin + 605))  # fifty events
    pages = Path(f"{engine.path}-wal").stat().st_size / (4096 + 24)
    engine.close()

    assert len(rows(engine.path, "SELECT seq FROM inbox")) == 6050
    assert 0 < pages < 12


@pytest.mark.parametrize("created", ["", "-5", "１７９５", "soon", "9" * 5000])
def test_an_event_of_no_sensible_time_has_a_key_of_its_own(created: str) -> None:
    keys = {key_of(body, created=created) for body in (b"one", b"two", b"one")}

    assert len(keys) == 2
    assert {len(key) for key in keys} == {64}


def test_the_probe_says_whether_an_event_could_be_stored_now(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "bot.db")
    writer = GroupCommit(engine, on_stored=lambda: None)
    try:
        writer.probe()
        with locked(engine.path), pytest.raises(StoreBusyError):
            writer.probe()
        writer.probe()
    finally:
        writer.close()
        engine.close()
