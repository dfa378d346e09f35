"""`quotabot run sync` and what `status` says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import Quotabot, command_here, write_config
from builders.sandbox import NOON, TODAY

from bot.store.store import Store
from sandbox.branch import make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.server import start
from sandbox.staffing import carry_out
from sandbox.switches import ApiSwitches
from sandbox.world import World

FIRST, SECOND, THIRD = (f"2026-11-{day}T02:17" for day in (20, 21, 22))


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def world() -> World:
    branch = make_branch(seed=7, today=TODAY)
    return World(branch, clock=VirtualClock(NOON, speed=0), api=ApiSwitches(details_delay=0.0))


@pytest.fixture
def config(tmp_path: Path, world: World) -> Iterator[str]:
    write_files(world.branch, tmp_path)
    with start(world) as sandbox:
        yield str(write_config(tmp_path, language="en", app=asdict(world.app), api_url=sandbox.url))
        world.stopping.set()


def happen(world: World, kind: str, **more: Any) -> str:
    at = 1_790_000_000  # in September
    (event,) = compose(world, {"kind": kind, "userid": "yg01", "at": at, **more})
    return event.external_userid


def test_status_knows_of_no_comparison_before_the_first(quotabot: Quotabot, config: str) -> None:
    Store(Path(config).parent / "quotabot.db").close()

    assert quotabot("status", "--config", config, "--format", "json").json()["drift"] == {
        "at": None,
        "found": 0,
        "repaired": 0,
    }
    assert "never compared with WeCom's lists" in quotabot("status", "--config", config).out


def test_what_a_run_found_is_printed_and_stands_in_status(
    quotabot: Quotabot, config: str, world: World
) -> None:
    happen(world, "add")
    done = quotabot("run", "sync", "--config", config, "--at", FIRST, "--format", "json")

    drift = done.json()["drift"]
    status = quotabot("status", "--config", config, "--format", "json").json()["drift"]
    assert (done.code, done.json()["messages"]) == (0, [])
    assert status == drift
    assert drift == {
        "at": f"{FIRST}:00+08:00",
        "found": 1,
        "repaired": 1,
        "causes": {"imported": 1},
        "held": {},
        "unverifiable": {"came_and_went": None, "unseen_losses": None},
        "unknown": {},
        "frozen": {},
        "renamed": {},
    }


def test_it_asks_before_somebody_loses_many_and_takes_a_word_for_it(
    quotabot: Quotabot, config: str, world: World
) -> None:
    customers = [happen(world, "add") for _ in range(12)]
    quotabot("run", "sync", "--config", config, "--at", FIRST)
    for customer in customers:
        happen(world, "del_by_member", external_userid=customer)
    asked = quotabot("run", "sync", "--config", config, "--at", SECOND)
    accepted = quotabot(
        "run", "sync", "--config", config, "--at", THIRD, "--accept-losses", "--format", "json"
    )

    assert asked.code == 0
    assert "12 found (missed loss 12), 0 repaired" in asked.out
    assert "yg01: losses wait for: quotabot run sync --accept-losses" in asked.out
    assert "yg01: 12 losses are not written" in asked.err
    assert accepted.err == ""
    drift = accepted.json()["drift"]
    assert (drift["found"], drift["repaired"], drift["held"]) == (12, 12, {})


def test_what_stops_it_is_said_and_the_same_command_goes_on(
    quotabot: Quotabot, config: str, world: World
) -> None:
    happen(world, "add")
    world.faults.arm({"read_error": {"errcode": 60020}})
    stopped = quotabot("run", "sync", "--config", config, "--at", FIRST)
    between = quotabot("status", "--config", config)
    again = quotabot("run", "sync", "--config", config, "--at", FIRST)

    assert (stopped.code, again.code) == (1, 0)
    assert "stopped: WeCom answered 60020" in stopped.err
    assert "企业可信IP" in stopped.err
    assert "stopped: WeCom answered 60020" in between.out
    assert "stopped" not in quotabot("status", "--config", config).out


def test_a_changed_userid_is_named_and_decided_at_the_command_line(
    quotabot: Quotabot, config: str, world: World
) -> None:
    for _ in range(4):
        happen(world, "add")
    quotabot("run", "sync", "--config", config, "--at", FIRST)
    carry_out(world, {"act": "rename", "userid": "yg01", "to": "Zhang.San"})
    roster = Path(config).parent / "roster.csv"
    lines = roster.read_text(encoding="utf-8").splitlines()
    # With a first day: without one they would have joined today, after the lists of this test.
    changed = [re.sub(r"^yg01,(.*),,,$", r"Zhang.San,\1,2026-01-01,,", line) for line in lines]
    roster.write_text("\n".join(changed) + "\n", encoding="utf-8")
    found = quotabot("run", "sync", "--config", config, "--at", SECOND)
    status = quotabot("status", "--config", config, "--format", "json").json()["drift"]
    listed = quotabot("review", "list", "--config", config)
    (case,) = quotabot("review", "list", "--config", config, "--format", "json").json()["cases"]
    decided = quotabot(
        "review",
        "accept",
        "rename:yg01:zhang.san",
        "--yes",
        "--by",
        "HR",
        "--reason",
        "搬了账号",
        "--config",
        config,
    )
    left = quotabot("review", "list", "--config", config)
    last = quotabot("run", "sync", "--config", config, "--at", THIRD, "--format", "json").json()["drift"]

    assert found.out.splitlines()[-2:] == [
        "        zhang.san: may be a changed userid, nothing is written: quotabot review list",
        "        no list can show: came and went, unseen losses",
    ]
    assert "yg01 seems to be zhang.san now; nothing is written for the two until" in found.err
    assert (status["renamed"], status["frozen"], status["found"]) == ({"zhang.san": "yg01"}, {}, 0)
    assert listed.out.startswith(
        "rename:yg01:zhang.san: zhang.san, a changed userid?\n"
        "  has 4 of the 4 customers of yg01, who is gone, since the same times; nothing is written"
    )
    told = {key: case[key] for key in ("id", "kind", "userid", "old_userid", "evidence", "waits_for")}
    assert told == {
        "id": "rename:yg01:zhang.san",
        "kind": "rename",
        "userid": "zhang.san",
        "old_userid": "yg01",
        "evidence": {"same": 4, "living": 4},
        "waits_for": "reviewer",
    }
    assert (decided.code, decided.out) == (0, "rename:yg01:zhang.san: accepted by HR\n")
    assert left.out.splitlines()[0] == "nothing waits for a decision"
    assert (last["found"], last["renamed"], last["frozen"]) == (0, {}, {})


def test_a_dry_run_reads_and_stores_nothing(quotabot: Quotabot, config: str, world: World) -> None:
    happen(world, "add")
    done = quotabot("run", "sync", "--config", config, "--dry-run", "--format", "json")

    assert (done.code, done.json()["messages"]) == (0, [])
    assert [call.path for call in world.calls] == []
    assert quotabot("status", "--config", config, "--format", "json").json()["drift"]["at"] is None


def test_accepting_losses_belongs_to_no_other_job(quotabot: Quotabot, config: str) -> None:
    done = quotabot("run", "progress", "--accept-losses", "--config", config)

    assert done.code == 2
    assert "belongs to the job sync" in done.err
