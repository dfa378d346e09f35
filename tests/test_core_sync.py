"""What WeCom's lists say that the ledger does not, relation by relation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from builders.examples import tried
from hypothesis import given
from hypothesis import strategies as st

from bot.core.relations import LOSSES, SAME_ADD_S, RelationEvent, RelationKind, fold
from bot.core.sync import (
    FOUND,
    SETTLE_S,
    UNVERIFIABLE,
    Cause,
    ListEntry,
    RelationJudgement,
    Toll,
    Window,
    is_too_much_of_all,
    is_too_much_of_one,
    judge,
)

ADDED, HALF, TRANSFERRED = RelationKind.ADDED, RelationKind.HALF_ADDED, RelationKind.TRANSFERRED
BY_MEMBER, BY_CUSTOMER, UNKNOWN = (
    RelationKind.LOST_BY_MEMBER,
    RelationKind.LOST_BY_CUSTOMER,
    RelationKind.LOST_UNKNOWN,
)
DAY = 86_400
SINCE, UPTO = 100 * DAY, 101 * DAY
WINDOW = Window(since=SINCE, upto=UPTO)
FIRST = Window(since=None, upto=UPTO)
RELATION = ("yg01", "wm1")

History = list[tuple[int, RelationKind]]
Found = list[tuple[Cause, int, RelationKind]]


def facts_of(history: History) -> list[RelationEvent]:
    return [
        RelationEvent(userid="yg01", external_userid="wm1", at=moment, kind=kind) for moment, kind in history
    ]


def found(judged: RelationJudgement) -> Found:
    return [(repair.cause, repair.fact.at, repair.fact.kind) for repair in judged.repairs]


def case(
    history: History,
    createtime: int | None,
    repairs: Found,
    doubt: Cause | None = None,
    *,
    window: Window = WINDOW,
    id: str,  # noqa: A002 - pytest's own word
) -> object:
    return pytest.param(history, createtime, window, repairs, doubt, id=id)


@pytest.mark.parametrize(
    ("history", "createtime", "window", "repairs", "doubt"),
    [
        case([(5, ADDED)], 5, [], id="both have it"),
        case([], None, [], id="neither has it"),
        case([(5, ADDED), (9, BY_MEMBER)], None, [], id="both have it no more"),
        # WeCom has it, the ledger does not
        case([], 5, [(Cause.MISSED_ADD, 5, ADDED)], id="an add that nobody told"),
        case([], 5, [(Cause.IMPORTED, 5, ADDED)], window=FIRST, id="there before the first reading"),
        case([(5, ADDED)], 5 + SAME_ADD_S, [], id="60 s apart it is the same add"),
        case([(5 + SAME_ADD_S, ADDED)], 5, [], id="also when WeCom's time is the earlier one"),
        case([(5, HALF)], 400, [(Cause.MISSED_ADD, 400, ADDED)], id="of a half-add the end was missed"),
        case([(5, HALF), (400, ADDED)], 5, [], id="createtime may be the half-add's: what we heard holds"),
        case(
            [(DAY, BY_MEMBER)],
            DAY + 5,
            [(Cause.MISSED_ADD, DAY + 5, ADDED)],
            id="an end before it explains nothing",
        ),
        case(
            [(5, ADDED), (DAY, BY_MEMBER)],
            2 * DAY,
            [(Cause.MISSED_ADD, 2 * DAY, ADDED)],
            id="added again after the employee deleted him",
        ),
        case(
            [(5, ADDED), (70, BY_MEMBER)],
            65 + 20,
            [(Cause.MISSED_ADD, 85, ADDED)],
            id="added again more than 60 s after the add",
        ),
        case(
            [(5, ADDED), (10, BY_MEMBER)],
            20,
            [],
            Cause.LISTED_AFTER_END,
            id="listed within a minute of the add: the same add, which the employee deleted",
        ),
        # one-way friendships
        case([(5, ADDED), (DAY, BY_CUSTOMER)], 5, [], Cause.ONE_WAY, id="the customer left and is listed"),
        case(
            [(5, ADDED), (DAY, BY_CUSTOMER)],
            2 * DAY,
            [(Cause.MISSED_ADD, 2 * DAY, ADDED)],
            id="he came back: the createtime is later",
        ),
        case(
            [(5, ADDED), (DAY, BY_CUSTOMER), (2 * DAY, ADDED)], 5, [], id="he came back as we know, dated 5"
        ),
        case(
            [(DAY, BY_CUSTOMER)],
            5,
            [(Cause.MISSED_ADD, 5, ADDED)],
            Cause.ONE_WAY,
            id="an end without its add: the list tells when it began, and it stays ended",
        ),
        case(
            [(DAY, BY_CUSTOMER), (2 * DAY, ADDED)],
            5,
            [(Cause.MISSED_ADD, 5, ADDED)],
            id="an end without its add, then a return",
        ),
        case([(2 * DAY, ADDED)], 5, [], id="an earlier createtime alone does not move an add"),
        # the ledger has an older one alive
        case(
            [(5, ADDED)],
            2 * DAY,
            [(Cause.RENEWED, 2 * DAY - 1, UNKNOWN), (Cause.RENEWED, 2 * DAY, ADDED)],
            id="ended and begun again unseen",
        ),
        case(
            [(5, ADDED), (2 * DAY + 3, ADDED)],
            2 * DAY,
            [(Cause.RENEWED, 2 * DAY + 2, UNKNOWN)],
            id="begun again as told, the end before it was not",
        ),
        case([(5, ADDED), (2 * DAY - 1, UNKNOWN), (2 * DAY, ADDED)], 2 * DAY, [], id="that repair is found"),
        # the ledger has it, WeCom does not
        case([(5, ADDED)], None, [(Cause.MISSED_LOSS, UPTO, UNKNOWN)], id="vanished: lost, by whom unknown"),
        case(
            [(5, ADDED)],
            None,
            [(Cause.MISSED_LOSS, UPTO, UNKNOWN)],
            window=FIRST,
            id="vanished before the first reading",
        ),
        case(
            [(5, ADDED), (SINCE, UNKNOWN)],
            5,
            [(Cause.RETURNED, SINCE + 1, ADDED)],
            id="a list lacked it, this one has it again: as if nothing had been",
        ),
        case([(5, ADDED), (SINCE, UNKNOWN), (SINCE + 1, ADDED)], 5, [], id="that repair is found, too"),
        case(
            [(5, ADDED), (DAY, BY_MEMBER)],
            5,
            [],
            Cause.LISTED_AFTER_END,
            id="deleted by the employee, and listed as older than that",
        ),
        case(
            [(5, ADDED), (DAY, TRANSFERRED)],
            5,
            [],
            Cause.LISTED_AFTER_END,
            id="handed over, and listed as older than that",
        ),
    ],
)
def test_what_a_list_says(
    history: History, createtime: int | None, window: Window, repairs: Found, doubt: Cause | None
) -> None:
    facts = facts_of(history)
    listed = None if createtime is None else ListEntry(createtime=createtime)

    judged = judge(RELATION, facts=facts[::-1] + facts, listed=listed, window=window)

    assert (found(judged), judged.doubt) == (repairs, doubt)
    again = judge(
        RELATION,
        facts=[*facts, *(repair.fact for repair in judged.repairs)],
        listed=listed,
        window=replace(window, since=UPTO, upto=UPTO + DAY),
    )
    assert (again.repairs, again.doubt) == ((), doubt)


@pytest.mark.parametrize(
    ("history", "createtime"),
    [
        pytest.param([(UPTO - SETTLE_S, ADDED)], None, id="added just now: not listed yet"),
        pytest.param([], UPTO - SETTLE_S, id="listed just now: its event is on its way"),
        pytest.param([(5, ADDED), (UPTO + 9, BY_MEMBER)], 5, id="deleted while the lists were read"),
    ],
)
def test_what_is_too_fresh_is_left_to_the_next_time(history: History, createtime: int | None) -> None:
    listed = None if createtime is None else ListEntry(createtime=createtime)

    judged = [
        judge(RELATION, facts=facts_of(history), listed=listed, window=Window(since=SINCE, upto=upto))
        for upto in (UPTO, UPTO + 2 * SETTLE_S)
    ]

    assert found(judged[0]) == []
    assert judged[0].doubt is None
    assert found(judged[1]) or judged[1].doubt


@pytest.mark.parametrize(
    ("handed", "repair"),
    [
        pytest.param([SINCE + 9], (Cause.MISSED_TRANSFER, SINCE + 9, TRANSFERRED), id="in this window"),
        pytest.param([UPTO], (Cause.MISSED_TRANSFER, UPTO, TRANSFERRED), id="at its end"),
        pytest.param(
            [SINCE + 99, SINCE + 9], (Cause.MISSED_TRANSFER, SINCE + 9, TRANSFERRED), id="to two, one by one"
        ),
        pytest.param([SINCE - 1], (Cause.MISSED_LOSS, UPTO, UNKNOWN), id="in an earlier window"),
        pytest.param([4], (Cause.MISSED_LOSS, UPTO, UNKNOWN), id="before he was added"),
        pytest.param([], (Cause.MISSED_LOSS, UPTO, UNKNOWN), id="to nobody"),
    ],
)
def test_a_vanished_customer_whom_an_admin_gave_to_another_is_a_transfer(
    handed: list[int], repair: tuple[Cause, int, RelationKind]
) -> None:
    judged = judge(RELATION, facts=facts_of([(5, ADDED)]), listed=None, window=WINDOW, handed=handed)

    assert found(judged) == [repair]


@pytest.mark.parametrize(
    ("end", "handed", "is_transfer"),
    [
        pytest.param((SINCE, UNKNOWN), [DAY], True, id="found missing while the taker's list was not known"),
        pytest.param((SINCE, UNKNOWN), [SINCE], False, id="in one second the loss comes first"),
        pytest.param((SINCE, UNKNOWN), [SINCE + 1], False, id="given to the other after that loss"),
        pytest.param((SINCE, UNKNOWN), [4], False, id="before he was added"),
        pytest.param((SINCE, UNKNOWN), [], False, id="to nobody"),
        pytest.param((SINCE, BY_MEMBER), [DAY], False, id="what an event told stays"),
    ],
)
def test_a_loss_turns_out_to_be_a_transfer(
    end: tuple[int, RelationKind], handed: list[int], is_transfer: bool
) -> None:
    facts = facts_of([(5, ADDED), end])
    judged = judge(RELATION, facts=facts, listed=None, window=WINDOW, handed=handed)

    repaired = [*facts, *(repair.fact for repair in judged.repairs)]
    assert (fold(repaired, regain_s=0)[-1].ended_by is TRANSFERRED) is is_transfer
    assert len(judged.repairs) == is_transfer
    assert judge(RELATION, facts=repaired, listed=None, window=WINDOW, handed=handed).repairs == ()


@pytest.mark.parametrize(
    ("history", "lost_at"),
    [
        pytest.param([(5, ADDED)], 50 * DAY, id="as an earlier run found it"),
        pytest.param([(60 * DAY, ADDED)], UPTO, id="unless it was added since"),
    ],
)
def test_a_loss_that_was_held_keeps_its_date(history: History, lost_at: int) -> None:
    judged = judge(RELATION, facts=facts_of(history), listed=None, window=WINDOW, missing_since=50 * DAY)

    assert found(judged) == [(Cause.MISSED_LOSS, lost_at, UNKNOWN)]


def test_the_channel_of_a_missed_add_is_kept() -> None:
    judged = judge(RELATION, facts=[], listed=ListEntry(createtime=5, state="hall_qr"), window=WINDOW)

    assert [repair.fact.state for repair in judged.repairs] == ["hall_qr"]


@pytest.mark.parametrize(
    ("living", "losses", "asks"),
    [
        pytest.param(49, 10, True, id="10 of 49 are more than 20 %"),
        pytest.param(50, 10, False, id="10 of 50 are 20 %, not more"),
        pytest.param(9, 9, False, id="all of nine are not ten"),
        pytest.param(10, 10, True, id="all of ten"),
        pytest.param(1000, 200, False, id="200 of 1,000"),
        pytest.param(1000, 201, True, id="201 of 1,000"),
    ],
)
def test_over_a_fifth_and_at_least_ten_of_one_member_ask(living: int, losses: int, asks: bool) -> None:
    assert is_too_much_of_one(Toll(living=living, losses=losses)) is asks


@pytest.mark.parametrize(
    ("living", "losses", "asks"),
    [
        pytest.param(999, 50, True, id="50 of 999 are more than 5 %"),
        pytest.param(1000, 50, False, id="50 of 1,000 are 5 %, not more"),
        pytest.param(49, 49, False, id="all of 49 are not 50"),
        pytest.param(2000, 101, True, id="101 of 2,000"),
    ],
)
def test_over_a_twentieth_and_at_least_fifty_of_all_ask(living: int, losses: int, asks: bool) -> None:
    assert is_too_much_of_all(Toll(living=living, losses=losses)) is asks


def test_no_cause_is_both_found_and_unverifiable() -> None:
    assert FOUND.isdisjoint(UNVERIFIABLE)
    assert set(Cause) - FOUND - UNVERIFIABLE == {*(Cause.HELD, Cause.UNKNOWN, Cause.FROZEN, Cause.RENAMED)}


# --- the law: whatever was lost of the events, afterwards the ledger says what the list can show ---


@dataclass(frozen=True)
class Life:
    """One relation as it was. *heard*: which of its facts the bot was told. *listed*: WeCom's list of it."""

    told: tuple[tuple[RelationEvent, bool], ...]
    listed: ListEntry | None

    @property
    def facts(self) -> list[RelationEvent]:
        return [fact for fact, _ in self.told]

    @property
    def heard(self) -> list[RelationEvent]:
        return [fact for fact, heard in self.told if heard]


