"""A running service goes on after a fault, and its end leaves nothing behind."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import at, rows_of, until, where, write_config, write_roster
from builders.sandbox import make_world
from builders.service import logged, running
from builders.service_acts import EMPLOYEES, NEVER_S, Bank, all_quick, bank, post, run_state

from bot.app import service
from bot.app.bootstrap import open_services
from bot.config import load
from bot.services import Services
from bot.store.engine import StoreBusyError
from sandbox.server import start
from scheduler import runner
from scheduler.jobs import LASTING

MORNING = "2026-11-24T09:07"
NIGHT_S = int(at("2026-11-24T02:17").timestamp())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bank]:
    with bank(tmp_path) as opened:
        yield opened


# --- faults ---


class Faulty:
    """A method that fails some times before it does its work."""

    def __init__(self, real: Callable[..., Any], errors: list[Exception]) -> None:
        self._real, self._errors = real, errors

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        with contextlib.suppress(IndexError):
            raise self._errors.pop(0)
        return self._real(*arguments, **named)

    @property
    def is_well(self) -> bool:
        return not self._errors


def errors() -> list[Exception]:
    return [LookupError("unexpected"), StoreBusyError("the store is away"), LookupError("unexpected")]


def spoil(patch: pytest.MonkeyPatch, owner: object, name: str) -> Faulty:
    faulty = Faulty(getattr(owner, name), errors())
    patch.setattr(owner, name, faulty)
    return faulty


def test_the_inbox_is_worked_off_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    faulty = spoil(monkeypatch, here.services.store.inbox, "due")
    with running(here.services, role="all") as site:
        assert post(site, "wm-1") == 200
        until(lambda: here.added() == ["wm-1"])

    assert faulty.is_well


def test_messages_are_sent_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    faulty = spoil(monkeypatch, here.services.store.outbox, "due")
    here.queue("yg01")
    with running(here.services, role="worker"):
        until(lambda: here.far.delivered["yg01"] == 1)

    assert faulty.is_well


def test_contacts_are_read_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    details = here.services.store.details
    faulty = spoil(monkeypatch, details, "tags_due")
    asked = threading.Event()

    def tags_change() -> Any:
        asked.set()
        return original()

    original = details.tags_change
    monkeypatch.setattr(details, "tags_change", tags_change)
    with running(here.services, role="worker"):
        assert asked.wait(60)

    assert faulty.is_well


def test_the_timetable_goes_on_after_unexpected_faults(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    all_quick(monkeypatch)
    runs = here.services.store.runs
    faults: dict[str, list[Exception]] = {}
    real = runs.abandoned

    def abandoned(**named: Any) -> Any:
        with contextlib.suppress(IndexError):
            raise faults.setdefault(threading.current_thread().name.rpartition("-")[0], errors()).pop(0)
        return real(**named)

    monkeypatch.setattr(runs, "abandoned", abandoned)
    monkeypatch.setitem(LASTING, "sync", lambda _services, _at, _beat: None)
    with running(here.services, role="worker", tick_s=0.05):
        until(lambda: here.services.store.marks.get("first_start") is not None)
        here.one_clock()
        here.clock.set(MORNING)
        runs.put_up("sync", NIGHT_S)
        until(lambda: run_state(here.services, "sync", NIGHT_S) == "done")
        until(lambda: run_state(here.services, "progress", int(at(MORNING).timestamp())) == "done")


@pytest.mark.parametrize(
    ("room", "method"),
    [
        pytest.param("inbox", "may_be_due", id="a loop"),
        pytest.param("runs", "abandoned", id="an act"),
    ],
)
def test_a_store_that_is_away_is_a_warning_and_an_unexpected_fault_an_error(
    here: Bank, monkeypatch: pytest.MonkeyPatch, room: str, method: str
) -> None:
    all_quick(monkeypatch)
    faulty = spoil(monkeypatch, getattr(here.services.store, room), method)
    with logged(runner) as entries, running(here.services, role="worker", tick_s=0.05):
        until(lambda: faulty.is_well)

    levels = {entry["event"]: entry["log_level"] for entry in entries}
    assert levels["act failed and goes on"] == "error"
    assert levels["the store is away; trying again"] == "warning"


# --- its end ---


def test_a_stop_leaves_no_thread_and_no_lease(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_POLL_S", NEVER_S)  # the stop must wake whoever waits
    before = set(threading.enumerate())
    with running(here.services, role="all") as site:
        assert post(site, "wm-1") == 200
        here.queue("yg01")
        until(lambda: here.far.delivered["yg01"] == 1 and here.added() == ["wm-1"])
        until(lambda: {"delivery", "details"} <= set(held(here.services)))
        began = time.monotonic()
    took = time.monotonic() - began

    assert took < 60
    assert held(here.services) == []
    until(lambda: [one.name for one in set(threading.enumerate()) - before if not is_fars(one)] == [])
    with pytest.raises(ConnectionError):
        site.ask("GET", "/healthz")


def held(services: Services) -> list[str]:
    """Leases that a service gives back; the token's is over in no time, two others run out by themselves."""
    names = [row["name"] for row in rows_of(where(services), "SELECT name FROM leases ORDER BY name")]
    return [name for name in names if name not in {"token", "listening", "figures"}]


