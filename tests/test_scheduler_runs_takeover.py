"""A planner that lives is left alone however long it plans; one that was taken over plans nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from builders.e2e import (
    FakeTime,
    at,
    installation,
    outbox_rows,
    rows_of,
    until,
    where,
    write_config,
    write_roster,
)

from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services
from scheduler import jobs, runs
from scheduler.runs import LEASE_S, fire, tick
from scheduler.timetable import Firing

MORNING = "2026-11-23T09:07"
FIRING = Firing("progress", int(at(MORNING).timestamp()))
PEOPLE = [f"yg{number:02d}" for number in range(1, 8)]


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at("2026-11-23T08:00"))


@pytest.fixture
def services(tmp_path: Path, clock: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Seven people who are told their progress, planned two at a time."""
    monkeypatch.setattr(runs, "CHUNK", 2)
    write_roster(tmp_path, *(f"{userid},员工{userid},11,客户经理,,,," for userid in PEOPLE))
    with installation(write_config(tmp_path), clock) as opened:
        opened.store.now = clock  # type: ignore[method-assign]  # one clock for everybody
        tick(opened)  # the first start
        clock.set(MORNING)
        yield opened


def while_planning(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Call *act* before each message is planned, with how many came before it."""
    whole = jobs.JOBS["progress"]

    def job(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
        for number, message in enumerate(whole(services, standings)):
            act(number)
            yield message

    monkeypatch.setitem(jobs.JOBS, "progress", job)


def take_over(services: Services) -> bool:
    """Another process claims the firing; whether it got it."""
    now = int(services.store.now())
    return services.store.runs.claim(
        FIRING.job, FIRING.fire_at, holder="another", now=now, lease_until=now + LEASE_S
    )


def planned(services: Services) -> list[str]:
    return [row["to_userid"] for row in outbox_rows(services)]


def test_who_plans_for_long_is_not_taken_over(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bool] = []

    def slowly(_number: int) -> None:
        clock.pass_(LEASE_S * 0.45)
        taken.append(take_over(services))

    while_planning(monkeypatch, slowly)
    fire(services, FIRING, now=at(MORNING))
    row = services.store.runs.get(FIRING.job, FIRING.fire_at)

    assert taken == [False] * len(PEOPLE)
    assert planned(services) == PEOPLE
    assert row is not None
    assert (row["state"], row["holder"], row["messages"]) == ("done", services.holder, len(PEOPLE))


def test_who_computes_for_long_before_the_first_message_is_not_taken_over(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a close does: nothing is planned meanwhile, and nothing calls the planner."""
    monkeypatch.setattr(runs, "RENEW_S", 0.01)
    taken: list[bool] = []

    def compute(services: Services, _at: datetime) -> None:
        for _ in range(3):
            clock.pass_(LEASE_S * 0.7)
            latest = int(services.store.now()) + LEASE_S
            query = f"SELECT 1 FROM runs WHERE lease_until >= {latest}"
            until(lambda query=query: bool(rows_of(where(services), query)))
            taken.append(take_over(services))

    monkeypatch.setitem(jobs.PREPARES, "progress", compute)
    fire(services, FIRING, now=at(MORNING))

    assert taken == [False] * 3
    assert planned(services) == PEOPLE


def test_who_was_taken_over_while_computing_plans_nothing(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_asleep(services: Services, _at: datetime) -> None:
        clock.pass_(LEASE_S + 1)
        assert take_over(services)

    monkeypatch.setitem(jobs.PREPARES, "progress", fall_asleep)
    fire(services, FIRING, now=at(MORNING))
    row = services.store.runs.get(FIRING.job, FIRING.fire_at)

    assert planned(services) == []
    assert row is not None
    assert (row["state"], row["holder"]) == ("running", "another")


def test_who_was_taken_over_plans_nothing_more_and_ends_nothing(
    services: Services, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_asleep(number: int) -> None:
        if number == 3:
            clock.pass_(LEASE_S + 1)
            assert take_over(services)

    while_planning(monkeypatch, fall_asleep)
    fire(services, FIRING, now=at(MORNING))
    row = services.store.runs.get(FIRING.job, FIRING.fire_at)

    assert planned(services) == PEOPLE[:4]  # the pair that was on its way; its keys keep it single
    assert row is not None
    assert (row["state"], row["holder"], row["cursor"]) == ("running", "another", "yg02")


def test_whoever_goes_on_after_a_takeover_plans_the_rest_once(
    services: Services, clock: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_asleep(number: int) -> None:
        if number == 3:
            clock.pass_(LEASE_S + 1)
            with installation(tmp_path / "config.toml", clock) as other:
                other.store.now = clock  # type: ignore[method-assign]  # one clock for everybody
                monkeypatch.setitem(jobs.JOBS, "progress", whole)
                tick(other)

    whole = jobs.JOBS["progress"]
    while_planning(monkeypatch, fall_asleep)
    fire(services, FIRING, now=at(MORNING))
    row = services.store.runs.get(FIRING.job, FIRING.fire_at)

    assert sorted(planned(services)) == PEOPLE
    assert row is not None
    assert (row["state"], row["attempts"], row["messages"]) == ("done", 2, len(PEOPLE))


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_whatever_their_number_everybody_is_planned(
    services: Services, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Full chunks, and what is left of them."""
    monkeypatch.setattr(runs, "CHUNK", count)
    fire(services, FIRING, now=at(MORNING))

    assert planned(services) == PEOPLE
