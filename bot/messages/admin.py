"""The administrators' morning message: what is wrong and the command that helps; else no message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.messages.language import texts_in
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.standing import first_line, footer
from bot.messages.wordbook import Wordbook

NAMED = 5  # userids in one line
_TEXT_BYTES = 240


class Wrong(StrEnum):
    """What may be wrong, in the order in which it is told."""

    SERVICE = "service"  # text: what is in everybody's way
    OUTAGE = "outage"  # callbacks may have been lost; text: from when to when
    JOBS = "jobs"  # names: jobs that failed or were missed
    EVENTS = "events"  # dead letters among the events
    HELD = "held"  # losses that wait for a person's word; names: whose
    UNREACHED = "unreached"  # messages that did not reach people; names: whom; text: why
    EXPIRED = "expired"  # messages whose time went by
    UNREAD = "unread"  # lists that could not be read; names: whose
    REPAIRED = "repaired"  # n of what the last comparison found and wrote
    NEVER_COMPARED = "never_compared"
    COMPARED_LONG_AGO = "compared_long_ago"  # n days
    OLD_FACTS = "old_facts"  # n days
    NO_FACTS = "no_facts"


class Cause(StrEnum):
    """Why a message did not reach somebody, where it can be said in the language of the message."""

    RANGE = "range"  # the app does not see him
    LICENCE = "licence"
    OPEN = "open"  # nobody knows whether he has it
    REFUSED = "refused"  # by an errcode of WeCom


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: how often, with whom, and in whose words.

    *cause* with *errcode* (0: none) is said instead of *text*.
    """

    what: Wrong
    n: int = 1
    names: tuple[str, ...] = ()
    text: str = ""
    cause: Cause | None = None
    errcode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminWords:
    """The words of a language; *lines* by what is wrong, with places n, names and text."""

    head: Phrase
    lines: Mapping[Wrong, Phrase]
    causes: Mapping[Cause, Phrase]
    names: str
    more_names: str
    more: Phrase
    kind: str


