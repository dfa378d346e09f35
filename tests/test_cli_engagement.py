"""`quotabot run engagement`, what `status` says of it, the estimates beside it, and its export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import CHINA, Quotabot, command_here, write_config
from builders.sandbox import TODAY
from builders.spreadsheet import read_back

from bot.store.store import Store
from sandbox.branch import make_branch, write_files
from sandbox.clock import VirtualClock
from sandbox.contacts import Chats
from sandbox.events import compose
from sandbox.server import start
from sandbox.switches import ApiSwitches
from sandbox.world import World

MORNING = "2026-11-24T06:11"
YESTERDAY = date(2026, 11, 23)
PEOPLE = 14


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def world() -> World:
    clock = VirtualClock(datetime.fromisoformat(MORNING).replace(tzinfo=CHINA).timestamp(), speed=0)
    branch = make_branch(seed=7, today=TODAY)
    world = World(branch, clock=clock, api=ApiSwitches(details_delay=0.0))
    for userid in world.people:
        world.chats[userid, YESTERDAY] = Chats()
    return world


@pytest.fixture
def config(tmp_path: Path, world: World) -> Iterator[str]:
    write_files(world.branch, tmp_path)
    with start(world) as sandbox:
        yield str(write_config(tmp_path, language="en", app=asdict(world.app), api_url=sandbox.url))
        world.stopping.set()


def read(quotabot: Quotabot, config: str, *more: str) -> Any:
    return quotabot("run", "engagement", "--config", config, "--at", MORNING, *more)


def status(quotabot: Quotabot, config: str) -> dict[str, Any]:
    found: dict[str, Any] = quotabot("status", "--config", config, "--format", "json").json()
    return found


def test_status_knows_of_no_reading_before_the_first(quotabot: Quotabot, config: str) -> None:
    Store(Path(config).parent / "quotabot.db").close()

    assert status(quotabot, config)["engagement"] == {"at": None, "upto": None, "members": 0, "unknown": {}}
    assert "never read" in quotabot("status", "--config", config).out


def test_what_was_read_is_printed_and_stands_in_status(quotabot: Quotabot, config: str, world: World) -> None:
    world.change_person("yg01", visible=None, licensed=False)
    done = read(quotabot, config, "--format", "json")

    shown = done.json()["engagement"]
    assert (done.code, done.json()["messages"]) == (0, [])
    assert shown == status(quotabot, config)["engagement"]
    assert (shown["at"], shown["upto"], shown["members"]) == (f"{MORNING}:00+08:00", "2026-11-23", PEOPLE - 1)
    assert "701008" in shown["unknown"]["yg01"]
    said = read(quotabot, config).out
    assert f"up to 2026-11-23, {PEOPLE - 1} member(s)" in said
    assert "yg01: nothing was told: WeCom answered 701008" in said


def test_a_dry_run_asks_nothing(quotabot: Quotabot, config: str, world: World) -> None:
    done = read(quotabot, config, "--dry-run", "--format", "json")

    assert (done.code, done.json()["messages"]) == (0, [])
    assert not [call for call in world.calls if "behavior" in call.path]


def test_what_stops_it_is_said_and_the_same_command_goes_on(
    quotabot: Quotabot, config: str, world: World
) -> None:
    world.faults.arm({"read_error": {"errcode": 60020}, "read_after": 4})
    stopped = read(quotabot, config, "--format", "json")
    noted = status(quotabot, config)["engagement"]
    again = read(quotabot, config)

    assert (stopped.code, again.code) == (1, 0)
    assert f"({PEOPLE - 3} member(s) are not read yet); the same command goes on from here" in stopped.err
    assert "企业可信IP" in noted["stopped"]
    assert "stopped" not in status(quotabot, config)["engagement"]


def test_losses_belong_to_the_other_job(quotabot: Quotabot, config: str) -> None:
    done = read(quotabot, config, "--accept-losses")

    assert done.code == 2
    assert "--accept-losses belongs to the job sync" in done.err


def test_a_comparison_says_about_how_many_no_list_can_show(
    quotabot: Quotabot, config: str, world: World
) -> None:
    at = int(datetime(2026, 11, 23, 10, tzinfo=CHINA).timestamp())
    (event,) = compose(world, {"kind": "add", "userid": "yg02", "at": at})
    ended = {"kind": "del_by_customer", "userid": "yg02", "at": at + 60}
    compose(world, ended | {"external_userid": event.external_userid})
    before = quotabot("run", "sync", "--config", config, "--at", "2026-11-24T02:17", "--format", "json")
    read(quotabot, config)
    done = quotabot("run", "sync", "--config", config, "--at", "2026-11-24T09:17")

    assert before.json()["drift"]["unverifiable"] == {"came_and_went": None, "unseen_losses": None}
    assert "no list can show: came and went about 0, unseen losses about 1" in done.out
    assert status(quotabot, config)["drift"]["unverifiable"] == {"came_and_went": 0, "unseen_losses": 1}


# --- export ---


def test_every_day_of_everybody_is_exported_as_wecom_calls_it(
    quotabot: Quotabot, config: str, world: World
) -> None:
    world.chats["yg02", YESTERDAY] = Chats(held=3, messages=7, opened=3, answered=2, minutes=9)
    read(quotabot, config)
    lines = list(csv.DictReader(io.StringIO(quotabot("export", "engagement", "--config", config).out)))

    found = {(line["userid"], line["day"]): line for line in lines}
    assert len(lines) == len(found) == 3 * PEOPLE
    assert found["yg02", "2026-11-23"] == {
        "userid": "yg02",
        "day": "2026-11-23",
        "chat_cnt": "3",
        "message_cnt": "7",
        "reply_percentage": "66.67",
        "avg_reply_time": "4.0",
        "negative_feedback_cnt": "0",
        "new_apply_cnt": "0",
        "new_contact_cnt": "0",
        "final": "0",
        "read_at": f"{MORNING}:00+08:00",
    }
    assert found["yg02", "2026-11-21"]["final"] == "1"


def test_what_was_not_told_is_empty_and_not_0(quotabot: Quotabot, config: str, tmp_path: Path) -> None:
    read(quotabot, config)
    rows = quotabot("export", "engagement", "--config", config, "--format", "json").json()["engagement"]
    out = tmp_path / "figures.xlsx"
    quotabot("export", "engagement", "--config", config, "--format", "xlsx", "--output", str(out))

    (row,) = [one for one in rows if (one["userid"], one["day"]) == ("yg02", "2026-11-23")]
    assert (row["chat_cnt"], row["reply_percentage"], row["avg_reply_time"]) == (0, None, None)
    (sheet,) = read_back(out.read_bytes())
    line = rows.index(row) + 3  # below title and headings
    assert (sheet.cells[f"A{line}"][1], sheet.cells[f"C{line}"]) == ("yg02", ("n", "0"))
    assert {f"E{line}", f"F{line}"}.isdisjoint(sheet.cells)
