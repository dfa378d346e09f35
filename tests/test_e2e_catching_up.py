"""A receiver that was down, a WeCom whose lists fail: who is reminded, what leaders read, what is closed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from builders.e2e import add_customers, at, outbox_rows
from builders.service import running
from builders.sync import BATCH, Desk, desk

from bot.app.bootstrap import open_sender
from bot.features.outages.catch_up import begin_if_due
from bot.features.outages.gaps import RECEIVING
from handlers.inbox import work_off
from scheduler.runs import tick, tick_lasting

TODAY = "2026-11-23"
DAILY = '[[quotas]]\nid = "daily"\nroles = ["客户经理"]\nperiod = "day"\ntarget = 2\n'


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, night=f"{TODAY}T11:30") as one:
        tick(one.services)  # the first start
        yield one


def s(text: str) -> int:
    return int(at(f"{TODAY}T{text}").timestamp())


def callbacks_tell(stage: Desk, port: int, *specs: dict[str, object]) -> None:
    """Let WeCom tell, once each, whoever listens at *port*."""
    stage.world.callbacks = replace(stage.world.callbacks, tries=1)
    stage.world.callback_url = f"http://127.0.0.1:{port}/callback"
    answer = requests.post(
        f"{stage.sandbox.url}/sandbox/events?wait=1", json={"events": list(specs)}, timeout=120
    )
    assert answer.ok, answer.text


def adds(userid: str, *times: str) -> list[dict[str, object]]:
    return [{"kind": "add", "userid": userid, "at": s(text)} for text in times]


def down_for_two_minutes(stage: Desk, *lost: dict[str, object]) -> None:
    """A receiver hears one add, is away at noon for two minutes in which *lost* happens, and comes back."""
    with running(stage.services) as site:
        callbacks_tell(stage, site.port, *adds("yg03", "11:40"))
        stage.clock.set(f"{TODAY}T12:00")
        stage.services.store.marks.put(RECEIVING, str(s("12:00")))
    callbacks_tell(stage, site.port, *lost)
    stage.clock.pass_(120)
    with running(stage.services):
        pass
    stage.services.store.marks.clear(RECEIVING)  # what runs from here on is played by the test
    work_off(stage.services)


def play(stage: Desk, *times: str) -> None:
    """What the threads of a service do, at these times."""
    for text in times:
        stage.clock.set(text if "T" in text else f"{TODAY}T{text}")
        begin_if_due(stage.services)
        tick(stage.services)
        tick_lasting(stage.services)


def state(stage: Desk, job: str, when: str) -> str:
    row = stage.services.store.runs.get(job, s(when) if "T" not in when else int(at(when).timestamp()))
    return "none" if row is None else str(row["state"])


def deliver(stage: Desk) -> None:
    with open_sender(stage.services) as (sender, _):
        while sender.step() < 0.1:
            pass


def phone(stage: Desk, userid: str) -> list[str]:
    with stage.world.lock:
        return [message.content for message in stage.world.mailbox.messages.get(userid, [])]


def test_a_reminder_after_a_downtime_has_the_right_figure_and_goes_only_to_who_needs_it(
    stage: Desk,
) -> None:
    friday = at("2026-11-20T10:00")
    for userid, number in (("yg01", 33), ("yg02", 20)):
        add_customers(stage.services, userid, *[friday] * number)
    lost = [*adds("yg01", "12:00:30", "12:00:40", "12:00:50"), *adds("yg02", "12:01", "12:01:30")]
    down_for_two_minutes(stage, *lost)
    stage.clock.set(f"{TODAY}T16:37")
    tick(stage.services)
    waiting = state(stage, "reminder", "16:37")
    play(stage, "16:37:10", "16:37:30")
    deliver(stage)

    assert waiting == "waiting"
    assert state(stage, "reminder", "16:37") == "done"
    assert len(stage.calls(BATCH)) > 0
    # who is done has his statement, and no reminder
    assert [text.splitlines()[0] for text in phone(stage, "yg01")] == ["**今天够了，已加 3 位**"]
    (reminder,) = phone(stage, "yg02")
    assert "已加 2 位" in reminder.splitlines()[0]


def test_the_comparison_begins_by_itself_and_the_reminder_need_not_wait(stage: Desk) -> None:
    down_for_two_minutes(stage, *adds("yg02", "12:01"))
    play(stage, "12:11:45")
    too_early = stage.calls(BATCH)
    play(stage, "12:12:15", "16:37")

    assert too_early == []
    assert stage.services.store.syncs.last() is not None
    assert state(stage, "reminder", "16:37") == "done"


def test_while_lists_fail_nobody_is_reminded_leaders_are_told_and_nothing_is_closed(
    tmp_path: Path,
) -> None:
    with desk(tmp_path, night=f"{TODAY}T11:30", quotas=DAILY) as stage:
        tick(stage.services)  # the first start
        down_for_two_minutes(stage, *adds("yg02", "12:01"))
        stage.world.faults.arm({"read_error": {"errcode": 48002, "times": 10_000}})
        play(stage, "16:37", "16:50", "17:10", "17:31", "17:48", "17:55:30")
        today = outbox_rows(stage.services)
        play(stage, "2026-11-24T08:42", "2026-11-24T09:00")
        waits = state(stage, "close", "2026-11-24T08:42"), stage.services.store.results.closed()
        stage.world.faults.clear()
        play(stage, "2026-11-24T09:11", "2026-11-24T09:12")
        rows = stage.services.store.results.newest("daily", TODAY)

        assert state(stage, "reminder", "16:37") == "held"
        assert [row["key"] for row in today if row["job"] == "reminder"] == []
        digests = [row["content"] for row in today if row["job"] == "digest"]
        assert digests != []
        assert all("12:00 以后的新增可能没有收全" in text for text in digests)
        assert waits == ("waiting", [])
        assert state(stage, "close", "2026-11-24T08:42") == "done"
        assert rows["yg02"].line.counted == 1
