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
    """The words of a language."""

    # The head of the page.
    title: str
    basis: str
    estimate: str
    recorded: str
    nothing_recorded: str
    no_period: str

    # One period: its heading, its sentence, its rules and sums.
    heading: str
    heading_day: str
    settled: str
    running: str
    unsettled: str
    incomplete: str
    so_far: str
    met: str
    same_met: str
    newly_met: Phrase
    no_longer_met: Phrase
    only_was: str
    only_would: str
    nobody: str
    differ: str
    same_rules: str
    sums: str
    penalties: str
    rewards: str
    named: str
    no_rule: str
    comma: str
    semicolon: str

    # Below it.
    others: Phrase
    same: str
    nobody_asked: Phrase

    # The spreadsheet.
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
    basis="按已记录的数据推算（截至 {at}），不改变任何数据。箭头左边是现行规则，右边是模拟规则。",
    estimate="扣减和奖励均为估算，由人力资源部核定，机器不作决定。",
    recorded="记录从 {day} 开始，更早的情况无从得知。",
    nothing_recorded="还没有任何记录，无法推算。",
    no_period="没有可推算的周期：只看在这段时间内结束、且已经开始的周期；进行中的周期，请把结束日期写到它的最后一天。",
    heading="{quota} · {period}（{first} 至 {last}，{state}）",
    heading_day="{quota} · {period}（{state}）",
    settled="已结算",
    running="进行中，截至 {at}",
    unsettled="已结束、未到结算日，截至 {at}",
    incomplete="记录从 {day} 才开始，本期不完整",
    so_far="尚无最终结果：达标和金额只按此刻已计入的算，另有待确认 {pending}",
    met="{met} 人达标",
    same_met="达标的人不变",
    newly_met=Phrase("{n} 人变为达标"),
    no_longer_met=Phrase("{n} 人不再达标"),
    only_was="{quota}：只在现行规则中（模拟规则没有这项指标，或周期、起止日期不同），不作比较",
    only_would="{quota}：只在模拟规则中（现行规则没有这项指标，或周期、起止日期不同），不作比较",
    nobody="模拟规则下没有人适用这项指标，请核对角色、部门和人员的写法",
    differ="规则变化：{what}",
    same_rules="规则没有变化",
    sums="达成率 {attainment}（每人最多按 100% 计），计入 {counted}，目标 {target}，近 90 天留存 {kept}",
    penalties="扣减合计（估算）{amount} 元，规则：{rule}",
    rewards="奖励合计（估算）{amount} 元，规则：{rule}",
    named="{what}：{rule}",
    no_rule="无",
    comma="，",
    semicolon="；",
    others=Phrase("其余 {n} 人：状态、扣减、奖励不变"),
    same="所有人的状态、扣减、奖励不变",
    nobody_asked=Phrase("另有 {n} 个周期无人考核（如休息日），未列出。"),
    sheet="汇总",
    people_sheet="人员",
    was="现行 {what}",
    would_be="模拟 {what}",
    state="周期情况",
    met_people="达标人数",
    changes_status="状态变化",
    penalty_rule="扣减规则（估算）",
    reward_rule="奖励规则（估算）",
    yes="是",
    no="否",
)

ENGLISH = SimulationWords(
    title="What other rules would have given: {first} to {last}",
    basis="Worked out from what was recorded, as of {at}; nothing was changed. "
    "Left of an arrow stand the rules in force, right of it the simulated ones.",
    estimate="Penalties and rewards are estimates; HR decides, not a machine.",
    recorded="The record begins on {day}; nothing is known of the time before.",
    nothing_recorded="Nothing was recorded yet, so there is nothing to work out.",
    no_period="There is no period to work out: only those count that end in these days and have begun. "
    "For a running one, give its last day as the end.",
    heading="{quota} · {period} ({first} to {last}, {state})",
    heading_day="{quota} · {period} ({state})",
    settled="settled",
    running="running, as of {at}",
    unsettled="over, not settled yet, as of {at}",
    incomplete="incomplete: the record begins on {day}",
    so_far="Not final: targets met and money go by what is counted so far; pending besides: {pending}",
    met="{met} met the target",
    same_met="the same people on both sides",
    newly_met=Phrase("{n} more meet it", "1 more meets it"),
    no_longer_met=Phrase("{n} no longer meet it", "1 no longer meets it"),
    only_was="{quota}: in force only (not simulated, or with another period or dates), so not compared",
    only_would="{quota}: simulated only (not in force, or with another period or dates), so not compared",
    nobody="Under the simulated rules nobody is under this quota: check its roles, departments and userids",
    differ="What differs: {what}",
    same_rules="The rules do not differ",
    sums="Attainment {attainment} (nobody above 100%), counted {counted}, target {target}, "
    "contacts kept over 90 days {kept}",
    penalties="Penalties in all (estimate) {amount} yuan, rule: {rule}",
    rewards="Rewards in all (estimate) {amount} yuan, rule: {rule}",
    named="{what}: {rule}",
    no_rule="none",
    comma=", ",
    semicolon="; ",
    others=Phrase("{n} others: same status, penalty and reward", "1 other: same status, penalty and reward"),
    same="Everybody keeps status, penalty and reward",
    nobody_asked=Phrase(
        "{n} more periods in which nobody is asked for anything (such as days off) are left out.",
        "1 more period in which nobody is asked for anything (such as a day off) is left out.",
    ),
    sheet="summary",
    people_sheet="people",
    was="in force: {what}",
    would_be="simulated: {what}",
    state="state of the period",
    met_people="people who met it",
    changes_status="status changes",
    penalty_rule="penalty rule (estimate)",
    reward_rule="reward rule (estimate)",
    yes="yes",
    no="no",
)

WORDS: Mapping[str, SimulationWords] = {"zh-CN": CHINESE, "en": ENGLISH}


def arrow(*sides: str | None) -> str:
    """Say a value before and after, once if it is the same; None where a side has none."""
    told = [value for value in sides if value is not None]
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
