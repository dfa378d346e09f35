"""Clocks that were ahead or behind: each job of the day is done once, nothing is sent twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from builders.clock import MachineClock
from builders.e2e import (
    CHINA,
    BotProcess,
    SandboxProcess,
    bot_process,
    rows_of,
    sandbox_process,
    until,
    write_config,
)

SCHEDULE = """[schedule]
progress = { at = "10:07", on = "workdays" }
reminder = { at = "16:37", on = "workdays" }
digest = { at = "17:48", on = "workdays" }
sync = { at = "02:17", on = "every_day" }
[messages]
style = "markdown"
"""
LATER = "this store has seen a later time than now"


@pytest.fixture
def clock(tmp_path: Path) -> MachineClock:
    return MachineClock(tmp_path / "clock")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path) as started:
        yield started


@pytest.fixture
def config(tmp_path: Path, sandbox: SandboxProcess) -> Path:
    return write_config(tmp_path, app=sandbox.get("app"), api_url=sandbox.url, more=SCHEDULE)


def runs(config: Path) -> dict[tuple[str, str], str]:
    """The firings by job and local time, each with its state."""
    rows = rows_of(config.parent / "quotabot.db", "SELECT job, fire_at, state FROM runs")
    return {(row["job"], _local(row["fire_at"])): row["state"] for row in rows}


def _local(moment: int) -> str:
    return datetime.fromtimestamp(moment, CHINA).strftime("%m-%d %H:%M")


def states(config: Path) -> Counter[str]:
    rows = rows_of(config.parent / "quotabot.db", "SELECT state FROM outbox")
    return Counter(row["state"] for row in rows)


def fires(config: Path, clock: MachineClock, day: str, job: str, moment: str) -> None:
    """Let the time of a firing come, and wait until it is done and all of it is sent."""
    hour, minute = moment.split(":")
    until(
        lambda: bool(rows_of(config.parent / "quotabot.db", "SELECT 1 FROM marks WHERE name = 'first_start'"))
    )
    clock.set(f"{day}T{hour}:{int(minute) - 1:02d}:58")
    until(lambda: runs(config).get((job, f"{day[5:]} {moment}")) == "done")
    until(lambda: states(config)["pending"] == 0)


def clock_problem(bot: BotProcess) -> str:
    parts: list[dict[str, Any]] = bot.readyz()[1]["degraded"]
    return next((part["problem"] for part in parts if part["part"] == "clock"), "")


def sent_twice(config: Path, sandbox: SandboxProcess) -> int:
    """How many messages people have on their phones beyond one for each row; WeCom drops equal requests."""
    return sum(sandbox.counts().values()) - states(config)["sent"]


@pytest.mark.lasting
def test_a_clock_that_ran_eight_hours_ahead_for_seconds_silences_nothing(
    config: Path, clock: MachineClock, sandbox: SandboxProcess
) -> None:
    clock.set("2026-11-25T10:00")
    with bot_process(config, environ=clock.environ) as bot:
        fires(config, clock, "2026-11-25", "progress", "10:07")
        clock.set("2026-11-25T18:07:00")
        until(lambda: runs(config).get(("digest", "11-25 17:48")) == "missed")
        clock.set("2026-11-25T10:08:00")
        until(lambda: bot.said("the clock was ahead"))
        said = clock_problem(bot)
        fires(config, clock, "2026-11-25", "reminder", "16:37")
        fires(config, clock, "2026-11-25", "digest", "17:48")
        code = bot.end()

    assert LATER in said
    assert {name: state for name, state in runs(config).items() if name[0] != "sync"} == {
        ("progress", "11-25 10:07"): "done",
        ("reminder", "11-25 16:37"): "done",
        ("digest", "11-25 17:48"): "done",
    }
    assert states(config).keys() == {"sent"}
    assert sent_twice(config, sandbox) == 0
    assert code == 0


@pytest.mark.lasting
def test_a_clock_ten_days_ahead_and_a_power_cut_silence_nothing(
    config: Path, clock: MachineClock, sandbox: SandboxProcess
) -> None:
    clock.set("2026-11-23T10:00")
    with bot_process(config, environ=clock.environ) as bot:
        fires(config, clock, "2026-11-23", "progress", "10:07")
        clock.set("2026-12-03T10:08:00")
        until(lambda: runs(config).get(("progress", "12-03 10:07")) == "done")
        until(lambda: runs(config).get(("reminder", "12-02 16:37")) == "missed")
        bot.kill()
    clock.set("2026-11-23T10:20:00")
    with bot_process(config, environ=clock.environ) as bot:
        until(lambda: bot.said("the clock was ahead"))
        said = clock_problem(bot)
        ahead = {
            state for (_, moment), state in runs(config).items() if moment > "11-23 10:25" and state != "done"
        }
        fires(config, clock, "2026-11-23", "reminder", "16:37")
        clock.set("2026-12-03T10:06:58")  # ten days later
        until(lambda: runs(config).get(("progress", "12-03 10:07")) == "done")
        until(lambda: states(config)["pending"] == 0)
        clear = clock_problem(bot)
        bot.end()

    assert LATER in said
    assert ahead == set()
    assert sent_twice(config, sandbox) == 0
    assert clear == ""


@pytest.mark.lasting
def test_a_clock_a_day_behind_lets_each_day_have_its_jobs_once(
    config: Path, clock: MachineClock, sandbox: SandboxProcess
) -> None:
    clock.set("2026-11-24T10:00")
    with bot_process(config, environ=clock.environ) as bot:
        fires(config, clock, "2026-11-24", "progress", "10:07")
        clock.set("2026-11-23T10:08:00")
        until(lambda: bot.said("the clock was ahead"))
        said = clock_problem(bot)
        fires(config, clock, "2026-11-23", "reminder", "16:37")
        clock.set("2026-11-24T10:09:00")
        until(lambda: clock_problem(bot) == "")
        fires(config, clock, "2026-11-24", "reminder", "16:37")
        bot.end()

    found = {name: state for name, state in runs(config).items() if name[1].startswith("11-24")}
    assert LATER in said
    assert found[("progress", "11-24 10:07")] == "done"
    assert found[("reminder", "11-24 16:37")] == "done"
    assert sent_twice(config, sandbox) == 0


@pytest.mark.lasting
def test_a_service_that_starts_before_its_clock_is_set_begins_when_it_is(
    config: Path, clock: MachineClock
) -> None:
    """A machine without a battery begins in 2000: no record begins then, no job was missed since."""
    clock.set("2000-01-01T00:00:10")
    with bot_process(config, ready="cannot begin yet", environ=clock.environ) as bot:
        clock.set("2026-11-25T10:00")
        until(lambda: bot.said("listening on "))
        until(lambda: "first_start" in marks(config))
        code = bot.end()

    assert {name: _day(marks(config)[name]) for name in ("record_began", "first_start", "receiving")} == (
        dict.fromkeys(("record_began", "first_start", "receiving"), "2026-11-25")
    )
    assert {moment[:5] for _, moment in runs(config)} <= {"11-25"}
    assert code == 0


def marks(config: Path) -> dict[str, str]:
    return {
        row["name"]: row["value"] for row in rows_of(config.parent / "quotabot.db", "SELECT * FROM marks")
    }


def _day(moment: str) -> str:
    return datetime.fromtimestamp(int(moment), CHINA).date().isoformat()
