"""The bank's facts: rows that are appended where nobody sees them, and published at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.facts import Facts, FactsBusyError, FactsImport, FactValues, StoredFacts, merge_values
from bot.store.queries import steps
from bot.store.store import Store

KIND, JIA, YI = "external_userid", ("external_userid", "wm-jia"), ("external_userid", "wm-yi")
YES, NO = FactValues(None, '{"account": "1"}'), FactValues(None, '{"account": "0"}')


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    opened = Store(place)
    yield opened
    opened.close()


def coming(store: Store, *, holder: str = "one", now: float = 1000.0) -> FactsImport:
    return FactsImport(store.engine, holder=holder, now=lambda: now)


def published(store: Store, *rows: tuple[str, FactValues], holder: str = "one", now: float = 1000.0) -> None:
    bringing = coming(store, holder=holder, now=now)
    with bringing.open():
        bringing.add(KIND, rows)
        with store.transaction():
            bringing.publish(imported_at=5)


def test_nobody_sees_a_line_before_all_of_them_and_others_write_meanwhile(
    store: Store, place: Path | str
) -> None:
    published(store, ("wm-jia", YES))
    other = Store(place)
    bringing = coming(store)
    with bringing.open():
        bringing.add(KIND, [("wm-jia", NO), ("wm-yi", YES)])
        before = other.contact_knowledge.facts()
        with other.engine.transaction(patience_s=0.05):  # as a receiver that keeps an event
            other.marks.put("another", "writer")
        with store.transaction():
            bringing.publish(imported_at=6)
        after = other.contact_knowledge.facts()
    other.close()

    assert before == {JIA: StoredFacts(facts={"account": True})}
    assert after == {JIA: StoredFacts(facts={"account": False}), YI: StoredFacts(facts={"account": True})}
    assert store.contact_knowledge.newest_facts() == 6


def test_an_import_that_fails_leaves_nothing_behind(store: Store) -> None:
    published(store, ("wm-jia", YES))
    bringing = coming(store)

    def fail() -> None:
        with bringing.open():
            bringing.add(KIND, [("wm-yi", YES)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert set(store.contact_knowledge.facts()) == {JIA}
    assert Facts(store.engine).last() == Facts(store.engine).upto() == 1


def test_one_that_was_killed_keeps_others_out_for_a_minute_and_is_removed_by_the_next(store: Store) -> None:
    killed = coming(store, holder="killed", now=1000)
    killed.open().__enter__()  # and never left: the process is gone
    killed.add(KIND, [("wm-jia", YES), ("wm-yi", YES)])

    with pytest.raises(FactsBusyError, match="imported by another process"):
        published(store, ("wm-bing", NO), now=1059)
    published(store, ("wm-bing", NO), now=1060)

    assert set(store.contact_knowledge.facts()) == {(KIND, "wm-bing")}
    assert Facts(store.engine).last() == 1


def test_an_import_that_was_taken_for_dead_publishes_nothing(store: Store) -> None:
    slow, third = coming(store, holder="slow", now=1000), coming(store, holder="third", now=1061)
    with slow.open():
        slow.add(KIND, [("wm-jia", YES)])
        published(store, ("wm-yi", YES), holder="quick", now=1060)
        with third.open():
            third.add(KIND, [("wm-bing", YES)])
            with pytest.raises(FactsBusyError), store.transaction():
                slow.publish(imported_at=7)

    assert set(store.contact_knowledge.facts()) == {YI}


def test_a_row_in_whose_place_another_holds_goes_once_that_one_is_seen(store: Store) -> None:
    published(store, ("wm-jia", YES))
    bringing = coming(store)
    with bringing.open():
        bringing.outdate([1])
        bringing.add(KIND, [("wm-jia", NO)])
        waiting = [row.number for row in bringing.facts.of_kind(KIND)]
        with store.transaction():
            bringing.publish(imported_at=6)

    assert waiting == [1, 2]
    assert [row.number for row in Facts(store.engine).of_kind(KIND)] == [2]


def test_words_keep_what_a_file_does_not_say() -> None:
    before = FactValues("zhangsan", '{"account": "1", "vip": "0"}')

    assert merge_values({"vip": None, "real_name": "1"}, before=before) == FactValues(
        "zhangsan", '{"account": "1", "real_name": "1"}'
    )
    assert merge_values({"manager": None}, before=before) == FactValues(None, before.said)


def test_facts_of_an_older_store_are_taken_over(store: Store, place: Path | str) -> None:
    dialect, steps_of = (
        ("sqlite", "_sqlite_migrations") if isinstance(place, Path) else ("postgres", "migrations")
    )
    old = next(
        statement
        for step in steps(dialect)
        if step.name == "0002_counting"
        for statement in step.statements
        if "CREATE TABLE facts" in statement
    )
    rows = "('unionid','u','manager','lisi',1), ('unionid','u','account','1',1), ('state','s','vip','0',1)"
    for number, statement in enumerate(
        (
            "DROP TABLE facts",
            old,
            f"INSERT INTO facts VALUES {rows}",
            f"DELETE FROM {steps_of} WHERE name = '0011_facts'",
        )
    ):
        store.engine.learn(f"-- name: back_{number}()!\n{statement};")
        store.engine.run(f"back_{number}")

    again = Store(place)
    facts = again.contact_knowledge.facts()
    again.close()

    assert facts == {
        ("unionid", "u"): StoredFacts(manager="lisi", facts={"account": True}),
        ("state", "s"): StoredFacts(facts={"vip": False}),
    }


def test_who_was_taken_for_dead_removes_nothing_of_the_one_who_took_over(store: Store) -> None:
    slow, quick = coming(store, holder="slow", now=1000), coming(store, holder="quick", now=1061)
    with slow.open():
        begun = quick.open()
        begun.__enter__()
        quick.add(KIND, [("wm-yi", YES)])
    with store.transaction():
        quick.publish(imported_at=6)
    begun.__exit__(None, None, None)

    assert set(store.contact_knowledge.facts()) == {YI}
