"""`quotabot progress` for HR: money, departments, spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from builders.e2e import (
    QUOTA,
    FakeTime,
    Quotabot,
    add_customers,
    at,
    command_here,
    installation,
    write_config,
    write_roster,
)
from builders.progress import WEEKLY, WHEN, two_teams
from builders.spreadsheet import read_back

from bot.core.progress import QuotaFigures
from bot.messages.catalog import texts_in

KEYS = list(QuotaFigures.__dataclass_fields__)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return two_teams(tmp_path)


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path) -> Quotabot:
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))
    return command_here(capsys, monkeypatch)


# --- money ---

PAID = WEEKLY + QUOTA + "penalty = { flat = 300 }\nreward = { top = [500] , min_attainment = 0 }\n"


@pytest.fixture
def paid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "paid"
    folder.mkdir()
    write_roster(folder, "zhang,员工甲,11,客户经理,,,,", "li,员工乙,12,客户经理,,,,")
    path = write_config(folder, quotas=PAID)
    with installation(path, FakeTime(at("2026-11-23T08:00"))) as services:
        add_customers(services, "zhang", at("2026-11-02T10:00"))
    monkeypatch.setenv("QUOTABOT_CONFIG", str(path))
    return path


def money(quotabot: Quotabot, *arguments: str) -> dict[str, tuple[int | None, int | None]]:
    report = quotabot("progress", *arguments, "--quota", "cm-monthly", "--format", "json").json()
    return {row["userid"]: (row["penalty"], row["reward"]) for row in report["rows"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(WHEN, {"li": (None, None), "zhang": (None, None)}, id="running"),
        pytest.param((*WHEN, "--money"), {"li": (300, 0), "zhang": (300, 500)}, id="running, for HR"),
        pytest.param(
            ("--at", "2026-12-01T00:00", "--period", "2026-11"),
            {"li": (300, 0), "zhang": (300, 500)},
            id="settled",
        ),
    ],
)
def test_money_is_null_before_settlement_unless_asked_for(
    quotabot: Quotabot,
    paid: Path,
    arguments: tuple[str, ...],
    expected: dict[str, tuple[int | None, int | None]],
) -> None:
    assert money(quotabot, *arguments) == expected


def test_a_quota_without_such_a_rule_has_no_money(quotabot: Quotabot, paid: Path) -> None:
    report = quotabot("progress", *WHEN, "--money", "--quota", "weekly", "--format", "json").json()

    assert {(row["penalty"], row["reward"]) for row in report["rows"]} == {(None, None)}


@pytest.mark.parametrize(
    ("language", "penalty", "note"),
    [
        pytest.param("zh-CN", "扣减(估算)", "扣减和奖励均为估算", id="zh-CN"),
        pytest.param("en", "penalty (est.)", "Penalties and rewards are estimates", id="en"),
    ],
)
def test_the_table_shows_money_as_an_estimate_and_only_when_asked_for(
    quotabot: Quotabot, paid: Path, language: str, penalty: str, note: str
) -> None:
    write_config(paid.parent, quotas=PAID, more=f'[locale]\nlanguage = "{language}"\n')

    asked, not_asked = quotabot("progress", *WHEN, "--money").out, quotabot("progress", *WHEN).out

    assert [words for words in (penalty, note, "500") if words not in asked] == []
    assert [words for words in (penalty, note, "500") if words in not_asked] == []


# --- teams ---


def test_teams_stand_beside_the_rows_only_when_asked_for(quotabot: Quotabot) -> None:
    report = quotabot("progress", *WHEN, "--teams", "--format", "json").json()

    assert list(report) == ["as_of", "complete", "incomplete_because", "rows", "teams"]
    assert report["teams"][-3] == {
        "quota": "cm-monthly",
        "period": "2026-11",
        "department": 1,
        "people": 2,
        "attainment": 0.02,
        "median": 0.02,
        "kept_90": None,
    }
    assert "teams" not in quotabot("progress", *WHEN, "--format", "json").json()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        pytest.param((), [("weekly", 1), ("weekly", 11), ("weekly", 12)], id="of each quota"),
        pytest.param(("--department", "12"), [("weekly", 12)], id="in a department"),
        pytest.param(
            ("--user", "zhang"), [("weekly", 1), ("weekly", 11), ("weekly", 12)], id="whole ones, not a user"
        ),
    ],
)
def test_teams_can_be_chosen_and_are_never_cut_to_a_person(
    quotabot: Quotabot, arguments: tuple[str, ...], found: list[tuple[str, int]]
) -> None:
    report = quotabot(
        "progress", *WHEN, "--quota", "weekly", "--teams", *arguments, "--format", "json"
    ).json()

    assert [(team["quota"], team["department"]) for team in report["teams"]] == found


def test_csv_of_teams_has_the_teams_alone(quotabot: Quotabot) -> None:
    lines = list(csv.DictReader(io.StringIO(quotabot("progress", *WHEN, "--teams", "--format", "csv").out)))
    report = quotabot("progress", *WHEN, "--teams", "--format", "json").json()

    assert list(lines[0]) == list(report["teams"][0])
    assert lines == [{key: _cell(value) for key, value in team.items()} for team in report["teams"]]


def test_the_table_of_teams_names_departments(quotabot: Quotabot) -> None:
    out = quotabot("progress", *WHEN, "--teams").out

    assert "cm-monthly · 2026-11 · 各部门（含下级）" in out
    assert [name for name in ("1 支行", "11 一部", "12 二部") if name not in out] == []


# --- spreadsheet ---


def test_the_spreadsheet_has_all_keys_and_the_name_in_their_order(quotabot: Quotabot, tmp_path: Path) -> None:
    file = tmp_path / "out.xlsx"
    done = quotabot("progress", *WHEN, "--teams", "--format", "xlsx", "--output", str(file))

    rows, teams = read_back(file.read_bytes())
    columns = texts_in("zh-CN").table("tables.columns")

    assert (done.code, done.out) == (0, "")
    assert (rows.name, teams.name) == ("进度", "部门")
    assert rows.row(1) == ["进度 · 截至 2026-11-23 12:00"]
    assert rows.row(3) == [columns[key] for key in ("quota", "userid", "name", *KEYS[2:])]
    assert rows.row(7)[:11] == [
        *("cm-monthly", "zhang", "员工甲", "11 一部", "客户经理", "2026-11"),
        *("46327", "46356", "50", "2", "0"),  # days as Excel counts them
    ]
    assert teams.row(3) == ["指标", "周期", "部门", "考核人数", "达成率", "中位数", "近90天留存"]
    assert teams.row(7) == ["cm-monthly", "2026-11", "1 支行", "2", "0.02", "0.02"]


def test_a_name_that_looks_like_a_formula_stays_a_name(quotabot: Quotabot, config: Path) -> None:
    write_roster(config.parent, "zhang,=1+1,11,客户经理,,,,")
    file = config.parent / "out.xlsx"
    quotabot("progress", *WHEN, "--quota", "weekly", "--format", "xlsx", "--output", str(file))

    (rows,) = read_back(file.read_bytes())
    assert "=1+1" in [value for kind, value in rows.cells.values() if kind == "s"]
    assert "<f>" not in rows.xml


def _cell(value: object) -> str:
    return "" if value is None else str(value)
