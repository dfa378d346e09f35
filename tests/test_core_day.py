"""What one local day brought."""

from __future__ import annotations

from datetime import date

import pytest
from builders.branches import at, china, event, fold_all

from bot.core.day import DayFacts, compute_day_facts
from bot.core.relations import RelationEvent, RelationKind

DAY = date(2026, 11, 23)

HISTORY = [
    event(RelationKind.ADDED, "2026-11-22T23:59:59", customer="before"),
    event(RelationKind.ADDED, "2026-11-23T00:00:00", customer="first second"),
    event(RelationKind.ADDED, "2026-11-23T23:59:59", customer="last second"),
    event(RelationKind.ADDED, "2026-11-24T00:00:00", customer="after"),
    event(RelationKind.ADDED, "2026-01-05T10:00:00", customer="old"),
    event(RelationKind.LOST_BY_CUSTOMER, "2026-11-23T11:00:00", customer="old"),
    event(RelationKind.LOST_BY_MEMBER, "2026-11-23T12:00:00", customer="before"),
    event(RelationKind.ADDED, "2026-10-05T10:00:00", customer="transferred"),
    event(RelationKind.TRANSFERRED, "2026-11-23T13:00:00", customer="transferred"),
    event(RelationKind.ADDED, "2026-10-05T11:00:00", customer="midnight"),
    event(RelationKind.LOST_BY_MEMBER, "2026-11-24T00:00:00", customer="midnight"),
    event(RelationKind.ADDED, "2026-10-05T12:00:00", customer="vanished"),
    event(RelationKind.LOST_UNKNOWN, "2026-11-23T02:17:00", customer="vanished"),
    event(RelationKind.ADDED, "2026-10-06T10:00:00", customer="slipped"),
    event(RelationKind.LOST_BY_CUSTOMER, "2026-11-23T14:00:00", customer="slipped"),
    event(RelationKind.ADDED, "2026-11-24T14:00:00", customer="slipped"),
]


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        pytest.param(
            "2026-11-23T00:00:00",
            DayFacts(added=1, lost_by_customer=0, lost_by_member=0),
            id="only what was known then",
        ),
        pytest.param(
            "2026-11-24T09:07:00",
            DayFacts(added=2, lost_by_customer=2, lost_by_member=1, lost_unknown=1),
            id="the next morning a slip is still a loss; a transfer is none",
        ),
        pytest.param(
            "2026-11-24T14:00:00",
            DayFacts(added=2, lost_by_customer=1, lost_by_member=1, lost_unknown=1),
            id="once regained, neither loss nor add",
        ),
    ],
)
def test_the_facts_of_23_november(when: str, facts: DayFacts) -> None:
    adds = fold_all(HISTORY)["jia"]

    assert compute_day_facts(adds, day=DAY, calendar=china(), at=at(when)) == facts


def test_all_losses_of_a_day_are_one_number() -> None:
    facts = compute_day_facts(
        fold_all(HISTORY)["jia"], day=DAY, calendar=china(), at=at("2026-11-24T09:07:00")
    )

    assert facts.lost == 2 + 1 + 1


def test_without_contacts_a_day_brings_nothing() -> None:
    nothing: list[RelationEvent] = []

    facts = compute_day_facts(
        fold_all(nothing).get("jia", []), day=DAY, calendar=china(), at=at("2026-11-24")
    )

    assert facts == DayFacts(added=0, lost_by_customer=0, lost_by_member=0)
