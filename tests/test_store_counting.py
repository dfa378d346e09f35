"""The rooms that counting needs: leave, facts, details, results, and the audit log, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.facts import Fact, put_facts
from builders.messages import MONTHLY

from bot.store.contact_knowledge import Absence
from bot.store.results import Closed, Result, ResultState
from bot.store.store import Store

NOW = 1_795_395_600  # 2026-11-23T09:00+08:00


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


@pytest.fixture
def other(store: Store, place: Path | str) -> Iterator[Store]:
    """Another process on the same store."""
    other = Store(place)
    yield other
    other.close()


def leave(userid: str, first: int, last: int) -> Absence:
    return Absence(userid=userid, first=date(2026, 11, first), last=date(2026, 11, last), kind="年假")


def november(*days: int) -> frozenset[date]:
    return frozenset(date(2026, 11, day) for day in days)


def test_leave_is_days_whatever_lines_it_came_in(store: Store) -> None:
    with store.transaction():
        store.contact_knowledge.put_absences([leave("jia", 2, 4), leave("jia", 4, 5), leave("yi", 9, 9)])
        store.contact_knowledge.put_absences([leave("jia", 2, 4)])

    assert store.contact_knowledge.absences() == {"jia": november(2, 3, 4, 5), "yi": november(9)}


def test_leave_that_is_called_off_leaves_the_other_lines(store: Store) -> None:
    with store.transaction():
        store.contact_knowledge.put_absences([leave("jia", 2, 4), leave("jia", 4, 5)])
        store.contact_knowledge.drop_absences([leave("jia", 2, 4), leave("jia", 10, 11)])

    assert store.contact_knowledge.absences() == {"jia": november(4, 5)}


def fact(name: str, value: str | None, *, key: str = "wm1") -> Fact:
    return Fact(key_kind="external_userid", key=key, fact=name, value=value)


def test_the_newest_word_of_the_bank_holds_and_an_empty_cell_forgets(store: Store) -> None:
    put_facts(store, [fact("account", "1"), fact("real_name", "1"), fact("manager", "jia")], imported_at=NOW)
    put_facts(
        store, [fact("account", "0"), fact("real_name", None), fact("manager", "yi")], imported_at=NOW + 60
    )
    said = store.contact_knowledge.facts()["external_userid", "wm1"]

    assert (said.manager, dict(said.facts)) == ("yi", {"account": False})
    assert store.contact_knowledge.newest_facts() == NOW + 60


def test_nothing_is_known_before_the_first_import(store: Store) -> None:
    assert store.contact_knowledge.facts() == {}
    assert store.contact_knowledge.newest_facts() is None


def result(
    userid: str, *, version: int, counted: int, state: ResultState = ResultState.PRELIMINARY
) -> Result:
    line = replace(MONTHLY, userid=userid, counted=counted)
    return Result(
        line=line, version=version, state=state, author="人事", reason="结算", stored_at=NOW + version
    )


def test_of_each_line_the_newest_version_holds_and_none_is_written_over(store: Store) -> None:
    with store.transaction():
        store.results.add([result("jia", version=1, counted=40), result("yi", version=1, counted=41)])
        store.results.close("cm-monthly", "2026-11", at=NOW + 1)
        store.results.add([result("jia", version=1, counted=99)])
        store.results.add([result("jia", version=2, counted=42, state=ResultState.FINAL)])
    newest = store.results.newest("cm-monthly", "2026-11")

    assert {userid: (one.version, one.line.counted, one.state) for userid, one in newest.items()} == {
        "jia": (2, 42, ResultState.FINAL),
        "yi": (1, 41, ResultState.PRELIMINARY),
    }
    assert newest["jia"] == result("jia", version=2, counted=42, state=ResultState.FINAL)
    assert store.results.closed() == [
        Closed(quota="cm-monthly", period="2026-11", closed_at=NOW + 1, people=2, final=1)
    ]


def note(store: Store, number: int, *, actor: str = "甲") -> None:
    with store.transaction():
        store.audit.add(at=NOW + number, actor=actor, act="sign", subject=f"q {number}", detail={"n": number})


def test_each_act_is_chained_to_the_one_before(store: Store) -> None:
    for number in range(3):
        note(store, number)

    assert [act.subject for act in store.audit.acts()] == ["q 0", "q 1", "q 2"]
    assert store.audit.broken_at() is None


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        pytest.param("UPDATE audit SET actor = '乙' WHERE seq = 2", 2, id="an actor changed"),
        pytest.param("UPDATE audit SET detail = '{}' WHERE seq = 1", 1, id="a detail changed"),
        pytest.param("DELETE FROM audit WHERE seq = 2", 2, id="an act taken out"),
    ],
)
def test_an_act_that_was_changed_behind_our_back_shows(store: Store, statement: str, seq: int) -> None:
    for number in range(3):
        note(store, number)
    store.engine.learn(f"-- name: tamper()!\n{statement};")
    store.engine.run("tamper")

    assert store.audit.broken_at() == seq


def test_acts_of_two_processes_at_once_make_one_whole_chain(store: Store, other: Store) -> None:
    together = threading.Barrier(2)

    def act(where: Store, actor: str) -> None:
        together.wait()
        for number in range(20):
            note(where, number, actor=actor)

    threads = [threading.Thread(target=act, args=pair) for pair in ((store, "甲"), (other, "乙"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.actor for one in store.audit.acts()) == ["乙"] * 20 + ["甲"] * 20
    assert store.audit.broken_at() is None
