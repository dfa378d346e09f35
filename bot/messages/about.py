"""The answers to `隐私` and `帮助`: what is kept of somebody and who sees it; what may be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.messages.answers import answered, day_of, moment_of
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What there is to say of somebody: *event_days* None: events are kept for good.

    *names_days*: how long customers' names stay after a contact ended; None: no names are kept.
    *leaders*, *deciders* are names; *exports*: when (local) and by whom files with his figures were made.
    *muted_until* (local) and *leaves* are what he wished himself. *named_in_groups*: robots name who leads.
    """

    event_days: int | None
    names_days: int | None = None
    leaders: Sequence[str] = ()
    deciders: Sequence[str] = ()
    exports: Sequence[tuple[datetime, str]] = ()
    exports_days: int = 0
    muted_until: date | None = None
    leaves: Sequence[tuple[date, date]] = ()
    named_in_groups: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutWords:
    """The words of a language. *own*, *led* are lines of the help."""

    head: str
    what: str
    what_daily: str
    what_not: str
    what_not_else: str
    names: str
    said: str
    long: str
    long_days: str
    sees_you: str
    sees_leader: str
    sees_leaders: str
    sees_deciders: str
    sees_hr: str
    sees_nobody: str
    sees_group: str
    exported: str
    exported_more: Phrase
    not_exported: str
    muted: str
    away: str
    kind: str
    help_head: str
    own: tuple[str, ...]
    led: tuple[str, ...]
    not_understood: str
    help_kind: str
    leaders_only: str
    leaders_only_more: str
    names_comma: str


_BUILT_IN: Mapping[str, AboutWords] = {
    "zh-CN": AboutWords(
        head="关于您，我们记这些",
        what="记什么：您何时、以什么方式加了或失去哪位客户（记编号）、标签、您备注的手机号（只留散列值）、"
        "银行给的核实结果、部门和角色、请假。",
        what_daily="也记企业微信每天的统计：聊天数、消息数、回复率、首次回复时间；主管只看到全队的。",
        what_not="不记：客户姓名、您和客户聊了什么、个人标签、您的位置。",
        what_not_else="不记：您和客户聊了什么、个人标签、您的位置。",
        names="还记：客户自己的名字、您给的备注名，只在发给您本人的消息里显示；失去客户 {n} 天后删除。",
        said="您对我说的话只留在原始通知里；静音、请假、求助、申诉、当日证明，以及主管说要帮您，另外记着。",
        long="留多久：添加和流失的账长期保留，用来对账和申诉；原始通知目前也不删除。",
        long_days="留多久：添加和流失的账长期保留，用来对账和申诉；原始通知 {n} 天后删除。",
        sees_you="谁能看到：您自己。",
        sees_leader="您的主管 {names}：您的进度、您说的请假，和您点了“请人帮忙”。",
        sees_leaders="您部门的主管：您的进度、您说的请假，和您点了“请人帮忙”。",
        sees_deciders="复核人 {names}：您的申诉和对提问的回答。",
        sees_hr="人力资源部和管理员：结果和估算。",
        sees_nobody="群里和别的同事看不到；未经复核的提问不进任何报表。",
        sees_group="群里只在您领先时列出您的名字和数字，别的同事看不到其他的；未经复核的提问不进任何报表。",
        exported="导出：{when} {who} 导出过含您数字的表",
        exported_more=Phrase("另有 {n} 次导出"),
        not_exported="近 {n} 天没有人从这里导出过您的数字。",
        muted="您静音到 {day}（含）。",
        away="您说过请假：{days}。",
        kind="隐私",
        help_head="可以这样问我，随时都答",
        own=(
            "进度：今天加几位够",
            "明细：客户清单（“明细 2”是下一页）",
            "为什么 3：第 3 位为什么算或不算，也可用客户尾号",
            "申诉 3 原因：请复核人看",
            "回答 一句话：回应对您的提问",
            "请人帮忙：只告诉您的主管",
            "排名：您的名次，只有您看到",
            "静音 12-01：到那天不打扰；静音、今天别提醒；取消静音",
            "请假 12-01 12-03：只是不打扰；取消请假",
            "规则：怎么算、谁决定",
            "隐私：记了什么、谁能看",
            "验证 校验码：当日证明是不是真的",
        ),
        led=(
            "团队：您负责的人",
            "需帮助：先帮谁",
            "我来帮 姓名：记下您来帮谁，一周后看效果",
            "导出：表格，只含您负责的人",
        ),
        not_understood="没听懂，可以这样问我",
        help_kind="帮助",
        leaders_only="这个词只给主管用",
        leaders_only_more="通讯录里您不负责任何部门。您自己的用“进度”“明细”。",
        names_comma="、",
    ),
    "en": AboutWords(
        head="This is what is kept about you",
        what="Kept: when and how you won or lost which customer (an id), tags, phone numbers (hashed), "
        "what the bank checked, leave.",
        what_daily="Kept too: WeCom's daily counts of chats, messages, reply times; leaders see the team's.",
        what_not="Not kept: customers' names, what you say to them, personal tags, where you are.",
        what_not_else="Not kept: what you say to customers, personal tags, where you are.",
        names="Kept too: customers' names and your remarks, shown to you alone; gone {n} days after a loss.",
        said="What you say here stays in raw notices. Noted beside them: mutes, leave, appeals, help, "
        "statements, and that a leader wants to help you.",
        long="How long: adds and losses for good, to check and appeal; raw notices stay too for now.",
        long_days="How long: adds and losses for good, to check and appeal; raw notices {n} days.",
        sees_you="Who sees it: you.",
        sees_leader="Your leader {names}: your progress, leave you said, and that you asked for help.",
        sees_leaders="Your department's leaders: your progress, leave you said, that you asked for help.",
        sees_deciders="Reviewers ({names}): your appeals and what you say to questions.",
        sees_hr="HR and admins: results and estimates.",
        sees_nobody="No group and no colleague sees it; a question is in no report until reviewed.",
        sees_group="Groups: your name and figures only when you lead; colleagues see nothing else. "
        "A question is in no report until reviewed.",
        exported="Exported: {when} by {who}, in a file with your figures",
        exported_more=Phrase("and {n} more exports", "and 1 more export"),
        not_exported="Nobody exported your figures from here in {n} days.",
        muted="You are muted until {day}, that day included.",
        away="You said you are on leave: {days}.",
        kind="privacy",
        help_head="Ask me like this, at any hour",
        own=(
            "progress: how many are enough today",
            "list: your contacts (“list 2”: the next page)",
            "why 3: why number 3 counts or not; the end of an id does too",
            "appeal 3 reason: let a reviewer look",
            "answer a sentence: to what you were asked",
            "help wanted: tells your leader only",
            "rank: your place, only you see it",
            "mute 12-01: quiet until then; mute, mute today; unmute",
            "leave 12-01 12-03: only keeps it quiet; leave end",
            "rules: what counts, who decides",
            "privacy: what is kept, who sees it",
            "verify CODE: whether a statement is genuine",
        ),
        led=(
            "team: the people you lead",
            "needs-help: whom to help first",
            "coach NAME: notes that you help; its effect in a week",
            "export: a spreadsheet of your people only",
        ),
        not_understood="That was not clear; ask me like this",
        help_kind="help",
        leaders_only="This word is for leaders",
        leaders_only_more="You lead no department in the directory. For yourself: “progress”, “list”.",
        names_comma=", ",
    ),
}
WORDS = Wordbook("about", _BUILT_IN)


