"""Sentences of a leader's digest about help: with what, who improved, what is under review, what helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.coaching import Outcome
from bot.core.helping import Need, NeedKind
from bot.messages.answers import answered
from bot.messages.language import texts_in
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook


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
    tags_short: Phrase
    facts_short: Phrase
    facts_unnamed_short: Phrase
    back_short: Phrase
    back_prorated_short: Phrase
    short: str
    first_names: Phrase
    first_number: Phrase
    improved: Phrase
    reviews: Phrase
    outcome: Phrase
    outcome_short: Phrase
    back_to_normal: Phrase
    picking_up: Phrase
    no_change: str
    no_change_short: str
    marked: str
    marked_more: str
    not_led: str
    not_led_more: str
    whom: str
    whom_more: str
    several: Phrase
    several_more: str
    one_of_them: str
    coach_kind: str


_BUILT_IN: Mapping[str, HelpingWords] = {
    "zh-CN": HelpingWords(
        names="、",
        semicolon="；",
        tags=Phrase("{n} 位待确认缺“{missing}”标签，请柜面协助"),
        facts=Phrase("{n} 位待确认等银行资料“{missing}”，可请同事补报"),
        facts_unnamed=Phrase("{n} 位待确认等银行资料，可请同事补报"),
        back=Phrase("休假 {n} 个工作日刚回来"),
        back_prorated=Phrase("休假 {n} 个工作日刚回来，目标已按天折算为 {target}"),
        tags_short=Phrase("{n} 位待确认缺“{missing}”标签，请柜面协助"),
        facts_short=Phrase("{n} 位待确认等银行资料“{missing}”，可请同事补报"),
        facts_unnamed_short=Phrase("{n} 位待确认等银行资料，可请同事补报"),
        back_short=Phrase("休假 {n} 个工作日刚回来"),
        back_prorated_short=Phrase("休假 {n} 个工作日刚回来，目标已按天折算为 {target}"),
        short="{name} {done}/{target}：{need}",
        first_names=Phrase("先帮：{names}"),
        first_number=Phrase("今天先帮 {n} 位"),
        improved=Phrase("进步最多：{names}，一周 +{n} 位"),
        reviews=Phrase("{n} 条申诉复核中"),
        outcome=Phrase("上周您标记帮助 {n} 位：{effect}"),
        outcome_short=Phrase("上周您标记帮助 {n} 位：{effect}"),
        back_to_normal=Phrase("{n} 位已回到正常"),
        picking_up=Phrase("{n} 位节奏回升"),
        no_change="还没有看到变化，可换个办法",
        no_change_short="还没有看到变化，可换个办法",
        marked="好的，记下您来帮{name}",
        marked_more="一周后的团队消息会说效果；只有您和您的上级看得到人数，不记入任何考核。",
        not_led="没有记下：这位不是您直接带的人",
        not_led_more="别的主管带的人由他安排。部门有变动？请管理员更新通讯录。",
        whom="请写姓名或工号，如“我来帮 员工甲”",
        whom_more="想看先帮谁，说“需帮助”。",
        several=Phrase("您带的人里有 {n} 位叫{name}，请写工号"),
        several_more="如“我来帮 {userid}”。",
        one_of_them="{name}：{userid}",
        coach_kind="帮助",
    ),
    "en": HelpingWords(
        names=", ",
        semicolon="; ",
        tags=Phrase(
            "{n} pending lack the tag “{missing}”, which the counter can set",
            one="1 pending lacks the tag “{missing}”, which the counter can set",
        ),
        facts=Phrase(
            "{n} pending wait for the bank's “{missing}”, which a colleague can report",
            one="1 pending waits for the bank's “{missing}”, which a colleague can report",
        ),
        facts_unnamed=Phrase(
            "{n} pending wait for the bank's data, which a colleague can report",
            one="1 pending waits for the bank's data, which a colleague can report",
        ),
        back=Phrase("just back from {n} workdays off"),
        back_prorated=Phrase("just back from {n} workdays off, target prorated to {target}"),
        tags_short=Phrase("{n} pending lack “{missing}”", one="1 pending lacks “{missing}”"),
        facts_short=Phrase(
            "{n} pending lack the bank's “{missing}”", one="1 pending lacks the bank's “{missing}”"
        ),
        facts_unnamed_short=Phrase("{n} pending wait for bank data", one="1 pending waits for bank data"),
        back_short=Phrase("back from {n} workdays off"),
        back_prorated_short=Phrase("back from leave, target {target}"),
        short="{name} {done}/{target}: {need}",
        first_names=Phrase("Help first: {names}"),
        first_number=Phrase("Help {n} people first today", one="Help {n} person first today"),
        improved=Phrase("Improved most: {names}, +{n} in a week"),
        reviews=Phrase("{n} appeals under review", one="1 appeal under review"),
        outcome=Phrase(
            "Last week you marked {n} people to help: {effect}",
            one="Last week you marked 1 person to help: {effect}",
        ),
        outcome_short=Phrase("{n} helped last week: {effect}"),
        back_to_normal=Phrase("{n} back to normal"),
        picking_up=Phrase("{n} picking up"),
        no_change="no change yet, perhaps another way helps",
        no_change_short="no change yet",
        marked="Noted: you help {name}",
        marked_more="Next week's team message tells the effect; only you and your leader see its numbers.",
        not_led="Not noted: you do not lead this person directly",
        not_led_more="Whom others lead, they help. Departments changed? An admin can update the directory.",
        whom="Please say a name or userid, such as “coach zhangsan”",
        whom_more="For whom to help first say “needs-help”.",
        several=Phrase("You lead {n} people called {name}: please say the userid"),
        several_more="Such as “coach {userid}”.",
        one_of_them="{name}: {userid}",
        coach_kind="help",
    ),
}
WORDS = Wordbook("helping", _BUILT_IN)


def first_in_short(names: Sequence[str], *, language: str) -> str:
    """Say whom to help first as a card's title: all by name, or only how many; empty for nobody."""
    words = WORDS[language]
    if not names:
        return ""
    named = words.first_names.say(names=words.names.join(names))
    return (
        named if len(named) <= CARD_CHARACTERS["main_title.title"] else words.first_number.say(n=len(names))
    )


