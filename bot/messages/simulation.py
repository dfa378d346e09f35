"""What a simulation says to a head of HR: one sentence for each period, sums before and after, its rules.

Money is called an estimate wherever it stands, and the rule that it follows is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bot.core.quotas import Quota
from bot.messages.changes import WORDS as RULE_WORDS
from bot.messages.changes import penalty as said_penalty
from bot.messages.changes import reward as said_reward
from bot.messages.phrases import Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationWords:
    """The words of a language; an arrow stands between before and after."""

    title: str
    basis: str
    estimate: str
    recorded: str
    nothing_recorded: str
    no_period: str
    nobody_asked: Phrase
    heading: str
    settled: str
    running: str
    unsettled: str
    newly_met: Phrase
    no_longer_met: Phrase
    nobody_changes: str
    met: str
    only_was: str
    only_would: str
    of: str
    people: str
    nobody: str
    differ: str
    same_rules: str
    attainment: str
    counted: str
    kept: str
    penalties: str
    rewards: str
    yuan: str
    rule: str
    no_rule: str
    others: Phrase
    same: str
    joins: str
    semicolon: str
    sheet: str
    people_sheet: str
    was: str
    would_be: str
    state: str
    met_people: str
    changes_status: str
    penalty_rule: str
    reward_rule: str
    yes: str
    no: str


CHINESE = SimulationWords(
    title="如果换一套规则：{first} 至 {last}",
    basis="按已记录的历史数据推算（截至 {at}），不改变任何数据；箭头左边是现行规则，右边是模拟规则。",
    estimate="扣减和奖励均为估算，由人力资源部核定，机器不作决定。",
    recorded="记录从 {day} 开始，之前的数据没有。",
    nothing_recorded="还没有任何记录，无法推算。",
    no_period="这段时间内没有结束的周期，也没有可推算的进行中周期。",
    nobody_asked=Phrase("另有 {n} 个周期无人考核（如休息日），未列出"),
    heading="{quota} · {period}（{first} 至 {last}，{state}）",
    settled="已结算",
    running="进行中，按截至 {at} 的数据",
    unsettled="已结束、未结算，按截至 {at} 的数据",
    newly_met=Phrase("{n} 人变为达标"),
    no_longer_met=Phrase("{n} 人不再达标"),
    nobody_changes="达标的人不变",
    met="达标 {met}",
    only_was="模拟规则中没有这项指标；现行规则下：达标 {met}",
    only_would="现行规则中没有这项指标；模拟规则下：达标 {met}",
    of="{n}/{people} 人",
    people="",
    nobody="没有人适用这项指标，请核对角色、部门和人员的写法",
    differ="规则差别：{what}",
    same_rules="规则没有差别",
    attainment="达成率 {value}（每人最多按 100% 计）",
    counted="计入 {value}",
    kept="近 90 天客户留存 {value}",
    penalties="扣减合计（估算）{value}",
    rewards="奖励合计（估算）{value}",
    yuan="{n} 元",
    rule="规则：{rule}",
    no_rule="无",
    others=Phrase("其余 {n} 人状态、扣减、奖励不变"),
    same="所有人状态、扣减、奖励不变",
    joins="，",
    semicolon="；",
    sheet="汇总",
    people_sheet="人员",
    was="{what} · 现行",
    would_be="{what} · 模拟",
    state="周期情况",
    met_people="达标人数",
    changes_status="状态变化",
    penalty_rule="扣减规则",
    reward_rule="奖励规则",
    yes="是",
    no="否",
)

ENGLISH = SimulationWords(
    title="What other rules would have given: {first} to {last}",
    basis="Worked out from what was recorded, as of {at}; nothing was changed. "
    "Left of an arrow: the rules in force; right of it: the simulated ones.",
    estimate="Penalties and rewards are estimates; HR decides, not a machine.",
    recorded="The record begins on {day}; of the time before nothing is known.",
    nothing_recorded="Nothing was recorded yet, so there is nothing to work out.",
    no_period="No period ends in these days, and none that is running does.",
    nobody_asked=Phrase(
        "{n} more periods in which nobody is asked for anything (such as days off) are left out",
        "1 more period in which nobody is asked for anything (such as a day off) is left out",
    ),
    heading="{quota} · {period} ({first} to {last}, {state})",
    settled="settled",
    running="running, as of {at}",
    unsettled="over but not settled, as of {at}",
    newly_met=Phrase("{n} more would have met the target"),
    no_longer_met=Phrase("{n} would no longer have met it"),
    nobody_changes="the same people would have met the target",
    met="met by {met}",
    only_was="not among the simulated quotas; under the rules in force: met by {met}",
    only_would="not among the quotas in force; under the simulated rules: met by {met}",
    of="{n} of {people}",
    people="",
    nobody="nobody is under this quota: check how its roles, departments and userids are written",
    differ="What differs: {what}",
    same_rules="The rules do not differ",
    attainment="attainment {value} (nobody above 100%)",
    counted="counted {value}",
    kept="contacts kept, 90 days: {value}",
    penalties="penalties in all (estimate) {value}",
    rewards="rewards in all (estimate) {value}",
    yuan="{n} yuan",
    rule="rule: {rule}",
    no_rule="none",
    others=Phrase("{n} others: same status, penalty and reward", "1 other: same status, penalty and reward"),
    same="Everybody keeps status, penalty and reward",
    joins=", ",
    semicolon="; ",
    sheet="summary",
    people_sheet="people",
    was="{what}, in force",
    would_be="{what}, simulated",
    state="state of the period",
    met_people="people who met it",
    changes_status="status changes",
    penalty_rule="penalty rule",
    reward_rule="reward rule",
    yes="yes",
    no="no",
)

WORDS: Mapping[str, SimulationWords] = {"zh-CN": CHINESE, "en": ENGLISH}


def arrow(before: str | None, after: str | None) -> str:
    """Say a value before and after, once if it is the same; None where a side has none."""
    told = [value for value in (before, after) if value is not None]
    return told[0] if len(set(told)) == 1 else " → ".join(told) or "–"


def percent(share: Fraction | None) -> str:
    """Say a share; – where there is none."""
    return "–" if share is None else f"{float(share * 100):g}%"


def penalty_rule(rule: Quota, *, language: str) -> str | None:
    """Say what a missed target costs by *rule*; None if nothing."""
    return None if rule.penalty is None else said_penalty(RULE_WORDS[language], rule.penalty)


def reward_rule(rule: Quota, *, language: str) -> str | None:
    """Say what is earned by *rule*; None if nothing."""
    return None if rule.reward is None else said_reward(RULE_WORDS[language], rule.reward)
