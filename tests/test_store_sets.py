"""Many rows in one statement mean the same as one after the other, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from bot.core.relations import RelationEvent, RelationKind
from bot.store.queries import shipped
from bot.store.store import Store


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def fact(userid: str = "li", *, at: int = 1, state: str = "", customer: str = "c") -> RelationEvent:
    return RelationEvent(userid=userid, external_userid=customer, at=at, kind=RelationKind.ADDED, state=state)


def rename(store: Store, old: str, new: str) -> None:
    store.engine.run("rename_put", old_userid=old, userid=new, renamed_at=1, renamed_by="hr")


TOLD = [("", "sync"), ("a", "callback"), ("b", "sync")]


@pytest.mark.parametrize("told", list(permutations(TOLD)))
def test_a_fact_told_several_times_is_stored_as_if_told_one_after_the_other(
    store: Store, told: tuple[tuple[str, str], ...]
) -> None:
    with store.transaction():
        for state, origin in told:
            store.ledger.note(fact(state=state), origin=origin, recorded_at=1)
    for state, origin in told:
        with store.transaction():
            store.ledger.append(fact("wu", state=state), origin=origin, recorded_at=1)

    ((together, origin),), ((apart, origin_apart),) = (
        store.ledger.told("li", "c"),
        store.ledger.told("wu", "c"),
    )
    assert (together.state, origin) == (apart.state, origin_apart) == ("b", "callback")


def test_facts_of_an_old_and_a_new_userid_are_facts_of_one_person(store: Store) -> None:
    rename(store, "old", "li")
    with store.transaction():
        store.ledger.note(fact("old", state="x"), origin="callback", recorded_at=1)
        store.ledger.note(fact("li"), origin="callback", recorded_at=1)
        store.ledger.note(fact("old", at=2), origin="callback", recorded_at=1)

    assert [(one.at, one.state) for one in store.ledger.relation("li", "c")] == [(1, "x"), (2, "")]
    assert store.ledger.relation("old", "c") == []
    assert store.ledger.waits("li", "c")


def test_wishes_of_an_old_and_a_new_userid_are_one(store: Store) -> None:
    rename(store, "old", "li")
    with store.transaction():
        store.details.want("old", "c", now=5)
        store.details.want("li", "c", now=5)
        store.details.want("li", "d", now=5)

    reads = store.details.due(now=5, batch=9)
    assert sorted((read.userid, read.external_userid) for read in reads) == [("li", "c"), ("li", "d")]


def test_what_was_noted_in_an_undone_transaction_is_not_stored_with_the_next(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.ledger.note(fact("undone"), origin="callback", recorded_at=1)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with store.transaction():
        store.ledger.note(fact("li"), origin="callback", recorded_at=1)

    assert [userid for userid, _ in store.ledger.relations()] == ["li"]


def test_what_was_noted_in_an_undone_savepoint_is_not_stored(store: Store) -> None:
    def fail() -> None:
        with store.savepoint():
            store.ledger.note(fact("undone"), origin="callback", recorded_at=1)
            raise LookupError

    with store.transaction():
        store.ledger.note(fact("li"), origin="callback", recorded_at=1)
        with pytest.raises(LookupError):
            fail()

    assert [userid for userid, _ in store.ledger.relations()] == ["li"]


def test_each_set_is_the_set_of_a_statement() -> None:
    names = shipped("postgres", "psycopg")
    sets = [name for name, query in names.items() if "json_to_recordset" in query.sql]

    assert len(sets) >= 6
    assert {name.removesuffix("_set") for name in sets} <= set(names) - set(sets)
