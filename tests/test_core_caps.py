"""What a day or a share lets through: caps weigh adds against each other."""

from __future__ import annotations

from fractions import Fraction

import pytest
from builders.contacts import contact, words

from bot.core.contacts import Contact, Details
from bot.core.counting import Counting, MaxShare

MORNING = "2026-11-10T10:00"


@pytest.mark.parametrize(
    ("contacts", "over"),
    [
        pytest.param([contact(MORNING, "c1"), contact(MORNING, "c2")], set(), id="as many as the cap"),
        pytest.param(
            [contact(MORNING, c) for c in ("c3", "c1", "c2")], {"c3"}, id="in one second: by customer"
        ),
        pytest.param(
            [contact(MORNING, "c1"), contact("2026-11-10T09:00", "c2"), contact("2026-11-10T08:00", "c3")],
            {"c1"},
            id="the latest of the day goes",
        ),
        pytest.param(
            [
                contact(MORNING, "c1"),
                contact("2026-11-10T23:59:59", "c2"),
                contact("2026-11-11T00:00:00", "c3"),
            ],
            set(),
            id="a local day ends at midnight",
        ),
        pytest.param(
            [contact(MORNING, "c1", nth=2), contact(MORNING, "c2"), contact(MORNING, "c3")],
            set(),
            id="what was rejected before takes no place",
        ),
        pytest.param(
            [contact(MORNING, "c1", decisions={"q": True}), contact(MORNING, "c2"), contact(MORNING, "c3")],
            set(),
            id="what a review accepted takes no place",
        ),
    ],
)
def test_at_most_two_a_day(contacts: list[Contact], over: set[str]) -> None:
    found = words(contacts, rules=Counting(max_per_day=2))

    assert {customer for customer, word in found.items() if word == "rejected:over_daily_cap"} == over


def test_what_is_still_unread_takes_its_place_of_the_day() -> None:
    read = Details(customer_type=1, add_way=1, tags=frozenset({"vip"}))
    contacts = [
        contact("2026-11-10T08:00", "c1"),
        contact("2026-11-10T09:00", "c2", details=read),
        contact("2026-11-10T10:00", "c3", details=read),
    ]

    assert words(contacts, rules=Counting(max_per_day=2, required_tags=("vip",))) == {
        "c1": "pending:details",
        "c2": "counted",
        "c3": "rejected:over_daily_cap",
    }


def far(number: int, *, facts: dict[str, bool], begin: int = 0) -> list[Contact]:
    return [contact(MORNING, f"c{begin + n:02}", facts=facts) for n in range(number)]


@pytest.mark.parametrize(
    ("near", "having", "share", "counted"),
    [
        pytest.param(8, 2, Fraction(1, 5), 2, id="floor(0.2 / 0.8 x 8) = 2"),
        pytest.param(8, 3, Fraction(1, 5), 2, id="the third is over"),
        pytest.param(7, 3, Fraction(1, 5), 1, id="floor(1.75) = 1"),
        pytest.param(3, 3, Fraction(1, 5), 0, id="floor(0.75) = 0"),
        pytest.param(0, 2, Fraction(1, 2), 0, id="nobody beside them"),
        pytest.param(2, 3, Fraction(1, 2), 2, id="a half: as many as the others"),
        pytest.param(1, 99, Fraction(99, 100), 99, id="exact decimals: 0.99 / 0.01 = 99"),
        pytest.param(9, 1, Fraction(0), 0, id="a share of 0 lets none through"),
    ],
)
def test_a_share_is_measured_by_those_without_the_fact(
    near: int, having: int, share: Fraction, counted: int
) -> None:
    contacts = [*far(having, facts={"far": True}), *far(near, facts={}, begin=50)]

    found = words(contacts, rules=Counting(max_share=(MaxShare(fact="far", share=share),)))

    assert [found[f"c{n:02}"] for n in range(having)] == (
        ["counted"] * counted + ["pending:over_share"] * (having - counted)
    )
    assert {found[f"c{50 + n:02}"] for n in range(near)} <= {"counted"}


def test_a_second_share_weighs_what_the_first_let_through() -> None:
    # Half may be far: two beside c3 and c4, so c5 is over. A third may be young: beside c1 alone that is
    # floor(1/2 x 1) = 0. Had c5, which the first share stopped, stood beside it, it would have been one.
    contacts = [
        contact(MORNING, "c1", facts={"far": True, "young": False}),
        contact(MORNING, "c2", facts={"far": True, "young": True}),
        contact(MORNING, "c3", facts={"far": False, "young": True}),
        contact(MORNING, "c4", facts={"young": True}),
        contact("2026-11-10T11:00", "c5", facts={"far": True, "young": False}),
    ]
    shares = (MaxShare(fact="far", share=Fraction(1, 2)), MaxShare(fact="young", share=Fraction(1, 3)))

    assert words(contacts, rules=Counting(max_share=shares)) == {
        "c1": "counted",
        "c2": "pending:over_share",
        "c3": "pending:over_share",
        "c4": "pending:over_share",
        "c5": "pending:over_share",
    }


def test_a_share_weighs_only_what_the_daily_cap_let_through() -> None:
    contacts = [
        contact("2026-11-10T10:00", "c1", facts={}),
        contact("2026-11-10T11:00", "c2", facts={}),
        contact("2026-11-11T10:00", "c3", facts={"far": True}),
        contact("2026-11-12T10:00", "c4", facts={"far": True}),
    ]
    half = (MaxShare(fact="far", share=Fraction(1, 2)),)

    assert words(contacts, rules=Counting(max_per_day=1, max_share=half)) == {
        "c1": "counted",
        "c2": "rejected:over_daily_cap",
        "c3": "counted",
        "c4": "pending:over_share",
    }
