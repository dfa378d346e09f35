"""Conversion of `[[quotas]]` and `[integrity]` as written into rules of the core."""

from __future__ import annotations

from fractions import Fraction

from bot.config import rules as written
from bot.core import counting, money, quotas
from bot.core.periods import PeriodKind

_TYPES = {"wechat": counting.WECHAT, "wecom": counting.WECOM}
_WINDOW_DAYS = 30  # if shared_by is given without window_days


def quota_of(quota: written.Quota, integrity: written.Integrity) -> quotas.Quota:
    """Return one quota as a rule, with its integrity rules."""
    return quotas.Quota(
        id=quota.id,
        period=PeriodKind(quota.period),
        target=quota.target,
        roles=frozenset(quota.roles),
        departments=frozenset(quota.departments),
        userids=frozenset(quota.userids),
        starts_on=quota.starts_on,
        ends_on=quota.ends_on,
        basis=quotas.Basis(quota.basis),
        counting=_counting(quota.counting),
        penalty=_penalty(quota.penalty),
        reward=_reward(quota.reward),
        integrity=integrity_of(integrity),
    )


def _counting(rule: written.Counting) -> counting.Counting:
    return counting.Counting(
        first_add=counting.FirstAdd(rule.first_add),
        customer_types=frozenset(_TYPES[name] for name in rule.customer_types),
        keep_days=rule.keep_days,
        segment_tags=rule.segment_tags,
        required_tags=rule.required_tags,
        required_facts=rule.required_facts,
        own_book=rule.own_book,
        max_share=tuple(
            counting.MaxShare(fact=limit.fact, share=Fraction(limit.share)) for limit in rule.max_share
        ),
        exclude_add_ways=frozenset(rule.exclude_add_ways),
        exclude_states=frozenset(rule.exclude_states),
        max_per_day=rule.max_per_day,
    )


def _penalty(rule: written.Penalty | None) -> money.Penalty | None:
    if rule is None:
        return None
    return money.Penalty(
        flat=rule.flat,
        per_missing=_pay(rule.per_missing, rule.cap),
        tiers=tuple((Fraction(tier.below), tier.amount) for tier in rule.tiers),
    )


def _reward(rule: written.Reward | None) -> money.Reward | None:
    if rule is None:
        return None
    return money.Reward(
        top=rule.top,
        scope=money.Scope(rule.scope),
        min_attainment=Fraction(rule.min_attainment),
        min_kept=Fraction(rule.min_kept),
        min_presence=Fraction(rule.min_presence),
        per_extra=_pay(rule.per_extra, rule.cap),
    )


def _pay(amount: int | None, cap: int | None) -> money.Pay | None:
    return None if amount is None else money.Pay(amount=amount, cap=cap)


def integrity_of(rule: written.Integrity) -> counting.Integrity:
    """Return `[integrity]` as a rule."""
    burst, quick = rule.burst, rule.quick_loss
    return counting.Integrity(
        shared_by=rule.shared_by,
        window_days=rule.window_days or _WINDOW_DAYS,
        burst=None if burst is None else counting.Burst(adds=burst.adds, minutes=burst.minutes),
        quick_loss=None
        if quick is None
        else counting.QuickLoss(rate=Fraction(quick.rate), min_adds=quick.min_adds),
        hold=rule.action == "hold",
    )
