"""The answer to `规则`: the rules of one person, the deciders of appeals, and the source of money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.core.counting import WECHAT, Counting, Integrity
from bot.core.progress import QuotaFigures
from bot.core.quotas import Basis, Quota
from bot.messages.answers import answered
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import labels_of
from bot.messages.message import Keep, Line, Message
from bot.messages.money import penalty, reward
from bot.messages.sanitize import clean


def rules(
    *,
    language: str,
    asked: Sequence[tuple[Quota, QuotaFigures]],
    deciders: Sequence[str],
    decide_workdays: int,
    appeal_workdays: int,
    at: datetime,
    money: bool = True,
) -> Message:
    """Explain the rules of one person. *asked*: each quota with the person's row in the running period.

    *deciders*: the names of the first people to decide an appeal. *at* is local. Without *money* the message
    does not mention money at all.
    """
    texts = texts_in(language)
    labels = labels_of(texts, [row for _, row in asked], at=at)
    lines: list[Line] = []
    for quota, row in asked:
        lines.append(Line.of(_target(texts, quota, row, labels[row.quota])))
        sentences = rule_lines(texts, quota, appeals=appeal_workdays, money=money)
        lines += [Line.of(f"· {text}", Keep.USEFUL) for text in sentences]
    closing: list[str] = [texts["rules.decides_nobody"]]
    if deciders:
        closing = [texts["rules.decides"].say(names=_names(texts, deciders), n=decide_workdays)]
    if money:
        has_money = any(quota.penalty or quota.reward for quota, _ in asked)
        closing.append(texts["rules.money"] if has_money else texts["rules.no_money"])
    lines += [Line.of(text) for text in closing]
    return answered(texts, texts["rules.head"], *lines, kind=texts["rules.kind"], at=at)


def _target(texts: Texts, quota: Quota, row: QuotaFigures, label: str) -> str:
    days = {"first": f"{row.period_start:%m-%d}", "last": f"{row.period_end:%m-%d}"}
    basis = texts.table("rules.basis")[quota.basis]
    if not row.target:
        return texts["rules.exempt"].say(label=label, basis=basis, **days)
    target = texts["rules.target"].say(label=label, target=row.target, basis=basis, **days)
    return (
        target if row.target == quota.target else target + texts["rules.target_full"].say(full=quota.target)
    )


def _settlement(texts: Texts, quota: Quota, *, appeals: int) -> str:
    days = 0 if quota.basis is Basis.HELD else quota.counting.keep_days
    settled = texts["rules.settlement"] if days else texts["rules.settled_at_once"]
    return settled.say(n=days, appeals=appeals)


def rule_lines(texts: Texts, quota: Quota, *, appeals: int, money: bool = True) -> list[str]:
    """Return what a quota counts and pays, one sentence each; *appeals*: workdays to appeal."""
    return [
        *_counting(texts, quota.counting),
        *(_money(texts, quota) if money else ()),
        _settlement(texts, quota, appeals=appeals),
        *_asks(texts, quota.integrity),
    ]


def _counting(texts: Texts, counting: Counting) -> Iterator[str]:
    yield texts.table("rules.first_add")[counting.first_add]
    if len(counting.customer_types) == 1:
        yield texts["rules.only_wechat"] if WECHAT in counting.customer_types else texts["rules.only_wecom"]
    if counting.keep_days:
        yield texts["rules.keep"].say(n=counting.keep_days)
    if counting.segment_tags:
        yield texts["rules.segment"].say(names=_names(texts, counting.segment_tags))
    if counting.required_tags:
        yield texts["rules.tags"].say(names=_names(texts, counting.required_tags))
    if counting.required_facts:
        yield texts["rules.facts"].say(names=_names(texts, counting.required_facts))
    if counting.own_book:
        yield texts["rules.own_book"]
    for limit in counting.max_share:
        yield texts["rules.share"].say(fact=clean(limit.fact), percent=f"{float(limit.share * 100):g}")
    if counting.exclude_add_ways:
        ways = texts.table("contacts.ways")
        other = texts["contacts.way_other"]
        names = [ways.get(str(way), other.say(way=way)) for way in sorted(counting.exclude_add_ways)]
        yield texts["rules.ways"].say(names=_names(texts, names))
    if counting.exclude_states:
        yield texts["rules.states"].say(names=_names(texts, sorted(counting.exclude_states)))
    if counting.max_per_day:
        yield texts["rules.per_day"].say(n=counting.max_per_day)


def _money(texts: Texts, quota: Quota) -> Iterator[str]:
    if quota.penalty is not None:
        yield texts["rules.penalty"].say(rule=penalty(texts, quota.penalty))
    if quota.reward is not None:
        yield texts["rules.reward"].say(rule=reward(texts, quota.reward))


def _asks(texts: Texts, integrity: Integrity) -> Iterator[str]:
    if integrity.burst or integrity.shared_by or integrity.quick_loss:
        yield texts["rules.asks_hold"] if integrity.hold else texts["rules.asks"]
    else:
        yield texts["rules.asks_nothing"]


def _names(texts: Texts, names: Sequence[str]) -> str:
    return texts["rules.comma"].join(clean(name) for name in names)
