"""Leave that was said by word: a leader is asked to confirm it, its person is told that he did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.leaves import Effect, Span
from bot.core.periods import Period, PeriodKind
from bot.messages.answers import answered
from bot.messages.language import texts_in
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase, Texts
from bot.messages.standing import first_line, footer
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveWords:
    """The words of a language."""

    one_day: str
    several: str
    asks: str
    asks_shorter: str
    workdays: Phrase
    then: str
    otherwise: str
    by_word: str
    told: str
    prorated: str
    same_target: str
    confirmed: str
    passed_on: str
    already: str
    already_more: str
    taken_back: str
    taken_back_more: str
    not_led: str
    not_led_more: str
    how: str
    how_more: str
    kind: str


_BUILT_IN: Mapping[str, LeaveWords] = {
    "zh-CN": LeaveWords(
        one_day="{first}",
        several="{first} 至 {last}",
        asks="{name} {days} 请假，请确认",
        asks_shorter="{days} 有人请假，请确认",
        workdays=Phrase("其中 {n} 个工作日要按天折算"),
        then="确认后{label}目标折算为 {after}（原 {before}）",
        otherwise="不确认也没关系：这几天照样不打扰，只是目标不变。",
        by_word="也可以回复：确认请假 {userid} {first} {last}",
        told="{by}已确认您 {days} 请假",
        prorated="{label}目标按天折算为 {after}（原 {before}）",
        same_target="各项目标的数字没有变化。",
        confirmed="好的，已确认{name} {days} 请假",
        passed_on="会告诉本人；要更正请人力导入。",
        already="不用再确认了：已经折算过",
        already_more="{name} {days} 已记为请假，或这些天没有要折算的目标。",
        taken_back="没有确认：这几天没有请假",
        taken_back_more="{name}没有说过这几天请假，或已经销假；再请假时会再问您。",
        not_led="没有确认：这位不是您直接带的人",
        not_led_more="请假由直接主管或管理员确认，自己的不能自己确认。",
        how="请说谁、从哪天到哪天",
        how_more="例如“确认请假 zhangsan 12-01 12-03”，用账号。",
        kind="请假",
    ),
    "en": LeaveWords(
        one_day="{first}",
        several="{first} to {last}",
        asks="{name}, leave {days}: confirm?",
        asks_shorter="Leave to confirm, {days}",
        workdays=Phrase("{n} workdays of it would be prorated", one="1 workday of it would be prorated"),
        then="{label}: target {after} once confirmed (now {before})",
        otherwise="Or leave it: the days stay quiet, the target as it is.",
        by_word="Or say: confirm-leave {userid} {first} {last}",
        told="{by} confirmed your leave {days}",
        prorated="{label}: target prorated to {after} (was {before})",
        same_target="No target's number changes.",
        confirmed="Fine: leave of {name}, {days}, is confirmed",
        passed_on="The person is told; HR corrects it by an import.",
        already="Nothing left to confirm: it is prorated",
        already_more="{name}, {days}: noted as leave already, or no target to prorate on these days.",
        taken_back="Not confirmed: no leave on these days",
        taken_back_more="{name} did not say so or took it back. You are asked again if it is said again.",
        not_led="Not confirmed: you do not lead this person directly",
        not_led_more="The direct leader or an admin confirms leave, nobody his own.",
        how="Please say who, from which day to which",
        how_more="Such as “confirm-leave zhangsan 12-01 12-03”, by userid.",
        kind="leave",
    ),
}
WORDS = Wordbook("leave", _BUILT_IN)


def confirmation_wanted(
    *, language: str, userid: str, name: str, days: Span, effect: Effect, at: datetime
) -> Message:
    """Ask a leader to confirm that *name* is on leave on *days*; *effect*: what that would change.

    Raises ValueError if *at* has no zone.
    """
    words, texts = WORDS[language], texts_in(language)
    first, last = (day.isoformat() for day in days)
    core = (
        Line((Part(words.workdays.say(n=len(effect.days))),), Keep.CORE),
        *_targets(words.then, effect, texts=texts, at=at),
    )
    calm = Line((Part(words.otherwise),), Keep.USEFUL)
    by_word = Line((Part(words.by_word.format(userid=userid, first=first, last=last)),), Keep.CORE)
    when = days_said([days], language=language)
    head = words.asks.format(name=clean(name, otherwise=userid), days=when)
    return Message(
        (first_line(head), *core, calm, by_word, footer(texts, at=at, kind=words.kind)),
        card=Card(
            rows=(),
            body=(*core, calm),
            buttons=(Button.CONFIRM,),
            title=words.asks_shorter.format(days=when),
            about=leave_key(userid, days),
        ),
    )


def told_confirmed(*, language: str, by: str, spans: Sequence[Span], effect: Effect, at: datetime) -> Message:
    """Tell somebody that *by* (a name) confirmed his leave. Raises ValueError if *at* has no zone."""
    words, texts = WORDS[language], texts_in(language)
    head = words.told.format(by=clean(by), days=days_said(spans, language=language))
    return Message(
        (
            first_line(head),
            *_prorated(words, effect, texts=texts, at=at),
            footer(texts, at=at, kind=words.kind),
        )
    )


def confirmed(*, language: str, name: str, spans: Sequence[Span], effect: Effect, at: datetime) -> Message:
    """Answer whoever confirmed the leave of *name*. *at* is local, here and below."""
    words = WORDS[language]
    head = words.confirmed.format(name=clean(name), days=days_said(spans, language=language))
    lines = [*_prorated(words, effect, texts=texts_in(language), at=at), words.passed_on]
    return answered(language=language, head=head, lines=lines, kind=words.kind, at=at)


def already(*, language: str, name: str, spans: Sequence[Span], at: datetime) -> Message:
    """Say that nothing of *spans* is left to confirm."""
    words = WORDS[language]
    more = words.already_more.format(name=clean(name), days=days_said(spans, language=language))
    return answered(language=language, head=words.already, lines=[more], kind=words.kind, at=at)


def taken_back(*, language: str, name: str, at: datetime) -> Message:
    """Say that *name* did not say so, or took it back."""
    words = WORDS[language]
    more = words.taken_back_more.format(name=clean(name))
    return answered(language=language, head=words.taken_back, lines=[more], kind=words.kind, at=at)


def not_led(*, language: str, at: datetime) -> Message:
    """Answer somebody who may not confirm this leave."""
    words = WORDS[language]
    return answered(language=language, head=words.not_led, lines=[words.not_led_more], kind=words.kind, at=at)


def how(*, language: str, at: datetime) -> Message:
    """Say how to confirm leave."""
    words = WORDS[language]
    return answered(language=language, head=words.how, lines=[words.how_more], kind=words.kind, at=at)


def days_said(spans: Sequence[Span], *, language: str) -> str:
    """Say local days, both ends included, without their year: `11-26 至 11-27`."""
    words = WORDS[language]
    return texts_in(language).names_comma.join(
        (words.one_day if first == last else words.several).format(
            first=f"{first:%m-%d}", last=f"{last:%m-%d}"
        )
        for first, last in spans
    )


def leave_key(userid: str, days: Span) -> str:
    """Return what a card's button says of whose leave it confirms; no userid has a colon."""
    return ":".join((userid, *(day.isoformat() for day in days)))


