"""The data map knows every column of both engines, and its page in each language is made from it."""

from __future__ import annotations

import os
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from builders.docs import LANGUAGES, ROOT, path_of

from bot.store.data_map import Holds, data_map, page
from bot.store.store import Store

MAPPED = {(table.name, column.name) for table in data_map().values() for column in table.columns}


def test_no_column_of_sqlite_is_missing_and_none_is_left_over(tmp_path: Path) -> None:
    Store(tmp_path / "bot.db").close()
    listed = """
        SELECT tables.name, columns.name
          FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table' AND tables.name NOT IN ('_sqlite_migrations', 'sqlite_sequence')
    """
    with closing(sqlite3.connect(tmp_path / "bot.db")) as connection:
        found = set(connection.execute(listed))

    assert found == MAPPED


def test_no_column_of_postgresql_is_missing_and_none_is_left_over(store_url: str) -> None:
    listed = """
        SELECT table_name, column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> 'migrations'
    """
    with psycopg.connect(store_url) as connection:
        found = set(connection.execute(listed))

    assert found == MAPPED


def test_every_table_says_what_why_how_long_and_who() -> None:
    for table in data_map().values():
        assert all((table.what, table.why, table.kept, table.seen)), table.name
        assert all(column.what for column in table.columns), table.name


@pytest.mark.parametrize(
    ("named", "holds"),
    [
        ("userid", {Holds.USERID}),
        ("external_userid", {Holds.CUSTOMER}),
        ("at", {Holds.MOMENT, Holds.REAL}),
    ],
)
def test_a_column_is_of_the_class_that_its_name_says(named: str, holds: set[Holds]) -> None:
    found = {
        (table.name, column.name): column.holds
        for table in data_map().values()
        for column in table.columns
        if column.name == named
    }

    assert found
    assert set(found.values()) == holds


def test_no_secret_is_in_a_table_that_is_exported() -> None:
    assert [table.name for table in data_map().values() if table.exported and table.names(Holds.SECRET)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_made_from_the_map(language: str) -> None:
    written = path_of("data-map", language)
    if os.environ.get("REWRITE_SNAPSHOTS"):
        written.write_text(page(language), encoding="utf-8")

    assert written.read_text(encoding="utf-8") == page(language)


def test_no_translation_is_left_over() -> None:
    text = (ROOT / "bot" / "store" / "data_map.zh-CN.toml").read_text(encoding="utf-8")
    map_and_page = page("en") + (ROOT / "bot" / "store" / "data_map.py").read_text(encoding="utf-8")

    left = [english for english in tomllib.loads(text) if not _stands(english, map_and_page)]

    assert left == []


def _stands(sentence: str, text: str) -> bool:
    """Return whether the page says the sentence; what a table holds begins with a capital letter there."""
    return sentence in text or f"{sentence[0].upper()}{sentence[1:]}" in text
