"""The date of an add that a callback and a list told: the callback's, whichever came first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from builders.branches import event
from builders.e2e import at
from builders.reviews import branch, row

from bot.core.relations import RelationEvent, RelationKind
from bot.features.ledger.derive import derive
from bot.store.store import Store

TOLD = [(event(RelationKind.ADDED, "2026-11-01T00:00:01", userid="zhang"), "callback")]
FOUND = [(event(RelationKind.ADDED, "2026-10-31T23:59:59", userid="zhang"), "sync")]
LOSS = [(event(RelationKind.LOST_UNKNOWN, "2026-11-10T02:17", userid="zhang"), "sync")]
BACK = [(event(RelationKind.ADDED, "2026-11-10T02:17:01", userid="zhang"), "sync")]


def append(store: Store, *facts: tuple[RelationEvent, str]) -> None:
    with store.transaction():
        for fact, origin in facts:
            store.ledger.append(fact, origin=origin, recorded_at=0)


@pytest.mark.parametrize(
    "facts", [[*TOLD, *FOUND], [*FOUND, *TOLD]], ids=["the callback first", "the list first"]
)
def test_an_add_around_the_midnight_of_a_month(
    tmp_path: Path, facts: list[tuple[RelationEvent, str]]
) -> None:
    with branch(tmp_path) as services:
        for fact in facts:
            append(services.store, fact)
            derive(services)
        gross = {
            month: row(services, "zhang", at("2026-11-24T09:07"), period=month).gross
            for month in ("2026-10", "2026-11")
        }

    assert gross == {"2026-10": 0, "2026-11": 1}


def test_without_regain_days_a_loss_that_a_list_takes_back_was_none(tmp_path: Path) -> None:
    with branch(tmp_path, more="[ledger]\nregain_days = 0\n") as services:
        append(services.store, *TOLD, *LOSS)
        derive(services)
        lost = row(services, "zhang", at("2026-11-24T09:07"))
        append(services.store, *BACK)
        derive(services)
        back = row(services, "zhang", at("2026-11-24T09:07"))

    assert (lost.counted, lost.lost) == (1, 1)
    assert (back.counted, back.gross, back.lost) == (1, 1, 0)


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_add_of_one_second_is_the_callbacks_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    told = replace(TOLD[0][0], state="")
    deliveries = [(told, "callback"), (replace(told, state="desk-7"), "sync"), (told, "sync")]

    append(store, *(deliveries[number] for number in order))

    assert store.ledger.relation("zhang", "c1") == [replace(told, state="desk-7")]
    assert [origin for _, origin in store.ledger.told("zhang", "c1")] == ["callback"]