def need_said(need: Need, *, language: str, in_short: bool = False) -> str:
    """Say with what to help; *in_short* for a card."""
    words = WORDS[language]
    if in_short:
        return _in_short(need, words)
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


def _in_short(need: Need, words: HelpingWords) -> str:
    missing = words.names.join(clean(name) for name in need.missing)
    match need.kind:
        case NeedKind.TAGS:
            return words.tags_short.say(n=need.n, missing=missing)
        case NeedKind.FACTS:
            return (words.facts_short if missing else words.facts_unnamed_short).say(
                n=need.n, missing=missing
            )
        case NeedKind.BACK if need.target is None:
            return words.back_short.say(n=need.n)
        case NeedKind.BACK:
            return words.back_prorated_short.say(n=need.n, target=need.target or 0)


def outcome_said(outcome: Outcome, *, language: str, in_short: bool = False) -> str:
    """Say what became of the help of a week ago; *in_short* for a card."""
    words = WORDS[language]
    parts = [
        phrase.say(n=n)
        for phrase, n in ((words.back_to_normal, outcome.back), (words.picking_up, outcome.rose))
        if n
    ]
    phrase, nothing = (
        (words.outcome_short, words.no_change_short) if in_short else (words.outcome, words.no_change)
    )
    return phrase.say(n=outcome.people, effect=words.names.join(parts) or nothing)


def noted(*, language: str, name: str, at: datetime) -> Message:
    """Answer a leader who will help *name*. *at* is local."""
    words = WORDS[language]
    head = words.marked.format(name=clean(name))
    return answered(language=language, head=head, lines=[words.marked_more], kind=words.coach_kind, at=at)


def not_led(*, language: str, at: datetime) -> Message:
    """Answer somebody who does not himself lead whom he wants to help. *at* is local."""
    words = WORDS[language]
    return answered(
        language=language, head=words.not_led, lines=[words.not_led_more], kind=words.coach_kind, at=at
    )


def whom(*, language: str, at: datetime) -> Message:
    """Ask a leader whom he wants to help. *at* is local."""
    words = WORDS[language]
    return answered(language=language, head=words.whom, lines=[words.whom_more], kind=words.coach_kind, at=at)


def several(*, language: str, name: str, userids: Sequence[str], at: datetime) -> Message:
    """Ask a leader which of his people called *name* he means. *at* is local."""
    words = WORDS[language]
    called = clean(name)
    one_each = [words.one_of_them.format(name=called, userid=clean(userid)) for userid in userids]
    listing = Listing(
        tuple(Line((Part(said),), Keep.CORE) for said in one_each),
        more=texts_in(language).more_people,
        keep=Keep.CORE,
    )
    lines: list[str | Listing] = [listing, words.several_more.format(userid=clean(userids[0]))]
    head = words.several.say(n=len(userids), name=called)
    return answered(language=language, head=head, lines=lines, kind=words.coach_kind, at=at)
