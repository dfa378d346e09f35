"""Sentences of a simulation for a head of HR: values before and after, and the rules of money.

All money is called an estimate, with the name of its rule.
"""

from __future__ import annotations

from fractions import Fraction

from bot.core.quotas import Quota
from bot.messages.catalog import texts_in
from bot.messages.money import penalty, reward


def arrow(*sides: str | None) -> str:
    """Write a value before and after, once if both are equal; None: that side has no value."""
    values = [value for value in sides if value is not None]
    return values[0] if len(set(values)) == 1 else " → ".join(values) or "–"


def percent(share: Fraction | None) -> str:
    """Write a share as a percentage; – for None."""
    return "–" if share is None else f"{float(share * 100):g}%"


def penalty_rule(rule: Quota, *, language: str) -> str | None:
    """Describe the penalty of *rule*; None without one."""
    return None if rule.penalty is None else penalty(texts_in(language), rule.penalty)


def reward_rule(rule: Quota, *, language: str) -> str | None:
    """Describe the reward of *rule*; None without one."""
    return None if rule.reward is None else reward(texts_in(language), rule.reward)
