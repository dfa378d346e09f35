"""One scheduler for all acts of the service: each in its interval, none twice at once, none held up."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest
from builders.e2e import until
from builders.service import running
from builders.service_acts import bank

from scheduler import runner as runner_module
from scheduler.runner import Loop, Runner

OFTEN_S = 0.02


def test_acts_that_take_long_hold_up_no_other_and_are_not_called_again_meanwhile() -> None:
    release = threading.Event()
    slow_calls: list[int] = []
    quick_calls: list[int] = []

    def slow(number: int) -> None:
        slow_calls.append(number)
        assert release.wait(60)

    slow_acts = [(f"slow {number}", partial(slow, number), OFTEN_S) for number in range(9)]
    runner = Runner([*slow_acts, ("quick", partial(quick_calls.append, 0), OFTEN_S)])
    runner.start()
    until(lambda: len(slow_calls) >= 9)
    before = len(quick_calls)
    until(lambda: len(quick_calls) >= before + 20)
    under_way = sorted(slow_calls)
    release.set()
    until(lambda: len(slow_calls) > 9)  # they are called again now
    runner.stop()

    assert under_way == list(range(9))


def test_a_stop_waits_for_the_act_under_way_and_begins_no_other() -> None:
    begun, release, returned = threading.Event(), threading.Event(), threading.Event()
    left_behind: list[bool] = []

    def slow() -> None:
        begun.set()
        assert release.wait(60)
        left_behind.append(returned.wait(0.5))

    runner = Runner([("slow", slow, OFTEN_S), ("quick", lambda: None, OFTEN_S)])
    runner.start()
    assert begun.wait(60)
    release.set()
    runner.stop()
    returned.set()

    assert left_behind == [False]
    assert [one.name for one in threading.enumerate() if one.name.startswith("act")] == []


def test_an_act_and_a_loop_go_on_after_a_fault_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "AFTER_FAULT_S", OFTEN_S)
    faults: list[str] = []

    def act() -> None:
        faults.append("act")
        raise LookupError

    def step() -> None:
        faults.append("loop")
        raise OSError

    runner, loop = Runner([("act", act, OFTEN_S)]), Loop("loop", step, wake=lambda: None)
    for part in (runner, loop):
        part.start()
    until(lambda: min(faults.count("act"), faults.count("loop")) >= 3)
    for part in (loop, runner):
        part.stop()

    assert set(faults) == {"act", "loop"}


def test_a_service_has_one_scheduler(tmp_path: Path) -> None:
    with bank(tmp_path) as here, running(here.services, role="all"):
        schedulers = [one.name for one in threading.enumerate() if one.name == "APScheduler"]

    assert schedulers == ["APScheduler"]
