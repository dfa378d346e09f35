"""Random rules, few at a time, and random choices by how often."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any, TypeVar

from oracle.chance import Chance as Choices

from bot.core.counting import Burst, Counting, FirstAdd, Integrity, MaxShare, QuickLoss
from bot.core.money import Pay, Penalty, Reward, Scope
from bot.core.periods import PeriodKind
from bot.core.quotas import Basis, Quota
from builders.branches import ROLES, USERIDS

FACTS, TAGS, STATES, ADD_WAYS = (
    ("open", "far"),
    ("vip", "grp/vip"),
    ("", "", "fair", "poster"),
    (0, 1, 201, 202),
)
FRACTIONS = [Fraction(1, 5), Fraction(1, 3), Fraction(1, 2), Fraction(9, 10), Fraction(0)]
AROUND = date(2026, 2, 17)  # the middle of a Spring Festival between make-up days
T = TypeVar("T")


class Chance(Choices):
    """Random choices by how often, with days around AROUND."""

    around = AROUND


def counting(chance: Chance) -> Counting:
    """Few rules at a time, so that many adds come far."""
    rules: dict[str, Any] = {
        "customer_types": frozenset({chance.one(1, 1, 2)}),
        "segment_tags": chance.some(TAGS),
        "required_tags": chance.some(TAGS),
        "required_facts": chance.some(FACTS),
        "own_book": True,
        "max_share": tuple(
            MaxShare(fact=fact, share=chance.choice(FRACTIONS))
            for fact in chance.sample(FACTS, chance.one(1, 1, 2))
        ),
        "exclude_add_ways": chance.one(frozenset({201}), frozenset({201, 202})),
        "exclude_states": frozenset(chance.some(STATES[2:])),
        "max_per_day": chance.one(1, 2, 3),
    }
    return Counting(
        first_add=chance.choice(list(FirstAdd)),
        keep_days=chance.one(0, 0, 1, 3, 7, 30),
        **{name: rule for name, rule in rules.items() if chance.often(0.2)},
    )


def pay(chance: Chance) -> Pay:
    return Pay(amount=chance.randint(0, 99), cap=chance.one(None, 0, 55, 500))


def penalty(chance: Chance) -> Penalty | None:
    steps = chance.sample([*FRACTIONS[:4], Fraction(1)], chance.randint(1, 3))
    falling = sorted((chance.randint(0, 999) for _ in steps), reverse=True)  # who reaches more pays no more
    return chance.one(
        None,
        Penalty(flat=chance.randint(0, 999)),
        Penalty(per_missing=pay(chance)),
        Penalty(tiers=tuple(zip(sorted(steps), falling, strict=True))),
    )


def reward(chance: Chance) -> Reward | None:
    top = Reward(
        top=tuple(chance.randint(1, 500) for _ in range(chance.randint(1, 3))),
        scope=chance.choice(list(Scope)),
        min_attainment=chance.choice([*FRACTIONS, Fraction(1)]),
        min_kept=chance.choice(FRACTIONS),
        min_presence=chance.one(Fraction(0), Fraction(0), Fraction(1, 2), Fraction(9, 10)),
    )
    return chance.one(None, Reward(per_extra=pay(chance), scope=chance.choice(list(Scope))), top, top)


def integrity(chance: Chance) -> Integrity:
    burst = Burst(adds=chance.randint(1, 4), minutes=chance.one(1, 10, 60, 1500))
    loss = QuickLoss(rate=chance.choice(FRACTIONS[:4]), min_adds=chance.randint(1, 3))
    return Integrity(
        shared_by=chance.one(None, 2, 3),
        window_days=chance.one(1, 3, 30),
        burst=chance.one(None, burst),
        quick_loss=chance.one(None, loss),
        hold=chance.often(0.4),
    )


def quota(chance: Chance, number: int) -> Quota:
    scopes: dict[str, Any] = {
        "roles": frozenset(chance.some(ROLES)),
        "departments": frozenset(chance.sample(range(1, 6), 2)),
        "userids": frozenset(chance.some(USERIDS)),
        "starts_on": chance.day(),
        "ends_on": chance.day() + timedelta(days=20),
        "basis": Basis.HELD,
    }
    return Quota(
        id=f"q{number}",
        period=chance.choice(list(PeriodKind)),
        target=chance.one(0, 1, *range(1, 16)),
        counting=counting(chance),
        penalty=penalty(chance),
        reward=reward(chance),
        integrity=integrity(chance),
        **{name: scope for name, scope in scopes.items() if chance.often(0.2)},
    )
