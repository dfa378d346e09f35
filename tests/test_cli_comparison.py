"""`quotabot run reminder|digest|close` by hand after an outage: WeCom's lists first, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from builders.e2e import Quotabot, at, command_here, open_store, write_config, write_roster
from builders.sandbox import NOON, TODAY

from bot.cli import comparison
from bot.core.relations import RelationEvent, RelationKind
from bot.store.store import Store
from sandbox.branch import make_branch
from sandbox.clock import VirtualClock
from sandbox.events import compose
from sandbox.server import start
from sandbox.switches import ApiSwitches
from sandbox.world import World

# A Wednesday that is over wherever this runs: outages and comparisons go by real time, figures by TIME.
DAY = "2025-03-12"
REMINDER, DIGEST, CLOSE = f"{DAY}T16:37", f"{DAY}T17:48", "2025-03-13T08:42"
DAILY = '[[quotas]]\nid = "daily"\nroles = ["客户经理"]\nperiod = "day"\ntarget = 2\n'
FAILING = {"read_error": {"errcode": 48002, "times": 1000}}


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def world() -> World:
    """yg01 added somebody that day, and nobody heard of it."""
    branch = make_branch(seed=7, today=TODAY)
    world = World(branch, clock=VirtualClock(NOON, speed=0), api=ApiSwitches(details_delay=0.0))
    compose(world, {"kind": "add", "userid": "yg01", "at": int(at(f"{DAY}T10:00").timestamp())})
    return world


@pytest.fixture
def config(tmp_path: Path, world: World) -> Iterator[Path]:
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,", "boss,主管甲,1,主管,1,,,")
    with start(world) as sandbox:
        path = write_config(tmp_path, app=asdict(world.app), api_url=sandbox.url, quotas=DAILY)
        yield path
        world.stopping.set()


@pytest.fixture
def store(config: Path) -> Iterator[Store]:
    store = open_store(config)
    yield store
    store.close()


def refused(store: Store, *, seconds_ago: int) -> None:
    """Callbacks were refused for a minute that ended so long ago."""
    ended = int(time.time()) - seconds_ago
    store.outages.add(ended - 60, ended, reason="refused", holder="a:1")


def lists_read(world: World) -> int:
    with world.lock:
        return sum(call.path.endswith("get_by_user") for call in world.calls)


def words(job: str, when: str, config: Path, *more: str) -> list[str]:
    return ["run", job, "--at", when, "--config", str(config), "--format", "json", *more]


def test_lists_are_compared_first_and_the_figure_is_right(
    quotabot: Quotabot, config: Path, store: Store, world: World
) -> None:
    refused(store, seconds_ago=3600)
    done = quotabot(*words("reminder", REMINDER, config, "--no-wait"))
    again = quotabot(*words("reminder", REMINDER, config, "--no-wait"))

    (message,) = done.json()["messages"]
    assert (done.code, message["to"]) == (0, "yg01")
    assert "已加 1 位" in message["text"]
    assert "先与企业微信的名单核对" in done.err
    assert "comparing" not in again.err
    assert lists_read(world) > 0


def test_without_an_outage_nothing_is_compared(
    quotabot: Quotabot, config: Path, store: Store, world: World
) -> None:
    done = quotabot(*words("reminder", REMINDER, config, "--no-wait"))

    assert (done.code, len(done.json()["messages"]), lists_read(world)) == (0, 1, 0)


def test_where_lists_fail_a_reminder_is_held_and_a_digest_says_it(
    quotabot: Quotabot, config: Path, store: Store, world: World
) -> None:
    refused(store, seconds_ago=3600)
    world.faults.arm(FAILING)
    reminder = quotabot(*words("reminder", REMINDER, config))
    digest = quotabot(*words("digest", DIGEST, config, "--no-wait"))

    assert (reminder.code, reminder.json()["messages"]) == (1, [])
    assert "may be missing (refused)" in reminder.json()["held"]
    assert "没有发送：" in reminder.err
    (message,) = digest.json()["messages"]
    assert (digest.code, "可能没有收全" in message["text"]) == (0, True)


def test_a_dry_run_compares_nothing_and_says_what_may_be_missing(
    quotabot: Quotabot, config: Path, store: Store, world: World
) -> None:
    refused(store, seconds_ago=3600)
    reminder, digest = (
        quotabot(*words(job, when, config, "--dry-run"))
        for job, when in (("reminder", REMINDER), ("digest", DIGEST))
    )

    assert lists_read(world) == 0
    assert "事件可能不全（回调被拒）" in reminder.err
    assert [one["to"] for one in reminder.json()["messages"]] == ["yg01"]
    assert "可能没有收全" in digest.json()["messages"][0]["text"]


def test_an_outage_that_has_just_ended_is_waited_for_and_not_for_ever(
    quotabot: Quotabot, config: Path, store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "PATIENCE_S", 0.0)
    refused(store, seconds_ago=30)
    done = quotabot(*words("reminder", REMINDER, config))

    assert (done.code, done.json()["messages"], lists_read(world)) == (1, [], 0)


def test_results_are_stored_once_what_was_lost_is_made_good(
    quotabot: Quotabot, config: Path, store: Store, world: World
) -> None:
    ten = int(at(f"{DAY}T09:00").timestamp())
    with store.transaction():
        heard = RelationEvent(userid="yg01", external_userid="wm1", at=ten, kind=RelationKind.ADDED)
        store.ledger.append(heard, origin="callback", recorded_at=0)
    store.outages.add(ten, ten + 3 * 3600, reason="down", holder="a:1")
    world.faults.arm(FAILING)
    failed = quotabot(*words("close", CLOSE, config, "--no-wait"))
    nothing = store.results.closed()
    world.faults.clear()
    done = quotabot(*words("close", CLOSE, config, "--no-wait"))

    assert (failed.code, nothing) == (1, [])
    assert done.code == 0
    # The one that was heard of, and the one that was not.
    assert store.results.newest("daily", DAY)["yg01"].line.counted == 2


def test_status_says_since_when_figures_may_be_incomplete(
    quotabot: Quotabot, config: Path, store: Store
) -> None:
    before = quotabot("status", "--config", str(config), "--format", "json").json()
    refused(store, seconds_ago=3600)
    store.runs.put_up("reminder", 1_795_423_020)
    store.runs.claim("reminder", 1_795_423_020, holder="a", now=1, lease_until=9)
    store.runs.end("reminder", 1_795_423_020, holder="a", state="held", error="events may be missing")
    after = quotabot("status", "--config", str(config), "--format", "json").json()
    shown = quotabot("status", "--config", str(config)).out

    assert before["catch_up"] == {
        "incomplete_since": None,
        "reasons": [],
        "members": None,
        "silent_since": None,
    }
    assert (after["catch_up"]["reasons"], after["catch_up"]["members"]) == (["refused"], None)
    assert after["catch_up"]["incomplete_since"] is not None
    assert [(job["outcome"], job["note"]) for job in after["jobs"]] == [("held", "events may be missing")]
    assert "起数字可能不全（" in shown
    assert "未发，0 条消息；events may be missing" in shown
