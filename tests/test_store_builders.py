"""What tests are lent: a copied file is a migrated store, a database that comes back is a new one again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from builders import stores
from builders.service import rows
from builders.stores import Databases, SqliteTemplate

from bot.store.engine import StoreError
from bot.store.sqlite import SqliteEngine
from bot.store.store import Store


def schema(path: Path) -> list[tuple[object, ...]]:
    return list(rows(path, "SELECT type, name, sql FROM sqlite_master ORDER BY name, type"))


def touch(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def made(new_store: Callable[[], str]) -> list[str]:
    return []


@pytest.fixture
def few(
    new_store: Callable[..., str], made: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Databases]:
    """Databases of this test; *made* are the addresses of those that had to be made."""

    def make(options: str) -> str:
        made.append(new_store(options))
        return made[-1]

    monkeypatch.setattr(stores, "_GOODBYE_S", 60.0)  # a busy machine may take its time
    lent = Databases(make)
    yield lent
    lent.close()


def test_a_copy_is_what_the_steps_of_the_schema_make(
    tmp_path: Path, from_scratch: None, sqlite_template: SqliteTemplate
) -> None:
    SqliteEngine(tmp_path / "made.db").close()
    sqlite_template.lay(tmp_path / "copied.db")

    assert schema(tmp_path / "copied.db") == schema(tmp_path / "made.db")
    assert rows(tmp_path / "copied.db", "PRAGMA journal_mode") == [("wal",)]


def test_a_store_that_is_there_is_not_written_over(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    (tmp_path / "bot.db").write_bytes(b"mine")

    sqlite_template.lay(tmp_path / "bot.db")

    assert (tmp_path / "bot.db").read_bytes() == b"mine"


def test_folders_are_made_as_the_engine_makes_them(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    sqlite_template.lay(tmp_path / "var" / "lib" / "bot.db")

    SqliteEngine(tmp_path / "var" / "lib" / "bot.db").close()
    assert (tmp_path / "var" / "lib" / "bot.db").is_file()


def test_a_folder_that_cannot_be_made_is_the_engines_to_tell(
    tmp_path: Path, sqlite_template: SqliteTemplate
) -> None:
    (tmp_path / "file").touch()

    sqlite_template.lay(tmp_path / "file" / "bot.db")

    with pytest.raises(StoreError, match="cannot be opened for writing"):
        Store(tmp_path / "file" / "bot.db")


def test_threads_that_ask_at_once_get_one_file(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    barrier = threading.Barrier(8)

    def lay() -> None:
        barrier.wait()
        sqlite_template.lay(tmp_path / "bot.db")

    threads = [threading.Thread(target=lay) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [path.name for path in tmp_path.iterdir()] == ["bot.db"]
    SqliteEngine(tmp_path / "bot.db").close()


def test_a_database_that_comes_back_is_empty_and_counts_from_1_again(few: Databases, made: list[str]) -> None:
    row = "INSERT INTO inbox (hash, body, received_at) VALUES ('k', '', 0) RETURNING seq"
    for _ in range(3):
        with few.lend() as url:
            store = Store(url)
            store.marks.put("of", "the test before")
            store.close()
            with psycopg.connect(url) as connection:
                assert connection.execute(b"SELECT count(*) FROM marks").fetchone() == (1,)
                assert connection.execute(row.encode()).fetchone() == (1,)

    assert len(made) == 1


def test_whoever_borrows_at_the_same_time_gets_another_one(few: Databases, made: list[str]) -> None:
    with few.lend() as one, few.lend() as other:
        assert one != other

    assert made == [one, other]


def test_each_kind_of_database_is_lent_for_itself(few: Databases, made: list[str]) -> None:
    with few.lend() as plain:
        pass
    with few.lend("TEMPLATE template0") as special:
        assert special != plain


def test_a_database_that_somebody_still_uses_is_not_lent_again(
    few: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_GOODBYE_S", 0.1)
    with few.lend() as url:
        left_open = psycopg.connect(url)

    with few.lend() as next_one:
        assert next_one != url
    left_open.close()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE marks ADD COLUMN more TEXT",
        "DROP INDEX inbox_pending",
        "CREATE TABLE more (x INTEGER)",
        "ALTER TABLE marks ADD CONSTRAINT short CHECK (length(value) < 3)",
    ],
)
def test_a_database_of_another_shape_is_not_lent_again(few: Databases, statement: str) -> None:
    with few.lend() as url:
        touch(url, statement)

    with few.lend() as next_one:
        assert next_one != url
