"""One budget for all reading calls: never over WeCom's limits, whoever asks, whoever dies."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders.budget import NOW, SMALL, Process, Wire, make_process

from bot.store.budget import GRANT_S, Share
from bot.store.store import Store
from bot.wecom.budget import CORP_PER_HOUR, CORP_PER_MINUTE, GIVE_WAY_S, MOST_CALLS, SHARE
from bot.wecom.client import CALL_S

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """Where the store of all these tests is: each has an API and a time of its own."""
    if request.param == "sqlite":
        return tmp_path_factory.mktemp("budget") / "bot.db"
    new_store: Callable[[], str] = request.getfixturevalue("new_store")
    return new_store()


@pytest.fixture(scope="module")
def store(here: Path | str) -> Iterator[Store]:
    store = Store(here)
    yield store
    store.close()


@pytest.fixture
def other(here: Path | str) -> Iterator[Store]:
    """The same store as another process opens it."""
    other = Store(here)
    yield other
    other.close()


@pytest.fixture
def wire() -> Wire:
    number = next(_numbers)
    return Wire(api=f"api{number}", now=NOW + number * 1_000_000)


# the windows

ACTS = (*("begin", "end") * 5, "burst", *("read on",) * 6, *("time passes",) * 5, "killed")
SECONDS = (0.3, 0.7, 1, 1.9, 2.1)
HOURS = (*SECONDS, 5, 12, 31, 58, 61, 900, 3590)
BUSY = Share(per_minute=20, per_hour=10_000, in_flight=3, call_s=4)


@pytest.mark.parametrize(
    ("seed", "pauses_s", "share"),
    [
        pytest.param(1, SECONDS, BUSY, id="busy minutes"),
        pytest.param(2, SECONDS, BUSY, id="busy minutes again"),
        pytest.param(3, HOURS, SMALL, id="hours"),
    ],
)
def test_no_interleaving_of_processes_is_ever_over_a_window_or_has_too_many_under_way(
    store: Store, wire: Wire, seed: int, pauses_s: tuple[float, ...], share: Share
) -> None:
    chance, names = random.Random(seed), itertools.count()
    orphans: list[float] = []

    def start() -> Process:
        name, skew_s = f"host:{next(names)}", chance.uniform(-1.4, 1.4)
        return make_process(store, wire, name, share=share, skew_s=skew_s)

    processes = [start() for _ in range(4)]
    for _ in range(500):
        act, number = chance.choice(ACTS), chance.randrange(4)
        process = processes[number]
        if act == "time passes":
            wire.now += chance.choice(pauses_s)
            for one in processes:
                one.end_overdue()
            for until in [one for one in orphans if one <= wire.now]:
                orphans.remove(until)
                wire.ends(until)
        elif act == "killed":  # its calls go on to their end, and nobody hears of them
            orphans += process.flying
            processes[number] = start()
        elif act == "end":
            process.end()
        else:
            for _ in range(1 if act == "begin" else 8):
                process.begin()
                if act == "read on":
                    process.end()

    assert len(wire.begun) > share.per_minute
    assert wire.most_within(60) <= share.per_minute
    assert wire.most_within(3600) <= share.per_hour
    assert wire.most_at_once <= share.in_flight


def test_a_full_minute_is_used_and_goes_on_as_soon_as_it_has_room(store: Store, wire: Wire) -> None:
    one, two = make_process(store, wire, "host:1"), make_process(store, wire, "host:2")
    first = one.drain() + two.drain()
    wire.now += 60
    early = two.drain()
    wire.now += 16

    assert (first, early, two.drain()) == (SMALL.per_minute, 0, SMALL.per_minute)


def test_a_full_hour_is_used_and_no_more(store: Store, wire: Wire) -> None:
    process, made = make_process(store, wire, "host:1"), 0
    for _ in range(40):
        made += process.drain()
        wire.now += 85
    full = made
    wire.now += 300

    assert full == SMALL.per_hour
    assert process.drain() > 0


def test_each_api_has_windows_of_its_own(store: Store, wire: Wire) -> None:
    make_process(store, wire, "host:1").drain()

    assert make_process(store, wire, "host:2", api=f"{wire.api}b").drain() == SMALL.per_minute


def test_what_was_granted_to_a_killed_process_counts_as_used(store: Store, wire: Wire) -> None:
    killed = make_process(store, wire, "host:1")
    assert killed.begin() is None
    wire.now += 2 * SMALL.call_s + GRANT_S

    left = make_process(store, wire, "host:2").drain()
    assert left == SMALL.per_minute - 5, "a first grant is of five calls"


def test_many_calls_cost_few_grants(store: Store, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    share = Share(per_minute=2000, per_hour=2000, in_flight=5, call_s=4)
    process, grants = make_process(store, wire, "host:1", share=share), 0
    take = store.budget.take

    def counted(*given: object, **named: object) -> object:
        nonlocal grants
        grants += 1
        return take(*given, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(store.budget, "take", counted)
    for _ in range(1000):
        assert process.begin() is None
        process.end()

    assert grants <= 1000 // MOST_CALLS + 6


def test_the_share_is_half_of_what_the_corp_may_and_calls_end_before_their_place_is_free() -> None:
    assert (SHARE.per_minute * 2, SHARE.per_hour * 2) == (CORP_PER_MINUTE, CORP_PER_HOUR) == (10_000, 150_000)
    assert SHARE.in_flight == 5
    assert SHARE.call_s >= CALL_S


# calls under way


def test_threads_of_several_processes_never_have_too_many_under_way(
    store: Store, other: Store, wire: Wire
) -> None:
    share = Share(per_minute=100, per_hour=1000, in_flight=3, call_s=60)
    processes = [
        make_process(one, wire, name, share=share) for one, name in ((store, "host:1"), (other, "host:2"))
    ]
    lock, begun, under_way, most = threading.Lock(), 0, 0, 0
    failures: list[Exception] = []

    def read(process: Process) -> None:
        nonlocal begun, under_way, most
        try:
            for _ in range(60):
                if process.budget.begin(wire.api):
                    continue
                with lock:
                    begun, under_way = begun + 1, under_way + 1
                    most = max(most, under_way)
                with lock:
                    under_way -= 1
                process.budget.end(wire.api, 0)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=read, args=(process,)) for process in processes * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert 1 <= most <= share.in_flight
    assert 1 <= begun <= share.per_minute


def test_places_of_a_killed_process_are_free_once_its_calls_must_have_ended(store: Store, wire: Wire) -> None:
    killed, other = make_process(store, wire, "host:1"), make_process(store, wire, "host:2")
    for _ in range(SMALL.in_flight):
        assert killed.begin() is None
    waits = []
    for _ in range(2):
        waits.append(other.begin() is not None)
        wire.now += GRANT_S + SMALL.call_s

    assert waits == [True, True]
    assert other.begin() is None


def test_calls_under_way_keep_their_places_though_fewer_are_allowed_now(store: Store, wire: Wire) -> None:
    share = Share(per_minute=100, per_hour=100, in_flight=3, call_s=20)
    one, two = (
        make_process(store, wire, "host:1", share=share),
        make_process(store, wire, "host:2", share=share),
    )
    for _ in range(3):
        one.begin()
    for _ in range(4):  # both ask again and again, and one of them waits
        wire.now += GRANT_S
        one.begin()
        two.begin()
    full = wire.most_at_once
    one.end()
    one.end()
    wire.now += GRANT_S
    one.begin()

    assert full == 3
    assert two.begin() is None


def test_a_process_that_ends_gives_its_places_back_at_once(store: Store, wire: Wire) -> None:
    first, other = make_process(store, wire, "host:1"), make_process(store, wire, "host:2")
    first.begin()
    first.end()
    first.budget.leave()

    assert [other.begin() for _ in range(SMALL.in_flight)] == [None] * SMALL.in_flight


def test_who_waits_for_a_place_gets_it_before_who_has_had_his_turn(store: Store, wire: Wire) -> None:
    share = Share(per_minute=10_000, per_hour=10_000, in_flight=1, call_s=4)
    both = [make_process(store, wire, f"host:{number}", share=share) for number in range(2)]
    made = [0, 0]
    for _ in range(80):
        for number, process in enumerate(both):
            if process.begin() is None:
                made[number] += 1
                process.end()
        wire.now += 0.4

    assert wire.most_at_once == 1
    assert min(made) > 0.3 * sum(made)


# what WeCom refuses


def test_a_block_is_heard_of_by_all_processes_and_one_call_tries_first(store: Store, wire: Wire) -> None:
    one, two = make_process(store, wire, "host:1"), make_process(store, wire, "host:2")
    two.begin()
    two.end()
    one.begin()
    one.end(45009)
    wire.now += GRANT_S
    heard = [process.begin() for process in (one, two)]
    wire.now += 60 - GRANT_S
    first, second = two.begin(), one.begin()
    two.end()

    assert [wait.is_block if wait else None for wait in heard] == [True, True]
    assert [round(wait.seconds) if wait else None for wait in heard] == [58, 58]
    assert first is None
    assert second is not None, "while one call tries"
    wire.now += 2 * SMALL.call_s + GRANT_S + 3
    assert one.begin() is None


def test_what_is_refused_right_after_a_minute_is_blocked_for_the_hour(store: Store, wire: Wire) -> None:
    process, tries = make_process(store, wire, "host:1"), []
    began = wire.now
    for _ in range(4):
        while wait := process.begin():
            assert wait.is_block
            wire.now += wait.seconds
        tries.append(wire.now - began)
        process.end(45009)

    assert tries == [0, 60, 3660, 7260]


def test_after_an_answer_the_next_block_is_one_of_a_minute_again(store: Store, wire: Wire) -> None:
    process = make_process(store, wire, "host:1")
    process.begin()
    process.end(45009)
    wire.now += 60
    process.begin()
    process.end(0)
    process.begin()
    process.end(45009)
    wait = process.begin()

    assert wait is not None
    assert round(wait.seconds) == 60


def test_calls_that_were_under_way_at_a_block_do_not_make_it_longer(store: Store, wire: Wire) -> None:
    process = make_process(store, wire, "host:1")
    for _ in range(3):
        assert process.begin() is None
    for _ in range(3):
        process.end(45009)
    wait = process.begin()

    assert wait is not None
    assert round(wait.seconds) == 60


def test_a_block_is_of_one_api_until_a_second_one_is_blocked_too(store: Store, wire: Wire) -> None:
    apis = [f"{wire.api}{letter}" for letter in "abc"]
    one, two, three = (make_process(store, wire, "host:1", api=api) for api in apis)
    one.begin()
    one.end(45009)
    alone = (two.begin(), three.begin())
    three.end()
    two.end(45009)
    wire.now += GRANT_S
    wait = three.begin()

    assert alone == (None, None)
    assert wait is not None
    assert wait.is_block
    assert store.budget.blocked(now=wire.now).keys() == {*apis[:2], "*"}


def test_too_many_at_once_lowers_that_api_alone_and_it_recovers_slowly(store: Store, wire: Wire) -> None:
    share = Share(per_minute=1000, per_hour=1000, in_flight=5, call_s=4)
    one = make_process(store, wire, "host:1", share=share)
    other = make_process(store, wire, "host:1", share=share, api=f"{wire.api}b")
    for _ in range(5):
        one.begin()
    for _ in range(5):
        one.end(45033)
    rests = one.begin()
    places = []
    for _ in range(4):
        wire.now += 61
        places.append(one.budget.room(wire.api, most=5)[0])

    assert rests is not None
    assert (rests.is_block, round(rests.seconds)) == (False, 2)
    assert places == [3, 4, 5, 5], "half of five is two, and one more each minute"
    assert other.budget.room(other.api, most=5)[0] == 5


def test_at_least_one_call_is_always_allowed(store: Store, wire: Wire) -> None:
    share = Share(per_minute=1000, per_hour=1000, in_flight=5, call_s=4)
    process = make_process(store, wire, "host:1", share=share)
    for _ in range(4):
        assert process.begin() is None
        process.end(45033)
        wire.now += 3

    assert process.budget.room(wire.api, most=5)[0] == 1


# messages go first


def test_while_messages_are_due_reading_goes_on_one_by_one_with_pauses(store: Store, wire: Wire) -> None:
    share = Share(per_minute=1000, per_hour=1000, in_flight=5, call_s=4)
    reader = make_process(store, wire, "host:1", share=share, messages_due=True)
    side_by_side = [reader.begin() is None for _ in range(3)]
    reader.end()
    began = wire.now
    for _ in range(20):
        while wait := reader.begin():
            assert not wait.is_block
            wire.now += wait.seconds
        reader.end()

    assert side_by_side == [True, False, False]
    assert wire.now - began == pytest.approx(20 * GIVE_WAY_S, rel=0.05), "slower, and never at rest"
