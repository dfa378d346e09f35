"""Stores of released versions open in this one with the same figures; older programs refuse newer stores.

tests/stores/NAME.db.gz was made by the release or commit NAME: `quotabot demo --tour`, then `run close` of
the month. Add one with each release that has a new step of the schema.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from builders.config import ENVIRON, WECOM
from builders.copy import Quotabot, command_here

from bot.app.bootstrap import open_services
from bot.config import load
from bot.features.close import proof
from bot.store.engine import StoreError
from bot.store.queries import steps
from bot.store.store import Store

STORES = Path(__file__).parent / "stores"
RELEASES = sorted(file.name.removesuffix(".db.gz") for file in STORES.glob("*.db.gz"))
RULES = """
[directory]
source = "csv"
departments = "departments.csv"
[[quotas]]
id = "cm-monthly"
roles = ["客户经理"]
period = "month"
target = 50
penalty = { flat = 300 }
[quotas.counting]
keep_days = 7
exclude_add_ways = [201, 202]
[integrity]
shared_by = 5
burst = { adds = 15, minutes = 10 }
quick_loss = { rate = 0.3, min_adds = 10 }
"""


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    return command_here(capsys, monkeypatch)


def unpacked(folder: Path, release: str) -> Path:
    """The store of *release* beside a configuration of the demo."""
    for name in ("roster.csv", "departments.csv"):
        shutil.copy(STORES / name, folder / name)
    with gzip.open(STORES / f"{release}.db.gz") as packed, (folder / "quotabot.db").open("wb") as store:
        shutil.copyfileobj(packed, store)
    config = folder / "config.toml"
    config.write_text(WECOM + '[store]\nurl = "sqlite:///quotabot.db"\n' + RULES, encoding="utf-8")
    return config


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY name")]


def counts(path: Path) -> dict[str, int]:
    tables = ("relation_events", "adds", "details", "results", "audit", "members", "outbox", "inbox")
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.mark.parametrize("release", RELEASES)
def test_a_store_of_a_released_version_opens_with_every_row_and_no_difference(
    tmp_path: Path, quotabot: Quotabot, release: str
) -> None:
    config = unpacked(tmp_path, release)
    before = counts(tmp_path / "quotabot.db")
    assert set(names(tmp_path / "quotabot.db")) < {step.name for step in steps("sqlite")}
    told = ("--config", str(config))
    checked = quotabot("replay", "--check", "--format", "json", *told)
    report = json.loads(checked.out)

    assert (checked.code, report["differences"]["count"]) == (0, 0), checked.err
    assert report["relations"] > 400
    assert names(tmp_path / "quotabot.db") == sorted(step.name for step in steps("sqlite"))
    assert counts(tmp_path / "quotabot.db") == before
    assert min(before.values()) > 0


@pytest.mark.parametrize("release", RELEASES)
def test_check_does_not_take_an_older_store_for_one_that_was_never_used(
    tmp_path: Path, quotabot: Quotabot, release: str
) -> None:
    config = unpacked(tmp_path, release)
    before = names(tmp_path / "quotabot.db")

    checked = quotabot("check", "--config", str(config))

    assert checked.code == 0, checked.err
    assert "数据是旧版本写的，这次没有读" in checked.err
    assert names(tmp_path / "quotabot.db") == before


@pytest.mark.parametrize("release", RELEASES)
def test_its_closed_results_and_audit_log_are_whole_and_its_figures_are_shown(
    tmp_path: Path, quotabot: Quotabot, release: str
) -> None:
    config = unpacked(tmp_path, release)
    told = ("--config", str(config))
    shown = quotabot("progress", "--period", "2026-11", "--at", "2026-12-09T09:00", "--format", "csv", *told)
    with open_services(load(config, environ=ENVIRON)) as services:
        faults, broken = proof.find_faults(services.store), services.store.audit.broken_at()
        lines = services.store.results.newest("cm-monthly", "2026-11")

    assert (faults, broken) == ([], None)
    assert len(lines) == 12
    assert len(shown.out.splitlines()) == 13, shown.err


@pytest.mark.parametrize("release", RELEASES)
def test_it_can_be_backed_up_restored_and_purged(tmp_path: Path, quotabot: Quotabot, release: str) -> None:
    told = ("--config", str(unpacked(tmp_path, release)))
    kept = tmp_path / "kept.db"
    codes = [
        quotabot(*command, *told).code
        for command in (
            ("backup", str(kept)),
            ("restore", str(kept), "--replace"),
            ("run", "purge", "--at", "2029-01-01T03:41"),
            ("replay", "--check"),
        )
    ]

    assert codes == [0, 0, 0, 0]


def test_an_older_program_refuses_a_newer_store_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "quotabot.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('quotabot', ?, '')",
            ("9999_later",),
        )
        connection.commit()
    before = names(path)
    with pytest.raises(StoreError, match="made by a newer version"):
        Store(path)

    assert names(path) == before


def test_an_older_program_refuses_a_newer_database(store_url: str) -> None:
    with closing(Store(store_url)) as store:
        store.engine.learn("-- name: later()!\nINSERT INTO migrations VALUES ('9999_later', 0);")
        store.engine.learn("-- name: not_later()!\nDELETE FROM migrations WHERE name = '9999_later';")
        store.engine.run("later")
        with pytest.raises(StoreError, match="made by a newer version"):
            Store(store_url)
        store.engine.run("not_later")
