"""The job sync by the timetable: the directory, then the contacts; nobody takes it over meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from builders.directory import Bank, bank, corp
from builders.e2e import CHINA, at, rows_of, where
from builders.sandbox import make_world
from builders.sync import BATCH, NIGHT, Desk, desk
from structlog.testing import CapturingLogger

from bot.core.relations import RelationKind
from bot.services import Services
from bot.wecom.asker import StoppedError
from bot.wecom.errors import WeComError
from sandbox.events import compose
from scheduler import runs
from scheduler.jobs import LASTING
from scheduler.runs import LEASE_S, fire
from scheduler.sync import take_over
from scheduler.timetable import Firing

FIRING = Firing("sync", int(at(NIGHT).timestamp()))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Bank]:
    """An installation whose directory is WeCom's, before its first reading."""
    world, _ = make_world()
    world.api = replace(world.api, details_delay=0.0)
    with (
        corp(world) as its_corp,
        bank(its_corp, tmp_path, store=tmp_path / "quotabot.db", when=NIGHT) as found,
    ):
        yield found


def state_of(services: Services) -> tuple[str, str]:
    row = services.store.runs.get(FIRING.job, FIRING.fire_at)
    assert row is not None
    return row["state"], row["holder"]


def lasting(monkeypatch: pytest.MonkeyPatch, work: Callable[[Callable[[], None]], None]) -> None:
    """Let *work* stand for what sync does; it gets what says that it is alive."""

    def job(_services: Services, _at: datetime, beat: Callable[[], None]) -> None:
        work(beat)

    monkeypatch.setitem(LASTING, "sync", job)


def test_with_a_roster_it_compares_contacts_and_reads_no_directory(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        customer = one.happen("add", hears=False, when="2026-11-20T10:00")

        fire(one.services, FIRING, now=one.clock.now())

        assert state_of(one.services)[0] == "done"
        assert one.is_alive(customer)
        assert one.calls("department/list") == []
        assert len(one.calls(BATCH)) > 0


def test_with_wecoms_directory_the_people_of_this_night_are_compared(opened: Bank) -> None:
    (event,) = compose(
        opened.corp.world,
        {"kind": "add", "userid": "yg01", "at": int(at("2026-11-20T10:00").timestamp())},
    )

    fire(opened.services, FIRING, now=opened.clock.now())

    calls = opened.corp.calls()
    assert state_of(opened.services)[0] == "done"
    assert calls.index("department/list") < calls.index(BATCH)
    (fact,) = opened.services.store.ledger.relation("yg01", event.external_userid)
    assert fact.kind is RelationKind.ADDED


def test_without_the_directory_nothing_is_compared(opened: Bank) -> None:
    opened.corp.world.faults.arm({"read_error": {"errcode": 48002}})

    with pytest.raises(WeComError):
        take_over(opened.services, at(NIGHT))

    assert BATCH not in opened.corp.calls()
    assert opened.services.store.syncs.last() is None


def test_a_service_that_ends_stops_it_and_it_goes_on_later(tmp_path: Path) -> None:
    with desk(tmp_path) as one:
        customer = one.happen("add", hears=False, when="2026-11-20T10:00")
        one.services.ending.set()
        with pytest.raises(StoppedError, match="ending"):
            take_over(one.services, at(NIGHT))
        one.services.ending.clear()

        take_over(one.services, at(NIGHT))

        assert one.is_alive(customer)


@pytest.mark.parametrize(
    ("outage_min", "began"),
    [
        pytest.param(None, ["02:17"], id="nothing was lost meanwhile: the rest is enough"),
        pytest.param(20, ["02:17", "03:17"], id="an outage after it began: one that covers it"),
        pytest.param(5, ["02:17"], id="an outage so late that nothing covers it yet"),
    ],
)
def test_the_rest_of_an_earlier_one_is_not_taken_for_what_covers_an_outage(
    tmp_path: Path, outage_min: int | None, began: list[str]
) -> None:
    with desk(tmp_path) as one:
        one.services.ending.set()
        with pytest.raises(StoppedError):
            take_over(one.services, at(NIGHT))
        one.services.ending.clear()
        one.clock.pass_(3600)
        if outage_min is not None:
            ended = int(one.clock()) - 60 * outage_min
            one.services.store.outages.add(ended - 60, ended, reason="refused", holder="a:1")

        fire(one.services, FIRING, now=one.clock.now())

        runs_done = rows_of(where(one.services), "SELECT began_at FROM sync_runs WHERE state = 'done'")
        found = [f"{datetime.fromtimestamp(row['began_at'], CHINA):%H:%M}" for row in runs_done]
        assert found == began


def test_what_stops_it_is_told_in_a_line_and_whoever_comes_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger that another test of this process has used keeps its way out: take its place.
    told = CapturingLogger()
    monkeypatch.setattr(runs, "log", told)
    with desk(tmp_path) as one:
        customer = one.happen("add", hears=False, when="2026-11-20T10:00")
        one.world.faults.arm({"read_error": {"errcode": 60020}})
        fire(one.services, FIRING, now=one.clock.now())
        stopped = state_of(one.services)[0]
        one.clock.pass_(LEASE_S + 1)

        fire(one.services, FIRING, now=one.clock.now())

        (line,) = [call for call in told.calls if call.args == ("job stopped",)]
        assert "企业可信IP" in line.kwargs["reason"]
        assert "exc_info" not in line.kwargs
        assert line.method_name != "exception"
        assert (stopped, state_of(one.services)[0]) == ("running", "done")
        assert one.is_alive(customer)


def test_who_is_at_work_is_not_taken_over_however_long_it_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path) as one:
        taken: list[bool] = []

        def work(beat: Callable[[], None]) -> None:
            for _ in range(10):
                one.clock.pass_(LEASE_S / 2)
                beat()
                taken.append(_take(one))

        lasting(monkeypatch, work)
        fire(one.services, FIRING, now=one.clock.now())

        assert taken == [False] * 10
        assert state_of(one.services) == ("done", one.services.holder)


def test_who_was_silent_for_too_long_stops_when_another_is_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path) as one:
        reached: list[str] = []

        def work(beat: Callable[[], None]) -> None:
            one.clock.pass_(LEASE_S + 1)
            assert _take(one)
            beat()
            reached.append("after the beat")

        lasting(monkeypatch, work)
        fire(one.services, FIRING, now=one.clock.now())

        assert reached == []
        assert state_of(one.services) == ("running", "another")


def _take(one: Desk) -> bool:
    """Another process tries to take the firing over; whether it could."""
    now = int(one.clock())
    return one.services.store.runs.claim(
        FIRING.job, FIRING.fire_at, holder="another", now=now, lease_until=now + LEASE_S
    )
