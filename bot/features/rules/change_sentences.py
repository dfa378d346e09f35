"""Sentences about changed rules: one for each changed key."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from bot.core.counting import Burst, MaxShare, QuickLoss
from bot.core.money import Penalty, Reward
from bot.features.rules.diff import Difference
from bot.messages.catalog import Texts, texts_in
from bot.messages.money import penalty, percent, reward
from bot.messages.sanitize import clean


def sentence(difference: Difference, *, language: str) -> str:
    """Return one sentence about the change of one key."""
    texts = texts_in(language)
    return texts["changes.changes"].say(
        what=texts.table("changes.keys")[difference.key],
        old=_value(texts, difference.key, difference.old),
        new=_value(texts, difference.key, difference.new),
    )


def _value(texts: Texts, key: str, value: object) -> str:
    match value:
        case bool():
            return texts["changes.yes"] if value else texts["changes.no"]
        case None | 0:
            return texts["changes.nothing"]
        case frozenset() | tuple() if not value:
            is_scope = key in ("roles", "departments", "userids")
            return texts["changes.everybody"] if is_scope else texts["changes.nothing"]
        case frozenset():
            items = sorted(value, key=str)
            if key == "counting.customer_types":
                return texts["changes.comma"].join(texts.table("changes.types")[str(item)] for item in items)
            return texts["changes.comma"].join(clean(str(item)) for item in items)
        case tuple():
            return texts["changes.comma"].join(_item(texts, item) for item in value)
        case StrEnum():
            return texts.table("changes.words")[value.value]
        case date():
            return value.isoformat()
    return _rule(texts, value)


def _item(texts: Texts, item: object) -> str:
    if isinstance(item, MaxShare):
        return texts["changes.share"].say(fact=clean(item.fact), percent=percent(item.share))
    return clean(str(item))


def _rule(texts: Texts, value: object) -> str:
    match value:
        case Penalty():
            return penalty(texts, value)
        case Reward():
            return reward(texts, value)
        case Burst():
            return texts["changes.burst"].say(n=value.adds, minutes=value.minutes)
        case QuickLoss():
            return texts["changes.quick_loss"].say(n=value.min_adds, percent=percent(value.rate))
    return str(value)
