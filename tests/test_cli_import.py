"""`quotabot import`: reports for people and for programs, and exit codes."""

from __future__ import annotations

import getpass
import sqlite3
from pathlib import Path

import pytest
from builders.e2e import Quotabot, at, command_here, open_store, write_config, write_roster
from builders.imports import file
from builders.service import contact_event

from bot.core.relations import RelationEvent, RelationKind
from bot.messages.catalog import texts_in

SAID = '"ja": must be 1, 0, true, false, yes, no, 是, 否 or empty (unknown)'


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path, language="en")


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
        f"{path}: line 3, column account = {SAID}",
        f"{path}: line 2 = u1: no contact has this key yet",
        f"{path}: line 2, column manager = wangwu: nobody knows this manager (named once)",
        "facts: 1 good, 1 bad, 1 unmatched; nothing stored: correct the file, or --skip-bad",
    ]
    assert skipped.out.splitlines()[-1] == "facts: 1 good, 1 bad, 1 unmatched; stored 1 line(s)"
    assert dry.out.splitlines()[-1] == "facts: 1 good, 1 bad, 1 unmatched; nothing stored (dry run)"


def test_a_complete_file_says_how_many_contacts_it_lacks_and_takes_no_skipped_lines(
    quotabot: Quotabot, config: Path
) -> None:
    store = open_store(config)
    fact = RelationEvent(userid="yg01", external_userid="wm1", at=100, kind=RelationKind.ADDED)
    with store.transaction():
        store.ledger.append(fact, origin="callback", recorded_at=100)
    store.close()
    path = file(config.parent, "external_userid,account", "wm2,1")
    words = ("import", "facts", str(path), "--config", str(config), "--complete")
    done = quotabot(*words)
    refused = quotabot(*words, "--skip-bad")
    store = open_store(config)
    facts = store.contact_knowledge.facts()
    *_, act = store.audit.acts()
    store.close()

    assert done.out.splitlines() == [
        f"{path}: line 2 = wm2: no contact has this key yet",
        f"{path}: keys of known contacts outside this file, with all its facts false: 1",
        "facts: 1 good, 0 bad, 1 unmatched; stored 1 line(s)",
    ]
    assert facts["external_userid", "wm1"].facts == {"account": False}
    assert '"absent": 1' in act.detail
    assert (refused.code, "--complete needs every line" in refused.err) == (2, True)


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
                    "allowed": "must be 1, 0, true, false, yes, no, 是, 否 or empty (unknown)",
                    "nearest": None,
                }
            ],
        },
        "unmatched": {"count": 1, "listed": [{"line": 2, "value": "u1"}]},
        "ambiguous": {"count": 0, "listed": []},
        "self_declared": False,
        "unknown_managers": [],
        "unasked_columns": [],
        "absent": 0,
    }


def test_a_file_that_is_not_there_is_bad_usage(quotabot: Quotabot, config: Path) -> None:
    done = quotabot("import", "facts", str(config.parent / "none.csv"), "--config", str(config))

    assert (done.code, done.out) == (2, "")
    assert "none.csv" in done.err


def test_each_kind_of_file_is_offered(quotabot: Quotabot) -> None:
    done = quotabot("import", "--help")

    assert all(kind in done.out for kind in ("roster", "absences", "facts", "renames"))


def known_before(config: Path, *userids: str) -> None:
    """Each of these userids has one customer in the ledger, added on 10 November."""
    store = open_store(config)
    with store.transaction():
        for userid in userids:
            moment = int(at("2026-11-10T10:00").timestamp())
            fact = RelationEvent(
                userid=userid, external_userid=f"wm-{userid}", at=moment, kind=RelationKind.ADDED, state=""
            )
            store.ledger.append(fact, origin="callback", recorded_at=moment)
    store.close()


def test_renames_give_the_contacts_of_the_old_userid_to_the_new_one_at_once(
    quotabot: Quotabot, config: Path
) -> None:
    known_before(config, "yg00")
    path = file(config.parent, "old_userid,userid", "YG00,yg01")

    done = quotabot("import", "renames", str(path), "--config", str(config), "--by", "人事")
    store = open_store(config)
    acts = [(act.actor, act.act, act.subject) for act in store.audit.acts()]
    adds = store.ledger.kept_adds("yg01", "wm-yg00")
    waits = store.ledger.dirty()
    store.close()

    assert (done.code, done.out) == (0, "renames: 1 good, 0 bad; stored 1 line(s)\n")
    assert acts == [("人事", "rename", "yg01"), ("人事", "import renames", path.name)]
    assert (len(adds), waits) == (1, 0)


def test_a_wrong_line_of_renames_says_why_and_renames_nobody(quotabot: Quotabot, config: Path) -> None:
    known_before(config, "yg00")
    path = file(config.parent, "old_userid,userid", "yg00,yg02", "yg01,yg03", "nobody,yg04", "员工,yg05")

    done = quotabot("import", "renames", str(path), "--config", str(config))
    store = open_store(config)
    renamed = store.renames.all()
    store.close()

    assert done.code == 1
    assert renamed == {}
    assert [line.split(": ", 1)[1] for line in done.out.splitlines()] == [
        'line 3, column old_userid = "yg01": nothing is known of yg01',
        'line 4, column old_userid = "nobody": nothing is known of nobody',
        f'line 5, column old_userid = "员工": {texts_in("en")["faults.userid"]}',
        "1 good, 3 bad; nothing stored: correct the file, or --skip-bad",
    ]


@pytest.mark.parametrize(
    ("options", "renamed"),
    [
        pytest.param(("--skip-bad",), {"yg00": "yg02"}, id="the good line is taken"),
        pytest.param(("--skip-bad", "--dry-run"), {}, id="a dry run takes none"),
    ],
)
def test_good_renames_beside_bad_ones(
    quotabot: Quotabot, config: Path, options: tuple[str, ...], renamed: dict[str, str]
) -> None:
    known_before(config, "yg00", "yg08", "yg09")
    path = file(config.parent, "old_userid,userid", "yg00,yg02", "yg08,yg07", "yg09,yg07")

    done = quotabot("import", "renames", str(path), "--config", str(config), *options)
    store = open_store(config)
    found = store.renames.all()
    store.close()

    assert done.code == 0
    assert done.out.count("a userid may stand in one line only") == 2
    assert found == renamed


def test_status_says_how_old_the_newest_facts_are(quotabot: Quotabot, config: Path) -> None:
    open_store(config).close()
    before = quotabot("status", "--config", str(config), "--format", "json").json()
    path = file(config.parent, "unionid,account", "u,1")
    quotabot("import", "facts", str(path), "--config", str(config))
    after = quotabot("status", "--config", str(config), "--format", "json").json()
    text = quotabot("status", "--config", str(config)).out

    assert before["facts"] == {"newest_at": None}
    assert at(after["facts"]["newest_at"][:19]).tzinfo is not None
    assert after["facts"]["newest_at"].endswith("+08:00")
    assert f"facts   {after['facts']['newest_at'][:16].replace('T', ' ')}\n" in text


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
