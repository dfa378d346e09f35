"""What the store keeps for catching up, on both engines: outages, the newest callback, what was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.relations import RelationEvent, RelationKind
from bot.store.store import Store

NOW = 1_000_000


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def test_an_outage_that_lasts_is_one_row_whose_end_moves(store: Store) -> None:
    for ended_at in (NOW, NOW + 60):
        store.outages.add(NOW - 100, ended_at, reason="silence", holder="")
    store.outages.add(NOW - 500, NOW - 400, reason="silence", holder="")
    last = store.outages.last("silence")

    assert last is not None
    assert (last["began_at"], last["ended_at"]) == (NOW - 100, NOW + 60)
    assert [row["ended_at"] for row in store.outages.since(0)] == [NOW - 400, NOW + 60]
    assert store.outages.last("down") is None


def test_an_outage_that_was_none_is_dropped_and_no_other(store: Store) -> None:
    for reason in ("silence", "down"):
        store.outages.add(NOW - 100, NOW, reason=reason, holder="")
    store.outages.add(NOW - 500, NOW - 400, reason="silence", holder="")

    store.outages.drop(NOW - 100, reason="silence")

    left = [(row["reason"], row["began_at"]) for row in store.outages.since(0)]
    assert left == [("silence", NOW - 500), ("down", NOW - 100)]


def test_the_newest_callback_is_the_one_that_came_last(store: Store) -> None:
    before = store.inbox.last_received()
    rows = [{"hash": f"h{at}", "body": b"", "received_at": at} for at in (NOW, NOW + 5)]
    with store.transaction():
        store.engine.run_many("inbox_add", rows)

    assert (before, store.inbox.last_received()) == (None, NOW + 5)


def test_facts_of_one_origin_after_a_time_are_counted(store: Store) -> None:
    with store.transaction():
        for origin, at in (("sync", NOW), ("sync", NOW + 1), ("callback", NOW + 1)):
            fact = RelationEvent(
                userid="yg01", external_userid=f"{origin}{at}", at=at, kind=RelationKind.ADDED
            )
            store.ledger.append(fact, origin=origin, recorded_at=NOW)

    assert store.ledger.found_since(NOW, origin="sync") == 1
