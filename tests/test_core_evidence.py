"""What a question is about: figures taken when it is put."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from builders.branches import china, quota, seconds

from bot.core.contacts import Contact, Details
from bot.core.counting import Burst, Counting, FirstAdd, Integrity, QuickLoss
from bot.core.evidence import Evidence, evidence_of
from bot.core.integrity import LaunchRule, find_bursts, find_quick_loss, find_rollouts, find_shared
from bot.core.relations import Add, RelationKind


def contact(
    when: str, *, userid: str = "jia", customer: str = "c", lost: str | None = None, **known: Any
) -> Contact:
    ended = {"ended_at": seconds(lost), "ended_by": RelationKind.LOST_BY_CUSTOMER} if lost else {}
    add = Add(userid=userid, external_userid=customer, added_at=seconds(when), nth=1, **ended)  # type: ignore[arg-type]  # a builder
    return Contact.of(add, **known)


def test_a_burst_is_its_densest_window() -> None:
    few = [contact(f"2026-11-23T10:0{n}", customer=f"a{n}") for n in range(3)]
    many = [contact(f"2026-11-23T15:0{n}", customer=f"b{n}") for n in (1, 2, 3, 5)]
    alone = [contact("2026-11-23T17:00", customer="z")]
    rule = Burst(adds=3, minutes=5)
    told = [*few, *many, *alone]
    (finding,) = find_bursts(told, burst=rule, day_of=china().day_of)

    found = evidence_of(finding, contacts=told, quota=quota(integrity=Integrity(burst=rule)))

    assert found == Evidence(first=seconds("2026-11-23T15:01"), last=seconds("2026-11-23T15:05"), n=4)


def test_a_shared_customer_is_told_by_how_many_within_how_many_days() -> None:
    told = [contact(f"2026-11-0{n}T10:00", userid=f"yg{n}") for n in range(1, 4)]
    (finding,) = find_shared(told, shared_by=3, window_days=30, day_of=china().day_of)

    found = evidence_of(finding, contacts=told[-1:], quota=quota(integrity=Integrity(shared_by=3)))

    moment = seconds("2026-11-03T10:00")
    assert found == Evidence(first=moment, last=moment, n=3, days=30)


def test_adds_of_known_customers_near_the_first_start_are_told_by_first_last_and_number() -> None:
    start = seconds("2026-11-23T08:00")
    told = [
        contact(
            f"2026-11-23T{hour}:00",
            customer=f"c{hour}",
            known_since=seconds("2026-01-05T10:00"),
            details=Details(customer_type=1, add_way=1),
        )
        for hour in (10, 11, 15)
    ]
    rule = LaunchRule(start=start, first_add=FirstAdd.PAIR)
    (finding,) = find_rollouts(told, rollout=rule, day_of=china().day_of)

    found = evidence_of(finding, contacts=told, quota=quota())

    assert found == Evidence(first=seconds("2026-11-23T10:00"), last=seconds("2026-11-23T15:00"), n=3)


def test_a_quick_loss_is_told_by_how_many_of_how_many() -> None:
    told = [contact("2026-11-02T10:00", customer="a", lost="2026-11-04T10:00"), contact("2026-11-03T10:00")]
    rule = QuickLoss(rate=Fraction(3, 10), min_adds=2)
    finding = find_quick_loss(
        told,
        rule=rule,
        keep_s=7 * 86400,
        at_s=seconds("2026-11-24T09:00"),
        about="q 2026-11",
        day_of=china().day_of,
    )
    assert finding is not None

    found = evidence_of(finding, contacts=told, quota=quota(counting=Counting(keep_days=7)))

    moment = seconds("2026-11-02T10:00")
    assert found == Evidence(first=moment, last=moment, n=1, of=2, days=7)
