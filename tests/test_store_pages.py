"""What pages ask the store of one person: on both engines, and after a changed userid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.messages import MONTHLY

from bot.core.engagement import ChatFigures
from bot.store.preferences import Way
from bot.store.results import Result, ResultState
from bot.store.reviews import Opening, ReviewKind
from bot.store.store import Store

NOW = 1_795_395_600
DAY = date(2026, 11, 24)
APPEAL = Opening(
    kind=ReviewKind.APPEAL, quota="q", period="2026-11", contact=("jia", "wm1", 5), opened_at=NOW, text="误删"
)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def rename(store: Store, old: str, new: str) -> None:
    with store.transaction():
        store.renames.put(old, new, at=NOW, by="HR")
        store.renames.move(old, new)


def test_logouts_are_counted_and_never_go_back(store: Store) -> None:
    before = store.logouts.count("jia")
    for userid in ("jia", "jia", "bing"):
        store.logouts.add(userid)
    counted = [store.logouts.count(userid) for userid in ("jia", "yi")]
    rename(store, "jia", "bing")

    assert (before, counted) == (0, [2, 0])
    assert [store.logouts.count(userid) for userid in ("jia", "bing")] == [0, 3]


def test_statements_of_one_person_are_listed_by_day(store: Store) -> None:
    with store.transaction():
        for code, userid, day in (("A", "jia", 23), ("B", "jia", 24), ("C", "yi", 24), ("D", "jia", 1)):
            about = {"userid": userid, "day": f"2026-11-{day:02}"}
            store.daily_statements.add(code, month="2026-11", body=f"body {code}", **about)
    rename(store, "yi", "yi.2")
    first = date(2026, 11, 20)

    assert store.daily_statements.of("jia", first=first) == [("B", "body B"), ("A", "body A")]
    assert store.daily_statements.of("yi.2", first=first) == [("C", "body C")]


def test_the_newest_lines_of_one_person_are_found_under_either_userid(store: Store) -> None:
    october = replace(MONTHLY, userid="jia", period="2026-10", period_end=date(2026, 10, 31))
    november = replace(october, period="2026-11", period_end=date(2026, 11, 30))
    common = {"author": "", "reason": "", "stored_at": NOW}
    with store.transaction():
        store.results.add(
            Result(line=line, version=version, state=state, **common)  # type: ignore[arg-type]  # as above
            for line, version, state in (
                (october, 1, ResultState.PRELIMINARY),
                (replace(october, counted=7), 2, ResultState.FINAL),
                (november, 1, ResultState.PRELIMINARY),
                (replace(october, userid="yi"), 1, ResultState.PRELIMINARY),
            )
        )
    rename(store, "jia", "jia.2")

    found = store.results.of_person("jia.2")

    assert [(one.line.period, one.version, one.line.userid) for one in found] == [
        ("2026-11", 1, "jia.2"),
        ("2026-10", 2, "jia.2"),
    ]
    assert store.results.of_person("bing") == []


def test_the_cases_of_one_person_stand_under_their_contacts(store: Store) -> None:
    with store.transaction():
        store.reviews.open([APPEAL, replace(APPEAL, quota="r"), replace(APPEAL, contact=("yi", "wm1", 5))])

    found = store.reviews.of_person("jia")

    assert {key: [case.quota for case in cases] for key, cases in found.items()} == {
        ("jia", "wm1", 5): ["q", "r"]
    }


def test_the_wishes_of_one_person_are_those_of_all(store: Store) -> None:
    store.preferences.mute("jia", until=NOW + 9, since=NOW, way=Way.WORD)
    store.preferences.mute("yi", until=NOW + 8, since=NOW, way=Way.WORD)
    for userid, last in (("jia", 27), ("jia", 25), ("yi", 26)):
        store.preferences.add_leave(userid, DAY, date(2026, 11, last), at=NOW)

    for userid in ("jia", "yi", "bing"):
        assert store.preferences.mute_of(userid) == store.preferences.mutes().get(userid)
        assert store.preferences.leaves_of(userid) == store.preferences.leaves().get(userid, ())


def test_the_chats_of_one_person_begin_with_the_newest_day(store: Store) -> None:
    days = {date(2026, 11, number): ChatFigures(chats=number) for number in (20, 23, 24)}
    with store.transaction():
        for userid in ("jia", "yi"):
            store.engagement.put(userid, days, final_upto=DAY, read_at=NOW)

    found = store.engagement.of_person("jia", first=date(2026, 11, 23))

    assert [(day.day, figures.chats) for day, figures in found.items()] == [(24, 24), (23, 23)]
