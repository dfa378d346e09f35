"""Adds are folded from a relation's set of events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders.branches import DAY_S, REGAIN_S, event, relation_events
from hypothesis import given
from hypothesis import strategies as st

from bot.core.relations import Add, RelationEvent, RelationKind, Slip, as_of, fold

ADDED, HALF, EDITED = RelationKind.ADDED, RelationKind.HALF_ADDED, RelationKind.EDITED
BY_MEMBER, BY_CUSTOMER = RelationKind.LOST_BY_MEMBER, RelationKind.LOST_BY_CUSTOMER
TRANSFERRED, FAILED = RelationKind.TRANSFERRED, RelationKind.TRANSFER_FAILED


def add(
    added_at: int, *, nth: int = 1, end: tuple[int, RelationKind] | None = None, slips: tuple[Slip, ...] = ()
) -> Add:
    ended_at, ended_by = end or (None, None)
    return Add(
        userid="jia",
        external_userid="c1",
        added_at=added_at,
        nth=nth,
        ended_at=ended_at,
        ended_by=ended_by,
        slips=slips,
    )


def slip(lost_at: int, regained_at: int, lost_by: RelationKind = BY_CUSTOMER) -> Slip:
    return Slip(lost_at=lost_at, lost_by=lost_by, regained_at=regained_at)


@pytest.mark.parametrize(
    ("history", "adds"),
    [
        pytest.param([], (), id="nothing happened"),
        pytest.param([(5, ADDED)], (add(5),), id="an add, alive since"),
        pytest.param([(5, HALF), (6, EDITED)], (), id="a half-add makes nothing alive"),
        pytest.param([(5, HALF), (9, ADDED)], (add(9),), id="the add after a half-add counts from itself"),
        pytest.param([(5, ADDED), (9, ADDED)], (add(5),), id="a further add while alive is no add"),
        pytest.param([(5, BY_CUSTOMER)], (), id="an end before any add is nothing"),
        pytest.param([(5, ADDED), (7, BY_CUSTOMER)], (add(5, end=(7, BY_CUSTOMER)),), id="lost"),
        pytest.param(
            [(5, ADDED), (7, BY_CUSTOMER), (8, BY_MEMBER)],
            (add(5, end=(7, BY_CUSTOMER)),),
            id="a second end finds it not alive",
        ),
        pytest.param(
            [(5, ADDED), (5, BY_MEMBER)], (add(5, end=(5, BY_MEMBER)),), id="added, then lost, in one second"
        ),
        pytest.param(
            [(5, ADDED), (7, TRANSFERRED), (7, BY_MEMBER)],
            (add(5, end=(7, BY_MEMBER)),),
            id="in one second a loss comes before a transfer",
        ),
        pytest.param(
            [(5, ADDED), (7, BY_MEMBER), (7, BY_CUSTOMER)],
            (add(5, end=(7, BY_CUSTOMER)),),
            id="of two losses in one second the customer's is the one that ended it",
        ),
        pytest.param([(5, ADDED), (7, FAILED)], (add(5),), id="a failed transfer changes nothing"),
        pytest.param(
            [(5, ADDED), (7, TRANSFERRED), (8, ADDED)],
            (add(5, end=(7, TRANSFERRED)), add(8, nth=2)),
            id="an add soon after a transfer is no slip",
        ),
        pytest.param(
            [(5, ADDED), (7, BY_CUSTOMER), (7 + REGAIN_S - 1, ADDED)],
            (add(5, slips=(slip(7, 7 + REGAIN_S - 1),)),),
            id="regained a second before three days are over",
        ),
        pytest.param(
            [(5, ADDED), (7, BY_CUSTOMER), (7 + REGAIN_S, ADDED)],
            (add(5, end=(7, BY_CUSTOMER)), add(7 + REGAIN_S, nth=2)),
            id="regained after three full days is a re-add",
        ),
        pytest.param(
            [(0, ADDED), (10, BY_CUSTOMER), (20, ADDED), (30, BY_MEMBER)],
            (add(0, end=(30, BY_MEMBER), slips=(slip(10, 20),)),),
            id="a loss after a slip ends the add it began with",
        ),
        pytest.param(
            [(0, ADDED), (10, BY_CUSTOMER), (20, ADDED), (30, BY_MEMBER), (40, ADDED)],
            (add(0, slips=(slip(10, 20), slip(30, 40, BY_MEMBER))),),
            id="two slips",
        ),
        pytest.param(
            [(0, ADDED), (10, BY_CUSTOMER), (2 * DAY_S, BY_MEMBER), (10 + REGAIN_S, ADDED)],
            (add(0, end=(10, BY_CUSTOMER)), add(10 + REGAIN_S, nth=2)),
            id="the gap runs from the loss that ended it, not from a later one",
        ),
    ],
)
def test_the_fold_of_a_history(history: list[tuple[int, RelationKind]], adds: tuple[Add, ...]) -> None:
    events = [event(kind, when) for when, kind in history]

    assert fold(events, regain_s=REGAIN_S) == adds
    assert fold(reversed(events + events), regain_s=REGAIN_S) == adds


def listed(at: int, state: str = "") -> RelationEvent:
    """An add that a list told."""
    return replace(event(ADDED, at), listed=True, state=state)


@pytest.mark.parametrize("forwards", [True, False], ids=["the callback first", "the list first"])
@pytest.mark.parametrize(
    ("told", "found", "begun"),
    [
        pytest.param(1000, 940, [1000], id="60 s before"),
        pytest.param(1000, 1060, [1000], id="60 s after"),
        pytest.param(1000, 1000, [1000], id="in the same second"),
        pytest.param(1000, 939, [939], id="61 s before: an add of its own, and the callback finds it alive"),
        pytest.param(1000, 1061, [1000], id="61 s after: no add, the relation is alive"),
    ],
)
def test_an_add_that_a_list_tells_near_a_callback_has_the_date_of_the_callback(
    told: int, found: int, begun: list[int], *, forwards: bool
) -> None:
    events = [event(ADDED, told), listed(found)]

    adds = fold(events if forwards else reversed(events), regain_s=0)

    assert [one.added_at for one in adds] == begun


def test_a_list_gives_the_callback_beside_it_its_state() -> None:
    (one,) = fold([listed(990, "desk-7"), event(ADDED, 1000)], regain_s=0)

    assert (one.added_at, one.state) == (1000, "desk-7")


def test_an_add_of_a_list_within_60_s_is_the_same_also_with_an_end_between_them() -> None:
    adds = fold([event(ADDED, 1000), event(BY_MEMBER, 1010), listed(1020)], regain_s=0)

    assert [(one.added_at, one.ended_at) for one in adds] == [(1000, 1010)]


def test_the_end_that_a_list_found_before_its_add_does_not_end_the_add_that_was_told() -> None:
    found = [replace(event(RelationKind.LOST_UNKNOWN, 1019), listed=True), listed(1020)]

    adds = fold([event(ADDED, 5), event(BY_MEMBER, 500), event(ADDED, 1000), *found], regain_s=0)

    assert [(one.added_at, one.ended_at) for one in adds] == [(5, 500), (1000, None)]


@pytest.mark.parametrize("regain_s", [0, 1, REGAIN_S])
def test_a_found_loss_that_a_list_takes_back_was_none(regain_s: int) -> None:
    events = [event(ADDED, 5), event(RelationKind.LOST_UNKNOWN, 700), listed(701)]

    assert fold(events, regain_s=regain_s) == (add(5, slips=(slip(700, 701, RelationKind.LOST_UNKNOWN),)),)


@pytest.mark.parametrize(
    ("kind", "back"),
    [
        pytest.param(RelationKind.LOST_UNKNOWN, event(ADDED, 701), id="a callback told of a new add"),
        pytest.param(RelationKind.LOST_UNKNOWN, listed(900), id="the list has a later contact"),
        pytest.param(BY_CUSTOMER, listed(701), id="a callback told of the loss"),
    ],
)
def test_any_other_loss_was_one(kind: RelationKind, back: RelationEvent) -> None:
    adds = fold([event(ADDED, 5), event(kind, 700), back], regain_s=0)

    assert [(one.added_at, one.ended_at) for one in adds] == [(5, 700), (back.at, None)]


def test_the_regain_days_are_those_of_the_day_of_the_loss() -> None:
    events = [event(kind, at) for kind, at in [(ADDED, 5), (BY_MEMBER, 10), (ADDED, 12), (BY_MEMBER, 20)]]

    adds = fold([*events, event(ADDED, 22)], regain_s=lambda lost_at: 3 if lost_at < 20 else 2)

    assert [(one.added_at, one.slips) for one in adds] == [(5, (slip(10, 12, BY_MEMBER),)), (22, ())]


def test_without_regain_days_there_are_no_slips() -> None:
    events = [event(ADDED, 0), event(BY_CUSTOMER, 1), event(ADDED, 2)]

    assert fold(events, regain_s=0) == (add(0, end=(1, BY_CUSTOMER)), add(2, nth=2))


def test_events_of_two_relations_are_refused() -> None:
    events = [event(ADDED, 0, customer="c1"), event(ADDED, 0, customer="c2")]

    with pytest.raises(ValueError, match="one relation only"):
        fold(events, regain_s=0)


@pytest.mark.parametrize(
    ("when", "seen"),
    [
        pytest.param(-1, None, id="before the add"),
        pytest.param(0, add(0), id="at its second"),
        pytest.param(9, add(0), id="before the first loss"),
        pytest.param(10, add(0, end=(10, BY_CUSTOMER)), id="in the slip it is ended"),
        pytest.param(19, add(0, end=(10, BY_CUSTOMER)), id="to the slip's last second"),
        pytest.param(20, add(0, slips=(slip(10, 20),)), id="regained, as if nothing had been"),
        pytest.param(30, add(0, end=(30, BY_MEMBER), slips=(slip(10, 20),)), id="in the second slip"),
        pytest.param(40, add(0, slips=(slip(10, 20), slip(30, 40, BY_MEMBER))), id="regained again"),
        pytest.param(
            50,
            add(0, end=(50, TRANSFERRED), slips=(slip(10, 20), slip(30, 40, BY_MEMBER))),
            id="at the end",
        ),
    ],
)
def test_one_stored_add_tells_how_it_stood_at_any_time(when: int, seen: Add | None) -> None:
    history = [(0, ADDED), (10, BY_CUSTOMER), (20, ADDED), (30, BY_MEMBER), (40, ADDED), (50, TRANSFERRED)]
    (stored,) = fold([event(kind, moment) for moment, kind in history], regain_s=REGAIN_S)

    assert as_of(stored, when) == seen


@given(events=relation_events, regain_s=st.sampled_from([0, 1, REGAIN_S]), data=st.data())
def test_the_stored_fold_holds_for_every_time(
    events: list[RelationEvent], regain_s: int, data: st.DataObject
) -> None:
    moments = sorted({moment + step for moment in (one.at for one in events) for step in (-1, 0, 1)})
    when = data.draw(st.sampled_from(moments))

    stored = fold(events, regain_s=regain_s)

    seen = tuple(known for one in stored if (known := as_of(one, when)) is not None)
    assert seen == fold([one for one in events if one.at <= when], regain_s=regain_s)


@given(events=relation_events, data=st.data())
def test_order_and_number_of_deliveries_never_change_a_fold(
    events: list[RelationEvent], data: st.DataObject
) -> None:
    repeated = events + data.draw(st.lists(st.sampled_from(events)))
    delivered = data.draw(st.permutations(repeated))

    assert fold(delivered, regain_s=REGAIN_S) == fold(events, regain_s=REGAIN_S)
