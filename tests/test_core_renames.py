"""A vanished userid and a new one are one person if largely the same customers came at the same times."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.renames import Begun, Overlap, Pair, compute_overlaps, propose_pairs

DAY = 86_400

Book = dict[str, int]  # customers, and when each was added
Bank = dict[str, Book]  # by userid


def rows(lists: Bank) -> list[Begun]:
    return [
        Begun(userid=userid, external_userid=customer, createtime=moment)
        for userid, book in lists.items()
        for customer, moment in book.items()
    ]


def pairs(
    vanished: Mapping[str, Book], lists: Bank, *, refused: Collection[Pair] = frozenset()
) -> list[Pair]:
    listed = rows(lists)
    found = [
        one
        for userid, book in vanished.items()
        for one in compute_overlaps(
            userid, {customer: (moment,) for customer, moment in book.items()}, listed
        )
    ]
    return [(one.old_userid, one.userid) for one in propose_pairs(found, refused=refused)]


def book(number: int, *, first: int = 0, at: int = DAY, name: str = "wm") -> Book:
    return {f"{name}{index}": at + index * 600 for index in range(first, first + number)}


@pytest.mark.parametrize(
    ("old", "new", "is_proposed"),
    [
        pytest.param(book(10), book(10), True, id="all the same"),
        pytest.param(book(10), book(8), True, id="80 % are enough"),
        pytest.param(book(10), book(7), False, id="70 % are not"),
        pytest.param(book(3), book(3), True, id="three are enough"),
        pytest.param(book(2), book(2), False, id="two may be chance"),
        pytest.param(book(3), book(2), False, id="two of three"),
        pytest.param(book(10), book(10) | book(90, name="later"), True, id="others came meanwhile"),
        pytest.param(book(10), book(10, at=DAY + 60), True, id="60 s apart are the same moment"),
        pytest.param(book(10), book(10, at=DAY + 61), False, id="61 s are not"),
        pytest.param(book(10), book(10, at=DAY - 60), True, id="also when WeCom's time is the earlier one"),
        pytest.param(book(10), dict.fromkeys(book(10), 9 * DAY), False, id="a handover has its own time"),
        pytest.param(book(10), {}, False, id="nobody in the list"),
        pytest.param({}, book(10), False, id="nobody to compare with"),
    ],
)
def test_largely_the_same_customers_since_the_same_moments(old: Book, new: Book, is_proposed: bool) -> None:
    assert pairs({"old": old}, {"new": new}) == ([("old", "new")] if is_proposed else [])


def test_a_relation_may_have_begun_at_several_known_moments() -> None:
    living = {f"wm{number}": (DAY, 5 * DAY) for number in range(3)}
    listed = [Begun(userid="new", external_userid=customer, createtime=5 * DAY) for customer in living]

    assert compute_overlaps("old", living, listed) == [
        Overlap(old_userid="old", userid="new", same=3, living=3)
    ]


@pytest.mark.parametrize(
    ("vanished", "lists", "expected"),
    [
        pytest.param(
            {"a": book(5), "b": book(5, name="wb")},
            {"x": book(5, name="wb"), "y": book(5)},
            [("a", "y"), ("b", "x")],
            id="two people on one night",
        ),
        pytest.param({"a": book(5)}, {"x": book(5), "y": book(5)}, [], id="two new ones equally"),
        pytest.param({"a": book(5), "b": book(5)}, {"x": book(5)}, [], id="two vanished ones equally"),
        pytest.param({"a": book(10)}, {"x": book(9), "y": book(10)}, [("a", "y")], id="the better new one"),
        pytest.param({"a": book(10), "b": book(9)}, {"x": book(10)}, [("a", "x")], id="the better old one"),
        pytest.param(
            {"a": book(10), "b": book(9)},
            {"x": book(10), "y": book(9)},
            [("a", "x")],
            id="a leftover is none",
        ),
    ],
)
def test_each_userid_stands_in_one_proposal_and_a_tie_is_none(
    vanished: Bank, lists: Bank, expected: list[Pair]
) -> None:
    assert pairs(vanished, lists) == expected


def test_what_was_refused_leaves_the_place_to_others() -> None:
    vanished, lists = {"a": book(10)}, {"x": book(10), "y": book(9)}

    assert pairs(vanished, lists, refused={("a", "x")}) == [("a", "y")]
    assert pairs(vanished, lists, refused={("a", "x"), ("a", "y")}) == []


class Staff(NamedTuple):
    bank: Bank
    old: str
    chance: random.Random


@st.composite
def staffs(draw: st.DrawFn) -> Staff:
    """A bank in which some customers have several employees, and an employee of it."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    userids = [f"u{number}" for number in range(draw(st.integers(2, 8)))]
    customers = [f"wm{number}" for number in range(30)]
    bank = {
        userid: {
            customer: chance.randrange(0, 300 * DAY)
            for customer in chance.sample(customers, chance.randint(3, 20))
        }
        for userid in userids
    }
    return Staff(bank, draw(st.sampled_from(userids)), chance)


def shuffled(bank: Bank, chance: random.Random) -> Bank:
    return {
        userid: dict(chance.sample(sorted(of_one.items()), len(of_one)))
        for userid, of_one in chance.sample(sorted(bank.items()), len(bank))
    }


@given(staffs())
def test_a_changed_userid_is_found_whoever_else_vanished_or_came(staff: Staff) -> None:
    bank, old, chance = staff
    others = sorted(bank.keys() - {old})
    gone = chance.sample(others, chance.randint(0, len(others) - 1))
    vanished = {userid: bank[userid] for userid in (old, *gone)}
    jitter = {customer: moment + chance.randint(-60, 60) for customer, moment in bank[old].items()}
    lists = {userid: bank[userid] for userid in others if userid not in gone} | {"new": jitter}

    found = pairs(vanished, lists)
    assert found == [(old, "new")]
    assert pairs(shuffled(vanished, chance), shuffled(lists, chance)) == found


@given(staffs())
def test_a_handover_is_never_proposed(staff: Staff) -> None:
    bank, old, chance = staff
    handed_at = max(bank[old].values()) + chance.randint(61, 90 * DAY)
    kept = chance.sample(sorted(bank[old]), chance.randint(0, len(bank[old])))
    lists = {userid: of_one for userid, of_one in bank.items() if userid != old}
    lists["new"] = dict.fromkeys(kept, handed_at)

    assert pairs({old: bank[old]}, lists) == []
