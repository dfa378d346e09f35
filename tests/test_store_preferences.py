"""What people want, in the store: the newest wish holds, and a new userid takes all of it along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bot.store.chat import ChatRequest, Export
from bot.store.outbox import OutboxMessage
from bot.store.preferences import Mute, SaidLeave, Way
from bot.store.store import Store

NOW = 1_795_395_600
DAY = date(2026, 11, 24)
WORD = ChatRequest(msgid="7349000000000000001", userid="jia", text="进度", said_at=NOW)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def leaves(store: Store, userid: str) -> list[tuple[int, int]]:
    """First and last day of the month of each leave."""
    return [(one.first.day, one.last.day) for one in store.preferences.leaves().get(userid, ())]


def test_the_newest_mute_holds_until_it_is_taken_back(store: Store) -> None:
    store.preferences.mute("jia", until=NOW + 10, since=NOW, way=Way.WORD)
    store.preferences.mute("jia", until=NOW + 5, since=NOW + 1, way=Way.BUTTON)
    held = store.preferences.mutes()
    taken_back = [store.preferences.unmute("jia"), store.preferences.unmute("jia")]

    assert held == {"jia": Mute(userid="jia", until=NOW + 5, since=NOW + 1, way=Way.BUTTON)}
    assert taken_back == [True, False]
    assert store.preferences.mutes() == {}


def test_a_leave_is_kept_once(store: Store) -> None:
    added = [store.preferences.add_leave("jia", DAY, date(2026, 11, 27), at=NOW + n) for n in (0, 1)]

    assert added == [True, False]
    assert store.preferences.leaves() == {
        "jia": (SaidLeave(userid="jia", first=DAY, last=date(2026, 11, 27), said_at=NOW),)
    }


@pytest.mark.parametrize(
    ("back_on", "left", "changed"),
    [
        pytest.param(20, [], True, id="before it begins: called off"),
        pytest.param(24, [], True, id="on its first day: called off"),
        pytest.param(26, [(24, 25)], True, id="in the middle: cut"),
        pytest.param(28, [(24, 27)], False, id="after it: as it was"),
    ],
)
def test_back_at_work_ends_a_leave(
    store: Store, back_on: int, left: list[tuple[int, int]], *, changed: bool
) -> None:
    store.preferences.add_leave("jia", DAY, date(2026, 11, 27), at=NOW)
    store.preferences.add_leave("yi", DAY, date(2026, 11, 27), at=NOW)

    assert store.preferences.end_leave("jia", back_on=date(2026, 11, back_on)) is changed
    assert leaves(store, "jia") == left
    assert leaves(store, "yi") == [(24, 27)]


def test_a_leave_that_is_cut_to_a_known_one_is_one(store: Store) -> None:
    store.preferences.add_leave("jia", DAY, date(2026, 11, 25), at=NOW)
    store.preferences.add_leave("jia", DAY, date(2026, 11, 27), at=NOW)

    store.preferences.end_leave("jia", back_on=date(2026, 11, 26))

    assert leaves(store, "jia") == [(24, 25)]


def test_leaves_that_began_together_are_one_when_they_are_cut(store: Store) -> None:
    for last in (26, 27, 30):
        store.preferences.add_leave("jia", DAY, date(2026, 11, last), at=NOW)

    assert store.preferences.end_leave("jia", back_on=date(2026, 11, 26))
    assert leaves(store, "jia") == [(24, 25)]


def test_help_is_wished_once_a_day(store: Store) -> None:
    wished = [store.preferences.wish_help("jia", date(2026, 11, day), at=NOW) for day in (23, 24, 24)]

    assert wished == [True, True, False]
    assert store.preferences.help_wishes_of(["jia", "yi"], since=DAY) == [("jia", DAY)]


def test_the_newest_list_holds(store: Store) -> None:
    with store.transaction():
        store.preferences.show("jia", ["wm1", "wm2", "wm3"], at=NOW)
    with store.transaction():
        store.preferences.show("jia", ["wm3", "wm1"], at=NOW + 1)

    assert store.preferences.shown("jia") == {1: "wm3", 2: "wm1"}
    assert store.preferences.shown("yi") == {}


def test_a_changed_userid_takes_everything_along(store: Store) -> None:
    store.preferences.mute("jia", until=NOW + 9, since=NOW, way=Way.WORD)
    store.preferences.mute("jia.new", until=NOW + 1, since=NOW, way=Way.WORD)
    store.preferences.add_leave("jia", DAY, DAY, at=NOW)
    store.preferences.wish_help("jia", DAY, at=NOW)
    with store.transaction():
        store.preferences.show("jia", ["wm1"], at=NOW)
        store.chat.put(WORD)
        store.exports.add("x1", ["jia", "yi"], by="jia", at=NOW)
        store.unasked_messages.take("jia", DAY, room=3)
        store.unasked_messages.take("jia.new", DAY, room=3)

    with store.transaction():
        store.renames.move("jia", "jia.new")

    assert {userid: mute.until for userid, mute in store.preferences.mutes().items()} == {"jia.new": NOW + 9}
    assert leaves(store, "jia.new") == [(24, 24)]
    assert store.preferences.help_wishes_of(["jia", "jia.new"], since=DAY) == [("jia.new", DAY)]
    assert store.preferences.shown("jia.new") == {1: "wm1"}
    assert [word.userid for word in store.chat.open(batch=9)] == ["jia.new"]
    assert store.exports.of("jia.new", since=NOW) == [Export(id="x1", by="jia.new", at=NOW)]
    assert store.exports.of("yi", since=NOW) == [Export(id="x1", by="jia.new", at=NOW)]
    assert store.unasked_messages.counts(DAY) == {"jia.new": 2}
    assert (leaves(store, "jia"), store.preferences.shown("jia")) == ([], {})


def test_a_word_is_kept_once_and_answered_once(store: Store) -> None:
    kept = [store.chat.put(WORD), store.chat.put(WORD)]
    waiting = store.chat.open(batch=9)
    taken = claimed(store, "c1")
    answered = [store.chat.finish(WORD.msgid, claim=claim) for claim in ("c2", "c1", "c1")]
    again = store.chat.put(WORD)

    assert (kept, waiting, taken) == ([True, False], [WORD], [WORD])
    assert (answered, again) == ([False, True, False], False)
    assert store.chat.open(batch=9) == []


def claimed(store: Store, claim: str, *, now: int = NOW) -> list[ChatRequest]:
    """Have *claim* take words for ten seconds."""
    with store.transaction():
        return store.chat.claim(claim, now=now, until=now + 10, batch=9)


def test_a_word_is_in_one_hand_until_its_time_is_over(store: Store) -> None:
    words = [replace(WORD, msgid=f"w{number}", said_at=NOW - number) for number in range(3)]
    for word in words:
        store.chat.put(word)

    first = claimed(store, "a")
    meanwhile = claimed(store, "b", now=NOW + 9), store.chat.is_free(now=NOW + 9)
    store.chat.finish("w0", claim="a")
    late = store.chat.is_free(now=NOW + 10), claimed(store, "b", now=NOW + 10)

    assert first == words[::-1]  # the oldest first
    assert meanwhile == ([], False)
    assert late == (True, [words[2], words[1]])
    assert store.chat.hold("a", until=NOW + 30) == frozenset()
    assert not store.chat.finish("w1", claim="a")


def test_what_is_held_longer_or_given_back(store: Store) -> None:
    for number in range(2):
        store.chat.put(replace(WORD, msgid=f"w{number}"))
    claimed(store, "a")
    store.chat.finish("w0", claim="a")

    held = store.chat.hold("a", until=NOW + 30)
    still = claimed(store, "b", now=NOW + 29)
    store.chat.give_back("a")

    assert (held, still) == ({"w1"}, [])
    assert [word.msgid for word in claimed(store, "b")] == ["w1"]


def test_a_day_has_so_many_places(store: Store) -> None:
    with store.transaction():
        taken = [store.unasked_messages.take("jia", DAY, room=2) for _ in range(3)]
        others = [
            store.unasked_messages.take("jia", date(2026, 11, 25), room=1),
            store.unasked_messages.take("yi", DAY, room=0),
        ]

    assert (taken, others) == ([True, True, False], [True, False])
    assert store.unasked_messages.counts(DAY) == {"jia": 2}


def test_what_is_withheld_is_counted_once(store: Store) -> None:
    told = {"job": "progress", "day": DAY, "at": NOW}
    with store.transaction():
        for userid, reason in (("jia", "muted"), ("jia", "muted"), ("yi", "muted"), ("bing", "per_day")):
            store.unasked_messages.withhold(f"progress:{userid}", userid=userid, reason=reason, **told)

    assert (
        store.unasked_messages.withheld(on=DAY)
        == store.unasked_messages.withheld()
        == {"muted": 2, "per_day": 1}
    )
    assert store.unasked_messages.withheld(on=date(2026, 11, 25)) == {}
    assert [store.unasked_messages.why(f"progress:{userid}") for userid in ("bing", "ding")] == [
        "per_day",
        None,
    ]


def test_what_waits_is_carried_once_and_waits_again_if_its_carrier_is_dropped(store: Store) -> None:
    about: dict[str, Any] = {"to_userid": "jia", "content": "x", "msgtype": "text", "not_before": 10}
    for n, expires_at in enumerate((100, 100, 50)):
        row = OutboxMessage(key=f"leave:{n}", job="leave", expires_at=expires_at, **about)
        assert store.outbox.add(row, created_at=1, waits=True)
    store.outbox.add(OutboxMessage(key="progress:1", job="progress", expires_at=100, **about), created_at=1)

    first, second = store.outbox.waiting("jia", now=60)
    store.outbox.carried(first["seq"], by="progress:1", now=60)
    left = store.outbox.waiting("jia", now=60)
    (due,) = store.outbox.unasked_due(real_now=60, clock_now=60, batch=9)
    store.outbox.withdraw(due.seq, reason="muted", now=60)
    again = store.outbox.waiting("jia", now=60)
    store.outbox.expire_waiting(clock_now=60, real_now=60)

    assert (left, again) == ([second], [first, second])
    assert (store.outbox.waiting_for(now=60), store.outbox.waiting_for(now=100)) == (["jia"], [])
    states = [store.outbox.by_key(f"leave:{n}") for n in range(3)]
    assert [row["state"] for row in states if row] == ["carried", "waiting", "expired"]


def test_a_file_waits_until_it_is_sent(store: Store) -> None:
    store.attachments.put("x1", filename="团队.xlsx", body=b"PK\x00", at=NOW)
    there = store.attachments.get("x1")
    store.attachments.drop("x1")

    store.attachments.put("x2", filename="old.xlsx", body=b"1", at=NOW)
    store.attachments.put("x3", filename="new.xlsx", body=b"1", at=NOW + 4 * 86400)

    assert store.attachments.get("x2") is None
    assert there == ("团队.xlsx", b"PK\x00")
    assert store.attachments.get("x1") is None


def test_of_two_processes_that_show_a_list_at_once_one_list_stays_and_none_fails(place: Path | str) -> None:
    """Two workers may answer two messages of one person at the same moment."""
    lists = {name: [f"wm-{name}-{number}" for number in range(size)] for name, size in (("a", 20), ("b", 5))}
    failures: list[BaseException] = []

    def show(mine: Store, customers: list[str]) -> None:
        try:
            for _ in range(30):
                with mine.transaction():
                    mine.preferences.show("jia", customers, at=NOW)
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    with closing(Store(place)) as one, closing(Store(place)) as two:
        threads = [Thread(target=show, args=given) for given in ((one, lists["a"]), (two, lists["b"]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shown = one.preferences.shown("jia")

    assert failures == []
    assert list(shown.values()) in lists.values()
