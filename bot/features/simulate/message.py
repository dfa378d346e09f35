"""What a simulation says to a head of HR: one sentence for each period, sums before and after, its rules.

Money is called an estimate wherever it stands, and the rule that it follows is named.
"""

from __future__ import annotations

from fractions import Fraction

from bot.core.quotas import Quota
from bot.messages.catalog import texts_in
from bot.messages.money import penalty as said_penalty
from bot.messages.money import reward as said_reward


def arrow(*sides: str | None) -> str:
    """Say a value before and after, once if it is the same; None where a side has none."""
    told = [value for value in sides if value is not None]
    return told[0] if len(set(told)) == 1 else " → ".join(told) or "–"


def percent(share: Fraction | None) -> str:
    """Say a share; – where there is none."""
    return "–" if share is None else f"{float(share * 100):g}%"


def penalty_rule(rule: Quota, *, language: str) -> str | None:
    """Say what a missed target costs by *rule*; None if nothing."""
    return None if rule.penalty is None else said_penalty(texts_in(language), rule.penalty)


def reward_rule(rule: Quota, *, language: str) -> str | None:
    """Say what is earned by *rule*; None if nothing."""
    return None if rule.reward is None else said_reward(texts_in(language), rule.reward)
