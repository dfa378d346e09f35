"""Random rules, few at a time, so that many adds come far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, TypeVar

from oracle.branch import Integrity, Penalty, Quota, Reward, Rules

USERIDS = ("bing", "ding", "jia", "wu", "yi")
ROLES = ("客户经理", "柜员")
FACTS, TAGS, STATES, ADD_WAYS = ("far", "open"), ("vip", "old"), ("", "", "fair", "poster"), (0, 1, 201, 202)
FRACTIONS = [Fraction(1, 5), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)]
KINDS = ("day", "week", "month", "month", "quarter", "year")
AROUND = date(2026, 2, 24)  # the first workday after a Spring Festival between make-up days
T = TypeVar("T")


class Chance(Random):
    """Random choices by how often."""

    around = AROUND

    def often(self, share: float) -> bool:
        """Say yes with that probability."""
        return self.random() < share

    def one(self, *of: T) -> T:
        """Return one of some values."""
        return self.choice(of)

    def some(self, of: Iterable[str], share: float = 0.5) -> tuple[str, ...]:
        """Return some of *of*."""
        return tuple(value for value in of if self.often(share))

    def day(self, spread: int = 30) -> date:
        """Return a day within *spread* of the middle."""
        return self.around + timedelta(days=self.randint(-spread, spread))


def counting(chance: Chance) -> dict[str, Any]:
    """Return a few counting rules."""
    rules: dict[str, Any] = {
        "customer_types": frozenset({chance.one(1, 1, 2)}),
        "segment_tags": (chance.choice(TAGS),),
        "required_tags": chance.some(TAGS),
        "required_facts": chance.some(FACTS),
        "own_book": True,
        "max_share": tuple(
            (fact, chance.choice(FRACTIONS)) for fact in chance.sample(FACTS, chance.one(1, 1, 2))
        ),
        "exclude_add_ways": chance.one(frozenset({201}), frozenset({201, 202})),
        "exclude_states": frozenset(chance.some(STATES[2:])),
        "max_per_day": chance.one(1, 2, 3),
    }
    return {
        "first_add": chance.one("pair", "corp", "any"),
        "keep_days": chance.one(0, 0, 1, 3, 7, 20),
        **{
            name: rule
            for name, rule in rules.items()
            if chance.often(0.35 if name in ("max_share", "required_tags") else 0.17)
        },
    }


def penalty(chance: Chance) -> Penalty | None:
    """Return a rule of deduction, often none."""
    steps = sorted(chance.sample([*FRACTIONS, Fraction(1)], chance.randint(1, 3)))
    falling = sorted((chance.randint(0, 999) for _ in steps), reverse=True)
    return chance.one(
        None,
        Penalty(flat=chance.randint(1, 999)),
        Penalty(per_missing=chance.randint(1, 99), cap=chance.one(None, 55, 500)),
        Penalty(tiers=tuple(zip(steps, falling, strict=True))),
    )


def reward(chance: Chance) -> Reward | None:
    """Return a rule of reward, often by rank."""
    top = Reward(
        top=tuple(sorted((chance.randint(1, 500) for _ in range(chance.randint(1, 3))), reverse=True)),
        scope=chance.one("department", "role", "all"),
        min_attainment=chance.choice([*FRACTIONS, Fraction(1)]),
        min_kept=chance.one(Fraction(0), *FRACTIONS),
        min_presence=chance.one(Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)),
    )
    return chance.one(None, Reward(per_extra=chance.randint(1, 99), cap=chance.one(None, 55, 500)), top, top)


def integrity(chance: Chance) -> Integrity:
    """Return an `[integrity]`."""
    return Integrity(
        shared_by=chance.one(None, 2, 3),
        window_days=chance.one(1, 3, 30),
        burst=chance.one(None, (chance.randint(2, 4), chance.one(1, 10, 60, 1440))),
        quick_loss=chance.one(None, (chance.choice(FRACTIONS), chance.randint(1, 3))),
        hold=chance.often(0.5),
    )


def quota(chance: Chance, number: int) -> Quota:
    """Return a quota, often for everybody."""
    starts_on = chance.day()
    scopes: dict[str, Any] = {
        "roles": frozenset({chance.choice(ROLES)}),
        "departments": frozenset(chance.sample(range(1, 6), 2)),
        "userids": frozenset(chance.sample(USERIDS, 2)),
        "starts_on": starts_on,
        "ends_on": starts_on + timedelta(days=chance.randint(0, 40)),
        "basis": "held",
    }
    return Quota(
        id=f"q{number}",
        period=chance.choice(KINDS),
        target=chance.one(1, 2, 3, *range(1, 13)),
        penalty=penalty(chance),
        reward=reward(chance),
        **counting(chance),
        **{name: scope for name, scope in scopes.items() if chance.often(0.2)},
    )


def rules(chance: Chance, quotas: int) -> Rules:
    """Return a whole file."""
    return Rules(
        quotas=tuple(quota(chance, number) for number in range(quotas)),
        integrity=integrity(chance),
        regain_days=chance.one(0, 1, 3),
        cap_per_month=chance.one(0, 0, 100, 400, 900),
    )


def changed(chance: Chance, before: Rules) -> Rules:
    """Return *before* with some of it changed."""
    quotas = []
    for old in before.quotas:
        target, kind = replace(old, target=chance.randint(1, 12)), replace(old, period=chance.choice(KINDS))
        quotas.append(chance.one(old, target, kind, replace(old, penalty=penalty(chance))))
    added = [quota(chance, 7)] if chance.often(0.2) else []
    added = [new for new in added if new.id not in {old.id for old in before.quotas}]
    dropped = quotas[1:] if chance.often(0.15) and len(quotas) > 1 else quotas
    return Rules(
        quotas=(*dropped, *added),
        integrity=chance.one(before.integrity, integrity(chance)),
        regain_days=chance.one(before.regain_days, 0, 1, 3),
        cap_per_month=chance.one(before.cap_per_month, 0, 100, 400),
    )
