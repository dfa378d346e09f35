"""Comparisons with WeCom's lists as the store keeps them, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.relations import RelationEvent, RelationKind, fold
from bot.store.details import ContactRead
from bot.store.store import Store
from bot.store.sync import Burden, FoundLoss, Member, Step, SyncReportLine, SyncRun

NOW = 1_795_406_400


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def begin(store: Store, *, at: int = NOW, batches: tuple[tuple[str, ...], ...] = ()) -> SyncRun:
    with store.transaction():
        run = store.syncs.begin(began_at=at, real_began_at=at, accepts_losses=False)
        store.syncs.put_batches(batches)
    return run


def put_states(store: Store, state: Member, *userids: str, error: str = "") -> None:
    with store.transaction():
        store.syncs.put_states(dict.fromkeys(userids, (state, error)))


def listed(customer: str, userid: str = "yg01", createtime: int = NOW, add_way: int = 1) -> ContactRead:
    return ContactRead(
        userid=userid,
        external_userid=customer,
        createtime=createtime,
        customer_type=1,
        add_way=add_way,
        tags=("et2", "et1"),
        mobiles_sha256=("b", "a"),
    )


def put_page(store: Store, run: SyncRun, *contacts: ContactRead, cursor: str = "") -> None:
    with store.transaction():
        store.syncs.put_page(run, contacts, cursor=cursor)


def put_judged(store: Store, userid: str, living: int, *losses: FoundLoss) -> None:
    with store.transaction():
        burden = Burden(userid=userid, living=living, losses=len(losses))
        store.syncs.put_judged(burden, losses)


def lost(customer: str, userid: str = "yg01", at: int = NOW, *, is_gone: bool = True) -> FoundLoss:
    return FoundLoss(userid=userid, external_userid=customer, at=at, is_gone=is_gone)


def end(store: Store, run: SyncRun) -> None:
    with store.transaction():
        store.syncs.end(run, ended_at=NOW + 60)


def test_an_unfinished_run_is_gone_on_with_until_it_is_done(store: Store) -> None:
    run = begin(store)
    store.syncs.go_on(run, Step.JUDGING)
    store.syncs.note(run, "no connection")
    unfinished = store.syncs.unfinished()
    end(store, run)

    assert unfinished is not None
    assert (unfinished.step, unfinished.began_at, unfinished.error) == (Step.JUDGING, NOW, "no connection")
    assert store.syncs.unfinished() is None
    last = store.syncs.last()
    assert last is not None
    assert (last.number, last.step, last.ended_at, last.error) == (run.number, Step.DONE, NOW + 60, "")


def test_a_new_run_gives_up_an_unfinished_one_with_its_members(store: Store) -> None:
    begin(store, batches=(("yg01",),))
    second = begin(store, at=NOW + 9, batches=(("yg02",),))

    unfinished = store.syncs.unfinished()
    assert unfinished is not None
    assert unfinished.number == second.number
    assert store.syncs.batch() == ["yg02"]
    assert store.syncs.last() is None


def test_the_first_run_that_was_done_says_since_when_lists_are_known(store: Store) -> None:
    begin(store, at=NOW - 99)
    never = store.syncs.first_at()
    for at in (NOW, NOW + 5):
        end(store, begin(store, at=at))

    assert (never, store.syncs.first_at()) == (None, NOW)
    assert [store.syncs.done_before(at) for at in (NOW, NOW + 5, NOW + 6)] == [None, NOW, NOW + 5]


def test_batches_are_read_in_their_order_and_may_be_split(store: Store) -> None:
    begin(store, batches=(("yg02", "yg01"), ("yg03",)))
    first = store.syncs.batch()
    with store.transaction():
        store.syncs.put_batches([["yg02"]])
    put_states(store, Member.READ, "yg01")
    second = store.syncs.batch()
    put_states(store, Member.UNKNOWN, "yg03", error="system error")
    third = store.syncs.batch()
    put_states(store, Member.READ, "yg02")

    assert (first, second, third, store.syncs.batch()) == (["yg01", "yg02"], ["yg03"], ["yg02"], [])
    assert store.syncs.counts() == {Member.READ: 2, Member.UNKNOWN: 1}
    assert store.syncs.unknown() == {"yg03": "system error"}
    assert store.syncs.some(Member.READ, most=1) == ["yg01"]


def test_a_page_is_kept_with_where_the_next_begins(store: Store) -> None:
    run = begin(store)
    put_page(store, run, listed("wm1"), listed("wm2"), cursor="c1")
    put_page(store, run, listed("wm2", createtime=NOW + 5), cursor="c2")

    found = store.syncs.listed("yg01")
    unfinished = store.syncs.unfinished()
    assert unfinished is not None
    assert (unfinished.cursor, unfinished.calls) == ("c2", 2)
    assert {customer: one.createtime for customer, one in found.items()} == {"wm1": NOW, "wm2": NOW + 5}
    assert (found["wm1"].tags, found["wm1"].mobiles_sha256) == (("et1", "et2"), ("a", "b"))


def test_a_list_that_is_begun_again_is_forgotten_and_others_are_not(store: Store) -> None:
    run = begin(store)
    put_page(store, run, listed("wm1"), listed("wm1", "yg02"), cursor="c1")
    with store.transaction():
        store.syncs.forget_lists(["yg01"])
        store.syncs.rewind(run)

    unfinished = store.syncs.unfinished()
    assert unfinished is not None
    assert (unfinished.cursor, unfinished.calls) == ("", 1)
    assert (store.syncs.listed("yg01"), list(store.syncs.listed("yg02"))) == ({}, ["wm1"])


def test_lists_are_cleared_a_few_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sync._CLEAR", 2)
    put_page(store, begin(store), *(listed(f"wm{number}") for number in range(3)))

    left = [(store.syncs.clear_some(), len(store.syncs.listed("yg01"))) for _ in range(3)]

    assert left == [(True, 1), (True, 0), (False, 0)]


def test_who_else_got_a_customer_from_an_admin_is_found(store: Store) -> None:
    put_page(
        store,
        begin(store),
        listed("wm1", "yg01", add_way=202),
        listed("wm1", "yg02", createtime=NOW + 5, add_way=202),
        listed("wm1", "yg03", createtime=NOW + 6, add_way=1),
    )

    assert store.syncs.handed("yg01", "wm1") == [NOW + 5]
    assert store.syncs.handed("yg01", "wm2") == []


def test_customers_who_were_there_before_are_found_in_lists_and_in_the_ledger(store: Store) -> None:
    run = begin(store)
    put_page(
        store,
        run,
        *(listed(f"wm{number}") for number in range(6)),
        listed("wm0", "yg02", createtime=NOW - 61),
        listed("wm1", "yg02", createtime=NOW - 60),
        listed("wm6", add_way=202),
        listed("wm6", "yg02", createtime=NOW - 999),
        listed("wm7", createtime=NOW - 9999),
        listed("wm7", "yg02", createtime=NOW - 99_999),
    )
    with store.transaction():
        for customer, at in (("wm2", NOW - 999), ("wm3", NOW)):
            event = RelationEvent(userid="yg01", external_userid=customer, at=at, kind=RelationKind.ADDED)
            store.ledger.append(event, origin="callback", recorded_at=NOW)
        for customer in ("wm2", "wm3"):
            facts = store.ledger.relation("yg01", customer)
            store.ledger.put_all_adds({("yg01", customer): fold(facts, regain_s=0)}, cleared=())

    assert store.syncs.seen_before("yg01", since=NOW - 100) == {"wm0", "wm2"}


def test_losses_wait_and_those_that_are_held_stay(store: Store) -> None:
    run = begin(store, batches=(("yg01", "yg02"),))
    put_judged(store, "yg01", 40, lost("wm1"), lost("wm2", is_gone=False))
    put_judged(store, "yg02", 60, lost("wm3", "yg02"))
    with store.transaction():
        store.syncs.hold(["yg01"])
    free = store.syncs.free_losses(most=10)
    with store.transaction():
        store.syncs.drop_losses(free)
    end(store, run)

    assert free == [lost("wm3", "yg02")]
    assert store.syncs.free_losses(most=10) == []
    assert store.syncs.missing_since("yg01") == {"wm1": NOW}
    assert store.syncs.burden_of_all() == Burden(userid="", living=100, losses=3)
    assert [(burden.userid, burden.is_held) for burden in store.syncs.burdens()] == [
        ("yg01", True),
        ("yg02", False),
    ]
    assert (store.syncs.read_at("yg01"), store.syncs.read_at("yg02")) == (None, NOW)


def test_a_member_who_is_judged_again_has_only_the_newer_losses(store: Store) -> None:
    begin(store, batches=(("yg01",),))
    put_judged(store, "yg01", 40, lost("wm1"))
    put_judged(store, "yg01", 40, lost("wm2", at=NOW + 5))

    assert store.syncs.missing_since("yg01") == {"wm2": NOW + 5}


def test_without_members_nothing_is_lost(store: Store) -> None:
    begin(store)

    assert store.syncs.burden_of_all() == Burden(userid="", living=0, losses=0)


def test_drift_is_summed_by_cause_and_names_whom_it_concerns(store: Store) -> None:
    run = begin(store)
    with store.transaction():
        store.syncs.put_report_lines(
            run,
            [
                SyncReportLine(cause="missed_add", userid="yg01", number=2),
                SyncReportLine(cause="missed_add", userid="yg02", number=3),
                SyncReportLine(cause="unknown", userid="yg03", number=1, text="system error"),
            ],
        )
        store.syncs.put_report_lines(run, [SyncReportLine(cause="missed_add", userid="yg02", number=4)])

    assert store.syncs.report_totals(run) == {"missed_add": (6, 2), "unknown": (1, 1)}
    assert store.syncs.report_lines(run, "unknown") == [
        SyncReportLine(cause="unknown", userid="yg03", number=1, text="system error")
    ]


def test_many_facts_are_kept_once_and_mark_their_relations(store: Store) -> None:
    facts = [
        RelationEvent(userid="yg01", external_userid=customer, at=at, kind=RelationKind.ADDED, state=state)
        for customer, at, state in (("wm1", 5, ""), ("wm1", 5, "hall_qr"), ("wm2", 6, ""))
    ]
    for _ in range(2):
        with store.transaction():
            store.ledger.append_all(facts, origin="sync", recorded_at=NOW)

    assert store.ledger.dirty() == 2
    assert {
        customer: [(fact.at, fact.state) for fact in of_one]
        for customer, of_one in store.ledger.of_member("yg01").items()
    } == {"wm1": [(5, "hall_qr")], "wm2": [(6, "")]}
    assert [origin for _, origin in store.ledger.told("yg01", "wm2")] == ["sync"]


def test_up_to_when_each_list_is_accounted_for_is_told_of_all(store: Store) -> None:
    end_of = {}
    for at, userid in ((NOW, "yg01"), (NOW + 100, "yg02")):
        run = begin(store, at=at, batches=((userid,),))
        put_judged(store, userid, 3)
        end(store, run)
        end_of[userid] = at

    assert store.syncs.real_readings() == end_of


def test_the_tags_of_a_list_replace_those_of_an_earlier_reading_of_the_same_contact(store: Store) -> None:
    run = begin(store, batches=(("yg01", "yg02"),))
    old, later = replace(listed("wm-old"), tags=()), replace(listed("wm-late"), tags=())
    other = replace(listed("wm-again", createtime=NOW - 900), tags=())  # an earlier contact
    with store.transaction():
        store.details.put([old, other, replace(old, userid="yg02")], read_at=NOW - 1)
        store.details.put([later], read_at=NOW)
    put_page(store, run, listed("wm-old"), listed("wm-late"), listed("wm-again"))
    with store.transaction():
        store.details.take_listed_tags("yg01", before=NOW)

    found = store.contact_knowledge.details()
    tagged = {relation for relation, (one,) in found.items() if one.details.tags}
    assert tagged == {("yg01", "wm-old")}
