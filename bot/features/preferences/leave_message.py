"""Messages about leave noted in the chat: the question to a leader, and the confirmation to the member."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.core.periods import Period, PeriodKind
from bot.features.preferences.leave_rules import Effect, Span
from bot.messages.answers import answered
from bot.messages.catalog import Text, Texts, texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Button, Card, Keep, Line, Listing, Message
from bot.messages.sanitize import clean


def confirmation_wanted(
    *, language: str, userid: str, name: str, days: Span, effect: Effect, at: datetime
) -> Message:
    """Ask a leader to confirm that *name* is on leave on *days*; *effect*: what that would change.

    Raises ValueError if *at* has no zone.
    """
    texts = texts_in(language)
    first, last = (day.isoformat() for day in days)
    core = (
        Line.of(texts["leave.workdays"].say(n=len(effect.days))),
        *_targets(texts["leave.then"], effect, texts=texts),
    )
    calm = Line.of(texts["leave.otherwise"], Keep.USEFUL)
    by_word = Line.of(texts["leave.by_word"].say(userid=userid, first=first, last=last))
    when = days_said([days], language=language)
    head = texts["leave.asks"].say(name=clean(name, otherwise=userid), days=when)
    return Message(
        (first_line(head), *core, calm, by_word, footer(texts, at=at, kind=texts["leave.kind"])),
        card=Card(
            rows=(),
            body=(*core, calm),
            buttons=(Button.CONFIRM,),
            title=texts["leave.asks_shorter"].say(days=when),
            about=leave_key(userid, days),
        ),
        page="/review",
    )


def told_confirmed(*, language: str, by: str, spans: Sequence[Span], effect: Effect, at: datetime) -> Message:
    """Tell a member that *by* (a name) confirmed their leave. Raises ValueError if *at* has no zone."""
    texts = texts_in(language)
    head = texts["leave.told"].say(by=clean(by), days=days_said(spans, language=language))
    prorated = _prorated(effect, texts=texts)
    return Message((first_line(head), *prorated, footer(texts, at=at, kind=texts["leave.kind"])))


def confirmed(*, language: str, name: str, spans: Sequence[Span], effect: Effect, at: datetime) -> Message:
    """Answer the person who confirmed the leave of *name*. *at* is local, here and below."""
    texts = texts_in(language)
    head = texts["leave.confirmed"].say(name=clean(name), days=days_said(spans, language=language))
    lines = [*_prorated(effect, texts=texts, today=at.date()), texts["leave.passed_on"]]
    return answered(texts, head, *lines, kind=texts["leave.kind"], at=at)


def already(*, language: str, name: str, spans: Sequence[Span], at: datetime) -> Message:
    """Say that nothing of *spans* is left to confirm."""
    texts = texts_in(language)
    head, days = texts["leave.already"], days_said(spans, language=language)
    lines = [texts["leave.already_more"].say(name=clean(name), days=days)]
    return answered(texts, head, *lines, kind=texts["leave.kind"], at=at)


def taken_back(*, language: str, name: str, at: datetime) -> Message:
    """Say that *name* never noted this leave, or took it back."""
    texts = texts_in(language)
    head, more = texts["leave.taken_back"], texts["leave.taken_back_more"].say(name=clean(name))
    return answered(texts, head, more, kind=texts["leave.kind"], at=at)


def not_led(*, language: str, at: datetime) -> Message:
    """Answer somebody who may not confirm this leave."""
    texts = texts_in(language)
    head, more = texts["leave.not_led"], texts["leave.not_led_more"]
    return answered(texts, head, more, kind=texts["leave.kind"], at=at)


def how(*, language: str, at: datetime) -> Message:
    """Say how to confirm leave."""
    texts = texts_in(language)
    return answered(texts, texts["leave.how"], texts["leave.how_more"], kind=texts["leave.kind"], at=at)


def days_said(spans: Sequence[Span], *, language: str) -> str:
    """Say local days, both ends included, without their year: `11-26 至 11-27`."""
    texts = texts_in(language)
    return texts["progress.names_comma"].join(
        (texts["leave.one_day"] if first == last else texts["leave.several"]).say(
            first=f"{first:%m-%d}", last=f"{last:%m-%d}"
        )
        for first, last in spans
    )


def leave_key(userid: str, days: Span) -> str:
    """Return a button's key: the userid and the days of the leave it confirms. No userid has a colon."""
    return ":".join((userid, *(day.isoformat() for day in days)))


def leave_of(key: str) -> tuple[str, Span] | None:
    """Return userid and days of a `leave_key`; None for anything else."""
    try:
        userid, first, last = key.split(":")
        return userid, (date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None


def _prorated(effect: Effect, *, texts: Texts, today: date | None = None) -> list[Line | Listing]:
    lines = _targets(texts["leave.prorated"], effect, texts=texts, today=today)
    return lines or [Line.of(texts["leave.same_target"])]


def _targets(
    template: Text, effect: Effect, *, texts: Texts, today: date | None = None
) -> list[Line | Listing]:
    """Say what becomes of each target; those of single days go with their day, and are said only if alone.

    *today*: the day of an answer; messages that may be read later name each period.
    """
    targets = effect.targets
    shown = [target for target in targets if target.period.kind is not PeriodKind.DAY] or targets
    if not shown:
        return []
    named = len({target.quota for target in shown}) > 1
    lines = []
    for target in shown:
        label = _period(texts, target.period, today=today)
        if named:
            label = texts["progress.quota_label"].say(quota=clean(target.quota), period=label)
        text = template.say(label=label, before=target.before, after=target.after)
        lines.append(Line.of(text))
    return [Listing(tuple(lines), more=texts["progress.more_quotas"])]


def _period(texts: Texts, period: Period, *, today: date | None) -> str:
    """Name the period; `this month` only while it lasts."""
    return (
        texts.table("progress.this_period")[period.kind]
        if today is not None and today in period
        else texts["progress.other_period"].say(period=period.name)
    )
