"""What pending contacts wait for, in one line a quota: so that nobody has to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.core.verdicts import Verdict
from bot.core.waiting import Waiting
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWords:
    """The words of a language: a part for each pending verdict."""

    line: str
    line_of: str
    separator: str
    names: str
    verdict: Mapping[Verdict, Phrase]


CHINESE = PendingWords(
    line="待确认：{parts}",
    line_of="{label}待确认：{parts}",
    separator="；",
    names="、",
    verdict={
        Verdict.OVER_SHARE: Phrase("{n} 位超过占比上限，其他客户多了才计入"),
        Verdict.DETAILS: Phrase("{n} 位的资料还没有从企业微信读到"),
        Verdict.FACTS: Phrase("{n} 位等银行提供资料，到 {until} 没有也计入"),
        Verdict.TAGS: Phrase("{n} 位缺“{missing}”标签，{until} 前补上即可"),
        Verdict.KEEP_PERIOD: Phrase("{n} 位满 {days} 天自动计入（最晚 {until}）"),
        Verdict.REVIEW: Phrase("{n} 位有提问在等答复"),
    },
)

ENGLISH = PendingWords(
    line="Pending: {parts}",
    line_of="{label}, pending: {parts}",
    separator="; ",
    names=", ",
    verdict={
        Verdict.OVER_SHARE: Phrase("{n} over the largest share, until there are more of the others"),
        Verdict.DETAILS: Phrase("{n} waiting for details from WeCom"),
        Verdict.FACTS: Phrase("{n} wait for the bank, and count if it says nothing by {until}"),
        Verdict.TAGS: Phrase("{n} without the tag “{missing}”: add it before {until}"),
        Verdict.KEEP_PERIOD: Phrase("{n} count once kept for {days} days (the last on {until})"),
        Verdict.REVIEW: Phrase("{n} with a question that is not answered yet"),
    },
)

WORDS = Wordbook("pending", {"zh-CN": CHINESE, "en": ENGLISH})


def pending_lines(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], zone: tzinfo
) -> list[str]:
    """Say what pending contacts wait for, a line for each quota in the order of *labels*.

    *labels* tell the quotas apart where there are several. Days are those of *zone*.
    """
    words = WORDS[language]
    parts = _parts(waiting, words=words, labels=labels, zone=zone)
    return [_line(words, labels, quota, words.separator.join(said)) for quota, said in parts.items()]


def pending_items(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], zone: tzinfo
) -> list[str]:
    """Say the same in a line for each thing that contacts wait for; one quota alone is not named."""
    words = WORDS[language]
    parts = _parts(waiting, words=words, labels=labels, zone=zone)
    if len(labels) == 1:
        return [one for said in parts.values() for one in said]
    return [_line(words, labels, quota, one) for quota, said in parts.items() for one in said]


def _parts(
    waiting: Sequence[Waiting], *, words: PendingWords, labels: Mapping[str, str], zone: tzinfo
) -> dict[str, list[str]]:
    found = {
        quota: [_said(words, one, zone=zone) for one in waiting if one.quota == quota] for quota in labels
    }
    return {quota: said for quota, said in found.items() if said}


def _line(words: PendingWords, labels: Mapping[str, str], quota: str, parts: str) -> str:
    line = words.line_of if len(labels) > 1 else words.line
    return line.format(label=labels[quota], parts=parts)


def _said(words: PendingWords, one: Waiting, *, zone: tzinfo) -> str:
    return words.verdict[one.verdict].say(
        n=one.contacts,
        days=one.keep_days,
        until=f"{datetime.fromtimestamp(one.until_s, zone):%m-%d}",
        missing=words.names.join(clean(name) for name in one.missing),
    )
