"""Whom leaders help: once a day, with the first pace that is known; a new userid takes marks along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.core.coaching import Mark
from bot.store.store import Store

DAY, NEXT = date(2026, 11, 24), date(2026, 11, 25)
MARK = Mark(leader="boss", userid="jia", day=DAY)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def test_a_mark_is_kept_once_a_day_with_its_first_pace(store: Store) -> None:
    kept = [store.coaching.mark("boss", "jia", day, at=5) for day in (DAY, DAY, NEXT)]
    for pace in (54, 99):
        store.coaching.note_pace("boss", "jia", DAY, quota="q", pace=pace)

    assert kept == [True, False, True]
    first, second = replace(MARK, quota="q", pace=54), replace(MARK, day=NEXT)
    assert store.coaching.marks(since=DAY) == [first, second]
    assert store.coaching.marks(since=NEXT) == [second]


@pytest.mark.parametrize(
    ("old", "mark"),
    [
        pytest.param("jia", replace(MARK, userid="new"), id="who is helped"),
        pytest.param("boss", replace(MARK, leader="new"), id="who helps"),
    ],
)
def test_a_new_userid_takes_marks_along(store: Store, old: str, mark: Mark) -> None:
    store.coaching.mark("boss", "jia", DAY, at=5)
    with store.transaction():
        store.renames.move(old, "new")

    assert store.coaching.marks(since=DAY) == [mark]
