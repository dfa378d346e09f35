"""Sentences of a leader's digest about help: with what, who improved, what is under review, what helped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.helping import Need, NeedKind
from bot.messages.names import clean
from bot.messages.phrases import Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpingWords:
    """The words of a language."""

    names: str
    semicolon: str
    tags: Phrase
    facts: Phrase
    facts_unnamed: Phrase
    back: Phrase
    back_prorated: Phrase
    short: str
    improved: Phrase
    reviews: Phrase


WORDS: Mapping[str, HelpingWords] = {
    "zh-CN": HelpingWords(
        names="、",
        semicolon="；",
        tags=Phrase("{n} 位待确认缺“{missing}”标签，请柜面协助"),
        facts=Phrase("{n} 位待确认等银行资料“{missing}”，可请同事补报"),
        facts_unnamed=Phrase("{n} 位待确认等银行资料，可请同事补报"),
        back=Phrase("休假 {n} 个工作日刚回来"),
        back_prorated=Phrase("休假 {n} 个工作日刚回来，目标已按天折算为 {target}"),
        short="{name} {done}/{target}：{need}",
        improved=Phrase("进步最多：{names}，一周 +{n} 位"),
        reviews=Phrase("{n} 条申诉复核中"),
    ),
    "en": HelpingWords(
        names=", ",
        semicolon="; ",
        tags=Phrase("{n} pending without the tag “{missing}”, which the counter can set"),
        facts=Phrase("{n} pending wait for the bank's “{missing}”, which a colleague can report"),
        facts_unnamed=Phrase("{n} pending wait for the bank's data, which a colleague can report"),
        back=Phrase("just back after {n} workdays off"),
        back_prorated=Phrase("just back after {n} workdays off, target prorated to {target}"),
        short="{name} {done}/{target}: {need}",
        improved=Phrase("Improved most: {names}, +{n} in a week"),
        reviews=Phrase("{n} appeals under review", one="1 appeal under review"),
    ),
}


def need_said(need: Need, *, language: str) -> str:
    """Say with what to help."""
    words = WORDS[language]
    missing = words.names.join(clean(name) for name in need.missing)
    match need.kind:
        case NeedKind.TAGS:
            return words.tags.say(n=need.n, missing=missing)
        case NeedKind.FACTS:
            return (words.facts if missing else words.facts_unnamed).say(n=need.n, missing=missing)
        case NeedKind.BACK if need.target is None:
            return words.back.say(n=need.n)
        case NeedKind.BACK:
            return words.back_prorated.say(n=need.n, target=need.target or 0)
