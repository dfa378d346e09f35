"""`run sync`, `check` and `status` with the directory read from WeCom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from builders.directory import ROLES, Corp, corp
from builders.e2e import Quotabot, command_here, open_store, write_config, write_roster
from builders.sandbox import make_world

EVERY_NIGHT = '[schedule]\nsync = { at = "02:17", on = "every_day" }\n'


@pytest.fixture
def branch() -> Iterator[Corp]:
    world, _ = make_world()
    with corp(world) as found:
        yield found


@pytest.fixture
def config(branch: Corp, tmp_path: Path) -> Path:
    return write_config(
        tmp_path,
        language="en",
        app=asdict(branch.world.app),
        api_url=branch.url,
        source="wecom",
        more=ROLES + EVERY_NIGHT,
    )


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, config: Path) -> Quotabot:
    here = command_here(capsys, monkeypatch)
    monkeypatch.setenv("QUOTABOT_CONFIG", str(config))
    return here


def test_run_sync_reads_the_directory_at_any_hour_and_tells_nobody(quotabot: Quotabot, config: Path) -> None:
    done = quotabot("run", "sync", "--at", "2026-11-22T02:17", "--format", "json")

    store = open_store(config)
    people = store.members.all()
    store.close()
    assert (done.code, done.json()["messages"]) == (0, [])
    assert len(people) == 14
    assert people["yg01"].membership_on(date(2026, 11, 22)).role == "客户经理"


def test_a_dry_run_of_sync_reads_nothing(quotabot: Quotabot, branch: Corp) -> None:
    done = quotabot("run", "sync", "--dry-run")

    assert done.code == 0
    assert branch.calls() == []


def test_what_wecom_refuses_is_one_sentence_with_its_remedy(quotabot: Quotabot, branch: Corp) -> None:
    branch.world.faults.arm({"untrusted_ip": True})

    done = quotabot("run", "sync")

    assert done.code == 1
    assert "企业可信IP" in done.err
    assert "Traceback" not in done.err


def test_check_needs_no_roster_and_no_reading(quotabot: Quotabot, config: Path) -> None:
    done = quotabot("check")

    assert done.code == 0, done.err
    assert "nobody read from WeCom yet" in done.out
    assert "has this userid" not in done.err
    assert not (config.parent / "quotabot.db").exists()


def test_check_names_what_nobody_has_by_the_last_reading(quotabot: Quotabot, config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    more = 'roles = ["客户经理"]\ndepartments = [99]\nuserids = ["yg1", "yg02"]'
    config.write_text(text.replace('roles = ["客户经理"]', more), encoding="utf-8")
    write_roster(config.parent, "yg01,,,,,2026-11-09,,", "stranger,,,,,,,")
    quotabot("run", "sync")

    done = quotabot("check")

    assert done.code == 0, done.err
    assert "14 people read from WeCom" in done.out
    assert '= "yg1": nobody whom WeCom shows has this userid; did you mean' in done.err
    assert '"yg02"' not in done.err
    assert "= 99: WeCom shows the app no department of this id" in done.err
    assert "= 4: WeCom has no tag of this id" in done.err
    assert 'userid = "stranger": WeCom does not show this person' in done.err


def test_check_says_faults_of_a_roster_beside_wecom(quotabot: Quotabot, config: Path) -> None:
    write_roster(config.parent, "yg01,,,,,November,,")

    done = quotabot("check")

    assert done.code == 2
    assert 'column joined_on = "November"' in done.err


def test_status_says_when_it_was_read_and_who_is_unknown(
    quotabot: Quotabot, branch: Corp, config: Path
) -> None:
    open_store(config).close()
    before = quotabot("status", "--format", "json").json()["directory"]
    quotabot("run", "sync", "--at", "2026-11-22T02:17")
    branch.act("range", departments=[11])
    quotabot("run", "sync", "--at", "2026-11-23T02:17")
    after = quotabot("status", "--format", "json").json()["directory"]

    assert (before["read_at"], before["people"]) == (None, 0)
    assert after == {
        "source": "wecom",
        "read_at": "2026-11-23T02:17:00+08:00",
        "people": 7,
        "unknown": 7,
        "left": 0,
        "to_read": 0,
        "error": None,
        "set_aside": None,
    }
    assert "7, 7 unknown, 0 left; read 2026-11-23 02:17" in quotabot("status").out


def test_status_says_why_nothing_could_be_read(quotabot: Quotabot, branch: Corp) -> None:
    branch.world.faults.arm({"read_error": {"errcode": 48002}})
    quotabot("run", "sync")

    assert "the last reading failed: WeCom answered 48002" in quotabot("status").out
