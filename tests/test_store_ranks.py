"""Places that are kept: the newest only, of whom is asked for, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.places import RankPlace
from bot.store.store import Store

FIRST, SECOND = RankPlace(rank=1, of=2), RankPlace(rank=2, of=2)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def put(store: Store, found: dict[tuple[str, str], dict[str, RankPlace]], *, as_of: int) -> None:
    with store.transaction():
        store.ranks.put(found, as_of=as_of)


def test_nothing_is_kept_at_first(store: Store) -> None:
    assert store.ranks.newest() is None
    assert store.ranks.get("q", "2026-11", userids=["ann"]) is None


def test_places_come_back_for_whom_is_asked(store: Store) -> None:
    put(store, {("q", "2026-11"): {"ann": FIRST, "bob": SECOND}, ("r", "2026-11"): {}}, as_of=7)

    kept = store.ranks.get("q", "2026-11", userids=["bob", "nobody"])

    assert kept is not None
    assert (kept.as_of, kept.places) == (7, {"bob": SECOND})
    assert store.ranks.newest() == 7


def test_newer_places_replace_all_earlier_ones(store: Store) -> None:
    put(store, {("q", "2026-10"): {"ann": FIRST}, ("q", "2026-11"): {"ann": FIRST}}, as_of=7)
    put(store, {("q", "2026-11"): {"ann": SECOND}}, as_of=9)

    assert store.ranks.get("q", "2026-10", userids=["ann"]) is None
    kept = store.ranks.get("q", "2026-11", userids=["ann"])
    assert kept is not None
    assert (kept.as_of, kept.places) == (9, {"ann": SECOND})
    assert store.ranks.newest() == 9
