"""What an add is worth, and why."""

from __future__ import annotations

import pytest
from core_branches import DAY_S, at, china, event, fold_all, quota, row

from bot.core.contacts import contacts_of
from bot.core.counting import Counting, FirstAdd
from bot.core.relations import Kind
from bot.core.verdicts import Case, Verdict, judge


@pytest.mark.parametrize(
    ("first_add", "counted", "rejected"),
    [
        pytest.param(FirstAdd.PAIR, 1, 1, id="a re-add earns nothing"),
        pytest.param(FirstAdd.ANY, 2, 0, id="each add earns"),
    ],
)
def test_a_customer_added_again_after_four_days(first_add: FirstAdd, counted: int, rejected: int) -> None:
    events = [
        event(Kind.ADDED, "2026-11-02T10:00"),
        event(Kind.LOST_BY_CUSTOMER, "2026-11-03T10:00"),
        event(Kind.ADDED, "2026-11-07T10:00"),
    ]

    found = row(events, "2026-11-24T09:07", asked=quota(counting=Counting(first_add=first_add)))

    assert (found.counted, found.rejected, found.gross, found.lost) == (counted, rejected, 2, 0)


def test_the_first_add_of_a_relation_may_lie_in_another_period() -> None:
    events = [
        event(Kind.ADDED, "2026-09-02T10:00"),
        event(Kind.LOST_BY_MEMBER, "2026-09-03T10:00"),
        event(Kind.ADDED, "2026-11-07T10:00"),
    ]

    found = row(events, "2026-11-24T09:07")

    assert (found.counted, found.rejected) == (0, 1)


def test_a_verdict_says_its_standing_and_its_reason() -> None:
    assert (Verdict.COUNTED.standing, Verdict.COUNTED.reason) == ("counted", None)
    assert (Verdict.NOT_FIRST.standing, Verdict.NOT_FIRST.reason) == ("rejected", "not_first")


def test_verdicts_stand_in_the_order_of_the_contacts() -> None:
    events = [
        event(Kind.ADDED, 0),
        event(Kind.LOST_BY_CUSTOMER, 1),
        event(Kind.ADDED, 9 * DAY_S),
        event(Kind.ADDED, 2, customer="c2"),
    ]
    contacts = sorted(contacts_of(fold_all(events)["jia"])["jia"], key=lambda contact: contact.place)
    case = Case(quota=quota(), at=int(at("2026-11-24").timestamp()), day_of=china().day_of)

    assert judge(contacts, case=case) == [Verdict.COUNTED, Verdict.COUNTED, Verdict.NOT_FIRST]