@st.composite
def lives(draw: st.DrawFn, *, all_heard: bool = False) -> Life:
    """A relation's life by WeCom's rules: what may happen depends on what is, as its servers have it."""
    keeps, shift = draw(st.booleans()), draw(st.integers(0, SAME_ADD_S // 2))
    moment, friends, createtime = DAY, False, None
    told = []
    for _ in range(draw(st.integers(0, 6))):
        moment += draw(st.integers(5 * SAME_ADD_S, 9 * DAY))
        if not friends:
            # One who only left may be deleted by the employee, too; else they become friends.
            is_deleted = createtime is not None and draw(st.integers(0, 3)) == 0
            kind = BY_MEMBER if is_deleted else ADDED
        else:
            kind = draw(st.sampled_from([BY_MEMBER, BY_CUSTOMER, BY_CUSTOMER, TRANSFERRED]))
        if kind is ADDED:
            friends = True
            createtime = createtime if keeps and createtime is not None else moment + shift
        else:
            friends = False
            createtime = createtime if kind is BY_CUSTOMER else None
        told.append((facts_of([(moment, kind)])[0], all_heard or draw(st.booleans())))
    return Life(tuple(told), None if createtime is None else ListEntry(createtime=createtime))


def can_show_alive(life: Life) -> bool:
    """Whether the relation is alive as far as the list and what was heard can tell."""
    if life.listed is None:
        return False
    left = [fact.at for fact in life.heard if fact.kind is BY_CUSTOMER]
    came = [fact.at for fact in life.heard if fact.kind is ADDED] + [life.listed.createtime]
    return not left or max(came) > max(left)


def repaired(life: Life, facts: list[RelationEvent], *, upto: int) -> list[RelationEvent]:
    judged = judge(RELATION, facts=facts, listed=life.listed, window=Window(since=SINCE, upto=upto))
    return [*facts, *(repair.fact for repair in judged.repairs)]


@tried(200)
@given(life=lives(), data=st.data())
def test_whatever_was_lost_the_ledger_then_says_what_the_list_can_show(
    life: Life, data: st.DataObject
) -> None:
    heard = data.draw(st.permutations(life.heard + life.heard))

    after = repaired(life, heard, upto=UPTO)

    adds = fold(after, regain_s=0)
    assert bool(adds and adds[-1].ended_at is None) is can_show_alive(life)
    assert repaired(life, after, upto=UPTO + DAY) == after, "a second run finds something"


@tried(100)
@given(life=lives(all_heard=True))
def test_where_nothing_was_lost_nothing_is_found(life: Life) -> None:
    assert repaired(life, life.heard, upto=UPTO) == life.heard


@tried(100)
@given(life=lives(), upto=st.integers(UPTO, UPTO + 9 * DAY))
def test_an_add_is_dated_as_told_or_as_listed_and_a_loss_never_before_its_add(life: Life, upto: int) -> None:
    created = set() if life.listed is None else {life.listed.createtime}
    heard = {fact.at for fact in life.heard if fact.kind is ADDED}

    for add in fold(repaired(life, life.heard, upto=upto), regain_s=0):
        assert add.added_at in heard | created
        assert add.ended_at is None or add.ended_at >= add.added_at


@tried(100)
@given(life=lives())
def test_what_is_heard_later_leaves_living_relations_alive(life: Life) -> None:
    late = [*repaired(life, life.heard, upto=UPTO), *life.facts]

    truly = fold(life.facts, regain_s=0)
    after = fold(late, regain_s=0)
    is_friend = bool(truly and truly[-1].ended_at is None)
    assert bool(after and after[-1].ended_at is None) is is_friend
    assert all(add.ended_by in LOSSES | {TRANSFERRED, None} for add in after)


def test_an_add_after_the_deletion_is_found_though_the_list_once_dated_the_first_add_near_it() -> None:
    # The list of an earlier run dated the add of the callback 40 s later. The employee deleted the customer,
    # who came back 75 s after that add, and WeCom lost this callback.
    add, deleted = facts_of([(DAY, ADDED), (DAY + 50, BY_MEMBER)])
    as_listed = replace(add, at=DAY + 40, listed=True)
    facts = [add, as_listed, deleted]

    judged = judge(RELATION, facts=facts, listed=ListEntry(createtime=DAY + 75), window=WINDOW)

    adds = fold([*facts, *(repair.fact for repair in judged.repairs)], regain_s=0)
    assert [(one.added_at, one.ended_at, one.ended_by) for one in adds] == [
        (DAY, DAY + 50, BY_MEMBER),
        (DAY + 75, None, None),
    ]
