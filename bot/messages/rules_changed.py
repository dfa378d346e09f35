"""The message to those whose rules change: what holds from when, and that nobody is worse off meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.leniency import Difference
from bot.messages.changes import sentence
from bot.messages.language import texts_in
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.standing import first_line, footer
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNews:
    """What changes in one quota: *now* in the running *period*, *later* from *following* on (their names).

    *begins*, *ends*: the quota as a whole is new from *following* on, or gone.
    """

    quota: str
    period: str
    following: str
    now: tuple[Difference, ...]
    later: tuple[Difference, ...]
    begins: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsWords:
    """The words of a language."""

    head_now: str
    head_later: str
    line: str
    begins: str
    ends: str
    more: Phrase
    promise: str
    kind: str


_BUILT_IN: Mapping[str, NewsWords] = {
    "zh-CN": NewsWords(
        head_now="指标放宽了，照常就够",
        head_later="下期规则有调整，今天照常就够",
        line="{quota}（{period} 起）{what}",
        begins="{quota}：从 {period} 起新增这项指标",
        ends="{quota}：从 {period} 起不再考核",
        more=Phrase("另有 {n} 项"),
        promise="进行中的周期只采用对任何人都不更差的改动，其余从下一期开始。",
        kind="规则",
    ),
    "en": NewsWords(
        head_now="Your target was eased; the usual is enough",
        head_later="Rules change next period; the usual is enough",
        line="{quota} (from {period}), {what}",
        begins="{quota}: a new target from {period} on",
        ends="{quota}: no longer asked from {period} on",
        more=Phrase("and {n} more"),
        promise="A running period takes in only what makes nobody worse off; the rest waits for the next.",
        kind="rules",
    ),
}
WORDS = Wordbook("rules_changed", _BUILT_IN)


def rules_changed(*, language: str, news: Sequence[RuleNews], at: datetime) -> Message:
    """Tell one employee what changes for him. Raises ValueError if *at* has no zone."""
    words, texts = WORDS[language], texts_in(language)
    head = words.head_now if any(one.now for one in news) else words.head_later
    lines = [Line((Part(said),), Keep.CORE) for one in news for said in said_of(one, language=language)]
    return Message(
        (
            first_line(head),
            Listing(tuple(lines), more=words.more, keep=Keep.CORE),
            Line((Part(words.promise),), Keep.USEFUL),
            footer(texts, at=at, kind=words.kind),
        )
    )


def said_of(news: RuleNews, *, language: str) -> list[str]:
    """Say each change of one quota in a sentence, those that hold now first."""
    words, quota = WORDS[language], clean(news.quota)
    if news.begins or news.ends:
        whole = words.begins if news.begins else words.ends
        return [whole.format(quota=quota, period=news.following)]
    return [
        words.line.format(quota=quota, period=period, what=sentence(one, language=language))
        for period, told in ((news.period, news.now), (news.following, news.later))
        for one in told
    ]