def leave_of(key: str) -> tuple[str, Span] | None:
    """Return userid and days of a `leave_key`; None for anything else."""
    try:
        userid, first, last = key.split(":")
        return userid, (date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None


def _prorated(words: LeaveWords, effect: Effect, *, texts: Texts, at: datetime) -> list[Line | Listing]:
    said = _targets(words.prorated, effect, texts=texts, at=at)
    return said or [Line((Part(words.same_target),), Keep.CORE)]


def _targets(template: str, effect: Effect, *, texts: Texts, at: datetime) -> list[Line | Listing]:
    """Say what becomes of each target; those of single days go with their day, and are said only if alone."""
    targets = effect.targets
    shown = [one for one in targets if one.period.kind is not PeriodKind.DAY] or targets
    if not shown:
        return []
    named = len({one.quota for one in shown}) > 1
    lines = []
    for one in shown:
        label = _period(texts, one.period, today=at.date())
        if named:
            label = texts.quota_label.say(quota=clean(one.quota), period=label)
        said = template.format(label=label, before=one.before, after=one.after)
        lines.append(Line((Part(said),), Keep.CORE))
    return [Listing(tuple(lines), more=texts.more_quotas, keep=Keep.CORE)]


def _period(texts: Texts, period: Period, *, today: date) -> str:
    """Say `this month` only while it is."""
    return texts.this_period[period.kind] if today in period else texts.other_period.say(period=period.name)
