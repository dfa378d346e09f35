"""When events may have been lost is on record: no receiver ran. (503s: see the tests of PostgreSQL.)"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, far_schedule, installation, until, write_config, write_roster
from builders.service import running

from bot.app import service
from bot.services import Services

RECEIVING = "receiving"


@pytest.fixture
def services(tmp_path: Path, place: Path | str) -> Iterator[Services]:
    write_roster(tmp_path, "yg01,员工甲,1,客户经理,,,,")
    store = place if isinstance(place, str) else f"sqlite:///{place}"
    config = write_config(tmp_path, store=store, more=far_schedule())
    with installation(config, FakeTime(at("2026-11-23T09:00"))) as opened:
        yield opened


def ran_last(services: Services, *, seconds_ago: int) -> int:
    """A receiver ran so long ago, and none since."""
    last = int(services.store.now()) - seconds_ago
    services.store.marks.put(RECEIVING, str(last))
    return last


def test_the_time_without_a_receiver_is_on_record_once_one_runs_again(services: Services) -> None:
    last = ran_last(services, seconds_ago=400)
    with running(services, role="receiver"):
        pass
    with running(services, role="receiver"):  # it was away for a moment only
        pass
    (outage,) = services.store.outages.since(0)

    assert (outage["began_at"], outage["reason"]) == (last, "down")
    assert 400 <= outage["ended_at"] - last < 400 + 120
    assert abs(int(services.store.marks.get(RECEIVING) or 0) - services.store.now()) < 120


@pytest.mark.parametrize(
    ("role", "seconds_ago"),
    [
        pytest.param("receiver", 5, id="another receiver runs, or a quick restart"),
        pytest.param("worker", 400, id="a worker receives nothing"),
    ],
)
def test_what_is_no_downtime_is_not_on_record(services: Services, role: str, seconds_ago: int) -> None:
    ran_last(services, seconds_ago=seconds_ago)
    with running(services, role=role):
        pass

    assert services.store.outages.since(0) == []


def test_a_receiver_that_stood_still_is_on_record_when_it_goes_on(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ALIVE_S", 0.05)
    clock = FakeTime(at("2026-11-23T09:00"))
    services.store.now = clock  # type: ignore[method-assign]  # one clock for everybody
    monkeypatch.setattr(service, "_ticking", clock)  # it goes on while a machine sleeps
    with running(services, role="receiver"):
        stood_still = int(clock())
        clock.pass_(300)  # as a machine that was asleep
        until(lambda: services.store.outages.since(0) != [])

    (outage,) = services.store.outages.since(0)
    assert (outage["began_at"], outage["ended_at"]) == (stood_still, stood_still + 300)


def test_the_first_start_is_no_end_of_a_downtime(services: Services) -> None:
    with running(services, role="receiver"):
        pass

    assert services.store.outages.since(0) == []
