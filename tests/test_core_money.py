"""What a result costs or earns: estimates in whole yuan, from the settlement on or when asked for."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import person, quota
from builders.contacts import contact, rows, won

from bot.core.counting import Counting
from bot.core.money import Pay, Penalty, Reward, Scope
from bot.core.people import Departments
from bot.core.progress import QuotaFigures

WHOLE = Fraction(1)
TIERS = ((Fraction(1), 200), (Fraction(1, 2), 500))  # in any order


@pytest.mark.parametrize(
    ("penalty", "counted", "part", "amount"),
    [
        pytest.param(Penalty(flat=300), 49, WHOLE, 300, id="flat: one short"),
        pytest.param(Penalty(flat=300), 50, WHOLE, 0, id="flat: met"),
        pytest.param(Penalty(flat=300), 0, Fraction(17, 21), 242, id="flat x 17 / 21 = 242.86, down"),
        pytest.param(Penalty(flat=300), 0, Fraction(1, 2), 150, id="flat x half-time"),
        pytest.param(Penalty(tiers=TIERS), 24, WHOLE, 500, id="tiers: 24 / 50 is below 0.5"),
        pytest.param(Penalty(tiers=TIERS), 25, WHOLE, 200, id="tiers: 25 / 50 is not, but below 1.0"),
        pytest.param(Penalty(tiers=TIERS), 50, WHOLE, 0, id="tiers: met"),
        pytest.param(Penalty(tiers=TIERS), 0, Fraction(1, 3), 166, id="tiers: 500 / 3 = 166.67, down"),
        pytest.param(
            Penalty(tiers=((Fraction(1, 2), 500),)),
            30,
            WHOLE,
            0,
            id="tiers: none is above 30 / 50, though missed",
        ),
        pytest.param(
            Penalty(tiers=((Fraction(2), 100),)),
            50,
            WHOLE,
            0,
            id="tiers: a tier above 1 takes nothing once met",
        ),
        pytest.param(Penalty(per_missing=Pay(amount=50)), 47, WHOLE, 150, id="per missing: 3 x 50"),
        pytest.param(
            Penalty(per_missing=Pay(amount=50, cap=500)), 40, WHOLE, 500, id="per missing: at the cap"
        ),
        pytest.param(
            Penalty(per_missing=Pay(amount=50, cap=500)), 0, WHOLE, 500, id="per missing: over the cap"
        ),
        pytest.param(
            Penalty(per_missing=Pay(amount=50)),
            47,
            Fraction(1, 2),
            150,
            id="per missing: the target is smaller already",
        ),
        pytest.param(
            Penalty(per_missing=Pay(amount=50, cap=0)),
            0,
            WHOLE,
            0,
            id="per missing: a cap of 0 takes nothing",
        ),
        pytest.param(Penalty(per_missing=Pay(amount=50)), 51, WHOLE, 0, id="per missing: more than met"),
    ],
)
def test_penalty_of_a_target_of_50(penalty: Penalty, counted: int, part: Fraction, amount: int) -> None:
    assert penalty.amount(counted=counted, target=50, part=part) == amount


TOP = Reward(top=(500, 300, 100))
KEPT = Reward(top=(500,), min_kept=Fraction(4, 5))


@pytest.mark.parametrize(
    ("reward", "counted", "rank", "kept", "amount"),
    [
        pytest.param(TOP, 50, 1, None, 500, id="first"),
        pytest.param(TOP, 50, 3, None, 100, id="third, the last place that earns"),
        pytest.param(TOP, 50, 4, None, 0, id="fourth"),
        pytest.param(TOP, 49, 1, None, 0, id="first, but under min_attainment"),
        pytest.param(
            Reward(top=(500,), min_attainment=Fraction(4, 5)), 40, 1, None, 500, id="exactly min_attainment"
        ),
        pytest.param(KEPT, 50, 1, Fraction(4, 5), 500, id="kept exactly min_kept"),
        pytest.param(KEPT, 50, 1, Fraction(79, 100), 0, id="kept too few"),
        pytest.param(KEPT, 50, 1, None, 500, id="under 10 adds nobody can say"),
        pytest.param(
            Reward(per_extra=Pay(amount=10)), 53, 9, None, 30, id="per extra: 3 x 10, whatever the rank"
        ),
        pytest.param(
            Reward(per_extra=Pay(amount=10, cap=25)), 53, 1, None, 25, id="per extra: up to the cap"
        ),
        pytest.param(Reward(per_extra=Pay(amount=10)), 50, 1, None, 0, id="per extra: met, nothing over it"),
        pytest.param(Reward(per_extra=Pay(amount=10)), 0, 1, None, 0, id="per extra: never below 0"),
    ],
)
def test_reward_of_a_target_of_50(
    reward: Reward, counted: int, rank: int, kept: Fraction | None, amount: int
) -> None:
    assert reward.amount(counted=counted, target=50, rank=rank, kept=kept) == amount


RULES: dict[str, Any] = {"penalty": Penalty(flat=300), "reward": Reward(top=(500,))}


@pytest.mark.parametrize(
    ("when", "asked", "money", "wanted"),
    [
        pytest.param("2026-12-07T23:59:59", RULES, False, (None, None), id="a second before the settlement"),
        pytest.param("2026-12-08T00:00:00", RULES, False, (300, 0), id="at the settlement"),
        pytest.param("2026-11-24T09:00:00", RULES, True, (300, 0), id="before it, asked for"),
        pytest.param("2026-12-08T00:00:00", {}, True, (None, None), id="no rule, no figure"),
    ],
)
def test_money_is_shown_from_the_settlement_on_or_when_asked_for(
    when: str, asked: dict[str, Any], money: bool, wanted: tuple[int | None, int | None]
) -> None:
    rule = quota(2, counting=Counting(keep_days=7), **asked)

    found = rows([contact()], when, asked=rule, money=money)["jia"]

    assert (found.penalty, found.reward) == wanted


def settled(asked: dict[str, Any], who: dict[str, Any], counted: int) -> QuotaFigures:
    return rows(won(counted), "2026-12-01T00:00", asked=quota(**asked), people=[person(**who)])["jia"]


AWAY = frozenset(date(2026, 11, day) for day in range(1, 31))


@pytest.mark.parametrize(
    ("asked", "who", "counted", "wanted"),
    [
        # The last 10 of 21 workdays: a target of 23.8 -> 24, and 300 x 10 / 21 = 142.86.
        pytest.param(
            {"penalty": Penalty(flat=300)},
            {"joined_on": date(2026, 11, 17)},
            0,
            (24, 142, None),
            id="a joiner",
        ),
        pytest.param(
            {"penalty": Penalty(flat=300)},
            {"share": Fraction(4, 5)},
            39,
            (40, 240, None),
            id="four days a week",
        ),
        pytest.param(
            {"penalty": Penalty(per_missing=Pay(amount=50))},
            {"share": Fraction(4, 5)},
            39,
            (40, 50, None),
            id="one of a smaller target is missing",
        ),
        pytest.param(RULES, {"absences": AWAY}, 3, (0, None, None), id="exempt: no money, no place"),
        pytest.param(
            {"reward": Reward(per_extra=Pay(amount=10))},
            {"absences": AWAY},
            3,
            (0, None, None),
            id="exempt: nothing is over a target of 0",
        ),
    ],
)
def test_part_of_a_month(
    asked: dict[str, Any], who: dict[str, Any], counted: int, wanted: tuple[int, int | None, int | None]
) -> None:
    found = settled({"target": 50, **asked}, who, counted)

    assert (found.target, found.penalty, found.reward) == wanted


# jia and yi in 12, which stands below 1; bing in 1; each with a target of 4.
PEOPLE = [
    person("jia", departments=(12, 1)),
    person("yi", departments=(12,), role="柜员"),
    person("bing", departments=(1,)),
]
COUNTED = {"jia": 5, "yi": 4, "bing": 4}


@pytest.mark.parametrize(
    ("reward", "ranks", "amounts"),
    [
        pytest.param(
            Reward(top=(500, 300, 100)), (1, 2, 2), (500, 300, 300), id="all: equal ranks each get the amount"
        ),
        pytest.param(
            Reward(top=(500, 300, 100), scope=Scope.DEPARTMENT),
            (1, 2, 1),
            (500, 300, 500),
            id="department: the own one, not those below",
        ),
        pytest.param(Reward(top=(500, 300, 100), scope=Scope.ROLE), (1, 1, 2), (500, 500, 300), id="role"),
        pytest.param(
            Reward(per_extra=Pay(amount=10), scope=Scope.ROLE),
            (1, 2, 2),
            (10, 0, 0),
            id="without top, the scope means nothing",
        ),
    ],
)
def test_ranks_are_within_the_scope(reward: Reward, ranks: tuple[int, ...], amounts: tuple[int, ...]) -> None:
    contacts = [one for userid, number in COUNTED.items() for one in won(number, userid=userid)]

    found = rows(
        contacts,
        "2026-12-01T00:00",
        asked=quota(4, reward=reward),
        people=PEOPLE,
        departments=Departments(parents={12: 1}),
    )

    assert tuple(found[userid].rank for userid in COUNTED) == ranks
    assert tuple(found[userid].reward for userid in COUNTED) == amounts


def test_a_reward_looks_at_kept_90_as_printed() -> None:
    # 159 of 200 kept is 0.795, printed 0.80.
    contacts = [*won(159), *won(41, "2026-11-11T10:00", lost="2026-11-20T10:00")]
    reward = Reward(top=(500,), min_kept=Fraction(4, 5))

    found = rows(contacts, "2026-12-01T00:00", asked=quota(200, reward=reward))["jia"]

    assert (found.kept_90, found.counted, found.reward) == (0.8, 200, 500)
