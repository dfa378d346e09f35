"""The commands' manners: help, exit codes, one sentence for what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders.e2e import (
    COMMAND,
    MADE_UP_APP,
    ROOT,
    Quotabot,
    command,
    command_here,
    write_config,
    write_roster,
)

from bot.cli import export
from bot.store.store import Store
from bot.store.sync import WHOLE

COMMANDS = [
    (),
    ("check",),
    ("serve",),
    ("run",),
    ("progress",),
    ("explain",),
    ("replay",),
    ("status",),
    ("dead",),
    ("dead", "list"),
    ("dead", "show"),
    ("dead", "retry"),
    ("dead", "drop"),
    ("import",),
    ("import", "absences"),
    ("import", "facts"),
    ("demo",),
]


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path, language="en")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    quotabot: Quotabot, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    done = quotabot(*words, "--help")

    assert done.code == 0
    assert done.out.startswith(f"Usage: quotabot {' '.join(words)}".rstrip())
    assert done.err == ""


def test_the_console_script_is_the_same_program(quotabot: Quotabot) -> None:
    assert command("--version").out == quotabot("--version").out


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("frobnicate",), id="no such command"),
        pytest.param(("run",), id="no job"),
        pytest.param(("run", "lunch"), id="no such job"),
        pytest.param(("run", "progress", "--at", "tomorrow"), id="no time"),
        pytest.param(("progress", "--at", "2026-13-01"), id="no such month"),
        pytest.param(("progress", "--period", "lately"), id="no period"),
        pytest.param(("progress", "--period", "2026-W60"), id="no such week"),
        pytest.param(("progress", "--quota", "unheard"), id="no such quota"),
        pytest.param(("progress", "--format", "pdf"), id="no such format"),
        pytest.param(("serve", "--role", "king"), id="no such role"),
        pytest.param(("dead", "show", "event:x"), id="no id"),
        pytest.param(("dead", "retry"), id="nothing to retry"),
    ],
)
def test_bad_usage_ends_with_2_and_says_why(
    quotabot: Quotabot, config: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))
    Store(config.parent / "quotabot.db").close()
    done = quotabot(*arguments)

    assert done.code == 2
    assert done.out == ""
    assert "Error: " in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words",
    [("check",), ("serve",), ("run", "progress"), ("progress",), ("status",), ("dead", "list")],
    ids=" ".join,
)
def test_a_missing_file_is_one_sentence_and_2(
    quotabot: Quotabot, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = quotabot(*words, "--config", str(tmp_path / "none.toml"))

    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "none.toml" in done.err


@pytest.mark.parametrize(
    "words",
    [("check",), ("serve",), ("run", "progress"), ("progress",), ("status",), ("dead", "list")],
    ids=" ".join,
)
def test_a_missing_roster_is_one_sentence_and_2(
    quotabot: Quotabot, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = quotabot(*words, "--config", str(write_config(tmp_path, language="en")))

    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "roster.csv" in done.err


def test_the_file_can_be_named_in_the_environment(
    quotabot: Quotabot, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))

    assert quotabot("check").code == 0


def test_a_good_file_passes_the_check(quotabot: Quotabot, config: Path) -> None:
    done = quotabot("check", "--config", str(config))

    assert done.code == 0
    assert "no fault" in done.out
    assert json.loads(quotabot("check", "--config", str(config), "--format", "json").out)["ok"] is True


def test_a_bad_file_gets_all_its_faults_at_once(quotabot: Quotabot, config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("agent_id", "agentid").replace('"month"', '"fortnight"')
    config.write_text(text + '[calendar]\nworking_hours = "08:30-23:00"\n', encoding="utf-8")
    done = quotabot("check", "--config", str(config))
    report = quotabot("check", "--config", str(config), "--format", "json")

    assert (done.code, report.code) == (2, 2)
    for key in ("wecom.agentid", "period", "calendar.working_hours"):
        assert key in done.err
        assert any(key in fault for fault in report.json()["faults"])
    assert report.json()["ok"] is False


def test_a_bad_roster_is_a_fault_with_its_line(quotabot: Quotabot, config: Path) -> None:
    write_roster(config.parent, "yg01,员工甲,11,客户经理,,,,", "yg02,员工乙,eleven,客户经理,,,,")
    done = quotabot("check", "--config", str(config))

    assert done.code == 2
    assert "roster.csv" in done.err
    assert "3" in done.err


def test_secrets_are_never_shown(quotabot: Quotabot, config: Path) -> None:
    said = [quotabot(*words, "--config", str(config)) for words in (("check",), ("status",), ("progress",))]
    config.write_text(config.read_text(encoding="utf-8") + "[unknown]\n", encoding="utf-8")
    said.append(quotabot("check", "--config", str(config)))

    for secret in ("secret", "callback_token", "callback_aes_key"):
        assert all(str(MADE_UP_APP[secret]) not in done.out + done.err for done in said)


@pytest.mark.parametrize(
    "words", [("status",), ("dead", "list"), ("progress",), ("run", "progress", "--dry-run")]
)
def test_a_store_that_cannot_be_opened_is_one_sentence_and_2(
    quotabot: Quotabot, config: Path, words: tuple[str, ...]
) -> None:
    (config.parent / "quotabot.db").mkdir()
    done = quotabot(*words, "--config", str(config))

    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "quotabot.db" in done.err


@pytest.mark.parametrize("moment", ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_time_for_which_there_are_no_days_is_bad_usage(
    quotabot: Quotabot, config: Path, moment: str
) -> None:
    Store(config.parent / "quotabot.db").close()
    done = quotabot("progress", "--at", moment, "--config", str(config))

    assert done.code == 2
    assert "is not between 2000 and 2100" in done.err or "lies outside 2000 to 2100" in done.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("demo", "--tour", "--date", "9999-12-31"), id="demo"),
        pytest.param(
            ("simulate", "--quotas", "q.toml", "--from", "0001-01-01", "--to", "2026-11-30"), id="from"
        ),
        pytest.param(
            ("simulate", "--quotas", "q.toml", "--from", "2026-11-01", "--to", "9999-12-31"), id="to"
        ),
        pytest.param(
            ("review", "accept", "joiner:yg01", "--by", "x", "--reason", "y", "--on", "9999-12-31"), id="on"
        ),
    ],
)
def test_a_day_that_nobody_can_count_is_bad_usage(
    quotabot: Quotabot, config: Path, words: tuple[str, ...]
) -> None:
    done = quotabot(*words, *(() if words[0] == "demo" else ("--config", str(config))))

    assert (done.code, done.out) == (2, "")
    assert "2100" in done.err
    assert "Traceback" not in done.err


def test_an_import_needs_no_passwd_entry(
    quotabot: Quotabot, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    leave = config.parent / "leave.csv"
    leave.write_text("userid,from,to\nyg01,2026-11-24,2026-11-25\n", encoding="utf-8")
    done = quotabot("import", "absences", str(leave), "--config", str(config))

    assert done.code == 0
    assert "stored 1 line(s)" in done.out


def test_a_terminal_in_gbk_prints_what_it_can(config: Path) -> None:
    write_roster(config.parent, "yg01,员工😀ᠮ,11,客户经理,,,,")
    Store(config.parent / "quotabot.db").close()
    done = subprocess.run(
        [*COMMAND, "progress", "--config", str(config), "--at", "2026-11-23T09:00"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
    )

    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert "员工?" in done.stdout.decode("gbk")


def test_an_export_has_no_cell_that_a_spreadsheet_would_run(
    quotabot: Quotabot, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(config.parent / "quotabot.db").close()
    lines = [("wm1", "=cmd|' /C calc'!A0", "", "@state", "yg01", "2026-11-23", "")]
    shaped = replace(export._SHAPED["contact-keys"], lines=lambda *_: iter(lines))
    monkeypatch.setitem(export._SHAPED, "contact-keys", shaped)
    done = quotabot("export", "contact-keys", "--config", str(config))

    assert done.code == 0
    assert "'=cmd|' /C calc'!A0" in done.out
    assert ",'@state," in done.out


def test_the_csv_of_progress_warns_of_such_cells_too(quotabot: Quotabot, config: Path) -> None:
    write_roster(config.parent, "zhang,员工甲,1,=1+1,,,,")
    config.write_text(config.read_text(encoding="utf-8").replace("客户经理", "=1+1"), encoding="utf-8")
    Store(config.parent / "quotabot.db").close()
    done = quotabot("progress", "--format", "csv", "--config", str(config))

    assert done.code == 0
    assert "=1+1" in done.out
    assert "1 cell(s) begin with one of = + - @" in done.err


def test_a_refusal_that_nobody_can_read_keeps_its_exit_code(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from bot.cli.main import main; main()", "status"]
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        done = subprocess.run([*command, "--config", str(tmp_path / "none.toml")], stderr=full, check=False)

    assert done.returncode == 2


def test_an_installation_that_has_not_begun_tells_of_no_outage(quotabot: Quotabot, config: Path) -> None:
    store = Store(config.parent / "quotabot.db")
    with store.transaction():
        store.marks.clear(WHOLE)
    store.close()
    shown = quotabot("status", "--config", str(config)).out

    assert "were not compared as a whole yet" in shown
    assert "1970" not in shown
