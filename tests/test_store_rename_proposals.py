"""Pairs of userids that may be one person as the store keeps them, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.relations import RelationEvent, RelationKind, fold
from bot.core.renames import Begun, Overlap
from bot.store.details import ContactRead
from bot.store.rename_proposals import ProposalState
from bot.store.store import Store
from bot.store.sync import Burden, Member

NOW = 1_795_406_400
PAIR = ("yg01", "zs")


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def overlap(old: str = "yg01", userid: str = "zs", same: int = 4) -> Overlap:
    return Overlap(old_userid=old, userid=userid, same=same, living=5)


def put(store: Store, *found: Overlap, at: int = NOW) -> None:
    with store.transaction():
        store.proposals.put(found, at=at)


def end(store: Store, state: ProposalState) -> bool:
    with store.transaction():
        return store.proposals.end(PAIR, state, by="HR", reason="因为", at=NOW)


def test_what_is_open_is_asked_once_and_told_level_by_level(store: Store) -> None:
    put(store, overlap())
    put(store, overlap(same=5), overlap("yg02", "ls"), at=NOW + 1)
    with store.transaction():
        store.proposals.tell(PAIR, told=1, at=NOW + 2)
        store.proposals.tell(PAIR, told=1, at=NOW + 9)

    first, second = store.proposals.open()
    assert (first.pair, first.same, first.living, first.proposed_at) == (PAIR, 4, 5, NOW)
    assert (first.told, first.told_at, second.told, second.told_at) == (1, NOW + 2, 0, None)
    assert second.pair == ("yg02", "ls")


@pytest.mark.parametrize(
    ("state", "is_asked_again"),
    [
        pytest.param(ProposalState.REJECTED, False, id="refused for good"),
        pytest.param(ProposalState.RELEASED, True, id="released: it may be so after all"),
        pytest.param(ProposalState.ACCEPTED, True, id="taken back, and changed once more"),
    ],
)
def test_what_was_refused_is_not_asked_again(
    store: Store, state: ProposalState, is_asked_again: bool
) -> None:
    put(store, overlap())
    ended = [end(store, state), end(store, ProposalState.ACCEPTED)]
    put(store, overlap(), at=NOW + 5)

    assert ended == [True, False]
    assert [one.proposed_at for one in store.proposals.open()] == ([NOW + 5] if is_asked_again else [])
    assert store.proposals.refused() == (frozenset() if is_asked_again else {PAIR})


def test_only_complete_lists_of_those_who_never_had_one_are_compared(store: Store) -> None:
    """Nothing is proposed of who had customers before, is asked about already, or has no complete list."""
    rows = [("yg01", "wm1", NOW), ("yg01", "wm2", NOW + 9), ("early", "wm9", NOW - 200)]
    facts = [
        RelationEvent(userid=userid, external_userid=customer, at=at, kind=RelationKind.ADDED)
        for userid, customer, at in rows
    ]
    facts.append(
        RelationEvent(userid="yg01", external_userid="wm2", at=NOW + 99, kind=RelationKind.LOST_BY_MEMBER)
    )
    read = ("zs", "early", "empty", "asked", "unread")
    contacts = [
        ContactRead(userid=userid, external_userid=customer, createtime=NOW + 7, customer_type=1, add_way=1)
        for userid in read
        for customer in ("wm1", "wm2", "wm3")
    ]
    regained = ContactRead(
        userid="yg01", external_userid="wm1", createtime=NOW - 500, customer_type=1, add_way=1
    )
    with store.transaction():
        store.ledger.append_all(facts, origin="callback", recorded_at=0)
        for userid, customer, _ in rows:
            adds = fold(store.ledger.relation(userid, customer), regain_s=0)
            store.ledger.put_all_adds({(userid, customer): adds}, cleared=())
        earlier = store.syncs.begin(began_at=NOW - 99, real_began_at=NOW - 99, accepts_losses=False)
        store.syncs.put_batches([["early", "empty"]])
        for userid in ("early", "empty"):
            store.syncs.put_judged(Burden(userid=userid, living=0, losses=0), [])
        store.syncs.end(earlier, ended_at=NOW - 90)
        run = store.syncs.begin(began_at=NOW, real_began_at=NOW, accepts_losses=False)
        store.syncs.put_batches([read])
        store.syncs.put_page(run, contacts, cursor="")
        states = dict.fromkeys(read, (Member.READ, "")) | {"unread": (Member.UNKNOWN, "busy")}
        store.syncs.put_states(states)
        store.details.put([regained], read_at=NOW)
        store.proposals.put([overlap("yg09", "asked")], at=NOW)

    living = store.proposals.living("yg01")
    assert {customer: sorted(moments) for customer, moments in living.items()} == {"wm1": [NOW - 500, NOW]}
    assert sorted(store.proposals.listed("yg01"), key=lambda one: one.userid) == [
        Begun(userid="empty", external_userid="wm1", createtime=NOW + 7),
        Begun(userid="zs", external_userid="wm1", createtime=NOW + 7),
    ]