_BUILT_IN: Mapping[str, AdminWords] = {
    "zh-CN": AdminWords(
        head=Phrase("有 {n} 件事请看一下"),
        lines={
            Wrong.SERVICE: Phrase("服务：{text}"),
            Wrong.OUTAGE: Phrase("{text} 可能漏收了回调，夜间核对会补上：quotabot run sync"),
            Wrong.JOBS: Phrase("任务没有跑完：{names}，见 quotabot status"),
            Wrong.EVENTS: Phrase("{n} 个回调处理失败：quotabot dead list"),
            Wrong.HELD: Phrase("{n} 位客户疑似流失，等人确认{names}：quotabot run sync --accept-losses"),
            Wrong.UNREACHED: Phrase("{n} 条消息没有送到{names}：{text}"),
            Wrong.EXPIRED: Phrase("{n} 条消息没赶上时间，没有补发"),
            Wrong.UNREAD: Phrase("{n} 位员工的客户名单没读到{names}，下次再读"),
            Wrong.REPAIRED: Phrase("与企业微信核对，补记了 {n} 处：quotabot status"),
            Wrong.NEVER_COMPARED: Phrase("还没有与企业微信核对过：quotabot run sync"),
            Wrong.COMPARED_LONG_AGO: Phrase("已 {n} 天没有与企业微信核对：quotabot run sync"),
            Wrong.OLD_FACTS: Phrase("银行资料已 {n} 天没有更新：quotabot import facts"),
            Wrong.NO_FACTS: Phrase("规则要用银行资料，还没有导入过：quotabot import facts"),
        },
        causes={
            Cause.RANGE: Phrase("应用看不到成员，请在管理后台 应用管理 → 可见范围 加上"),
            Cause.LICENCE: Phrase("成员没有企业微信基础许可，请在管理后台分配"),
            Cause.OPEN: Phrase("不知道有没有送到，所以没有重发"),
            Cause.REFUSED: Phrase("企业微信返回 {errcode}，见 quotabot dead list"),
        },
        names="（{names}）",
        more_names="{names} 等",
        more=Phrase("另有 {n} 项"),
        kind="管理员",
    ),
    "en": AdminWords(
        head=Phrase("{n} things to look at", one="1 thing to look at"),
        lines={
            Wrong.SERVICE: Phrase("Service: {text}"),
            Wrong.OUTAGE: Phrase(
                "{text}: callbacks may have been lost; "
                "the nightly comparison makes up for it: quotabot run sync"
            ),
            Wrong.JOBS: Phrase("Jobs that did not finish: {names}, see quotabot status"),
            Wrong.EVENTS: Phrase(
                "{n} callbacks could not be handled: quotabot dead list",
                one="1 callback could not be handled: quotabot dead list",
            ),
            Wrong.HELD: Phrase(
                "{n} losses wait for somebody to confirm them{names}: quotabot run sync --accept-losses",
                one="1 loss waits for somebody to confirm it{names}: quotabot run sync --accept-losses",
            ),
            Wrong.UNREACHED: Phrase(
                "{n} messages did not arrive{names}: {text}", one="1 message did not arrive{names}: {text}"
            ),
            Wrong.EXPIRED: Phrase(
                "{n} messages missed their time and were not sent late",
                one="1 message missed its time and was not sent late",
            ),
            Wrong.UNREAD: Phrase(
                "{n} members' lists were not read{names}; the next run asks again",
                one="1 member's list was not read{names}; the next run asks again",
            ),
            Wrong.REPAIRED: Phrase(
                "{n} differences from WeCom's lists were put right: quotabot status",
                one="1 difference from WeCom's lists was put right: quotabot status",
            ),
            Wrong.NEVER_COMPARED: Phrase("Never compared with WeCom's lists: quotabot run sync"),
            Wrong.COMPARED_LONG_AGO: Phrase(
                "Not compared with WeCom's lists for {n} days: quotabot run sync",
                one="Not compared with WeCom's lists for a day: quotabot run sync",
            ),
            Wrong.OLD_FACTS: Phrase("The bank's facts are {n} days old: quotabot import facts"),
            Wrong.NO_FACTS: Phrase(
                "A rule needs the bank's facts, and none were imported: quotabot import facts"
            ),
        },
        causes={
            Cause.RANGE: Phrase("the app does not see the member; admin console, 应用管理 → 可见范围"),
            Cause.LICENCE: Phrase("the member has no WeCom base licence (基础许可)"),
            Cause.OPEN: Phrase("nobody knows whether it arrived, so it was not sent again"),
            Cause.REFUSED: Phrase("WeCom answered {errcode}, see quotabot dead list"),
        },
        names=" ({names})",
        more_names="{names} and more",
        more=Phrase("and {n} more"),
        kind="admin",
    ),
}
WORDS = Wordbook("admin", _BUILT_IN)


def admin(*, language: str, found: Sequence[Finding], at: datetime) -> Message:
    """Tell who runs the bot what is wrong, the gravest first.

    Raises ValueError if nothing is, or *at* has no zone.
    """
    if not found:
        raise ValueError("admin needs something that is wrong")
    words, texts = WORDS[language], texts_in(language)
    order = list(Wrong)
    ranked = sorted(found, key=lambda one: order.index(one.what))
    return Message(
        (
            first_line(words.head.say(n=len(found))),
            Listing(
                tuple(Line((Part(_line(words, texts.names_comma, one)),), Keep.CORE) for one in ranked),
                more=words.more,
                keep=Keep.CORE,
            ),
            footer(texts, at=at, kind=words.kind),
        )
    )


def _line(words: AdminWords, comma: str, one: Finding) -> str:
    named = comma.join(clean(name) for name in one.names[:NAMED])
    if len(one.names) > NAMED:
        named = words.more_names.format(names=named)
    in_brackets = words.names.format(names=named) if named and one.what is not Wrong.JOBS else named
    said = one.text if one.cause is None else words.causes[one.cause].say(errcode=one.errcode)
    return words.lines[one.what].say(n=one.n, names=in_brackets, text=clean(said, limit=_TEXT_BYTES))
