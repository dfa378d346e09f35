"""Days with a running service: people appear, move, vanish, leave, are renamed, and the month is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from builders.directory import Bank, Corp, bank, corp
from builders.e2e import PATIENCE_S, at, until
from builders.sandbox import make_world
from builders.service import running

from bot.core.people import Person
from bot.features.renames.rename import rename
from bot.store.address_book import EntryState
from sandbox.clock import VirtualClock


def post(branch: Corp, control: str, body: dict[str, Any]) -> None:
    """Use a control of the sandbox as a person would, and wait until its events have arrived."""
    answer = requests.post(f"{branch.url}/sandbox/{control}?wait=1", json=body, timeout=PATIENCE_S)
    assert answer.ok, answer.text
    assert answer.json()["failed"] == 0, answer.text


def person(opened: Bank, userid: str) -> Person | None:
    return opened.services.store.members.all().get(userid)


def states(opened: Bank) -> dict[str, EntryState]:
    return {userid: entry.state for userid, entry in opened.services.store.address_book.all().items()}


def next_night(opened: Bank, when: str, holds: Callable[[], bool]) -> None:
    """Let the timetable's sync fire, and wait for what it brings."""
    opened.clock.set(when)
    opened.corp.world.clock.set(at(when).timestamp())
    until(holds)


@pytest.mark.lasting
def test_days_of_staff_changes(tmp_path: Path) -> None:
    world, _ = make_world()
    world.clock = VirtualClock(at("2026-11-11T10:00").timestamp(), speed=0)
    with (
        corp(world) as branch,
        bank(branch, tmp_path, store=tmp_path / "bot.db", when="2026-11-11T10:00") as opened,
        running(opened.services, role="all") as site,
    ):
        world.callback_url = f"http://127.0.0.1:{site.port}/callback"
        until(lambda: len(opened.services.directory.people) == 14)
        assert [call.path for call in world.calls].count("gettoken") == 1  # for sender, reader and directory

        # they win customers, also one who joins today
        post(branch, "directory", {"act": "join", "userid": "New01", "name": "员工新", "departments": [12]})
        adds = [{"kind": "add", "userid": userid} for userid in ("yg01", "yg01", "yg12", "New01")]
        post(branch, "events", {"events": adds})
        until(lambda: person(opened, "new01") is not None)
        until(lambda: sum(row.gross for row in opened.rows("2026-11-11T18:00")) == 3)

        # in the night after, one has moved, one is out of range, one has left, one has another userid
        branch.act("department", id=13, name="零售三部", parent=11)
        branch.act("change", userid="yg02", departments=[13], position="柜员")
        branch.act("range", departments=[11], users=[f"yg{number:02d}" for number in (7, 8, 9, 10)])
        branch.act("leave", userid="yg03")
        branch.act("rename", userid="yg01", to="zhang.san")
        next_night(opened, "2026-11-12T02:17:30", lambda: "zhang.san" in states(opened))

        found = states(opened)
        moved, gone = person(opened, "yg02"), person(opened, "yg03")
        assert moved is not None
        assert gone is not None
        assert [moved.membership_on(date(2026, 11, day)).departments[0] for day in (11, 12)] == [11, 13]
        assert (found["yg12"], found["yg03"], found["yg01"]) == (
            EntryState.UNKNOWN,
            EntryState.LEFT,
            EntryState.LEFT,
        )
        assert (gone.left_on, found["zg01"]) == (date(2026, 11, 12), EntryState.PRESENT)
        frozen = opened.row("yg12", "2026-11-30T18:00")
        assert frozen is not None
        assert (frozen.gross, frozen.department, frozen.target) == (1, 12, 50)

        # a person says who the new one is: his month is whole, nothing is counted twice
        rename(opened.services, [("yg01", "zhang.san")], "HR")
        until(lambda: (row := opened.row("zhang.san", "2026-11-30T18:00")) is not None and row.gross == 2)
        assert opened.row("yg01", "2026-11-30T18:00") is None

        # a night in which one call fails leaves everything as it was
        before = (opened.services.store.members.all(), states(opened))
        branch.act("leave", userid="yg04")
        world.faults.arm({"read_error": {"errcode": 60020, "times": 50}, "read_after": 3})
        calls = len(world.calls)
        next_night(opened, "2026-11-13T02:17:30", lambda: len(world.calls) >= calls + 4)
        assert (opened.services.store.members.all(), states(opened)) == before
