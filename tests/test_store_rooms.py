"""The rooms of the store: outbox, leases, runs, marks and tokens, each by what it must never do twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store.outbox import Lane, OutboxMessage
from bot.store.store import Store

NOW = 1_000_000
FIRE_AT = 900_000


@pytest.fixture
def store(any_place: Path | str) -> Iterator[Store]:
    store = Store(any_place)
    yield store
    store.close()


@pytest.fixture
def other(store: Store, any_place: Path | str) -> Iterator[Store]:
    """Another process on the same store."""
    other = Store(any_place)
    yield other
    other.close()


def message(key: str = "progress:2026-11-23:yg01", **changes: object) -> OutboxMessage:
    given: dict[str, object] = {
        "key": key,
        "job": "progress",
        "to_userid": "yg01",
        "content": "今天加 2 位就够",
        "msgtype": "text",
        "not_before": NOW,
        "expires_at": NOW + 3600,
    }
    return OutboxMessage(**(given | changes))  # type: ignore[arg-type]  # a builder


def due(store: Store, *, real: int = NOW, clock: int = NOW) -> list[str]:
    return [row.key for row in store.outbox.due(real_now=real, clock_now=clock, batch=100)]


def state(store: Store, key: str = "progress:2026-11-23:yg01") -> str:
    row = store.outbox.by_key(key)
    assert row is not None
    return str(row["state"])


def seq_of(store: Store, key: str = "progress:2026-11-23:yg01") -> int:
    row = store.outbox.by_key(key)
    assert row is not None
    return int(row["seq"])


def at_once(acts: list[Callable[[], bool]]) -> list[bool]:
    """Run all at the same moment."""
    barrier, results = threading.Barrier(len(acts)), []

    def run(act: Callable[[], bool]) -> None:
        barrier.wait()
        results.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# outbox


def test_a_message_is_stored_once_by_its_key_and_the_first_text_stays(store: Store) -> None:
    first = store.outbox.add(message(content="first"), created_at=NOW)
    second = store.outbox.add(message(content="second"), created_at=NOW)

    assert (first, second) == (True, False)
    kept = store.outbox.by_key("progress:2026-11-23:yg01")
    assert kept is not None
    assert kept["content"] == "first"


def test_one_key_from_many_processes_is_one_message(store: Store, other: Store) -> None:
    added = at_once([lambda one=one: one.outbox.add(message(), created_at=NOW) for one in [store, other] * 5])

    assert added.count(True) == 1


@pytest.mark.parametrize(
    ("changes", "real", "clock", "is_due"),
    [
        pytest.param({}, NOW, NOW, True, id="at its time"),
        pytest.param({"not_before": NOW + 1}, NOW, NOW, False, id="a second before"),
        pytest.param({"not_before": NOW + 50}, NOW, NOW + 50, True, id="the service's clock counts"),
        pytest.param({"time_shift": -500, "not_before": NOW - 500}, NOW, 0, True, id="its own clock"),
        pytest.param({"time_shift": -500, "not_before": NOW - 499}, NOW, NOW, False, id="its own, early"),
    ],
)
def test_a_message_is_due_from_its_time_on(
    store: Store, changes: dict[str, object], real: int, clock: int, is_due: bool
) -> None:
    store.outbox.add(message(**changes), created_at=NOW)

    assert bool(due(store, real=real, clock=clock)) is is_due


def test_answers_go_before_what_nobody_asked_for(store: Store) -> None:
    store.outbox.add(message("progress:a"), created_at=NOW)
    store.outbox.add(message("reply:b", lane=Lane.FAST), created_at=NOW)

    assert due(store) == ["reply:b", "progress:a"]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        pytest.param(NOW + 3599, "pending", id="a second before its end"),
        pytest.param(NOW + 3600, "expired", id="at its end"),
    ],
)
def test_a_message_that_lost_its_point_is_dropped(store: Store, clock: int, expected: str) -> None:
    store.outbox.add(message(), created_at=NOW)

    store.outbox.expire(real_now=NOW, clock_now=clock)

    assert state(store) == expected


def test_an_expired_message_that_wecom_may_have_taken_is_unknown(store: Store) -> None:
    store.outbox.add(message(), created_at=NOW)
    store.outbox.begin(seq_of(store), request=b"{}", now=NOW)

    store.outbox.expire(real_now=NOW, clock_now=NOW + 3600)

    assert state(store) == "unknown"
    assert store.outbox.depth(now=NOW).dead == 1


def test_an_expired_message_that_surely_was_not_sent_is_just_expired(store: Store) -> None:
    store.outbox.add(message(), created_at=NOW)
    store.outbox.begin(seq_of(store), request=b"{}", now=NOW)
    store.outbox.retry(seq_of(store), next_try_at=NOW + 9, unsure_since=None, error="refused")

    store.outbox.expire(real_now=NOW, clock_now=NOW + 3600)

    assert state(store) == "expired"


def test_the_first_request_is_kept_for_every_later_try(store: Store) -> None:
    store.outbox.add(message(), created_at=NOW)
    store.outbox.begin(seq_of(store), request=b"first", now=NOW)
    store.outbox.retry(seq_of(store), next_try_at=NOW, unsure_since=NOW, error="cut")
    store.outbox.begin(seq_of(store), request=b"second", now=NOW + 5)
    store.outbox.retry(seq_of(store), next_try_at=NOW, unsure_since=NOW, error="cut")

    (row,) = store.outbox.due(real_now=NOW, clock_now=NOW, batch=1)

    assert (row.request, row.unsure_since, row.attempts) == (b"first", NOW, 2)


def test_two_rows_never_keep_the_same_request(store: Store) -> None:
    store.outbox.add(message("a"), created_at=NOW)
    store.outbox.add(message("b"), created_at=NOW)
    store.outbox.begin(seq_of(store, "a"), request=b"same", now=NOW)

    assert store.outbox.is_taken(seq_of(store, "b"), request=b"same")
    assert not store.outbox.is_taken(seq_of(store, "a"), request=b"same")
    assert not store.outbox.begin(seq_of(store, "b"), request=b"same", now=NOW)


def test_a_finished_message_is_not_begun_retried_or_finished_again(store: Store) -> None:
    store.outbox.add(message(), created_at=NOW)
    seq = seq_of(store)
    store.outbox.finish(seq, state="sent", now=NOW, receipt='{"msgid": "1"}')

    begun = store.outbox.begin(seq, request=b"{}", now=NOW)
    store.outbox.retry(seq, next_try_at=0, unsure_since=None, error="late")
    store.outbox.finish(seq, state="failed", now=NOW, error="late")

    row = store.outbox.by_key("progress:2026-11-23:yg01")
    assert row is not None
    assert (begun, row["state"], row["error"], due(store)) == (False, "sent", "", [])


def test_waiting_for_the_pace_uses_up_no_try(store: Store) -> None:
    store.outbox.add(message(), created_at=NOW)

    store.outbox.postpone(seq_of(store), next_try_at=NOW + 7)

    assert due(store, real=NOW + 6) == []
    (row,) = store.outbox.due(real_now=NOW + 7, clock_now=NOW, batch=1)
    assert row.attempts == 0


@pytest.mark.parametrize("end", ["failed", "unknown"])
def test_a_dead_message_can_be_revived_or_dropped_once(store: Store, end: str) -> None:
    for key in ("a", "b"):
        store.outbox.add(message(key), created_at=NOW)
        store.outbox.finish(seq_of(store, key), state=end, now=NOW, error="x")

    assert [row["key"] for row in store.outbox.dead()] == ["a", "b"]
    assert (store.outbox.revive("a", now=NOW), store.outbox.revive("a", now=NOW)) == (True, False)
    assert (store.outbox.drop("b"), store.outbox.drop("b")) == (True, False)
    assert (due(store), store.outbox.dead()) == (["a"], [])


@pytest.mark.parametrize("end", ["sent", "expired"])
def test_what_is_not_dead_cannot_be_revived_or_dropped(store: Store, end: str) -> None:
    store.outbox.add(message(), created_at=NOW)
    store.outbox.finish(seq_of(store), state=end, now=NOW)

    assert not store.outbox.revive("progress:2026-11-23:yg01", now=NOW)
    assert not store.outbox.drop("progress:2026-11-23:yg01")
    assert not store.outbox.revive("no such key", now=NOW)


def test_the_depth_counts_what_waits_and_its_oldest(store: Store) -> None:
    empty = store.outbox.depth(now=NOW)
    store.outbox.add(message("a"), created_at=NOW - 50)
    store.outbox.add(message("b"), created_at=NOW - 10)

    depth = store.outbox.depth(now=NOW)

    assert (empty.pending, empty.dead, empty.oldest_s) == (0, 0, None)
    assert (depth.pending, depth.dead, depth.oldest_s) == (2, 0, 50)


def test_the_last_tries_are_remembered_for_the_pace(store: Store) -> None:
    for number, key in enumerate(("a", "b", "c")):
        store.outbox.add(message(key, to_userid=key), created_at=NOW)
        store.outbox.begin(seq_of(store, key), request=key.encode(), now=NOW + number)

    assert store.outbox.tries_since(NOW) == [("b", NOW + 1), ("c", NOW + 2)]


# leases


def test_a_lease_has_one_holder_until_it_is_over(store: Store, other: Store) -> None:
    assert store.leases.take("delivery", holder="a", now=NOW, until=NOW + 15)
    assert not other.leases.take("delivery", holder="b", now=NOW + 14, until=NOW + 29)
    assert other.leases.take("delivery", holder="b", now=NOW + 15, until=NOW + 30)
    assert not store.leases.take("delivery", holder="a", now=NOW + 16, until=NOW + 31)


def test_the_holder_prolongs_its_lease(store: Store) -> None:
    store.leases.take("delivery", holder="a", now=NOW, until=NOW + 15)

    assert store.leases.take("delivery", holder="a", now=NOW + 10, until=NOW + 25)
    assert store.leases.get("delivery", now=NOW + 10) == {"holder": "a", "until_s": 15}
    assert store.leases.get("delivery", now=NOW + 25) is None


def test_only_the_holder_gives_a_lease_back(store: Store) -> None:
    store.leases.take("delivery", holder="a", now=NOW, until=NOW + 15)

    store.leases.free("delivery", holder="b")
    refused = store.leases.take("delivery", holder="b", now=NOW, until=NOW + 15)
    store.leases.free("delivery", holder="a")
    taken = store.leases.take("delivery", holder="b", now=NOW, until=NOW + 15)

    assert (refused, taken) == (False, True)


def test_of_many_who_want_a_lease_at_once_one_gets_it(store: Store, other: Store) -> None:
    taken = at_once(
        [
            lambda one=one, name=name: one.leases.take("delivery", holder=name, now=NOW, until=NOW + 9)
            for one, name in zip([store, other] * 5, "abcdefghij", strict=True)
        ]
    )

    assert taken.count(True) == 1


# runs


def claim(store: Store, holder: str, *, now: int = NOW, job: str = "progress") -> bool:
    return store.runs.claim(job, FIRE_AT, holder=holder, now=now, lease_until=now + 30)


def test_a_firing_is_claimed_by_one_of_many(store: Store, other: Store) -> None:
    claims: list[Callable[[], bool]] = [
        lambda one=one, name=name: claim(one, name)  # type: ignore[misc]  # defaults bind the loop
        for one, name in zip([store, other] * 5, "abcdefghij", strict=True)
    ]

    assert at_once(claims).count(True) == 1


def test_a_firing_whose_planner_fell_silent_is_taken_over_and_the_old_one_notices(store: Store) -> None:
    claim(store, "a")

    early = claim(store, "b", now=NOW + 29)
    silent = store.runs.abandoned(now=NOW + 30)
    late = claim(store, "b", now=NOW + 30)

    assert (early, silent, late) == (False, [("progress", FIRE_AT)], True)
    assert not advance(store, "a")
    assert advance(store, "b")


def advance(store: Store, holder: str, *, messages: int = 3) -> bool:
    return store.runs.advance(
        "progress",
        FIRE_AT,
        holder=holder,
        lease_until=NOW + 60,
        planned_at=NOW,
        cursor="yg03",
        messages=messages,
    )


def test_chunks_add_up_and_the_cursor_stays(store: Store) -> None:
    claim(store, "a")
    advance(store, "a")
    advance(store, "a", messages=4)

    row = store.runs.get("progress", FIRE_AT)

    assert row is not None
    assert (row["messages"], row["cursor"], row["state"]) == (7, "yg03", "running")


@pytest.mark.parametrize("end", ["done", "failed", "held"])
def test_a_firing_that_ended_is_not_claimed_advanced_or_missed_again(store: Store, end: str) -> None:
    claim(store, "a")
    store.runs.end("progress", FIRE_AT, holder="a", state=end)

    assert not claim(store, "b", now=NOW + 1000)
    assert not advance(store, "a")
    assert not store.runs.miss("progress", FIRE_AT, now=NOW + 1000)
    assert store.runs.abandoned(now=NOW + 1000) == []


def test_one_who_lost_a_firing_cannot_end_it(store: Store) -> None:
    claim(store, "a")
    claim(store, "b", now=NOW + 30)

    store.runs.end("progress", FIRE_AT, holder="a", state="done")

    row = store.runs.get("progress", FIRE_AT)
    assert row is not None
    assert (row["state"], row["holder"]) == ("running", "b")


def test_a_missed_firing_is_noted_once_and_never_run(store: Store) -> None:
    assert store.runs.miss("progress", FIRE_AT, now=NOW)
    assert not store.runs.miss("progress", FIRE_AT, now=NOW)
    assert not claim(store, "a")


def test_somebody_who_is_at_it_has_not_missed_it(store: Store) -> None:
    claim(store, "a")

    assert not store.runs.miss("progress", FIRE_AT, now=NOW + 29)
    assert store.runs.miss("progress", FIRE_AT, now=NOW + 30)


def test_a_firing_that_was_put_up_is_there_once_for_whoever_comes_first(store: Store) -> None:
    first, second = (store.runs.put_up("progress", FIRE_AT) for _ in range(2))
    waiting = store.runs.abandoned(now=NOW)

    assert (first, second, waiting) == (True, False, [("progress", FIRE_AT)])
    assert claim(store, "a")
    assert not store.runs.put_up("progress", FIRE_AT)
    assert store.runs.abandoned(now=NOW) == []


def test_a_firing_that_was_put_back_waits_until_then_and_has_used_up_no_try(store: Store) -> None:
    claim(store, "a")
    store.runs.put_back("progress", FIRE_AT, holder="b", until=NOW, error="not mine")
    store.runs.put_back("progress", FIRE_AT, holder="a", until=NOW + 15, error="events may be missing")
    put_back = store.runs.get("progress", FIRE_AT)
    early, late = (claim(store, "b", now=NOW + seconds) for seconds in (14, 15))
    again = store.runs.get("progress", FIRE_AT)

    assert put_back is not None
    assert again is not None
    assert (put_back["state"], put_back["attempts"], put_back["error"]) == (
        "waiting",
        0,
        "events may be missing",
    )
    assert (early, late) == (False, True)
    assert (again["state"], again["holder"], again["attempts"]) == ("running", "b", 1)


def test_a_firing_that_waits_can_be_missed_once_its_time_is_over(store: Store) -> None:
    store.runs.put_up("progress", FIRE_AT)

    assert store.runs.miss("progress", FIRE_AT, now=NOW)
    assert not claim(store, "a")


def test_the_newest_firing_of_a_job_is_found(store: Store) -> None:
    for fire_at in (10, 30, 20):
        store.runs.put_up("sync", fire_at)
    store.runs.put_up("digest", 40)
    newest = store.runs.newest("sync")

    assert newest is not None
    assert (newest["fire_at"], newest["state"]) == (30, "waiting")
    assert store.runs.newest("weekly") is None


def test_the_last_firing_of_each_job_is_shown(store: Store) -> None:
    for job, fire_at in (("progress", 10), ("progress", 20), ("digest", 15)):
        store.runs.miss(job, fire_at, now=NOW)

    assert [(row["job"], row["fire_at"]) for row in store.runs.last()] == [("digest", 15), ("progress", 20)]


# marks, tokens


def test_a_mark_is_set_replaced_and_cleared(store: Store) -> None:
    store.marks.put("a", "1")
    store.marks.put("a", "2")

    assert store.marks.get("a") == "2"
    store.marks.clear("a")
    assert store.marks.get("a") is None


def test_the_first_of_many_marks_holds_for_all(store: Store, other: Store) -> None:
    assert store.marks.first("begun", "1") == "1"
    assert other.marks.first("begun", "2") == "1"


def test_a_refusal_keeps_the_old_token_and_a_new_token_clears_the_refusal(store: Store) -> None:
    store.tokens.put("app", token="old", expires_at=NOW)
    store.tokens.block("app", error="wrong secret", errcode=40001, until=NOW + 600)
    blocked = store.tokens.get("app")
    store.tokens.put("app", token="new", expires_at=NOW + 7000)
    cleared = store.tokens.get("app")

    assert (blocked.token, blocked.errcode, blocked.blocked_until) == ("old", 40001, NOW + 600)
    assert (cleared.token, cleared.errcode, cleared.blocked_until, cleared.error) == ("new", 0, 0, "")


def test_only_the_very_token_that_was_refused_is_voided(store: Store) -> None:
    store.tokens.put("app", token="new", expires_at=NOW)

    store.tokens.void("app", token="old")
    kept = store.tokens.get("app").token
    store.tokens.void("app", token="new")

    assert (kept, store.tokens.get("app").token) == ("new", "")


def test_a_stored_token_does_not_show_itself(store: Store) -> None:
    store.tokens.put("app", token="very-secret", expires_at=NOW)

    assert "very-secret" not in f"{store.tokens.get('app')!r} {store.tokens.get('app')}"
