"""Answers about somebody's own figures: his place, that nothing is asked, that there is no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.money import Scope
from bot.core.places import Place
from bot.core.progress import Row
from bot.messages.answers import answered
from bot.messages.language import texts_in
from bot.messages.message import Message
from bot.messages.standing import labels_of
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlace:
    """A *place* among those of *scope*; *at* (local): as of when, None: as of the message.

    Without a *place*: it is not worked out yet.
    """

    place: Place | None
    scope: Scope
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    """The words of a language."""

    rank_head: str
    rank: str
    rank_at: str
    rank_waits: str
    rank_none: str
    scopes: Mapping[Scope, str]
    rank_how: str
    rank_quietly: str
    rank_kind: str
    no_quota: str
    no_quota_more: str
    no_quota_leader: str
    no_rules: str
    progress_kind: str
    rules_kind: str
    unknown: str
    unknown_more: str
    not_begun: str
    not_begun_more: str
    failed: str
    failed_more: str
    kind: str


_BUILT_IN: Mapping[str, OwnWords] = {
    "zh-CN": OwnWords(
        rank_head="您的名次，只有您看到",
        rank="{label}：第 {rank} 名，共 {of} 人（{scope}{when}）；已确认 {counted}/{target}",
        rank_at="，{at:%H:%M} 算出",
        rank_waits="{label}：名次正在计算，过半小时再问；已确认 {counted}/{target}",
        rank_none="{label}：本期不考核，没有名次",
        scopes={Scope.DEPARTMENT: "本部门", Scope.ROLE: "同角色", Scope.ALL: "全体"},
        rank_how="按 已确认 ÷ 目标 排，相同的并列；别人的名次不显示。",
        rank_quietly="够了就好，不必争先。",
        rank_kind="排名",
        no_quota="您目前没有指标，不用加也够",
        no_quota_more="想知道为什么，说“规则”。",
        no_quota_leader="想看您负责的人，说“团队”。",
        no_rules="没有哪项指标适用于您的部门和角色。",
        progress_kind="进度",
        rules_kind="规则",
        unknown="通讯录里还没有您",
        unknown_more="请管理员把您加进通讯录或应用可见范围，再问一次。",
        not_begun="这里还在试运行，您现在不用做什么",
        not_begun_more="轮到您的部门时会告诉您。想知道记录了什么，说“隐私”。",
        failed="这会儿答不上来，请稍后再问",
        failed_more="已经记下这个问题，管理员会看到。",
        kind="答复",
    ),
    "en": OwnWords(
        rank_head="Your place; only you see it",
        rank="{label}: place {rank} of {of} ({scope}{when}); {counted}/{target} confirmed",
        rank_at=", as of {at:%H:%M}",
        rank_waits="{label}: the place is being worked out, ask again later; {counted}/{target} confirmed",
        rank_none="{label}: nothing is asked, so there is no place",
        scopes={Scope.DEPARTMENT: "your department", Scope.ROLE: "your role", Scope.ALL: "everybody"},
        rank_how="By confirmed ÷ target; equal ones share a place, and nobody else's is shown.",
        rank_quietly="Enough is enough: there is no need to race.",
        rank_kind="rank",
        no_quota="Nothing is asked of you at present",
        no_quota_more="To see why, say “rules”.",
        no_quota_leader="For the people you lead, say “team”.",
        no_rules="No quota is for your department and role.",
        progress_kind="progress",
        rules_kind="rules",
        unknown="You are not in the directory yet",
        unknown_more="An admin can add you to it, or to the app's visible range; then ask again.",
        not_begun="This is being tried out; nothing is asked of you",
        not_begun_more="You will hear when it is your department's turn. To see what is kept, say “privacy”.",
        failed="There is no answer right now: please ask again later",
        failed_more="It is noted, and an admin will see it.",
        kind="answer",
    ),
}
WORDS = Wordbook("own", _BUILT_IN)


def rank(
    *, language: str, rows: Sequence[Row], places: Mapping[tuple[str, str], OwnPlace], at: datetime
) -> Message:
    """Tell somebody his place in each quota of *rows*; *places* by quota and period. *at* is local."""
    words, texts = WORDS[language], texts_in(language)
    labels = labels_of(texts, rows, at=at)
    lines = [_place(words, row, places.get((row.quota, row.period)), label=labels[row.quota]) for row in rows]
    lines += [words.rank_how, words.rank_quietly]
    return answered(language=language, head=words.rank_head, lines=lines, kind=words.rank_kind, at=at)


def _place(words: OwnWords, row: Row, own: OwnPlace | None, *, label: str) -> str:
    if own is None:
        return words.rank_none.format(label=label)
    if own.place is None:
        return words.rank_waits.format(label=label, counted=row.counted, target=row.target)
    return words.rank.format(
        label=label,
        rank=own.place.rank,
        of=own.place.of,
        scope=words.scopes[own.scope],
        when="" if own.at is None else words.rank_at.format(at=own.at),
        counted=row.counted,
        target=row.target,
    )


def no_quota(*, language: str, is_leader: bool, at: datetime) -> Message:
    """Tell somebody that nothing is asked of him. *at* is local."""
    words = WORDS[language]
    lines = [words.no_quota_leader if is_leader else words.no_quota_more]
    return answered(language=language, head=words.no_quota, lines=lines, kind=words.progress_kind, at=at)


def no_rules(*, language: str, is_leader: bool, at: datetime) -> Message:
    """Tell somebody why nothing is asked of him. *at* is local."""
    words = WORDS[language]
    lines = [words.no_rules, words.no_quota_leader if is_leader else ""]
    return answered(language=language, head=words.no_quota, lines=lines, kind=words.rules_kind, at=at)


def unknown(*, language: str, at: datetime) -> Message:
    """Tell somebody that nobody knows him. *at* is local."""
    words = WORDS[language]
    return answered(language=language, head=words.unknown, lines=[words.unknown_more], kind=words.kind, at=at)


def not_begun(*, language: str, at: datetime) -> Message:
    """Tell somebody that the bot does not speak to him yet. *at* is local."""
    words = WORDS[language]
    lines = [words.not_begun_more]
    return answered(language=language, head=words.not_begun, lines=lines, kind=words.kind, at=at)


def failed(*, language: str, at: datetime) -> Message:
    """Tell somebody that there is no answer because of a fault of ours. *at* is local."""
    words = WORDS[language]
    return answered(language=language, head=words.failed, lines=[words.failed_more], kind=words.kind, at=at)
