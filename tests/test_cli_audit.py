"""`quotabot audit`: who did what, and exit code 1 when the chain of entries is broken."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest
from builders.e2e import Quotabot, command_here, write_config, write_roster

from bot.store.store import Store


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    path = write_config(tmp_path, more='[locale]\nlanguage = "en"\n')
    store = Store(tmp_path / "quotabot.db")
    for at, actor in ((1_700_000_000, "HR, Wang"), (1_760_000_000, "=cmd")):
        store.audit.add(at=at, actor=actor, act="sign", subject="cm-monthly", detail={"n": 1})
    store.close()
    return path


def test_people_see_the_acts_and_that_the_chain_is_whole(quotabot: Quotabot, config: Path) -> None:
    done = quotabot("audit", "--config", str(config))

    assert done.code == 0
    assert "HR, Wang" in done.out
    assert "2023-11-15T06:13:20+08:00" in done.out
    assert done.err == "the chain of entries is whole\n"


def test_programs_get_the_same(quotabot: Quotabot, config: Path) -> None:
    report = quotabot("audit", "--config", str(config), "--format", "json").json()
    text = quotabot("audit", "--config", str(config), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text.out)))

    assert report["broken_at"] is None
    assert [(act["seq"], act["actor"], act["detail"]) for act in report["acts"]] == [
        (1, "HR, Wang", {"n": 1}),
        (2, "=cmd", {"n": 1}),
    ]
    assert [row["actor"] for row in rows] == ["HR, Wang", "=cmd"]
    assert "begin with one of = + - @" in text.err


def test_only_acts_since_a_time(quotabot: Quotabot, config: Path) -> None:
    report = quotabot("audit", "--config", str(config), "--since", "2025-01-01", "--format", "json").json()
    wrong = quotabot("audit", "--config", str(config), "--since", "lately")

    assert [act["seq"] for act in report["acts"]] == [2]
    assert wrong.code == 2
    assert "--since" in wrong.err


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE audit SET actor = 'nobody' WHERE seq = 1", id="an entry was changed"),
        pytest.param("DELETE FROM audit WHERE seq = 1", id="an entry was removed"),
    ],
)
def test_a_broken_chain_is_said_and_exits_with_1(quotabot: Quotabot, config: Path, change: str) -> None:
    with sqlite3.connect(config.with_name("quotabot.db")) as connection:
        connection.execute(change)
    connection.close()
    table = quotabot("audit", "--config", str(config), "--since", "2025-01-01")
    report = quotabot("audit", "--config", str(config), "--format", "json")

    assert (table.code, report.code) == (1, 1)
    assert "changed at entry 1" in table.err
    assert report.json()["broken_at"] == 1


def test_without_a_store_it_says_so(quotabot: Quotabot, config: Path) -> None:
    config.with_name("quotabot.db").unlink()
    done = quotabot("audit", "--config", str(config))

    assert done.code == 2
    assert "quotabot.db" in done.err