def is_fars(thread: threading.Thread) -> bool:
    """Whether a thread serves the WeCom of the test."""
    return "process_request_thread" in thread.name


def test_a_stop_tells_those_who_last_and_waits_for_them(here: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()
    told: list[bool] = []

    def job(services: Services, _at: datetime, _beat: Callable[[], None]) -> None:
        begun.set()
        told.append(services.ending.wait(60))
        time.sleep(0.2)  # it needs a moment to end
        ended.set()

    monkeypatch.setitem(LASTING, "sync", job)
    here.clock.set("2026-11-24T02:18")
    here.services.store.runs.put_up("sync", NIGHT_S)
    with running(here.services, role="worker", tick_s=0.05):
        assert begun.wait(60)
    is_over = ended.is_set()

    assert (told, is_over) == ([True], True)


@pytest.mark.parametrize(
    ("room", "method"),
    [
        pytest.param("inbox", "may_be_due", id="inbox"),
        pytest.param("outbox", "due", id="sender"),
        pytest.param("details", "tags_due", id="details"),
        pytest.param("runs", "abandoned", id="timetable"),
    ],
)
def test_a_stop_waits_for_what_is_under_way(
    here: Bank, monkeypatch: pytest.MonkeyPatch, room: str, method: str
) -> None:
    begun, stopping, returned = threading.Event(), threading.Event(), threading.Event()
    left_behind: list[bool] = []
    owner = getattr(here.services.store, room)
    real = getattr(owner, method)

    def slow(*arguments: Any, **named: Any) -> Any:
        begun.set()
        if not left_behind:
            assert stopping.wait(60)
            left_behind.append(returned.wait(0.5))
        return real(*arguments, **named)

    monkeypatch.setattr(owner, method, slow)
    here.queue("yg01")
    with running(here.services, role="worker", tick_s=0.05):
        assert begun.wait(60)
        stopping.set()
    returned.set()

    assert left_behind[0] is False


@pytest.mark.parametrize("role", ["all", "receiver", "worker"])
def test_a_service_may_be_started_again_in_the_same_process(here: Bank, role: str) -> None:
    ports: list[int] = []
    for _ in range(2):
        here.services.ending.clear()
        with running(here.services, role=role) as site:
            ports.append(site.port)

    assert [bool(port) for port in ports] == [role != "worker"] * 2


@pytest.mark.parametrize("seconds", [0.2, 5.0], ids=["a byte now and then", "hardly a byte"])
def test_an_answer_that_drips_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Kind: a time-out per read taken for one per call. It outlived leases, and the stop."""
    monkeypatch.setattr("bot.wecom.client.CONNECT_S", 0.5)
    monkeypatch.setattr("bot.wecom.client.READ_S", 1.5)
    world, _ = make_world()
    world.faults.arm({"drip": {"seconds": seconds, "times": 10_000}})
    with start(world) as wecom:
        write_roster(tmp_path, *EMPLOYEES)
        config = write_config(tmp_path, app=asdict(world.app), api_url=wecom.url)
        with open_services(load(config, environ={})) as services:
            with running(services, role="all"):
                until(lambda: world.tokens.calls > 0)
                began = time.monotonic()
            ended = time.monotonic()

            assert ended - began < 60
            assert services.store.leases.get("delivery", now=int(services.store.now())) is None
