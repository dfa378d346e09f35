"""A lease is renewed in time and no sooner, and is known to be lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.lease import Lease
from bot.store.store import Store


class Clock:
    """Real time that a test sets."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "quotabot.db")
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.5)


def lease(store: Store, clock: Clock, holder: str = "me") -> Lease:
    return Lease(store.leases, "work", holder=holder, lasts_s=13, real_time=clock)


def until(store: Store) -> tuple[str, int] | None:
    """Holder and end of the lease as everybody sees it."""
    row = store.leases.get("work", now=0)
    return None if row is None else (row["holder"], row["until_s"])


def test_it_lasts_from_the_whole_second_on(store: Store, clock: Clock) -> None:
    mine = lease(store, clock)

    assert mine.left_s <= 0
    assert mine.hold(for_s=10)
    assert mine.left_s == 12.5
    assert until(store) == ("me", 1013)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        pytest.param(1003.0, 1013, id="enough is left"),
        pytest.param(1003.1, 1016, id="too little is left"),
        pytest.param(1050.0, 1063, id="it was over, and nobody took it"),
    ],
)
def test_it_is_renewed_when_less_is_left_than_asked_for(
    store: Store, clock: Clock, at: float, end: int
) -> None:
    mine = lease(store, clock)
    assert mine.hold(for_s=10)
    clock.now = at

    assert mine.hold(for_s=10)
    assert until(store) == ("me", end)


def test_who_was_overtaken_knows_it(store: Store, clock: Clock) -> None:
    mine, other = lease(store, clock), lease(store, clock, "another")
    assert mine.hold(for_s=10)
    assert not other.hold(for_s=10)
    assert other.left_s <= 0
    clock.now = 1013.0
    assert other.hold(for_s=10)

    assert not mine.hold(for_s=10)
    assert mine.left_s <= 0
    assert until(store) == ("another", 1026)


def test_what_was_given_back_is_anybodys(store: Store, clock: Clock) -> None:
    mine, other = lease(store, clock), lease(store, clock, "another")
    assert mine.hold(for_s=10)
    mine.free()

    assert mine.left_s <= 0
    assert until(store) is None
    assert other.hold(for_s=10)
    mine.free()
    assert until(store) == ("another", 1013)
