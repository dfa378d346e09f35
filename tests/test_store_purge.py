"""Finished events and messages leave the store in steps; what names them stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store.outbox import OutboxMessage
from bot.store.store import Store

OLD, NEW = 1000, 2000  # moments before and after the one up to which rows are deleted
MOMENT = 1500


@pytest.fixture
def store(any_place: Path | str) -> Iterator[Store]:
    store = Store(any_place)
    yield store
    store.close()


def receive(store: Store, *names: str, at: int) -> None:
    with store.transaction():
        rows = [{"hash": name, "body": name.encode(), "received_at": at} for name in names]
        store.engine.run_many("inbox_add", rows)


def handle(store: Store, *names: str, state: str = "done") -> None:
    for due in store.inbox.due(now=NEW, batch=100):
        if due.body.decode() in names:
            store.inbox.finish(due.seq, state=state, kind="")


def give_up(store: Store, *names: str) -> None:
    for due in store.inbox.due(now=NEW, batch=100):
        if due.body.decode() in names:
            store.inbox.fail(due.seq, kind="", attempts=5, next_try_at=None, error="x")


def events(store: Store) -> list[str]:
    return [row["hash"] for seq in range(store.inbox.newest() + 1) if (row := store.inbox.show(seq))]


def message(key: str) -> OutboxMessage:
    return OutboxMessage(
        key=key, job="progress", to_userid="li", content="…", msgtype="text", not_before=0, expires_at=2**40
    )


def send(store: Store, *keys: str, state: str = "sent", at: int) -> None:
    for key in keys:
        assert store.outbox.add(message(key), created_at=at)
        if state != "pending":
            store.outbox.finish(seq_of(store, key), state=state, now=at)


def seq_of(store: Store, key: str) -> int:
    row = store.outbox.by_key(key)
    assert row is not None
    return int(row["seq"])


def steps(store: Store, purge_before: Callable[..., int], *, limit: int) -> list[int]:
    """How many rows each step deleted, up to the first one that finds nothing."""
    counts = []
    while not counts or counts[-1]:
        assert len(counts) < 50
        with store.transaction():
            counts.append(purge_before(MOMENT, limit=limit))
    return counts


def test_old_handled_events_are_deleted_in_steps(store: Store) -> None:
    receive(store, "a", "b", "c", "d", "e", at=OLD)
    receive(store, "f", at=NEW)
    handle(store, "b", state="ignored")
    handle(store, "a", "c", "d", "e", "f")

    assert steps(store, store.inbox.purge_before, limit=2) == [2, 2, 1, 0]

    assert events(store) == ["f"]


def test_events_that_wait_or_were_given_up_on_stay(store: Store) -> None:
    receive(store, "waits", "dead", "dropped", "done", at=OLD)
    give_up(store, "dead", "dropped")
    assert store.inbox.drop(max(row["seq"] for row in store.inbox.dead()))
    handle(store, "done")

    assert sum(steps(store, store.inbox.purge_before, limit=1)) == 2

    assert events(store) == ["waits", "dead"]


def test_a_deleted_event_is_still_known(store: Store) -> None:
    receive(store, "a", at=OLD)
    handle(store, "a")
    steps(store, store.inbox.purge_before, limit=10)

    receive(store, "a", "b", at=NEW)

    assert events(store) == ["b"]


def test_a_later_purge_begins_with_the_oldest_event_again(store: Store) -> None:
    receive(store, "waits", "done", at=OLD)
    handle(store, "done")
    steps(store, store.inbox.purge_before, limit=10)
    handle(store, "waits")

    assert steps(store, store.inbox.purge_before, limit=10) == [1, 0]


def test_old_ended_messages_are_deleted_in_steps(store: Store) -> None:
    send(store, "a", "b", "c", at=OLD)
    send(store, "failed", state="failed", at=OLD)
    send(store, "waits", state="pending", at=OLD)
    send(store, "new", at=NEW)

    assert steps(store, store.outbox.purge_before, limit=2) == [2, 2, 0]

    assert [key for key in ("a", "b", "c", "failed", "waits", "new") if store.outbox.by_key(key)] == [
        "waits",
        "new",
    ]


def test_a_message_that_ended_after_the_moment_stays(store: Store) -> None:
    send(store, "a", state="pending", at=OLD)
    store.outbox.finish(seq_of(store, "a"), state="sent", now=NEW)

    assert steps(store, store.outbox.purge_before, limit=2) == [0]


def test_a_deleted_message_is_not_planned_again(store: Store) -> None:
    send(store, "a", at=OLD)
    steps(store, store.outbox.purge_before, limit=10)

    assert store.outbox.knows("a")
    assert not store.outbox.add(message("a"), created_at=NEW)
    assert store.outbox.add(message("b"), created_at=NEW)


def test_a_step_that_is_undone_is_made_again(store: Store) -> None:
    receive(store, "a", at=OLD)
    handle(store, "a")

    def fail() -> None:
        with store.transaction():
            store.inbox.purge_before(MOMENT, limit=10)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    steps(store, store.inbox.purge_before, limit=10)

    assert sum(steps(store, store.inbox.purge_before, limit=10)) == 1
    assert events(store) == []
