"""The copy of an installation: every table, every row, in small steps, and nothing believed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from builders import config as config_files
from builders.copy import NOT_TEXT, contact, live_a_day, put_events, seen, tampered
from hypothesis import given
from hypothesis import strategies as st

from bot.app.bootstrap import open_services
from bot.store import copy
from bot.store.copy import CHUNK, LEFT_OUT, ComparedTable, canonical, tables_of
from bot.store.engine import Engine, StoreError
from bot.store.sqlite import SqliteEngine
from bot.store.store import Store

ROSTER = "userid,name,department,role,leader_of,joined_on,left_on,share\nsales01,员工甲,2,,,,,\n"
MIGRATIONS = {"migrations", "_sqlite_migrations", "sqlite_sequence"}


@pytest.fixture
def postgres_url(store_url: str) -> str:
    """The address of a database with a new store: making it is not the subject here."""
    return store_url


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "quotabot.db")
    yield store
    store.close()


@pytest.fixture
def target(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url)
    yield store
    store.close()


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[Store]:
    """A source after a day of work."""
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    with open_services(config_files.read(tmp_path)) as services:
        live_a_day(services)
        yield services.store


def copied(source: Store, target: Store) -> list[ComparedTable]:
    return copy.copy(source.engine, target.engine, tell=lambda *_: None)


def content(store: Store, like: Store) -> dict[str, list[dict[str, object]]]:
    """All that is copied, but for what the copy itself notes; *like* has the tables' names."""
    tables = tables_of(like.engine)
    store.engine.learn(
        "\n".join(
            f"-- name: everything_{table.name}()\nSELECT * FROM {table.name} WHERE {table.only} "
            f"ORDER BY {', '.join(table.key)};"
            for table in tables
        )
    )
    return {table.name: store.engine.all(f"everything_{table.name}") for table in tables}


# --- the list of tables ---


Shape = dict[str, tuple[tuple[str, ...], frozenset[str]]]  # key in its order, all columns


def listed(source: Store) -> Shape:
    return {table.name: (table.key, frozenset(table.columns)) for table in tables_of(source.engine)}


def test_the_list_has_every_table_key_and_column_of_sqlite(source: Store, tmp_path: Path) -> None:
    shape: Shape = {}
    with closing(sqlite3.connect(tmp_path / "quotabot.db")) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in set(names) - MIGRATIONS - LEFT_OUT:
            columns = file.execute(f"PRAGMA table_info({name})").fetchall()
            key = sorted((column[5], column[1]) for column in columns if column[5])
            shape[name] = tuple(column for _, column in key), frozenset(column[1] for column in columns)

    assert set(names) >= LEFT_OUT
    assert listed(source) == shape


def test_the_list_has_every_table_key_and_column_of_postgresql(
    source: Store, target: Store, postgres_url: str
) -> None:
    columns = seen(
        postgres_url,
        "SELECT table_name, column_name, is_identity FROM information_schema.columns "
        "WHERE table_schema = 'public'",
    )
    keys = seen(
        postgres_url,
        "SELECT table_name, column_name FROM information_schema.key_column_usage "
        "JOIN information_schema.table_constraints USING (constraint_name, table_name) "
        "WHERE constraint_type = 'PRIMARY KEY' ORDER BY table_name, ordinal_position",
    )
    names = {name for name, _, _ in columns} - MIGRATIONS - LEFT_OUT
    shape: Shape = {
        name: (
            tuple(column for table, column in keys if table == name),
            frozenset(column for table, column, _ in columns if table == name),
        )
        for name in names
    }

    assert listed(source) == shape
    assert {(table.name, table.key[0]) for table in tables_of(source.engine) if table.numbered} == {
        (name, column) for name, column, identity in columns if identity == "YES"
    }


# --- the copy ---


def test_an_empty_installation_is_copied(source: Store, target: Store) -> None:
    compared = copied(source, target)

    assert all(table.equal for table in compared)
    assert {table.table: table.target.rows for table in compared if table.target.rows} == {"marks": 2}


def test_a_day_of_history_arrives_whole(lived: Store, target: Store) -> None:
    before = content(lived, lived)

    compared = copied(lived, target)

    after = content(lived, lived)
    assert all(table.equal for table in compared)
    assert content(target, lived) == after
    assert all(after.values())  # the day left something in every table
    assert {name: rows for name, rows in after.items() if rows != before[name]}.keys() == {"marks"}
    assert {row["name"] for row in after["marks"]} - {row["name"] for row in before["marks"]} == {
        "installation"
    }
    assert NOT_TEXT in {row["body"] for row in after["inbox"]}
    assert target.outbox.by_key("progress:2026-11-23:员工0")["receipt"] == '{"errmsg": "成功"}'  # type: ignore[index]  # it is there


def test_leases_stay_with_their_processes(lived: Store, target: Store) -> None:
    copied(lived, target)

    assert lived.leases.get("delivery", now=0) is not None
    assert target.leases.get("delivery", now=0) is None


def test_the_target_numbers_on_after_the_copied_rows(lived: Store, target: Store) -> None:
    newest = lived.inbox.newest()
    copied(lived, target)
    put_events(target, [contact(99_999)])

    assert target.inbox.newest() == newest + 1


