"""Claims begin after what is done, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.core.relations import RelationEvent, RelationKind
from bot.store import bounds
from bot.store.chat import ChatRequest
from bot.store.outbox import Lane, OutboxMessage
from bot.store.queries import shipped
from bot.store.store import Store

NOW = 1000
EVENTS = 3000


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


@pytest.fixture
def other(store: Store, place: Path | str) -> Iterator[Store]:
    """Another process on the same store."""
    other = Store(place)
    yield other
    other.close()


class Clock:
    """The monotonic time of all bounds."""

    def __init__(self) -> None:
        self.now = 1.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(bounds.time, "monotonic", clock)
    return clock


def receive(store: Store, numbers: range) -> None:
    with store.transaction():
        rows = [{"hash": f"h{n}", "body": b"%d" % n, "received_at": NOW} for n in numbers]
        store.engine.run_many("inbox_add", rows)


def claim(store: Store, *, batch: int = 1000) -> list[int]:
    """Claim and finish events; return them by their bodies."""
    if not store.inbox.may_be_due(now=NOW):
        return []
    with store.transaction():
        due = store.inbox.due(now=NOW, batch=batch)
        for one in due:
            store.inbox.finish(one.seq, state="done", kind="")
    return [int(one.body) for one in due]


def reopen(store: Store, body: int) -> None:
    """Make an event of the past wait again, as if its transaction had been committed only now."""
    store.engine.learn(
        "-- name: reopen(hash)!\nUPDATE inbox SET state = 'pending', next_try_at = 0 WHERE hash = :hash;\n"
    )
    assert store.engine.apply("reopen", hash=f"h{body}")


def put_message(store: Store, key: str, **changes: Any) -> None:
    given: dict[str, Any] = {
        "key": key,
        "job": "progress",
        "to_userid": "li",
        "content": "…",
        "msgtype": "text",
        "not_before": 0,
        "expires_at": 2**40,
    }
    assert store.outbox.add(OutboxMessage(**given | changes), created_at=NOW)


def due_messages(store: Store) -> list[str]:
    return [one.key for one in store.outbox.due(real_now=NOW, clock_now=NOW, batch=100)]


def send(store: Store, *keys: str) -> None:
    for one in store.outbox.due(real_now=NOW, clock_now=NOW, batch=100):
        if one.key in keys:
            store.outbox.finish(one.seq, state="sent", now=NOW)


@contextmanager
def snapshot(url: str) -> Iterator[None]:
    """Hold a snapshot, as a `pg_dump` does."""
    with psycopg.connect(url) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM marks")
        yield


def pages_of(url: str, name: str, **values: object) -> int:
    """How many pages PostgreSQL touches for a statement: work that no other program makes longer."""
    with psycopg.connect(url) as connection:
        query = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {shipped('postgres', 'psycopg')[name].sql}"
        row = connection.execute(query, values).fetchone()
        connection.rollback()
    assert row is not None
    plan = row[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


@pytest.mark.lasting
def test_a_claim_does_not_walk_over_what_is_done_while_a_snapshot_is_held(store_url: str) -> None:
    store = Store(store_url)
    pages = []
    try:
        with snapshot(store_url):
            for part in range(3):
                receive(store, range(part * EVENTS, (part + 1) * EVENTS))
                while claim(store, batch=200):
                    pass
                span = {"upto": 2**62, "batch": 200}
                from_the_beginning = pages_of(store_url, "inbox_due", after=0, **span)
                after = store.inbox.bound.after()
                pages.append((from_the_beginning, pages_of(store_url, "inbox_due", after=after, **span)))
    finally:
        store.close()

    without, with_bound = zip(*pages, strict=True)
    assert without[2] > 2 * without[0]
    assert max(with_bound) <= min(with_bound) + 3


def test_marks_are_claimed_without_those_that_are_derived(store_url: str) -> None:
    store = Store(store_url)
    pages = []
    try:
        with snapshot(store_url):
            for part in range(3):
                with store.transaction():
                    store.ledger.touch(f"u{part}", [f"c{n}" for n in range(EVENTS)])
                while store.ledger.has_dirty():
                    with store.transaction():
                        store.ledger.take_dirty(batch=200)
                span = {"scope": "relation", "batch": 200}
                from_the_beginning = pages_of(store_url, "dirty_take", after=0, **span)
                after = store.ledger.bound.after()
                pages.append((from_the_beginning, pages_of(store_url, "dirty_take", after=after, **span)))
    finally:
        store.close()

    without, with_bound = zip(*pages, strict=True)
    assert without[2] > 2 * without[0]
    assert max(with_bound) <= min(with_bound) + 3


def test_every_event_is_claimed_once_in_order(store: Store) -> None:
    receive(store, range(7))

    assert [claim(store, batch=3) for _ in range(4)] == [[0, 1, 2], [3, 4, 5], [6], []]
    receive(store, range(7, 9))
    assert claim(store) == [7, 8]


def test_an_event_whose_number_is_lower_and_whose_commit_is_later_is_found(
    store: Store, clock: Clock
) -> None:
    receive(store, range(4))
    handled = [one for one in store.inbox.due(now=NOW, batch=9) if one.body != b"1"]
    with store.transaction():
        for one in handled:
            store.inbox.finish(one.seq, state="done", kind="")
    receive(store, range(4, 5))

    assert claim(store) == [1, 4]


def test_an_event_that_comes_very_late_is_found_by_the_next_look(store: Store, clock: Clock) -> None:
    receive(store, range(4))
    claim(store)
    clock.now += bounds.LAG_S / 2  # longer than numbers are looked up one by one
    reopen(store, 2)

    assert claim(store) == []
    clock.now += bounds.LAG_S
    assert claim(store) == [2]


def test_an_event_below_the_floor_is_found_by_a_look_from_the_beginning(store: Store, clock: Clock) -> None:
    receive(store, range(4))
    claim(store)
    for _ in range(4):
        clock.now += bounds.LAG_S + 1
        claim(store)
    assert store.inbox.bound.floor() > 0
    reopen(store, 2)

    found: list[int] = []
    for _ in range(60):
        clock.now += bounds.LAG_S + 1
        found += claim(store)

    assert found == [2]


def test_a_process_that_starts_finds_what_is_below_the_stored_floor(
    store: Store, other: Store, clock: Clock
) -> None:
    receive(store, range(4))
    claim(store)
    for _ in range(4):
        clock.now += bounds.LAG_S + 1
        claim(store)
    reopen(store, 2)

    assert claim(other) == [2]


def test_events_of_an_undone_transaction_are_claimed_again(store: Store) -> None:
    receive(store, range(3))

    def fail() -> None:
        with store.transaction():
            for one in store.inbox.due(now=NOW, batch=9):
                store.inbox.finish(one.seq, state="done", kind="")
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert claim(store) == [0, 1, 2]


def test_an_event_that_is_tried_again_and_a_revived_one_are_claimed(store: Store) -> None:
    receive(store, range(3))
    first, second, _ = store.inbox.due(now=NOW, batch=9)
    store.inbox.fail(first.seq, kind="", attempts=1, next_try_at=NOW, error="x")
    store.inbox.fail(second.seq, kind="", attempts=5, next_try_at=None, error="x")
    assert claim(store) == [0, 2]

    assert store.inbox.revive(second.seq)

    assert claim(store) == [1]


def test_marks_of_an_undone_transaction_are_claimed_again(store: Store) -> None:
    with store.transaction():
        store.ledger.touch("li", ["a", "b"])

    def fail() -> None:
        with store.transaction():
            assert store.ledger.take_dirty(batch=9) == [("li", "a"), ("li", "b")]
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert store.ledger.has_dirty()
    with store.transaction():
        assert store.ledger.take_dirty(batch=9) == [("li", "a"), ("li", "b")]
    assert not store.ledger.has_dirty()


def test_depths_count_what_waits_above_and_below_the_floor(store: Store, other: Store, clock: Clock) -> None:
    receive(store, range(5))
    first, second, *_ = store.inbox.due(now=NOW, batch=9)
    store.inbox.fail(first.seq, kind="", attempts=1, next_try_at=NOW + 60, error="x")
    store.inbox.fail(second.seq, kind="", attempts=5, next_try_at=None, error="x")
    claim(store)
    put_message(store, "sent")
    put_message(store, "again")
    send(store, "sent")
    (again,) = store.outbox.due(real_now=NOW, clock_now=NOW, batch=9)
    store.outbox.retry(again.seq, next_try_at=NOW + 60, unsure_since=None, error="x")
    for _ in range(4):
        clock.now += bounds.LAG_S + 1
        claim(store)
        due_messages(store)
    receive(store, range(5, 7))
    put_message(store, "new")

    inbox, outbox = other.inbox.depth(now=NOW + 5), other.outbox.depth(now=NOW + 5)

    assert store.inbox.bound.floor() > first.seq
    assert (inbox.pending, inbox.dead, inbox.oldest_s) == (3, 1, 5)
    assert (outbox.pending, outbox.dead, outbox.oldest_s) == (2, 0, 5)


def test_messages_are_found_whatever_was_sent_after_them(store: Store, clock: Clock) -> None:
    put_message(store, "later", not_before=NOW + 50)
    for number in range(5):
        put_message(store, f"m{number}")
        send(store, f"m{number}")
        clock.now += bounds.LAG_S
    put_message(store, "answer", lane=Lane.FAST)

    assert due_messages(store) == ["answer"]
    later = store.outbox.due(real_now=NOW + 50, clock_now=NOW + 50, batch=9)
    assert [one.key for one in later] == ["answer", "later"]


def test_chat_requests_are_found_in_the_order_in_which_they_came(store: Store, clock: Clock) -> None:
    for number in range(3):
        store.chat.put(ChatRequest(msgid=f"m{number}", userid="li", text="x", said_at=NOW - number))
        clock.now += bounds.LAG_S
    with store.transaction():
        taken = store.chat.claim("a", now=NOW, until=NOW + 10, batch=2)
    assert [one.msgid for one in taken] == ["m1", "m0"]
    assert store.chat.finish("m1", claim="a")
    clock.now += 10 * bounds.LAG_S

    with store.transaction():
        rest = store.chat.claim("b", now=NOW + 10, until=NOW + 20, batch=9)

    assert {one.msgid for one in rest} == {"m0", "m2"}


def test_facts_reach_their_marks_whatever_was_derived_before(store: Store, clock: Clock) -> None:
    for at in range(1, 4):
        fact = RelationEvent(userid="li", external_userid="c", at=at, kind=RelationKind.ADDED)
        with store.transaction():
            store.ledger.append(fact, origin="callback", recorded_at=0)
        clock.now += 2 * bounds.LAG_S
        assert store.ledger.has_dirty()
        with store.transaction():
            assert store.ledger.take_dirty(batch=9) == [("li", "c")]


def want(store: Store, customer: str, *, now: int) -> None:
    with store.transaction():
        store.details.want("li", customer, now=now)


def due_reads(store: Store, *, now: int) -> list[str]:
    return [read.external_userid for read in store.details.due(now=now, batch=9)]


def test_contacts_to_read_are_found_whatever_was_read_before(store: Store, clock: Clock) -> None:
    for number in range(4):
        now = NOW + 1000 * number
        want(store, f"c{number}", now=now - 30)  # of a transaction that began before
        (read,) = store.details.due(now=now, batch=9)
        assert read.external_userid == f"c{number}"
        store.details.later(read, attempts=1, next_try_at=now + 500, error="x")
        (again,) = store.details.due(now=now + 500, batch=9)
        assert store.details.done(again)

    assert due_reads(store, now=NOW + 9000) == []


def test_contacts_to_read_are_found_after_the_clock_went_back(store: Store, clock: Clock) -> None:
    want(store, "ahead", now=NOW + 9000)
    assert due_reads(store, now=NOW + 9000) == ["ahead"]

    want(store, "now", now=NOW)

    assert due_reads(store, now=NOW) == ["now"]


def test_a_contact_that_was_passed_is_found_within_the_hour(store: Store, clock: Clock) -> None:
    assert due_reads(store, now=NOW + 9000) == []
    want(store, "late", now=NOW)
    assert due_reads(store, now=NOW + 9000) == []

    clock.now += 3601

    assert due_reads(store, now=NOW + 9000) == ["late"]
