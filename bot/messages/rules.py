"""The answer to `规则`: somebody's rules in plain sentences, who decides, and where money comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.counting import WECHAT, Counting, FirstAdd, Integrity
from bot.core.progress import Row
from bot.core.quotas import Basis, Quota
from bot.messages.answers import answered
from bot.messages.changes import WORDS as CHANGE_WORDS
from bot.messages.changes import penalty, reward
from bot.messages.contacts import WORDS as CONTACT_WORDS
from bot.messages.language import texts_in
from bot.messages.message import Keep, Line, Message, Part
from bot.messages.names import clean
from bot.messages.standing import labels_of
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWords:
    """The words of a language."""

    head: str
    target: str
    target_full: str
    exempt: str
    basis: Mapping[Basis, str]
    first_add: Mapping[FirstAdd, str]
    only_wechat: str
    only_wecom: str
    keep: str
    tags: str
    facts: str
    own_book: str
    share: str
    ways: str
    states: str
    per_day: str
    penalty: str
    reward: str
    settlement: str
    settled_at_once: str
    asks: str
    asks_hold: str
    asks_nothing: str
    decides: str
    decides_nobody: str
    money: str
    no_money: str
    comma: str
    kind: str


_BUILT_IN: Mapping[str, RuleWords] = {
    "zh-CN": RuleWords(
        head="您的规则，一句一条",
        target="{label}（{first} 至 {last}）目标 {target} 位，{basis}",
        target_full="（满额 {full}，已按您的工作日折算）",
        exempt="{label}（{first} 至 {last}）不考核，{basis}",
        basis={Basis.ADDED: "看新增客户", Basis.HELD: "看期末还在的客户"},
        first_add={
            FirstAdd.PAIR: "同一位客户您再加一次不另算",
            FirstAdd.CORP: "全行第一次添加的客户才算",
            FirstAdd.ANY: "每次添加都算",
        },
        only_wechat="只算微信客户",
        only_wecom="只算企业微信客户",
        keep="加上后满 {n} 天还在才算",
        tags="要有标签：{names}",
        facts="银行要确认：{names}",
        own_book="要是登记在您名下的客户",
        share="“{fact}”的客户最多占 {percent}%",
        ways="这些方式不算：{names}",
        states="这些渠道不算：{names}",
        per_day="一天最多算 {n} 位，先加先算",
        penalty="扣减：{rule}（估算）",
        reward="奖励：{rule}（估算）",
        settlement="期末后 {n} 天结算；先出初步结果，{appeals} 个工作日内可申诉，处理完才定稿",
        settled_at_once="期末结算；先出初步结果，{appeals} 个工作日内可申诉，处理完才定稿",
        asks="集中添加、多人加同一客户、快速流失会先问您；复核确认前不进任何报表，照常计入",
        asks_hold="集中添加、多人加同一客户、快速流失会先问您；复核确认前不进任何报表，暂列待确认",
        asks_nothing="没有自动提问",
        decides="谁决定：{names}；{n} 个工作日没有决定就上一级。本人和直接主管不决定",
        decides_nobody="谁决定：管理员；本人和直接主管不决定",
        money="钱只从上面的“扣减”“奖励”来，都是估算；由人力资源部核定，机器不作决定",
        no_money="这里没有扣减，也没有奖励",
        comma="、",
        kind="规则",
    ),
    "en": RuleWords(
        head="Your rules, a sentence each",
        target="{label} ({first} to {last}): target {target}, {basis}",
        target_full=" (in full {full}, prorated by your workdays)",
        exempt="{label} ({first} to {last}): nothing is asked, {basis}",
        basis={Basis.ADDED: "customers won", Basis.HELD: "customers you still have at its end"},
        first_add={
            FirstAdd.PAIR: "Adding the same customer once more does not count again",
            FirstAdd.CORP: "Only customers who are new to the bank count",
            FirstAdd.ANY: "Each add counts",
        },
        only_wechat="Only WeChat customers count",
        only_wecom="Only WeCom customers count",
        keep="A customer counts once kept for {n} days",
        tags="Required tags: {names}",
        facts="The bank must confirm: {names}",
        own_book="The customer must be in your book",
        share="At most {percent}% may have “{fact}”",
        ways="These ways do not count: {names}",
        states="These channels do not count: {names}",
        per_day="At most {n} a day count, the first ones",
        penalty="Deduction: {rule} (estimate)",
        reward="Reward: {rule} (estimate)",
        settlement="Settled {n} days after its end: first preliminary, with {appeals} workdays to appeal",
        settled_at_once="Settled at its end: first preliminary, with {appeals} workdays to appeal",
        asks="Bursts, shared customers and quick losses are asked about first; in no report till confirmed",
        asks_hold="Bursts, shared customers and quick losses are asked about first; pending till confirmed",
        asks_nothing="Nothing is asked automatically",
        decides="Who decides: {names}; after {n} workdays one up. Never you or your direct leader",
        decides_nobody="Who decides: an admin, never you or your direct leader",
        money="Money comes from “deduction” and “reward” alone, as estimates; HR decides, not a machine",
        no_money="There is no deduction and no reward",
        comma=", ",
        kind="rules",
    ),
}
WORDS = Wordbook("rules", _BUILT_IN)


def rules(
    *,
    language: str,
    asked: Sequence[tuple[Quota, Row]],
    deciders: Sequence[str],
    decide_workdays: int,
    appeal_workdays: int,
    at: datetime,
    money: bool = True,
) -> Message:
    """Say what holds for somebody: *asked* has each quota with his row in the running period.

    *deciders*: names of those who decide an appeal of his first. *at* is local. Without *money* no word is
    said of any, not even that there is none.
    """
    words, texts = WORDS[language], texts_in(language)
    labels = labels_of(texts, [row for _, row in asked], at=at)
    said: list[Line] = []
    for quota, row in asked:
        said.append(Line((Part(_target(words, quota, row, labels[row.quota])),), Keep.CORE))
        sentences = [
            *_counting(words, quota.counting, language),
            *(_money(words, quota, language) if money else ()),
            _settlement(words, quota, appeals=appeal_workdays),
            *_asks(words, quota.integrity),
        ]
        said += [Line((Part(f"· {one}"),), Keep.USEFUL) for one in sentences]
    names = words.comma.join(clean(name) for name in deciders)
    decides = words.decides.format(names=names, n=decide_workdays) if names else words.decides_nobody
    has_money = any(quota.penalty or quota.reward for quota, _ in asked)
    where = [words.money if has_money else words.no_money] if money else []
    said += [Line((Part(one),), Keep.CORE) for one in (decides, *where)]
    return answered(language=language, head=words.head, lines=said, kind=words.kind, at=at)


def _target(words: RuleWords, quota: Quota, row: Row, label: str) -> str:
    days = {"first": f"{row.period_start:%m-%d}", "last": f"{row.period_end:%m-%d}"}
    basis = words.basis[quota.basis]
    if not row.target:
        return words.exempt.format(label=label, basis=basis, **days)
    said = words.target.format(label=label, target=row.target, basis=basis, **days)
    return said if row.target == quota.target else said + words.target_full.format(full=quota.target)


def _settlement(words: RuleWords, quota: Quota, *, appeals: int) -> str:
    days = 0 if quota.basis is Basis.HELD else quota.counting.keep_days
    said = words.settlement if days else words.settled_at_once
    return said.format(n=days, appeals=appeals)


def _counting(words: RuleWords, counting: Counting, language: str) -> Iterator[str]:
    yield words.first_add[counting.first_add]
    if len(counting.customer_types) == 1:
        yield words.only_wechat if WECHAT in counting.customer_types else words.only_wecom
    if counting.keep_days:
        yield words.keep.format(n=counting.keep_days)
    if counting.required_tags:
        yield words.tags.format(names=_names(words, counting.required_tags))
    if counting.required_facts:
        yield words.facts.format(names=_names(words, counting.required_facts))
    if counting.own_book:
        yield words.own_book
    for limit in counting.max_share:
        yield words.share.format(fact=clean(limit.fact), percent=f"{float(limit.share * 100):g}")
    if counting.exclude_add_ways:
        ways = CONTACT_WORDS[language].ways
        other = CONTACT_WORDS[language].way_other
        names = [ways.get(way, other.format(way=way)) for way in sorted(counting.exclude_add_ways)]
        yield words.ways.format(names=_names(words, names))
    if counting.exclude_states:
        yield words.states.format(names=_names(words, sorted(counting.exclude_states)))
    if counting.max_per_day:
        yield words.per_day.format(n=counting.max_per_day)


def _money(words: RuleWords, quota: Quota, language: str) -> Iterator[str]:
    known = CHANGE_WORDS[language]
    if quota.penalty is not None:
        yield words.penalty.format(rule=penalty(known, quota.penalty))
    if quota.reward is not None:
        yield words.reward.format(rule=reward(known, quota.reward))


def _asks(words: RuleWords, integrity: Integrity) -> Iterator[str]:
    if integrity.burst or integrity.shared_by or integrity.quick_loss:
        yield words.asks_hold if integrity.hold else words.asks
    else:
        yield words.asks_nothing


def _names(words: RuleWords, names: Sequence[str]) -> str:
    return words.comma.join(clean(name) for name in names)
