"""Which changes of a rule can harm nobody, whoever he is and whatever he does."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from builders.branches import quota
from builders.chance import Chance, counting, penalty
from builders.examples import tried
from builders.worlds import World, worlds
from hypothesis import given
from hypothesis import strategies as st

from bot.core.counting import Burst, Counting, FirstAdd, Integrity, MaxShare, QuickLoss
from bot.core.money import Pay, Penalty, Reward, Scope
from bot.core.periods import PeriodKind
from bot.core.quotas import Basis, Quota
from bot.features.rules.diff import find_differences

FIFTH, HALF = Fraction(1, 5), Fraction(1, 2)
PROVINCE = MaxShare(fact="out_of_province", share=FIFTH)


def counted(**keys: Any) -> Quota:
    return quota(counting=Counting(**keys))


def paying(penalty: Penalty | None = None, reward: Reward | None = None) -> Quota:
    return quota(penalty=penalty, reward=reward)


def asking(**keys: Any) -> Quota:
    return quota(integrity=Integrity(**keys))


MILD, HARSH = Penalty(flat=300), Penalty(flat=500)
TIERS = Penalty(tiers=((HALF, 300), (Fraction(1), 200)))

# Each pair from the harsher to the kinder: that way harmless, the other way not.
KINDER = [
    pytest.param(quota(50), quota(40), "target", id="a lower target"),
    pytest.param(
        counted(first_add=FirstAdd.CORP), counted(), "counting.first_add", id="first of the employee"
    ),
    pytest.param(counted(), counted(first_add=FirstAdd.ANY), "counting.first_add", id="each add"),
    pytest.param(
        counted(customer_types=frozenset({1})), counted(), "counting.customer_types", id="both types"
    ),
    pytest.param(
        counted(keep_days=7), counted(keep_days=3), "counting.keep_days", id="a shorter keep period"
    ),
    pytest.param(counted(segment_tags=("a",)), counted(), "counting.segment_tags", id="everybody"),
    pytest.param(
        counted(segment_tags=("a",)),
        counted(segment_tags=("b", "a")),
        "counting.segment_tags",
        id="a wider segment",
    ),
    pytest.param(counted(required_tags=("a",)), counted(), "counting.required_tags", id="a tag less"),
    pytest.param(counted(required_facts=("a",)), counted(), "counting.required_facts", id="a fact less"),
    pytest.param(counted(own_book=True), counted(), "counting.own_book", id="any book"),
    pytest.param(counted(max_share=(PROVINCE,)), counted(), "counting.max_share", id="no share"),
    pytest.param(
        counted(max_share=(PROVINCE,)),
        counted(max_share=(replace(PROVINCE, share=HALF),)),
        "counting.max_share",
        id="a wider share",
    ),
    pytest.param(
        counted(exclude_add_ways=frozenset({201, 202})),
        counted(exclude_add_ways=frozenset({201})),
        "counting.exclude_add_ways",
        id="a way more",
    ),
    pytest.param(
        counted(exclude_states=frozenset({"x"})), counted(), "counting.exclude_states", id="a channel more"
    ),
    pytest.param(counted(max_per_day=5), counted(max_per_day=6), "counting.max_per_day", id="more a day"),
    pytest.param(counted(max_per_day=5), counted(), "counting.max_per_day", id="no cap"),
    pytest.param(paying(MILD), paying(), "penalty", id="no deduction"),
    pytest.param(paying(HARSH), paying(MILD), "penalty", id="a smaller deduction"),
    pytest.param(paying(MILD), paying(TIERS), "penalty", id="tiers up to the flat amount"),
    pytest.param(paying(), paying(reward=Reward(top=(500,))), "reward", id="a reward"),
    pytest.param(
        paying(reward=Reward(top=(500,))), paying(reward=Reward(top=(500, 300))), "reward", id="a place more"
    ),
    pytest.param(
        paying(reward=Reward(per_extra=Pay(amount=5, cap=100))),
        paying(reward=Reward(per_extra=Pay(amount=5))),
        "reward",
        id="no cap of the reward",
    ),
    pytest.param(asking(shared_by=3), asking(shared_by=5), "integrity.shared_by", id="shared by more"),
    pytest.param(asking(window_days=30), asking(window_days=7), "integrity.window_days", id="a shorter look"),
    pytest.param(
        asking(burst=Burst(adds=5, minutes=10)),
        asking(burst=Burst(adds=5, minutes=5)),
        "integrity.burst",
        id="a faster burst",
    ),
    pytest.param(
        asking(quick_loss=QuickLoss(rate=FIFTH, min_adds=5)),
        asking(),
        "integrity.quick_loss",
        id="no question",
    ),
    pytest.param(asking(hold=True), asking(hold=False), "integrity.hold", id="counts meanwhile"),
]


@pytest.mark.parametrize(("harsh", "kind", "key"), KINDER)
def test_the_kinder_value_is_harmless_and_the_way_back_is_not(harsh: Quota, kind: Quota, key: str) -> None:
    (there,), (back,) = find_differences(harsh, kind), find_differences(kind, harsh)

    assert (there.key, there.lenient) == (key, True)
    assert (back.key, back.lenient) == (key, False)
    assert there.applied(harsh) == kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(quota(), quota(basis=Basis.HELD), id="another basis"),
        pytest.param(quota(), quota(period=PeriodKind.WEEK), id="another period"),
        pytest.param(
            counted(max_share=(PROVINCE, replace(PROVINCE, fact="other"))),
            counted(max_share=(replace(PROVINCE, fact="other"), PROVINCE)),
            id="shares in another order",
        ),
        pytest.param(
            counted(keep_days=7, required_tags=("a",)),
            counted(keep_days=3, required_tags=("a",)),
            id="a settlement that comes before the tags",
        ),
        pytest.param(
            paying(reward=Reward(top=(500,))),
            paying(reward=Reward(top=(500,), scope=Scope.ROLE)),
            id="ranks among others",
        ),
        pytest.param(paying(Penalty(per_missing=Pay(amount=50))), paying(MILD), id="dearer for the last one"),
        pytest.param(
            paying(HARSH),
            paying(Penalty(per_missing=Pay(amount=50, cap=500))),
            id="dearer for half a post: 500 instead of 250",
        ),
        pytest.param(
            paying(Penalty(tiers=((Fraction(345, 1000), 500),))),
            paying(Penalty(tiers=((Fraction(355, 1000), 500),))),
            id="dearer for 7 of 20, though for no number of 50",
        ),
        pytest.param(
            counted(max_per_day=1, required_tags=("a",), exclude_states=frozenset({"fair"})),
            counted(max_per_day=1, required_tags=("a",)),
            id="the one from the fair takes the place of the day and is never tagged",
        ),
        pytest.param(
            counted(max_per_day=1, max_share=(PROVINCE,), exclude_states=frozenset({"fair"})),
            counted(max_per_day=1, max_share=(PROVINCE,)),
            id="the one from the fair takes the place of the day and is over the share",
        ),
        pytest.param(
            counted(max_per_day=1, max_share=(PROVINCE,), required_tags=("a",)),
            counted(max_per_day=2, max_share=(PROVINCE,), required_tags=("a",)),
            id="the second of the day takes the place in the share and is never tagged",
        ),
        pytest.param(
            counted(required_facts=("account",), required_tags=("a",)),
            counted(required_tags=("a",)),
            id="of whom the bank said nothing would have counted, untagged",
        ),
        pytest.param(
            counted(max_per_day=1, customer_types=frozenset({1}), keep_days=7),
            counted(max_per_day=1, customer_types=frozenset({1}), keep_days=3),
            id="the one lost on the fifth day takes the place of the day and is never read",
        ),
    ],
)
def test_what_may_harm_somebody_is_never_harmless(one: Quota, other: Quota) -> None:
    assert [difference.lenient for difference in find_differences(one, other)] == [False]


@pytest.mark.parametrize(
    ("harsh", "kind"),
    [
        pytest.param(
            counted(max_per_day=1, exclude_states=frozenset({"fair"})),
            counted(max_per_day=1),
            id="one cap takes as many as before",
        ),
        pytest.param(
            counted(max_share=(PROVINCE,), own_book=True),
            counted(max_share=(PROVINCE,)),
            id="one share takes as many as before",
        ),
        pytest.param(
            counted(max_per_day=1, required_tags=("a",)),
            counted(max_per_day=2, required_tags=("a",)),
            id="nothing is weighed after the cap",
        ),
        pytest.param(
            counted(max_per_day=1, max_share=(PROVINCE,), required_tags=("a", "b")),
            counted(max_per_day=1, max_share=(PROVINCE,), required_tags=("a",)),
            id="tags are asked about after cap and share",
        ),
    ],
)
def test_what_can_push_nobody_out_stays_harmless(harsh: Quota, kind: Quota) -> None:
    assert [difference.lenient for difference in find_differences(harsh, kind)] == [True]


def changed(chance: Chance, quota: Quota) -> tuple[Quota, Quota]:
    """Two versions of a quota for everybody: one key after the other differs, or is the same but new."""
    old = replace(
        quota, roles=frozenset(), departments=frozenset(), userids=frozenset(), starts_on=None, ends_on=None
    )
    new = old
    for key in chance.sample([field.name for field in fields(Counting)], 4):
        value = {key: getattr(counting(chance), key)}
        new = replace(new, counting=replace(new.counting, **value))
        if chance.often(0.5):
            old = replace(old, counting=replace(old.counting, **value))
    return old, replace(new, target=chance.randint(0, 12), penalty=penalty(chance))


# What scopes and ranks do to others is for a simulation to show.
OF_OTHERS = {"roles", "departments", "userids", "reward"}


@tried(150)
@given(world=worlds, seed=st.integers(0, 2**32 - 1))
def test_what_is_harmless_harms_nobody_in_any_branch(world: World, seed: int) -> None:
    old, new = changed(Chance(seed), world.quotas[0])
    kinder = old
    for difference in find_differences(old, new):
        if difference.lenient and difference.key not in OF_OTHERS:
            kinder = difference.applied(kinder)
    world = replace(world, period_name=world.period_name or "2026-02")
    long_after = world.at + timedelta(days=500)

    before, after = (replace(world, quotas=(rule,)).rows(when=long_after) for rule in (old, kinder))

    for one, other in zip(before, after, strict=True):
        assert other.counted >= one.counted
        assert (other.penalty or 0) <= (one.penalty or 0)


def test_equal_rules_have_no_difference() -> None:
    assert find_differences(paying(TIERS), paying(TIERS)) == []


penalties = st.one_of(
    st.builds(Penalty, flat=st.integers(0, 40)),
    st.builds(
        Penalty,
        per_missing=st.builds(Pay, amount=st.integers(0, 6), cap=st.one_of(st.none(), st.integers(0, 40))),
    ),
    st.builds(
        Penalty,
        tiers=st.lists(
            st.tuples(st.sampled_from([FIFTH, HALF, Fraction(1)]), st.integers(0, 40)), min_size=1, max_size=3
        ).map(tuple),
    ),
)


@given(old=penalties, new=penalties, share=st.fractions(0, 1, max_denominator=10))
def test_a_harmless_penalty_costs_nobody_more_whatever_his_part(
    old: Penalty, new: Penalty, share: Fraction
) -> None:
    told = find_differences(quota(20, penalty=old), quota(20, penalty=new))
    target = int(20 * share)

    if all(difference.lenient for difference in told):
        for reached in range(target + 1):
            asked = {"counted": reached, "target": target, "part": share}
            assert new.amount(**asked) <= old.amount(**asked)
