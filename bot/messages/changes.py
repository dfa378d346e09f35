"""What a changed rule means, in sentences: one for each key that differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from bot.core.counting import WECHAT, WECOM, Burst, MaxShare, QuickLoss
from bot.core.leniency import Difference
from bot.core.money import Pay, Penalty, Reward
from bot.messages.names import clean
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWords:
    """The words of a language. *keys* names every key that can differ."""

    changes: str
    nothing: str
    everybody: str
    yes: str
    no: str
    comma: str
    keys: Mapping[str, str]
    words: Mapping[str, str]
    flat: str
    per_missing: str
    tier: str
    top: str
    per_extra: str
    cap: str
    burst: str
    quick_loss: str
    share: str


CHINESE = ChangeWords(
    changes="{what}：{old} → {new}",
    nothing="无",
    everybody="所有人",
    yes="是",
    no="否",
    comma="、",
    keys={
        "roles": "适用角色",
        "departments": "适用部门",
        "userids": "适用人员",
        "period": "周期",
        "target": "目标",
        "basis": "口径",
        "starts_on": "开始日期",
        "ends_on": "结束日期",
        "penalty": "未达标扣减（估算）",
        "reward": "奖励（估算）",
        "counting.first_add": "首次添加的口径",
        "counting.customer_types": "计入的客户类型",
        "counting.keep_days": "留存天数",
        "counting.required_tags": "必须有的标签",
        "counting.required_facts": "银行必须确认的事项",
        "counting.own_book": "必须是本人名下客户",
        "counting.max_share": "占比上限",
        "counting.exclude_add_ways": "不计入的添加方式",
        "counting.exclude_states": "不计入的渠道",
        "counting.max_per_day": "每日封顶",
        "integrity.shared_by": "同一客户被几位员工添加时提问",
        "integrity.window_days": "同一客户提问的天数范围",
        "integrity.burst": "集中添加提问",
        "integrity.quick_loss": "快速流失提问",
        "integrity.hold": "提问期间先不计入",
    },
    words={
        "day": "每日",
        "week": "每周",
        "month": "每月",
        "quarter": "每季度",
        "year": "每年",
        "added": "新增",
        "held": "存量",
        "pair": "同一员工首次添加",
        "corp": "全行首次添加",
        "any": "每次添加",
    },
    flat="未达标 {n} 元",
    per_missing="每少一位 {n} 元",
    tier="低于 {percent}% 时 {n} 元",
    top="前 {places} 名 {amounts} 元",
    per_extra="每多一位 {n} 元",
    cap="最多 {n} 元",
    burst="{minutes} 分钟内 {n} 位",
    quick_loss="至少 {n} 位中流失 {percent}%",
    share="{fact} 不超过 {percent}%",
)

ENGLISH = ChangeWords(
    changes="{what}: {old} → {new}",
    nothing="none",
    everybody="everybody",
    yes="yes",
    no="no",
    comma=", ",
    keys={
        "roles": "roles under it",
        "departments": "departments under it",
        "userids": "people under it",
        "period": "period",
        "target": "target",
        "basis": "basis",
        "starts_on": "first day",
        "ends_on": "last day",
        "penalty": "deduction when missed (estimate)",
        "reward": "reward (estimate)",
        "counting.first_add": "which adds are first",
        "counting.customer_types": "types of customers that count",
        "counting.keep_days": "days a contact must stay",
        "counting.required_tags": "required tags",
        "counting.required_facts": "what the bank must confirm",
        "counting.own_book": "customer must be in the own book",
        "counting.max_share": "largest shares",
        "counting.exclude_add_ways": "ways of adding that do not count",
        "counting.exclude_states": "channels that do not count",
        "counting.max_per_day": "most a day",
        "integrity.shared_by": "question when so many share a customer",
        "integrity.window_days": "days that this question looks back",
        "integrity.burst": "question about many adds at once",
        "integrity.quick_loss": "question about quick losses",
        "integrity.hold": "held until the question is answered",
    },
    words={
        "day": "each day",
        "week": "each week",
        "month": "each month",
        "quarter": "each quarter",
        "year": "each year",
        "added": "won in the period",
        "held": "alive at its end",
        "pair": "first of this employee",
        "corp": "first of the bank",
        "any": "each add",
    },
    flat="{n} yuan when missed",
    per_missing="{n} yuan for each missing",
    tier="{n} yuan below {percent}%",
    top="{amounts} yuan for the first {places}",
    per_extra="{n} yuan for each extra",
    cap="at most {n} yuan",
    burst="{n} in {minutes} minutes",
    quick_loss="{percent}% lost of at least {n}",
    share="{fact} at most {percent}%",
)

WORDS = Wordbook("changes", {"zh-CN": CHINESE, "en": ENGLISH})


def sentence(difference: Difference, *, language: str) -> str:
    """Say what changes in one key, in `zh-CN` or `en`."""
    words = WORDS[language]
    return words.changes.format(
        what=words.keys[difference.key],
        old=_value(words, difference.key, difference.old),
        new=_value(words, difference.key, difference.new),
    )


def _value(words: ChangeWords, key: str, value: object) -> str:
    match value:
        case bool():
            return words.yes if value else words.no
        case None | 0:
            return words.nothing
        case frozenset() | tuple() if not value:
            return words.everybody if key in ("roles", "departments", "userids") else words.nothing
        case frozenset():
            items = sorted(value, key=str)
            if key == "counting.customer_types":
                return words.comma.join({WECHAT: "微信", WECOM: "企业微信"}[item] for item in items)
            return words.comma.join(clean(str(item)) for item in items)
        case tuple():
            return words.comma.join(_item(words, item) for item in value)
        case StrEnum():
            return words.words[value.value]
        case date():
            return value.isoformat()
    return _rule(words, value)


def _item(words: ChangeWords, item: object) -> str:
    if isinstance(item, MaxShare):
        return words.share.format(fact=clean(item.fact), percent=_percent(item.share))
    return clean(str(item))


def _rule(words: ChangeWords, value: object) -> str:
    match value:
        case Penalty():
            return penalty(words, value)
        case Reward():
            return reward(words, value)
        case Burst():
            return words.burst.format(n=value.adds, minutes=value.minutes)
        case QuickLoss():
            return words.quick_loss.format(n=value.min_adds, percent=_percent(value.rate))
    return str(value)


def penalty(words: ChangeWords, rule: Penalty) -> str:
    """Say what a missed target costs by *rule*."""
    if rule.flat is not None:
        return words.flat.format(n=rule.flat)
    if rule.per_missing is not None:
        return _pay(words, words.per_missing, rule.per_missing)
    return words.comma.join(
        words.tier.format(percent=_percent(below), n=amount) for below, amount in sorted(rule.tiers)
    )


def reward(words: ChangeWords, rule: Reward) -> str:
    """Say what is earned by *rule*."""
    if rule.per_extra is not None:
        return _pay(words, words.per_extra, rule.per_extra)
    amounts = "/".join(str(amount) for amount in rule.top)
    return words.top.format(places=len(rule.top), amounts=amounts)


def _pay(words: ChangeWords, said: str, rule: Pay) -> str:
    parts = [said.format(n=rule.amount)]
    if rule.cap is not None:
        parts.append(words.cap.format(n=rule.cap))
    return words.comma.join(parts)


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):g}"
