"""Behaviour figures as the store keeps them, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.core.engagement import ChatFigures, Method, TeamRate
from bot.core.relations import RelationEvent, RelationKind
from bot.core.sync_estimate import MemberDay
from bot.store.engagement import Asked, Reading
from bot.store.store import Store

DAY = date(2026, 11, 22)
NOW = 1_795_471_860  # 2026-11-24T06:11+08:00
FULL = ChatFigures(chats=3, messages=9, reply_rate=6_025, first_reply_s=180, losses=1, applied=2, added=4)
QUIET = ChatFigures(chats=0, messages=0, losses=0, applied=0, added=0)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def begin(store: Store, *userids: str, day: date = DAY) -> Reading:
    with store.transaction():
        return store.engagement.begin(last_day=day, began_at=NOW, userids=userids)


def put(
    store: Store,
    userid: str,
    days: dict[date, ChatFigures],
    *,
    final_upto: date = DAY - timedelta(days=2),
    read_at: int = NOW,
) -> None:
    with store.transaction():
        store.engagement.put(userid, days, final_upto=final_upto, read_at=read_at)


def add(store: Store, userid: str, at: int, kind: RelationKind = RelationKind.ADDED) -> None:
    event = RelationEvent(userid=userid, external_userid=f"wm{userid}{at}", at=at, kind=kind)
    with store.transaction():
        store.ledger.append(event, origin="callback", recorded_at=NOW)


def test_what_was_not_told_stays_null(store: Store) -> None:
    begin(store, "yg01")
    put(store, "yg01", {DAY: QUIET, DAY - timedelta(days=1): FULL})

    assert store.engagement.of_day(DAY) == store.engagement.of_day(DAY, ["yg02", "yg01"]) == {"yg01": QUIET}
    assert store.engagement.of_day(DAY, ["yg02"]) == {}
    assert store.engagement.of_day(DAY - timedelta(days=1)) == {"yg01": FULL}


def test_reading_again_replaces_and_adds_no_row(store: Store) -> None:
    begin(store, "yg01")
    put(store, "yg01", {DAY: QUIET})
    put(store, "yg01", {DAY: FULL}, read_at=NOW + 9)

    (kept,) = store.engagement.all()
    assert (kept.figures, kept.is_final, kept.read_at) == (FULL, False, NOW + 9)


def test_what_is_final_stays(store: Store) -> None:
    begin(store, "yg01")
    put(store, "yg01", {DAY: FULL}, final_upto=DAY)
    put(store, "yg01", {DAY: QUIET}, read_at=NOW + 9)

    (kept,) = store.engagement.all()
    assert (kept.figures, kept.is_final, kept.read_at) == (FULL, True, NOW)
    assert store.engagement.newest_final("yg01") == DAY
    assert store.engagement.newest_final("yg02") is None


def test_a_reading_goes_on_with_who_is_left(store: Store) -> None:
    reading = begin(store, "yg03", "yg01", "yg02")
    put(store, "yg01", {DAY: FULL})
    with store.transaction():
        store.engagement.put_unknown("yg02", "WeCom answered 701008")
        store.engagement.note(reading, "no connection")

    unfinished = store.engagement.unfinished()
    assert unfinished is not None
    assert (unfinished.number, unfinished.last_day, unfinished.error) == (
        reading.number,
        DAY,
        "no connection",
    )
    assert store.engagement.members(Asked.WANTED) == {"yg03": ""}
    assert store.engagement.members(Asked.UNKNOWN) == {"yg02": "WeCom answered 701008"}
    assert store.engagement.counts() == {Asked.READ: 1, Asked.UNKNOWN: 1, Asked.WANTED: 1}


def test_a_reading_that_is_done_is_the_last_one(store: Store) -> None:
    begin(store, "yg01")
    second = begin(store, "yg02")
    with store.transaction():
        store.engagement.end(second, ended_at=NOW + 5)

    last = store.engagement.last()
    assert last is not None
    assert (last.number, last.ended_at, last.began_at) == (second.number, NOW + 5, NOW)
    assert store.engagement.unfinished() is None
    assert store.engagement.counts() == {Asked.WANTED: 1}


def test_teams_stand_by_day_and_reading(store: Store) -> None:
    rate = TeamRate(method=Method.AGGREGATED, people=4, reply_rate=8_800, first_reply_s=None)
    median = TeamRate(method=Method.MEDIAN, people=120, reply_rate=None, first_reply_s=60)
    first = begin(store, "yg01")
    with store.transaction():
        store.engagement.put_team(first, 11, rate)
    second = begin(store, "yg01")
    with store.transaction():
        store.engagement.put_team(second, 11, median)
        store.engagement.put_team(second, 12, rate)

    assert store.engagement.teams(DAY) == {11: median, 12: rate}
    assert store.engagement.teams(DAY - timedelta(days=1)) == {}
    assert store.engagement.teams_read(second) == {11, 12}
    assert store.engagement.teams_read(first) == set()


def test_all_days_come_in_the_order_of_people_and_days(store: Store) -> None:
    begin(store, "yg01", "yg02")
    days = {DAY - timedelta(days=number): QUIET for number in range(300)}
    put(store, "yg02", days)
    put(store, "yg01", days)

    found = [(kept.userid, kept.day) for kept in store.engagement.all()]

    assert found == sorted((userid, day) for userid in ("yg01", "yg02") for day in days)


def test_beside_the_ledger_stand_the_facts_of_the_same_day_in_china(store: Store) -> None:
    midnight = 1_795_276_800  # 2026-11-22T00:00+08:00
    for at in (midnight - 1, midnight, midnight + 86_399):
        add(store, "yg01", at)
    add(store, "yg01", midnight + 5, RelationKind.LOST_BY_CUSTOMER)
    add(store, "yg01", midnight + 6, RelationKind.LOST_BY_MEMBER)
    add(store, "yg02", midnight)
    begin(store, "yg01", "yg03")
    put(store, "yg01", {DAY - timedelta(days=1): FULL, DAY: QUIET})
    put(store, "yg03", {DAY: FULL}, read_at=NOW - 1)

    (before, of_day) = store.engagement.beside_ledger(since=NOW)

    assert before == MemberDay(
        userid="yg01",
        day=DAY - timedelta(days=1),
        told_losses=1,
        told_adds=4,
        known_losses=0,
        known_adds=1,
    )
    assert (of_day.told_losses, of_day.told_adds, of_day.known_losses, of_day.known_adds) == (0, 0, 1, 2)


def test_beside_the_ledger_nobody_is_left_out_between_two_chunks(store: Store) -> None:
    userids = [f"yg{number:03d}" for number in range(401)]
    begin(store, *userids)
    with store.transaction():
        for userid in userids:
            store.engagement.put(userid, {DAY: QUIET}, final_upto=DAY, read_at=NOW)

    assert [one.userid for one in store.engagement.beside_ledger(since=0)] == userids


def test_of_a_changed_userid_it_is_kept_under_the_new_one(store: Store) -> None:
    begin(store, "yg01", "yg02")
    put(store, "yg01", {DAY: FULL})
    with store.transaction():
        store.renames.move("yg01", "zhang.san")
        store.renames.put("yg01", "zhang.san", at=NOW, by="HR")
    moved = store.engagement.of_day(DAY)
    put(store, "yg01", {DAY: QUIET})

    assert moved == {"zhang.san": FULL}
    assert store.engagement.of_day(DAY) == {"zhang.san": QUIET}
    assert store.engagement.members(Asked.READ).keys() == {"zhang.san"}