def test_a_complete_copy_is_compared_again_and_never_written_to(
    lived: Store, target: Store, postgres_url: str
) -> None:
    copied(lived, target)
    tampered(postgres_url, "DELETE FROM outages")

    assert [table.table for table in copied(lived, target) if not table.equal] == ["outages"]
    assert seen(postgres_url, "SELECT COUNT(*) FROM outages") == [(0,)]


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        pytest.param("UPDATE inbox SET body = body || 'x' WHERE seq = 3", "inbox", id="one byte more"),
        pytest.param("DELETE FROM outbox WHERE seq = 2", "outbox", id="a row less"),
        pytest.param(
            "INSERT INTO outages VALUES (1, 2, 'down', 'x')", "outages", id="a row more, before the others"
        ),
        pytest.param("UPDATE outbox SET time_shift = 0 WHERE seq = 2", "outbox", id="zero for nothing"),
        pytest.param(
            "UPDATE marks SET value = value || ' ' WHERE name = 'installation'", "marks", id="a mark"
        ),
    ],
)
def test_a_target_that_was_tampered_with_is_told(
    lived: Store, target: Store, postgres_url: str, statement: str, table: str
) -> None:
    copied(lived, target)
    tampered(postgres_url, statement)

    assert [one.table for one in copied(lived, target) if not one.equal] == [table]


def test_a_copy_that_breaks_off_goes_on_after_the_last_row_that_arrived(lived: Store, target: Store) -> None:
    class BrokenOffError(Exception):
        pass

    told: list[tuple[str, int, int]] = []

    def tell(step: str, done: int, total: int) -> None:
        told.append((step, done, total))
        if done >= CHUNK and len(told) < 3:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        copy.copy(lived.engine, target.engine, tell=tell)
    arrived = len(content(target, lived)["inbox"])
    told.clear()
    told += [("", 0, 0)] * 3  # it does not break again
    compared = copy.copy(lived.engine, target.engine, tell=tell)

    assert arrived == CHUNK
    assert told[3][:2] == ("copying", CHUNK)
    assert all(done <= total for _, done, total in told)
    assert [one for one in told if one[0] == "copying"][-1][1] == told[3][2]  # it ended with all of them
    assert all(table.equal for table in compared)
    assert content(target, lived) == content(lived, lived)


def test_a_target_that_is_in_use_is_refused_and_left_alone(source: Store, target: Store) -> None:
    target.marks.put("receiving", "1")

    with pytest.raises(StoreError, match="not empty"):
        copied(source, target)
    assert target.marks.get("copied_from") is None


def test_a_copy_of_another_installation_is_refused(source: Store, target: Store, tmp_path: Path) -> None:
    copied(source, target)
    other = Store(tmp_path / "other.db")
    with closing(other), pytest.raises(StoreError, match="another installation"):
        copied(other, target)


def test_other_writers_wait_while_the_source_is_copied(source: Store, target: Store, tmp_path: Path) -> None:
    """What they wrote behind the copy's back would be left behind."""
    refused: list[bool] = []

    def tell(*_: object) -> None:
        with closing(sqlite3.connect(tmp_path / "quotabot.db", timeout=0)) as other:
            try:
                other.execute("DELETE FROM marks")
            except sqlite3.OperationalError:
                refused.append(True)
            else:
                refused.append(False)

    copy.copy(source.engine, target.engine, tell=tell)

    assert refused
    assert all(refused)


def test_few_rows_are_in_memory_at_a_time(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_events(source, [contact(number) for number in range(3 * CHUNK)])
    sizes: list[int] = []
    read = SqliteEngine.all

    def watched(engine: Engine, name: str, /, **values: object) -> list[dict[str, object]]:
        rows = read(engine, name, **values)  # type: ignore[arg-type]  # it is the engine that was patched
        sizes.append(len(rows))
        return rows

    monkeypatch.setattr(SqliteEngine, "all", watched)
    copied(source, target)

    assert max(sizes) == CHUNK


# --- the form in which rows are compared ---

VALUES = st.lists(st.one_of(st.none(), st.integers(), st.text(), st.binary()), max_size=4)


@given(VALUES, VALUES)
def test_different_rows_never_look_the_same(one: Sequence[object], other: Sequence[object]) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(["ab", "c"], ["a", "bc"], id="where one value ends"),
        pytest.param([None], [""], id="nothing is not an empty text"),
        pytest.param(["1"], [1], id="a number is not its digits"),
        pytest.param(["a"], [b"a"], id="text is not bytes"),
        pytest.param([1.5], [2], id="what no column is made for"),
        pytest.param(["t1:a"], ["a"], id="a text that looks like the form itself"),
    ],
)
def test_rows_that_are_easily_mixed_up_are_told_apart(one: list[object], other: list[object]) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("options", ["", "TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"])
def test_keys_have_the_same_order_on_both_sides(
    source: Store, new_database: Callable[..., str], options: str
) -> None:
    for number, name in enumerate(["a", "B", "é", "员工", "𠮷", "ﬀ", "a b", "_", ""]):
        source.tokens.put(name, token=str(number), expires_at=number)
    target = Store(new_database(options))
    with closing(target):
        assert all(table.equal for table in copied(source, target))
