"""Jobs that last: a thread of their own, no other job held up, no try used up by the end of a service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, installation, outbox_rows, until, write_config, write_roster
from builders.service import running

from bot.services import Services
from bot.wecom.asker import StoppedError
from scheduler.jobs import LASTING
from scheduler.runs import LEASE_S, TRIES, tick, tick_lasting

NIGHT, MORNING = "2026-11-24T02:17", "2026-11-24T09:07"
FIRE_AT = int(at(NIGHT).timestamp())


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at("2026-11-24T01:00"))


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime, place: Path | str) -> Iterator[Services]:
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,")
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    with installation(write_config(tmp_path, store=store), clock) as opened:
        tick(opened)  # the first start
        yield opened


def lasting(monkeypatch: pytest.MonkeyPatch, work: Callable[[Services, Callable[[], None]], None]) -> None:
    """Let *work* stand for what the job sync does."""

    def job(services: Services, _at: datetime, beat: Callable[[], None]) -> None:
        work(services, beat)

    monkeypatch.setitem(LASTING, "sync", job)


def run_of(services: Services, job: str = "sync", fire_at: int = FIRE_AT) -> tuple[str, int]:
    """(state, attempts) of a firing."""
    row = services.store.runs.get(job, fire_at)
    return ("none", 0) if row is None else (row["state"], row["attempts"])


def test_while_one_lasts_the_others_fire_in_time(
    tmp_path: Path, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def work(_services: Services, _beat: Callable[[], None]) -> None:
        begun.set()
        assert may_end.wait(60)

    lasting(monkeypatch, work)
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,")
    with (
        installation(write_config(tmp_path), clock, real_time=time.time) as services,
        running(services, role="worker"),
    ):
        tick(services)
        clock.set(NIGHT)
        assert begun.wait(60)
        clock.set(MORNING)
        until(lambda: run_of(services, "progress", int(at(MORNING).timestamp()))[0] == "done")
        meanwhile = run_of(services)
        may_end.set()
        until(lambda: run_of(services)[0] == "done")

        assert meanwhile == ("running", 1)
        assert [row["key"] for row in outbox_rows(services)] == ["progress:2026-11-24:yg01"]


def test_the_end_of_a_service_uses_up_no_try_and_whoever_is_there_goes_on_at_once(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(mine: Services, _beat: Callable[[], None]) -> None:
        mine.ending.set()
        raise StoppedError("the service is ending")

    lasting(monkeypatch, ended)
    clock.set(NIGHT)
    tick(services)
    after = []
    for _ in range(TRIES + 1):
        services.ending.clear()  # the next service
        tick_lasting(services)
        after.append(run_of(services))
    services.ending.clear()
    lasting(monkeypatch, lambda _services, _beat: None)
    tick_lasting(services)

    assert after == [("waiting", 0)] * (TRIES + 1)
    assert run_of(services) == ("done", 1)


def test_a_service_that_ends_begins_nothing_more(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting(monkeypatch, lambda _services, _beat: None)
    clock.set(NIGHT)
    tick(services)
    services.ending.set()
    tick_lasting(services)

    assert run_of(services) == ("waiting", 0)


def test_what_stops_it_otherwise_is_tried_three_times(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_services: Services, _beat: Callable[[], None]) -> None:
        raise StoppedError("60020")

    lasting(monkeypatch, stopped)
    clock.set(NIGHT)
    tick(services)
    seen = []
    for _ in range(TRIES + 1):
        tick_lasting(services)
        seen.append(run_of(services))
        clock.pass_(LEASE_S + 1)

    assert seen == [("running", 1), ("running", 2), ("failed", 3), ("failed", 3)]


def test_two_processes_begin_it_once(
    services: Services, clock: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    lasting(monkeypatch, lambda mine, _beat: begun.append(mine.holder))
    with installation(tmp_path / "config.toml", clock) as other:
        clock.set(NIGHT)
        for mine in (services, other):
            tick(mine)
        for mine in (other, services):
            tick_lasting(mine)

        assert begun == [other.holder]
        assert run_of(services) == ("done", 1)


def test_one_of_yesterday_is_missed_when_nobody_came_to_it(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting(monkeypatch, lambda _services, _beat: None)
    clock.set(NIGHT)
    tick(services)
    clock.set("2026-11-25T00:01")
    tick_lasting(services)

    assert run_of(services) == ("missed", 0)
