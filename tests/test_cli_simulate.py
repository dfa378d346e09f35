"""`quotabot simulate`: a page for a head of HR, JSON for programs, a spreadsheet for both."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
from pathlib import Path

import pytest
from builders.e2e import (
    COMMAND,
    QUOTA,
    ROOT,
    FakeTime,
    Quotabot,
    add_customers,
    at,
    command_here,
    installation,
    write_config,
    write_roster,
)
from builders.spreadsheet import read_back

RULES = QUOTA.replace("50", "3") + "penalty = { flat = 300 }\n"
MILDER = RULES.replace("target = 3", "target = 2")
ANOTHER = MILDER.replace("cm-monthly", "other").replace("target", "departments = [1]\ntarget")
DAYS = ("--from", "2026-11-01", "--to", "2026-11-30")


def build(folder: Path, monkeypatch: pytest.MonkeyPatch, *, quotas: str = RULES) -> Path:
    """zhang has 3 of 3, li 2, wang none; it is December and November is settled."""
    write_roster(
        folder,
        "zhang,员工甲,1,客户经理,,,,",
        "li,员工乙,1,客户经理,,,,",
        "wang,[red]员工丙,1,客户经理,,,,",
    )
    path = write_config(folder, quotas=quotas)
    clock = FakeTime(at("2026-11-01T08:00"))
    with installation(path, clock) as services:
        add_customers(services, "zhang", *(at(f"2026-11-{day:02d}T10:00") for day in (3, 4, 5)))
        add_customers(services, "li", *(at(f"2026-11-{day:02d}T10:00") for day in (3, 4)))
    clock.set("2026-12-09T10:00")
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: clock)
    monkeypatch.setenv("QUOTABOT_CONFIG", str(path))
    return path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "other.toml").write_text(MILDER, encoding="utf-8")
    return build(tmp_path, monkeypatch)


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def other(config: Path) -> str:
    return str(config.parent / "other.toml")


def in_english(config: Path) -> None:
    write_config(config.parent, quotas=RULES, more='[locale]\nlanguage = "en"\n')


def test_json_has_both_sides_of_everybody_and_their_sums(quotabot: Quotabot, other: str) -> None:
    done = quotabot("simulate", "--quotas", other, *DAYS, "--format", "json")

    report = done.json()
    assert (done.code, done.err) == (0, "")
    (period,) = report.pop("quotas")
    assert report == {
        "from": "2026-11-01",
        "to": "2026-11-30",
        "as_of": "2026-12-09T10:00:00+08:00",
        "recorded_from": "2026-11-03",
        "money": "estimate",
    }
    people = period.pop("people")
    assert period == {
        "quota": "cm-monthly",
        "called": None,
        "period": "2026-11",
        "period_start": "2026-11-01",
        "period_end": "2026-11-30",
        "as_of": "2026-12-01T00:00:00+08:00",
        "settled": True,
        "was": {
            "people": 3,
            "met": 1,
            "target": 9,
            "counted": 5,
            "pending": 0,
            "attainment": 0.56,
            "kept_90": None,
            "penalty": 600,
            "reward": None,
            "penalty_rule": "未达标 300 元",
            "reward_rule": None,
        },
        "would_be": {
            "people": 3,
            "met": 2,
            "target": 6,
            "counted": 5,
            "pending": 0,
            "attainment": 0.67,
            "kept_90": None,
            "penalty": 300,
            "reward": None,
            "penalty_rule": "未达标 300 元",
            "reward_rule": None,
        },
    }
    assert [(person["userid"], person["changes_status"]) for person in people] == [
        ("li", True),
        ("wang", False),
        ("zhang", False),
    ]
    assert people[0] == {
        "userid": "li",
        "was": {
            "target": 3,
            "counted": 2,
            "pending": 0,
            "attainment": 0.67,
            "kept_90": None,
            "status": "missed",
            "penalty": 300,
            "reward": None,
        },
        "would_be": {
            "target": 2,
            "counted": 2,
            "pending": 0,
            "attainment": 1.0,
            "kept_90": None,
            "status": "met",
            "penalty": 0,
            "reward": None,
        },
        "changes_status": True,
    }


def test_json_has_null_for_a_side_without_the_quota(quotabot: Quotabot, config: Path, other: str) -> None:
    Path(other).write_text(ANOTHER, encoding="utf-8")

    report = quotabot("simulate", "--quotas", other, *DAYS, "--format", "json").json()

    told = [(one["quota"], one["was"] is None, one["would_be"] is None) for one in report["quotas"]]
    assert told == [("cm-monthly", False, True), ("other", True, False)]
    assert [person["changes_status"] for one in report["quotas"] for person in one["people"]] == [False] * 6


def test_the_page_says_in_chinese_who_meets_the_target_before_and_after(
    quotabot: Quotabot, other: str
) -> None:
    page = quotabot("simulate", "--quotas", other, *DAYS).out

    assert page.splitlines()[0] == "如果换一套规则：2026-11-01 至 2026-11-30"
    assert "cm-monthly · 2026-11（2026-11-01 至 2026-11-30，已结算）" in page
    assert "  记录从 2026-11-03 才开始，本期不完整" in page.splitlines()
    assert "1/3 → 2/3 人达标；1 人变为达标" in page
    assert "规则变化：目标：3 → 2" in page
    assert "达成率 56% → 67%（每人最多按 100% 计），计入 5，目标 9 → 6，近 90 天留存 –" in page
    assert "扣减合计（估算）600 → 300 元，规则：未达标 300 元" in page
    assert "其余 2 人：状态、扣减、奖励不变" in page


def test_the_page_says_the_same_in_english(quotabot: Quotabot, config: Path, other: str) -> None:
    in_english(config)

    page = quotabot("simulate", "--quotas", other, *DAYS).out

    assert page.splitlines()[0] == "What other rules would have given: 2026-11-01 to 2026-11-30"
    assert "cm-monthly · 2026-11 (2026-11-01 to 2026-11-30, settled)" in page
    assert "  incomplete: the record begins on 2026-11-03" in page.splitlines()
    assert "1/3 → 2/3 met the target; 1 more meet it" not in page
    assert "1/3 → 2/3 met the target; 1 more meets it" in page
    assert "What differs: target: 3 → 2" in page
    assert "Penalties in all (estimate) 600 → 300 yuan, rule: 300 yuan when missed" in page
    assert "2 others: same status, penalty and reward" in page


def lines_of(page: str, *names: str) -> list[str]:
    return [line.split()[0] for line in page.splitlines() if any(name in line for name in names)]


def test_only_those_who_change_are_listed_unless_all_are_asked_for(quotabot: Quotabot, other: str) -> None:
    people = ("员工甲", "员工乙", "员工丙")
    some = quotabot("simulate", "--quotas", other, *DAYS).out
    everybody = quotabot("simulate", "--quotas", other, *DAYS, "--all").out

    assert lines_of(some, *people) == ["员工乙"]
    # Who changes comes first; a name is no markup.
    assert lines_of(everybody, *people) == ["员工乙", "[red]员工丙", "员工甲"]
    assert "其余" not in everybody


def test_money_is_called_an_estimate_wherever_it_stands(quotabot: Quotabot, other: str) -> None:
    page = quotabot("simulate", "--quotas", other, *DAYS).out

    lines = [line for line in page.splitlines() if "扣减" in line and "不变" not in line]
    assert len(lines) == 3
    assert [line for line in lines if "估算" not in line] == []


def test_nothing_is_said_of_money_where_no_rule_has_any(
    quotabot: Quotabot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, penalty = tmp_path / "free", "penalty = { flat = 300 }\n"
    folder.mkdir()
    build(folder, monkeypatch, quotas=RULES.replace(penalty, ""))
    (folder / "other.toml").write_text(MILDER.replace(penalty, ""), encoding="utf-8")

    page = quotabot("simulate", "--quotas", str(folder / "other.toml"), *DAYS).out

    assert "1/3 → 2/3 人达标" in page
    assert "估算" not in page


def test_a_running_period_says_as_of_when_it_is_simulated(quotabot: Quotabot, other: str) -> None:
    page = quotabot("simulate", "--quotas", other, "--from", "2026-12-01", "--to", "2026-12-31").out

    assert "2026-12-31，进行中，截至 2026-12-09 10:00）" in page
    assert "尚无最终结果：达标和金额只按此刻已计入的算，另有待确认 0" in page


@pytest.mark.parametrize(
    ("to", "said"),
    [
        pytest.param("2026-11-29", "没有可推算的周期", id="no period ends in these days"),
        pytest.param("2026-11-30", "记录从 2026-11-03 开始", id="the record begins after the first day"),
    ],
)
def test_the_page_says_what_it_cannot_know(quotabot: Quotabot, other: str, to: str, said: str) -> None:
    assert said in quotabot("simulate", "--quotas", other, "--from", "2026-11-01", "--to", to).out


def test_a_quota_on_one_side_only_is_a_table_of_its_periods(
    quotabot: Quotabot, config: Path, other: str
) -> None:
    Path(other).write_text(ANOTHER, encoding="utf-8")

    page = quotabot("simulate", "--quotas", other, *DAYS).out

    assert "cm-monthly：只在现行规则中" in page
    assert "other：只在模拟规则中" in page
    assert [line.split()[:3] for line in page.splitlines() if line.startswith("  2026-11")] == [
        ["2026-11", "1/3", "56%"],
        ["2026-11", "2/3", "67%"],
    ]


def test_a_quota_with_nobody_under_it_is_a_slip_of_the_pen_and_said(quotabot: Quotabot, other: str) -> None:
    Path(other).write_text(MILDER.replace("客户经理", "客户经里"), encoding="utf-8")

    page = quotabot("simulate", "--quotas", other, *DAYS).out

    assert "模拟规则下没有人适用这项指标" in page
    assert "1/3 → 0/0 人达标；1 人不再达标" in page
    (li,) = [line for line in page.splitlines() if "员工乙" in line]
    assert " ".join(li.split()) == "员工乙 li 2 → – 3 → – 67% → – – 未达标 → – 300 → –"


def test_days_on_which_nobody_is_asked_are_only_counted(quotabot: Quotabot, other: str) -> None:
    daily = MILDER.replace('"month"', '"day"').replace("cm-monthly", "daily")
    Path(other).write_text(daily, encoding="utf-8")

    page = quotabot("simulate", "--quotas", other, "--from", "2026-11-02", "--to", "2026-11-08").out

    assert [line.split()[0] for line in page.splitlines() if line.startswith("  2026-11")] == [
        "2026-11-03",
        "2026-11-04",
        "2026-11-05",
        "2026-11-06",
    ]
    assert "另有 2 个周期无人考核" in page


def test_the_store_is_as_before(quotabot: Quotabot, config: Path, other: str) -> None:
    quotabot("progress")  # notes under which [ledger] was derived, as every command does
    before = dump(config)
    quotabot("simulate", "--quotas", other, *DAYS)

    assert dump(config) == before


def dump(config: Path) -> list[str]:
    connection = sqlite3.connect(config.parent / "quotabot.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_the_spreadsheet_has_sums_and_people_with_both_sides(quotabot: Quotabot, other: str) -> None:
    file = Path(other).with_name("other.xlsx")
    done = quotabot("simulate", "--quotas", other, *DAYS, "--format", "xlsx", "--output", str(file))

    sums, people = read_back(file.read_bytes())
    assert (done.code, done.out) == (0, "")
    assert (sums.name, people.name) == ("汇总", "人员")
    assert "估算" in sums.row(3)[0]
    assert dict(zip(sums.row(4), sums.row(5), strict=False))["周期情况"].startswith("已结算")
    assert sums.row(5)[5:9] == ["3", "3", "1", "2"]  # people and those who met it, each before and after
    assert people.row(4)[6:11] == ["状态变化", "现行 已计入", "模拟 已计入", "现行 待确认", "模拟 待确认"]
    assert [people.row(number)[4:7] for number in (5, 6, 7)] == [
        ["li", "员工乙", "是"],
        ["wang", "[red]员工丙", "否"],
        ["zhang", "员工甲", "否"],
    ]


@pytest.mark.parametrize("form", ["table", "json"])
def test_output_goes_into_a_file_and_nowhere_else(quotabot: Quotabot, other: str, form: str) -> None:
    file = Path(other).with_name("report")
    told = quotabot("simulate", "--quotas", other, *DAYS, "--format", form).out
    done = quotabot("simulate", "--quotas", other, *DAYS, "--format", form, "--output", str(file))

    assert (done.code, done.out) == (0, "")
    assert file.read_text(encoding="utf-8") == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(RULES.replace("target = 3", "target = -1"), "不能小于 0", id="a wrong value"),
        pytest.param("[[quotas", "不是 TOML：文件结尾处", id="no TOML"),
        pytest.param("", "quotas：必须填写", id="no quotas"),
    ],
)
def test_a_faulty_file_is_said_as_a_configuration_is_and_ends_with_2(
    quotabot: Quotabot, other: str, text: str, said: str
) -> None:
    Path(other).write_text(text, encoding="utf-8")

    done = quotabot("simulate", "--quotas", other, *DAYS)

    assert (done.code, done.out) == (2, "")
    assert f"{other}：" in done.err
    assert said in done.err


@pytest.mark.parametrize(
    ("days", "said"),
    [
        pytest.param(("--from", "2026-11-30", "--to", "2026-11-01"), "--to", id="backwards"),
        pytest.param(("--from", "2026-11", "--to", "2026-11-30"), "--from", id="no day"),
        pytest.param(("--from", "2026-11-01"), "--to", id="no last day"),
    ],
)
def test_wrong_days_are_one_sentence_and_2(
    quotabot: Quotabot, other: str, days: tuple[str, ...], said: str
) -> None:
    done = quotabot("simulate", "--quotas", other, *days)

    assert done.code == 2
    assert said in done.err


def run(*arguments: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["simulate", "progress"])
def test_a_spreadsheet_goes_into_a_pipe_but_not_onto_a_terminal(
    config: Path, other: str, command: str
) -> None:
    own = ("--quotas", other, *DAYS) if command == "simulate" else ("--at", "2026-11-30T12:00")
    arguments = (command, "--config", str(config), *own, "--format", "xlsx")
    piped = run(*arguments, stdout=subprocess.PIPE)
    ours, theirs = pty.openpty()
    try:
        shown = run(*arguments, stdout=theirs)
    finally:
        os.close(theirs)
        os.close(ours)

    assert (piped.returncode, piped.stderr) == (0, b"")
    assert len(read_back(piped.stdout)) == (2 if command == "simulate" else 1)
    assert shown.returncode == 2
    assert b"--output" in shown.stderr
