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
_ANY_API = "*"


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


class Trouble(StrEnum):
    """What is in everybody's way; text: the details in English, errcode: WeCom's, if it answered."""

    SENDING = "sending"
    SILENCE = "silence"  # n minutes without a callback
    DIRECTORY = "directory"
    DETAILS = "details"
    STUCK = "stuck"  # details of n contacts
    READS = "reads"  # an API (names; * is all) is paused for n seconds
    WELCOME = "welcome"


class Cause(StrEnum):
    """Why a message did not reach somebody, where it can be said in the language of the message."""

    RANGE = "range"  # the app does not see him
    LICENCE = "licence"
    OPEN = "open"  # nobody knows whether he has it
    REFUSED = "refused"  # by an errcode of WeCom
    PICTURE = "picture"  # too large for a group; its words went without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: how often, with whom, and in whose words.

    *cause* with *errcode* (0: none) is said instead of *text*, and *trouble* instead of both.
    """

    what: Wrong
    n: int = 1
    names: tuple[str, ...] = ()
    text: str = ""
    cause: Cause | None = None
    errcode: int = 0
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminWords:
    """The words of a language; *lines* by what is wrong, with places n, names and text.

    A trouble ends with *why*: WeCom's code with its remedy where *remedies* has one, else with a command;
    without a code the technical details.
    """

    head: Phrase
    lines: Mapping[Wrong, Phrase]
    troubles: Mapping[Trouble, Phrase]
    why: Phrase
    remedies: Mapping[int, str]
    no_remedy: str
    detail: Phrase
    any_api: str
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
        troubles={
            Trouble.SENDING: Phrase("消息发不出去{why}"),
            Trouble.SILENCE: Phrase(
                "{n} 分钟没有收到企业微信的回调，比以往都久："
                "请看 接收消息 → 设置API接收 的地址能否访问、应用是否停用"
            ),
            Trouble.DIRECTORY: Phrase("通讯录读不到{why}"),
            Trouble.DETAILS: Phrase("客户详情读不到{why}"),
            Trouble.STUCK: Phrase("{n} 位客户的详情多次没读到{why}"),
            Trouble.READS: Phrase("调用太多，企业微信暂停了 {api}，{n} 秒后自动恢复"),
            Trouble.WELCOME: Phrase("欢迎语发不出去{why}"),
        },
        why=Phrase("：企业微信返回 {errcode}，{remedy}"),
        remedies={
            40001: "secret 不对或应用已停用，请把本应用的 secret 填入配置",
            40013: "corp_id 不对，见“我的企业”页面底部",
            40056: "agent_id 不对，见应用详情页",
            40091: "secret 属于别的企业，请用本企业本应用的 secret",
            45009: "调用太多，稍后自动继续",
            48002: "应用没有权限，请到 客户联系 → 权限配置 → 可调用接口的应用 添加",
            50002: "应用看不到成员，请到 应用管理 → 可见范围 添加",
            50003: "应用已停用，请到 应用管理 启用",
            60011: "应用看不到成员，请到 应用管理 → 可见范围 添加",
            60020: "服务器地址不可信，请到 应用管理 → 企业可信IP 添加",
            60031: "应用被禁止调用接口，请联系企业微信客服",
            84061: "若涉及很多客户，请核对 应用管理 → 可见范围，客户联系 → 权限配置 → 使用范围",
            301002: "agent_id 和 secret 不是同一个应用的，请从同一页面复制",
            701008: "成员没有客户联系许可，请在管理后台购买或分配",
        },
        no_remedy="见 quotabot status",
        detail=Phrase("（{text}）"),
        any_api="全部读取",
        causes={
            Cause.RANGE: Phrase("应用看不到成员，请在管理后台 应用管理 → 可见范围 加上"),
            Cause.LICENCE: Phrase("成员没有企业微信基础许可，请在管理后台分配"),
            Cause.OPEN: Phrase("不知道有没有送到，所以没有重发"),
            Cause.REFUSED: Phrase("企业微信返回 {errcode}，见 quotabot dead list"),
            Cause.PICTURE: Phrase("图片超过 2 MB，只发了文字"),
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
        troubles={
            Trouble.SENDING: Phrase("Messages cannot be sent{why}"),
            Trouble.SILENCE: Phrase(
                "No callback from WeCom for {n} minutes, longer than ever lately: does the address in "
                "接收消息 → 设置API接收 still answer, is the app enabled?"
            ),
            Trouble.DIRECTORY: Phrase("The directory cannot be read{why}"),
            Trouble.DETAILS: Phrase("Details of contacts cannot be read{why}"),
            Trouble.STUCK: Phrase(
                "The details of {n} contacts could not be read{why}",
                one="The details of 1 contact could not be read{why}",
            ),
            Trouble.READS: Phrase("Too many calls: WeCom pauses {api}, which goes on by itself in {n} s"),
            Trouble.WELCOME: Phrase("Welcome messages cannot be sent{why}"),
        },
        why=Phrase(": WeCom answered {errcode}, {remedy}"),
        remedies={
            40001: "the secret is wrong or the app is disabled; put this app's own into the configuration",
            40013: "corp_id is wrong; it stands at the foot of 我的企业",
            40056: "agent_id is wrong; it stands on the app's page",
            40091: "the secret belongs to another corp; take this app's own",
            45009: "too many calls; it goes on by itself",
            48002: "the app may not; add it in 客户联系 → 权限配置 → 可调用接口的应用",
            50002: "the app does not see a member; add the department in 应用管理 → 可见范围",
            50003: "the app is disabled; enable it in 应用管理",
            60011: "the app does not see a member; add the department in 应用管理 → 可见范围",
            60020: "this server's address is not trusted; add it in 应用管理 → 企业可信IP",
            60031: "the app is barred from the API; ask WeCom's support",
            84061: "if it concerns many, see 应用管理 → 可见范围 and 客户联系 → 权限配置 → 使用范围",
            301002: "agent_id and secret belong to two apps; copy both from one app's page",
            701008: "members have no licence for 客户联系; buy or assign it in the admin console",
        },
        no_remedy="see quotabot status",
        detail=Phrase(" ({text})"),
        any_api="all reading",
        causes={
            Cause.RANGE: Phrase("the app does not see the member; admin console, 应用管理 → 可见范围"),
            Cause.LICENCE: Phrase("the member has no WeCom base licence (基础许可)"),
            Cause.OPEN: Phrase("nobody knows whether it arrived, so it was not sent again"),
            Cause.REFUSED: Phrase("WeCom answered {errcode}, see quotabot dead list"),
            Cause.PICTURE: Phrase("the picture has over 2 MB, only the words were posted"),
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


def _trouble(words: AdminWords, one: Finding, trouble: Trouble) -> str:
    why, text = "", clean(one.text, limit=_TEXT_BYTES)
    if one.errcode:
        remedy = words.remedies.get(one.errcode, words.no_remedy)
        why = words.why.say(errcode=one.errcode, remedy=remedy)
    elif text:
        why = words.detail.say(text=text)
    api = words.any_api if one.names == (_ANY_API,) else "".join(clean(name) for name in one.names)
    return words.troubles[trouble].say(n=one.n, why=why, api=api)


def _line(words: AdminWords, comma: str, one: Finding) -> str:
    if one.trouble is not None:
        return _trouble(words, one, one.trouble)
    named = comma.join(clean(name) for name in one.names[:NAMED])
    if len(one.names) > NAMED:
        named = words.more_names.format(names=named)
    in_brackets = words.names.format(names=named) if named and one.what is not Wrong.JOBS else named
    said = one.text if one.cause is None else words.causes[one.cause].say(errcode=one.errcode)
    return words.lines[one.what].say(n=one.n, names=in_brackets, text=clean(said, limit=_TEXT_BYTES))
