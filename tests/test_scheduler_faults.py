"""Kind: an unexpected exception in a loop. It backs off, is shown, and blocks no neighbour."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.chat import arrive, text_event
from builders.delivery import post as open_post
from builders.e2e import at, outbox_rows, until
from builders.reviews import branch
from builders.service import logged

from bot.features.chat import answer
from bot.features.health import Health
from bot.services import Services
from bot.store.engine import StoreBusyError
from bot.store.store import Store
from scheduler import runner
from scheduler.admin import wrong
from scheduler.runner import Guard, Loop, Runner


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def problems(store: Store) -> list[dict[str, Any]]:
    report = Health(store, probe=lambda: None).report()
    return [one for one in report["degraded"] if one["part"] == "loop"]


class Broken:
    """An act that fails while *error* is set."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.calls: list[float] = []

    def __call__(self) -> None:
        self.calls.append(time.monotonic())
        if self.error is not None:
            raise self.error


def test_a_failing_act_is_called_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(runner.time, "monotonic", lambda: now)
    calls = []

    def act() -> None:
        calls.append(round(now))
        raise ValueError

    guard = Guard("act", act)
    for second in range(400):
        now = float(second)
        guard()

    assert calls == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]


def test_a_fault_is_logged_once_and_shown_in_readyz_until_it_is_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "AFTER_FAULT_S", 0.0)
    act = Broken(ValueError("with content"))
    guard = Guard("look_after", act, store.failing)
    with logged(runner) as entries:
        for _ in range(5):
            guard()
        during = problems(store)
        act.error = None
        guard()

    assert len(act.calls) == 6
    assert [entry["event"] for entry in entries] == ["act failed and goes on"]
    assert during == [
        {"part": "loop", "problem": "look_after fails (ValueError) and is tried again: see the log"}
    ]
    assert problems(store) == []


def test_what_an_earlier_process_noted_goes_with_the_first_success(store: Store) -> None:
    store.failing.note("tick", "ValueError")
    store.failing.note("tick_lasting", "OSError")
    Guard("tick", lambda: None, store.failing)()

    assert store.failing.all() == {"tick_lasting": "OSError"}


def test_a_store_that_is_away_is_no_fault_of_the_program(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "AFTER_FAULT_S", 0.0)
    guard = Guard("tick", Broken(StoreBusyError("locked")), store.failing)
    for _ in range(3):
        guard()

    assert store.failing.all() == {}


def test_a_failing_act_or_loop_holds_up_no_other_and_no_stop(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "AFTER_FAULT_S", 120.0)
    bad, good, loop_good = Broken(ValueError()), Broken(None), Broken(None)
    many = Runner([("bad", bad, 0.02), ("good", good, 0.02)], store.failing)
    loops = [
        Loop("bad loop", Broken(OSError()), wake=lambda: None, failing=store.failing),
        Loop("good loop", lambda: (loop_good(), time.sleep(0.01))[0], wake=lambda: None),
    ]
    for part in (many, *loops):
        part.start()
    until(lambda: len(good.calls) >= 20 and len(loop_good.calls) >= 20)
    until(lambda: len(store.failing.all()) == 2)
    began = time.monotonic()
    for part in (*loops, many):
        part.stop()

    assert len(bad.calls) == 1
    assert store.failing.all() == {"bad": "ValueError", "bad loop": "OSError"}
    assert time.monotonic() - began < 60


def test_the_administrators_are_told_of_a_part_that_fails(tmp_path: Path) -> None:
    with open_post(tmp_path) as office:
        office.services.store.failing.note("look_after", "ValueError")
        told = [one.text for one in wrong(office.services, at=at("2026-11-23T09:07"))]

    assert any("look_after fails (ValueError)" in text for text in told)


def test_an_answer_that_cannot_be_stored_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(services: Services) -> dict[str, str]:
        return {row["key"]: row["content"] for row in outbox_rows(services) if row["job"] == "answer"}

    stored = answer.answer

    def broken(services: Services, key: str, userid: str, message: Any, **more: Any) -> Any:
        if key == "answer:1" and "答不上来" not in str(message):
            raise OverflowError("a fault of ours")
        return stored(services, key, userid, message, **more)

    monkeypatch.setattr(answer, "answer", broken)
    with branch(tmp_path) as services:
        arrive(services, text_event("zhang", "进度", msgid="1"), text_event("zhang", "规则", msgid="2"))
        told = answered(services)
        left = services.store.chat.open(batch=9)

    assert sorted(told) == ["answer:1", "answer:2"]
    assert "这会儿答不上来" in told["answer:1"]
    assert left == []


def test_a_relation_that_cannot_be_derived_holds_up_nobody_s_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("handlers.inbox.derive", broken)
    with branch(tmp_path) as services:
        with pytest.raises(ValueError, match="a fault of ours"):
            arrive(services, text_event("zhang", "规则", msgid="2"))
        told = [row["key"] for row in outbox_rows(services)]

    assert told == ["answer:2"]
