"""Texts about the deduction or reward of a rule."""

from __future__ import annotations

from fractions import Fraction

from bot.core.money import Pay, Penalty, Reward
from bot.messages.catalog import Text, Texts


def penalty(texts: Texts, rule: Penalty) -> str:
    """Return the text of the penalty *rule*."""
    if rule.flat is not None:
        return texts["changes.flat"].say(n=rule.flat)
    if rule.per_missing is not None:
        return _pay(texts, texts["changes.per_missing"], rule.per_missing)
    return texts["changes.comma"].join(
        texts["changes.tier"].say(percent=percent(below), n=amount) for below, amount in sorted(rule.tiers)
    )


def reward(texts: Texts, rule: Reward) -> str:
    """Return the text of the reward *rule*."""
    if rule.per_extra is not None:
        return _pay(texts, texts["changes.per_extra"], rule.per_extra)
    amounts = "/".join(str(amount) for amount in rule.top)
    return texts["changes.top"].say(places=len(rule.top), amounts=amounts)


def _pay(texts: Texts, text: Text, rule: Pay) -> str:
    parts = [text.say(n=rule.amount)]
    if rule.cap is not None:
        parts.append(texts["changes.cap"].say(n=rule.cap))
    return texts["changes.comma"].join(parts)


def percent(share: Fraction) -> str:
    """Return *share* in percent, without a trailing `.0`."""
    return f"{float(share * 100):g}"
