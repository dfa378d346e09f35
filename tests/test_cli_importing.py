"""`quotabot import`: reports for people and for programs, and exit codes."""

from __future__ import annotations

import getpass
import sqlite3
from pathlib import Path

import pytest
from bot_builders import contact_event
from e2e_builders import Quotabot, at, command_here, open_store, write_config, write_roster
from importing_builders import file


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path)


def test_a_good_file_is_stored(quotabot: Quotabot, config: Path) -> None:
    path = file(config.parent, "userid,from,to", "yg01,2026-11-02,2026-11-03")
    done = quotabot("import", "absences", str(path), "--config", str(config), "--by", "人事")
    store = open_store(config)
    (act,) = store.audit.acts()
    store.close()

    assert (done.code, done.out) == (0, "absences: 1 good, 0 bad; stored 1 line(s)\n")
    assert act.actor == "人事"


def test_who_imports_is_the_user_of_the_computer_if_nobody_is_named(quotabot: Quotabot, config: Path) -> None:
    quotabot("import", "facts", str(file(config.parent, "unionid,account", "u,1")), "--config", str(config))
    store = open_store(config)
    (act,) = store.audit.acts()
    store.close()

    assert act.actor == getpass.getuser()


def test_a_bad_file_is_1_and_says_line_column_value_and_what_is_allowed(
    quotabot: Quotabot, config: Path
) -> None:
    path = file(config.parent, "unionid,manager,account", "u1,wangwu,1", "u2,,ja")
    words = ("import", "facts", str(path), "--config", str(config))
    done = quotabot(*words)
    skipped = quotabot(*words, "--skip-bad")
    dry = quotabot(*words, "--dry-run")

    assert (done.code, skipped.code, dry.code) == (1, 0, 1)
    assert done.out.splitlines() == [
        f'{path}: line 3, column account = "ja": must be 1, 0, true, false or empty (unknown)',
        f"{path}: line 2 = u1: no contact has this key yet",
        f"{path}: line 2, column manager = wangwu: nobody knows this manager (named once)",
        "facts: 1 good, 1 bad, 1 unmatched; nothing stored: correct the file, or --skip-bad",
    ]
    assert skipped.out.splitlines()[-1] == "facts: 1 good, 1 bad, 1 unmatched; stored 1 line(s)"
    assert dry.out.splitlines()[-1] == "facts: 1 good, 1 bad, 1 unmatched; nothing stored (dry run)"


def test_the_report_for_programs(quotabot: Quotabot, config: Path) -> None:
    path = file(config.parent, "unionid,acct", "u1,1", "u2,ja")
    done = quotabot("import", "facts", str(path), "--config", str(config), "--format", "json")
    report = done.json()

    assert done.code == 1
    assert len(report.pop("sha256")) == 64
    assert report == {
        "what": "facts",
        "file": str(path),
        "dry_run": False,
        "stored": 0,
        "good": 1,
        "bad": 1,
        "faults": {
            "count": 1,
            "listed": [
                {
                    "line": 3,
                    "column": "acct",
                    "value": '"ja"',
                    "allowed": "must be 1, 0, true, false or empty (unknown)",
                    "nearest": None,
                }
            ],
        },
        "unmatched": {"count": 1, "listed": [{"line": 2, "value": "u1"}]},
        "ambiguous": {"count": 0, "listed": []},
        "unknown_managers": [],
        "unasked_columns": [],
    }


def test_a_file_that_is_not_there_is_bad_usage(quotabot: Quotabot, config: Path) -> None:
    done = quotabot("import", "facts", str(config.parent / "none.csv"), "--config", str(config))

    assert (done.code, done.out) == (2, "")
    assert "none.csv" in done.err


def test_what_cannot_be_imported_yet_is_not_offered(quotabot: Quotabot) -> None:
    done = quotabot("import", "--help")

    assert "absences" in done.out
    assert "facts" in done.out
    assert "roster" not in done.out
    assert "renames" not in done.out


def test_status_says_how_old_the_newest_facts_are(quotabot: Quotabot, config: Path) -> None:
    before = quotabot("status", "--config", str(config), "--format", "json").json()
    path = file(config.parent, "unionid,account", "u,1")
    quotabot("import", "facts", str(path), "--config", str(config))
    after = quotabot("status", "--config", str(config), "--format", "json").json()
    text = quotabot("status", "--config", str(config)).out

    assert before["facts"] == {"newest_at": None}
    assert at(after["facts"]["newest_at"][:19]).tzinfo is not None
    assert after["facts"]["newest_at"].endswith("+08:00")
    assert f"facts   {after['facts']['newest_at']}" in text


def test_contacts_that_wait_in_the_inbox_are_known(quotabot: Quotabot, config: Path) -> None:
    open_store(config).close()
    connection = sqlite3.connect(config.parent / "quotabot.db")
    with connection:
        connection.execute(
            "INSERT INTO inbox (hash, body, received_at) VALUES ('h', ?, 0)",
            (contact_event(userid="yg01", customer="wm-1"),),
        )
    connection.close()
    path = file(config.parent, "external_userid,account", "wm-1,1")
    done = quotabot("import", "facts", str(path), "--config", str(config))

    assert done.out == "facts: 1 good, 0 bad; stored 1 line(s)\n"
