"""Cases and findings in the store: asked once, decided once, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.core.evidence import Evidence
from bot.core.integrity import DecidedFinding, Finding, FindingKind, FindingName, Flag
from bot.store.reviews import Decided, Opening, ReviewKind, ReviewState
from bot.store.store import Store

CONTACT = ("jia", "wm1", 100)
APPEAL = Opening(
    kind=ReviewKind.APPEAL, quota="q", period="2026-11", contact=CONTACT, opened_at=500, text="柜面开的户"
)
BURST = FindingName(kind=FindingKind.BURST, userid="jia", subject="2026-11-23")
FINDING = Finding(name=BURST, on=date(2026, 11, 23), concerned=(CONTACT, ("jia", "wm2", 101)), seen=16)
EVIDENCE = Evidence(first=90, last=101, n=16)


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


def opened(store: Store, *openings: Opening) -> list[int]:
    with store.transaction():
        store.reviews.open(openings)
    return [one.number for one in store.reviews.all_open()]


def decided(store: Store, number: int, state: ReviewState, *, at: int = 600) -> bool:
    with store.transaction():
        return store.reviews.decide(number, state, by="hr", reason="核实", at=at)


def asked(store: Store, finding: Finding = FINDING) -> bool:
    with store.transaction():
        return store.findings.ask(finding, EVIDENCE, at=500)


def at_once(acts: list[Callable[[], bool]]) -> list[bool]:
    barrier, results = threading.Barrier(len(acts)), []

    def run(act: Callable[[], bool]) -> None:
        barrier.wait()
        results.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_an_appeal_is_kept_as_it_was_opened(store: Store) -> None:
    (number,) = opened(store, APPEAL)

    (kept,) = store.reviews.all_open()
    assert (kept.number, kept.kind, kept.quota, kept.period) == (number, "appeal", "q", "2026-11")
    assert (kept.contact, kept.opened_at, kept.text, kept.told) == (CONTACT, 500, "柜面开的户", 0)


def test_a_case_of_a_kind_is_open_once_for_a_contact_and_quota(store: Store) -> None:
    numbers = opened(
        store,
        APPEAL,
        replace(APPEAL, text="again"),
        replace(APPEAL, quota="other"),
        replace(APPEAL, kind=ReviewKind.HELD),
    )

    assert len(numbers) == 3
    assert [one.text for one in store.reviews.all_open() if one.quota == "q"] == ["柜面开的户"] * 2


@pytest.mark.parametrize(
    ("state", "again"),
    [
        pytest.param(ReviewState.ACCEPTED, False, id="accepted"),
        pytest.param(ReviewState.REJECTED, False, id="rejected"),
        pytest.param(ReviewState.RELEASED, True, id="released: nothing was decided"),
    ],
)
def test_what_was_decided_is_not_opened_again(store: Store, state: ReviewState, *, again: bool) -> None:
    (number,) = opened(store, APPEAL)
    decided(store, number, state)

    assert bool(opened(store, APPEAL)) is again


def test_a_decision_is_taken_once_and_kept_with_its_name_and_reason(store: Store) -> None:
    (number,) = opened(store, APPEAL)
    first = decided(store, number, ReviewState.ACCEPTED)
    second = decided(store, number, ReviewState.REJECTED)

    (kept,) = store.reviews.of_contact(CONTACT)
    assert (first, second) == (True, False)
    assert (kept.state, kept.decided_by, kept.reason, kept.decided_at) == ("accepted", "hr", "核实", 600)
    assert store.reviews.decisions() == {CONTACT: {"q": True}}


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        pytest.param(ReviewKind.HELD, {CONTACT: {"q": False}}, id="a held contact: it does not count"),
        pytest.param(ReviewKind.APPEAL, {}, id="an appeal: the contact keeps its own verdict"),
    ],
)
def test_what_a_rejection_decides(
    store: Store, kind: ReviewKind, kept: dict[tuple[str, str, int], dict[str, bool]]
) -> None:
    (number,) = opened(store, replace(APPEAL, kind=kind))
    decided(store, number, ReviewState.REJECTED)

    assert store.reviews.decisions() == kept
    assert {contact[:3] for contact in store.reviews.decided_of("jia")} == kept.keys()


def test_of_two_who_decide_at_once_one_does(store: Store, other: Store) -> None:
    (number,) = opened(store, APPEAL)

    results = at_once(
        [
            lambda: decided(store, number, ReviewState.ACCEPTED),
            lambda: decided(other, number, ReviewState.REJECTED),
        ]
    )

    assert sorted(results) == [False, True]


def test_the_newest_decision_about_a_contact_holds(store: Store) -> None:
    (held,) = opened(store, replace(APPEAL, kind=ReviewKind.HELD))
    decided(store, held, ReviewState.REJECTED, at=600)
    (appeal,) = opened(store, APPEAL)
    decided(store, appeal, ReviewState.ACCEPTED, at=700)

    assert store.reviews.decisions() == {CONTACT: {"q": True}}


def test_what_was_released_is_no_decision(store: Store) -> None:
    (number,) = opened(store, replace(APPEAL, kind=ReviewKind.HELD))
    decided(store, number, ReviewState.RELEASED)

    assert store.reviews.decisions() == {}
    assert store.results.appeals("q", "2026-11") == []


def test_only_open_appeals_keep_a_line_open(store: Store) -> None:
    held, appeal = opened(store, replace(APPEAL, kind=ReviewKind.HELD), APPEAL)
    while_open = store.results.appeals("q", "2026-11")
    decided(store, appeal, ReviewState.ACCEPTED)
    decided(store, held, ReviewState.REJECTED)

    assert while_open == [("jia", "open")]
    assert store.results.appeals("q", "2026-11") == [("jia", "rejected"), ("jia", "accepted")]


def test_a_level_is_told_once(store: Store) -> None:
    (number,) = opened(store, APPEAL)
    with store.transaction():
        store.reviews.tell(number, told=1, at=510)
        store.reviews.tell(number, told=1, at=520)
    (kept,) = store.reviews.all_open()

    assert (kept.told, kept.told_at) == (1, 510)


def test_a_question_is_asked_once_and_keeps_its_evidence(store: Store, other: Store) -> None:
    first, second = asked(store), asked(other)

    (kept,) = store.findings.open()
    assert (first, second) == (True, False)
    assert (kept.name, kept.on, kept.asked_at) == (BURST, date(2026, 11, 23), 500)
    assert (kept.concerned, kept.evidence) == (FINDING.concerned, EVIDENCE)
    assert store.findings.names() == {BURST}


def test_an_answer_is_given_once(store: Store) -> None:
    asked(store)
    with store.transaction():
        first = store.findings.answer(BURST, "支行开放日", at=550)
        second = store.findings.answer(BURST, "别的", at=560)

    (kept,) = store.findings.open()
    assert (first, second) == (True, False)
    assert (kept.answer, kept.answered_at) == ("支行开放日", 550)


@pytest.mark.parametrize("confirmed", [True, False], ids=["confirmed", "cleared"])
def test_a_decided_finding_holds_nothing_and_only_a_confirmed_one_is_a_flag(
    store: Store, *, confirmed: bool
) -> None:
    asked(store)
    before = (store.findings.decided(), store.findings.flags())
    with store.transaction():
        first = store.findings.decide(BURST, confirmed=confirmed, by="hr", reason="核实", at=600)
        second = store.findings.decide(BURST, confirmed=not confirmed, by="hr", reason="改判", at=700)
        late = store.findings.answer(BURST, "太晚", at=710)

    assert before == ((), ())
    assert (first, second, late) == (True, False, False)
    named = frozenset(FINDING.concerned)
    assert store.findings.decided() == (
        DecidedFinding(name=BURST, concerned=named, confirmed=confirmed, at=600),
    )
    by = Decided(by="hr", at=600, why="核实")
    assert store.findings.confirmed_of("jia") == (dict.fromkeys(named, by) if confirmed else {})
    assert store.findings.confirmed_of("yi") == {}
    assert store.findings.flags() == ((Flag(name=BURST, on=date(2026, 11, 23)),) if confirmed else ())
    assert store.findings.open() == []
    assert asked(store) is False