def privacy(*, language: str, kept: Kept, at: datetime) -> Message:
    """Say what is kept about somebody, how long, who sees it, who exported it. *at* is local."""
    words = WORDS[language]
    leaders, deciders = (
        words.names_comma.join(clean(name) for name in names) for names in (kept.leaders, kept.deciders)
    )
    long = words.long if kept.event_days is None else words.long_days.format(n=kept.event_days)
    lines = [
        words.what,
        words.what_daily,
        words.what_not if kept.names_days is None else words.what_not_else,
        "" if kept.names_days is None else words.names.format(n=kept.names_days),
        words.said,
        long,
        words.sees_you,
        words.sees_leader.format(names=leaders) if leaders else words.sees_leaders,
        words.sees_deciders.format(names=deciders) if deciders else "",
        words.sees_hr,
        words.sees_group if kept.named_in_groups else words.sees_nobody,
    ]
    return answered(
        language=language,
        head=words.head,
        lines=[*lines, *_exports(words, language, kept), *_wishes(words, language, kept)],
        kind=words.kind,
        at=at,
    )


def help_text(*, language: str, is_leader: bool, understood: bool, at: datetime) -> Message:
    """List what may be asked; not *understood*: it answers something else. *at* is local."""
    words = WORDS[language]
    said = (*words.own, *(words.led if is_leader else ()))
    lines = [Line((Part(line),), Keep.CORE) for line in said]
    head = words.help_head if understood else words.not_understood
    return answered(language=language, head=head, lines=lines, kind=words.help_kind, at=at)


def leaders_only(*, language: str, at: datetime) -> Message:
    """Say that somebody who leads nobody asked for what leaders may. *at* is local."""
    words = WORDS[language]
    lines = [words.leaders_only_more]
    return answered(language=language, head=words.leaders_only, lines=lines, kind=words.help_kind, at=at)


def _exports(words: AboutWords, language: str, kept: Kept) -> list[Line | Listing]:
    """The newest first; none is worth a sentence, too."""
    if not kept.exports:
        return [Line((Part(words.not_exported.format(n=kept.exports_days)),), Keep.CORE)]
    told = tuple(
        Line(
            (Part(words.exported.format(when=moment_of(when, language=language), who=clean(who))),), Keep.CORE
        )
        for when, who in sorted(kept.exports, reverse=True)
    )
    return [Listing(told, more=words.exported_more, keep=Keep.CORE)]


def _wishes(words: AboutWords, language: str, kept: Kept) -> list[str]:
    found = []
    if kept.muted_until is not None:
        found.append(words.muted.format(day=day_of(kept.muted_until, language=language)))
    if kept.leaves:
        days = words.names_comma.join(
            f"{first:%m-%d}" if first == last else f"{first:%m-%d}–{last:%m-%d}"
            for first, last in kept.leaves
        )
        found.append(words.away.format(days=days))
    return found
