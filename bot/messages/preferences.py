"""Answers to what people want: silence, leave, help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.progress import Row
from bot.messages.answers import answered, day_of, moment_of
from bot.messages.language import texts_in
from bot.messages.message import Line, Listing, Message
from bot.messages.names import clean
from bot.messages.standing import standings
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceWords:
    """The words of a language."""

    muted_today: str
    muted_until: str
    muted_more: str
    unmuted: str
    not_muted: str
    still_away: str
    mute: str
    mute_how: str
    mute_how_more: str
    away_today: str
    away_day: str
    away: str
    away_only: str
    away_asked: str
    away_back: str
    back: str
    not_away: str
    still_muted: str
    still_recorded: str
    leave: str
    leave_how: str
    leave_how_more: str
    helped: str
    helped_when: str
    helped_before: str
    helped_quietly: str
    no_leader: str
    no_leader_what: str
    leader_away: str
    leader_away_what: str
    help: str
    asks: str
    asks_quietly: str
    names_comma: str


_BUILT_IN: Mapping[str, PreferenceWords] = {
    "zh-CN": PreferenceWords(
        muted_today="好的，今天不再打扰您",
        muted_until="好的，到 {day}（含）都不打扰您",
        muted_more="之后照常。想恢复就说“取消静音”；您问的随时都答。",
        unmuted="好的，照常提醒您",
        not_muted="您没有静音，照常提醒您",
        still_away="您说过请假到 {day}，那之前仍不打扰；回来了就说“取消请假”。",
        mute="静音",
        mute_how="请说到哪一天，最多一年",
        mute_how_more="例如“静音 12-01”或“静音 3天”；只说“静音”是 30 天，“今天别提醒”只管今天。",
        away_today="好的，今天您休假，不打扰您",
        away_day="好的，{day} 您休假，不打扰您",
        away="好的，{first} 至 {last} 您休假，不打扰您",
        away_only="这里只是不打扰，目标不变；要按天折算目标，请主管或人力确认这几天。",
        away_asked="这里只是不打扰，目标不变；已请{names}确认，确认后按天折算。",
        away_back="提前回来就说“取消请假”；您问的随时都答。",
        back="欢迎回来，照常提醒您",
        not_away="没有记着您的请假，照常提醒您",
        still_muted="您还静音到 {day}（含）；想恢复就说“取消静音”。",
        still_recorded="{first} 至 {last} 已确认请假，仍按请假算（不提醒、目标已折算）；要更正请找人力。",
        leave="请假",
        leave_how="请说从哪天到哪天",
        leave_how_more="例如“请假 12-01 12-03”或“请假 明天”；过去的、一年以后的日子不用说。",
        helped="已告诉您的主管：{names}",
        helped_when="{moment} 送达；只有主管会看到，不进任何报表。",
        helped_before="今天已经告诉过您的主管了",
        helped_quietly="一天只转告一次；急的话请直接找主管。",
        no_leader="没有查到您的主管，请直接找他",
        no_leader_what="通讯录里没有人负责您的部门；请管理员补上。",
        leader_away="您的主管这几天收不到，请直接找他",
        leader_away_what="可能在休假，或者还收不到这里的消息。",
        help="请人帮忙",
        asks="{name}想请您帮忙",
        asks_quietly="只有主管收到这条；请私下聊聊，勿转发。",
        names_comma="、",
    ),
    "en": PreferenceWords(
        muted_today="Fine: no more messages today",
        muted_until="Fine: no messages until {day}, that day included",
        muted_more="After that as usual. Say “unmute” to end it; what you ask is always answered.",
        unmuted="Fine: messages as usual",
        not_muted="You were not muted: messages as usual",
        still_away="You said you are on leave until {day}: quiet till then. Say “leave end” when back.",
        mute="mute",
        mute_how="Please say until which day, a year at most",
        mute_how_more="Such as “mute 12-01” or “mute 3 days”; “mute” alone is 30 days, “mute today” one.",
        away_today="Fine: you are on leave today, no messages",
        away_day="Fine: you are on leave on {day}, no messages",
        away="Fine: you are on leave {first} to {last}, no messages",
        away_only="This only keeps it quiet; your target stays until your leader or HR confirms these days.",
        away_asked="This only keeps it quiet; your target stays until that is confirmed. Asked: {names}.",
        away_back="Back early? Say “leave end”. What you ask is always answered.",
        back="Welcome back: messages as usual",
        not_away="No leave of yours is noted: messages as usual",
        still_muted="You are muted until {day}, that day included; say “unmute” to end it.",
        still_recorded="Confirmed leave, {first} to {last}, stays: quiet, prorated; HR can correct it.",
        leave="leave",
        leave_how="Please say from which day to which",
        leave_how_more="Such as “leave 12-01 12-03” or “leave tomorrow”; no past days, none a year away.",
        helped="Your leader was told: {names}",
        helped_when="It arrives on {moment}. Only your leader sees it; no report has it.",
        helped_before="Your leader was told already today",
        helped_quietly="It is passed on once a day; if it is urgent, please speak to your leader.",
        no_leader="No leader of yours is known: please ask directly",
        no_leader_what="Nobody leads your department in the directory; an admin can mend that.",
        leader_away="Your leader cannot be told these days: please ask directly",
        leader_away_what="On leave perhaps, or not reached by messages from here yet.",
        help="help wanted",
        asks="{name} asks for your help",
        asks_quietly="Only leaders got this: please talk in private and do not forward it.",
        names_comma=", ",
    ),
}
WORDS = Wordbook("preferences", _BUILT_IN)


def muted(*, language: str, last: date, at: datetime) -> Message:
    """Confirm silence up to the local day *last*, included."""
    words = WORDS[language]
    head = words.muted_until.format(day=day_of(last, language=language))
    head = words.muted_today if last == at.date() else head
    return answered(language=language, head=head, lines=[words.muted_more], kind=words.mute, at=at)


def mute_how(*, language: str, at: datetime) -> Message:
    """Say how to mute."""
    words = WORDS[language]
    lines = [words.mute_how_more]
    return answered(language=language, head=words.mute_how, lines=lines, kind=words.mute, at=at)


def leave_how(*, language: str, at: datetime) -> Message:
    """Say how to tell of leave."""
    words = WORDS[language]
    lines = [words.leave_how_more]
    return answered(language=language, head=words.leave_how, lines=lines, kind=words.leave, at=at)


def unmuted(*, language: str, was_muted: bool, away_until: date | None, at: datetime) -> Message:
    """Confirm the end of silence; *away_until*: the last day of a leave that still keeps it quiet."""
    words = WORDS[language]
    still = "" if away_until is None else words.still_away.format(day=day_of(away_until, language=language))
    head = words.unmuted if was_muted else words.not_muted
    return answered(language=language, head=head, lines=[still], kind=words.mute, at=at)


def on_leave(*, language: str, first: date, last: date, asked: Sequence[str] = (), at: datetime) -> Message:
    """Answer to a leave, both local days included; *asked*: names of who was asked to confirm it."""
    words = WORDS[language]
    days = {"first": day_of(first, language=language), "last": day_of(last, language=language)}
    head = words.away.format(**days) if first < last else words.away_day.format(day=days["first"])
    head = words.away_today if first == last == at.date() else head
    names = words.names_comma.join(clean(name) for name in asked)
    lines = [words.away_asked.format(names=names) if names else words.away_only, words.away_back]
    return answered(language=language, head=head, lines=lines, kind=words.leave, at=at)


def back(
    *,
    language: str,
    was_away: bool,
    muted_until: datetime | None,
    recorded: tuple[date, date] | None = None,
    at: datetime,
) -> Message:
    """Confirm the end of a leave; *muted_until* (local): when silence that he wished ends.

    *recorded*: the next days, both included, on which he is absent for his targets, whatever he says.
    """
    words = WORDS[language]
    still = []
    if muted_until is not None:
        last = (muted_until - timedelta(seconds=1)).date()
        still.append(words.still_muted.format(day=day_of(last, language=language)))
    if recorded is not None:
        begin, end = (day_of(day, language=language) for day in recorded)
        still.append(words.still_recorded.format(first=begin, last=end))
    head = words.back if was_away else words.not_away
    return answered(language=language, head=head, lines=still, kind=words.leave, at=at)


def help_told(*, language: str, leaders: Sequence[str], by: datetime, at: datetime) -> Message:
    """Confirm that *leaders* (names) are told; *by* then (local) it has reached all of them."""
    words = WORDS[language]
    head = words.helped.format(names=words.names_comma.join(clean(name) for name in leaders))
    lines = [words.helped_when.format(moment=moment_of(by, language=language)), words.helped_quietly]
    return answered(language=language, head=head, lines=lines, kind=words.help, at=at)


def help_told_before(*, language: str, at: datetime) -> Message:
    """Say that his leader knows already."""
    words = WORDS[language]
    lines = [words.helped_quietly]
    return answered(language=language, head=words.helped_before, lines=lines, kind=words.help, at=at)


def nobody_to_help(*, language: str, has_leader: bool, at: datetime) -> Message:
    """Say that there is nobody to tell, or that he *has* a *leader* who gets no messages these days."""
    words = WORDS[language]
    head, line = words.no_leader, words.no_leader_what
    if has_leader:
        head, line = words.leader_away, words.leader_away_what
    return answered(language=language, head=head, lines=[line], kind=words.help, at=at)


def help_wanted(*, language: str, name: str, rows: Sequence[Row], at: datetime) -> Message:
    """Tell a leader that *name*, one of his people, asks for help, and where he stands (*rows*)."""
    words = WORDS[language]
    lines: list[str | Line | Listing] = [words.asks_quietly]
    if rows:
        lines.insert(0, standings(texts_in(language), rows, at=at))
    head = words.asks.format(name=clean(name))
    return answered(language=language, head=head, lines=lines, kind=words.help, at=at)
