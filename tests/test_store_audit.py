"""The audit log against somebody who knows how it is chained, and acts that come at the same moment."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store import audit
from bot.store.audit import Audit
from bot.store.engine import SqlRow
from bot.store.sqlite import SqliteEngine

FIELDS = ("at", "actor", "act", "subject", "detail")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path / "bot.db")
    yield engine
    engine.close()


def note(log: Audit, *numbers: int) -> None:
    for number in numbers:
        log.add(at=number, actor="甲", act="sign", subject=f"q {number}", detail={"n": number})


class Forger:
    """Somebody with the file and the source: rows may be changed, and hashes made anew."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row

    def do(self, statement: str) -> None:
        self._connection.execute(statement)

    def rehash(self, seq: int, *, previous: str | None = None) -> None:
        """Make the hash of an entry fit what the entry says (and *previous*, if it is given)."""
        row = self._connection.execute("SELECT * FROM audit WHERE seq = ?", (seq,)).fetchone()
        before = row["previous"] if previous is None else previous
        told = json.dumps([seq, *(row[field] for field in FIELDS), before])
        self._connection.execute(
            "UPDATE audit SET previous = ?, hash = ? WHERE seq = ?",
            (before, hashlib.sha256(told.encode()).hexdigest(), seq),
        )

    def hash_of(self, seq: int) -> str:
        row = self._connection.execute("SELECT hash FROM audit WHERE seq = ?", (seq,)).fetchone()
        return str(row["hash"])

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def forger(engine: SqliteEngine) -> Iterator[Forger]:
    note(Audit(engine), 1, 2, 3, 4)
    forger = Forger(engine.path)
    yield forger
    forger.close()


def changed_and_rehashed(forger: Forger) -> None:
    forger.do("UPDATE audit SET actor = '乙' WHERE seq = 2")
    forger.rehash(2)


def removed_and_bridged(forger: Forger) -> None:
    forger.do("DELETE FROM audit WHERE seq = 2")
    forger.rehash(3, previous=forger.hash_of(1))
    forger.rehash(4, previous=forger.hash_of(3))


def removed_and_renumbered(forger: Forger) -> None:
    forger.do("DELETE FROM audit WHERE seq = 2")
    for seq in (3, 4):
        forger.do(f"UPDATE audit SET seq = {seq - 1} WHERE seq = {seq}")
        forger.rehash(seq - 1)


def removed_at_the_beginning(forger: Forger) -> None:
    forger.do("DELETE FROM audit WHERE seq = 1")


@pytest.mark.parametrize(
    ("forge", "seq"),
    [
        pytest.param(changed_and_rehashed, 3, id="an entry changed, with a hash of its own that fits"),
        pytest.param(removed_and_bridged, 2, id="an entry removed, those behind it chained anew"),
        pytest.param(removed_and_renumbered, 2, id="an entry removed, those behind it renumbered"),
        pytest.param(removed_at_the_beginning, 1, id="the first entry removed"),
    ],
)
def test_an_entry_that_was_removed_or_changed_with_care_shows(
    engine: SqliteEngine, forger: Forger, forge: Callable[[Forger], None], seq: int
) -> None:
    assert Audit(engine).broken_at() is None
    forge(forger)

    assert Audit(engine).broken_at() == seq


@pytest.mark.parametrize("field", ["at", "actor", "act", "subject", "detail", "previous", "hash"])
def test_each_field_of_an_entry_is_held(engine: SqliteEngine, forger: Forger, field: str) -> None:
    forger.do(f"UPDATE audit SET {field} = '7' WHERE seq = 4")  # the newest: no other entry speaks of it

    assert Audit(engine).broken_at() == 4


def test_a_log_of_more_than_one_portion_is_looked_through_to_its_end(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_CHUNK", 2)
    log = Audit(engine)
    note(log, 1, 2, 3, 4, 5)
    whole = log.broken_at()
    forger = Forger(engine.path)
    forger.do("UPDATE audit SET actor = '乙' WHERE seq = 5")
    forger.close()

    assert whole is None
    assert log.broken_at() == 5


class Overtaken(SqliteEngine):
    """An engine that is slow: between its look for the newest entry and its own, others add theirs."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.others: list[Callable[[], None]] = []

    def one(self, name: str, /, **values: object) -> SqlRow | None:
        row = super().one(name, **values)
        if name == "audit_head" and self.others:
            self.others.pop(0)()
        return row


def test_an_act_that_others_overtake_is_added_behind_theirs(engine: SqliteEngine) -> None:
    other = Audit(engine)
    slow = Overtaken(engine.path)
    slow.others = [lambda: note(other, 1), lambda: note(other, 2)]
    note(Audit(slow), 3)
    slow.close()

    assert [act.subject for act in other.acts()] == ["q 1", "q 2", "q 3"]
    assert other.broken_at() is None
