"""Answers to the commands about mute, leave and help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.core.progress import QuotaFigures
from bot.messages.answers import answered, day_of, moment_of
from bot.messages.catalog import texts_in
from bot.messages.lines import status_listing
from bot.messages.message import Line, Listing, Message
from bot.messages.sanitize import clean


def muted(*, language: str, last: date, at: datetime) -> Message:
    """Confirm a mute up to the local day *last*, included."""
    texts = texts_in(language)
    head = texts["preferences.muted_until"].say(day=day_of(last, language=language))
    head = texts["preferences.muted_today"] if last == at.date() else head
    lines = [texts["preferences.muted_more"]]
    return answered(texts, head, *lines, kind=texts["preferences.mute"], at=at)


def mute_how(*, language: str, at: datetime) -> Message:
    """Say how to mute."""
    texts = texts_in(language)
    head, more = texts["preferences.mute_how"], texts["preferences.mute_how_more"]
    return answered(texts, head, more, kind=texts["preferences.mute"], at=at)


def leave_how(*, language: str, at: datetime) -> Message:
    """Say how to note leave."""
    texts = texts_in(language)
    head, more = texts["preferences.leave_how"], texts["preferences.leave_how_more"]
    return answered(texts, head, more, kind=texts["preferences.leave"], at=at)


def unmuted(*, language: str, was_muted: bool, away_until: date | None, at: datetime) -> Message:
    """Confirm the end of a mute; *away_until*: the last day of a leave that still stops messages."""
    texts = texts_in(language)
    lines = []
    if away_until is not None:
        lines.append(texts["preferences.still_away"].say(day=day_of(away_until, language=language)))
    head = texts["preferences.unmuted"] if was_muted else texts["preferences.not_muted"]
    return answered(texts, head, *lines, kind=texts["preferences.mute"], at=at)


def on_leave(
    *,
    language: str,
    first: date,
    last: date,
    asked: Sequence[str] = (),
    asked_later: bool = False,
    at: datetime,
) -> Message:
    """Confirm noted leave, both local days included; *asked*: names of the leaders asked to confirm it.

    *asked_later*: a leader reads the question on another day, or in their next progress or digest.
    """
    texts = texts_in(language)
    days = {"first": day_of(first, language=language), "last": day_of(last, language=language)}
    head = (
        texts["preferences.away"].say(**days)
        if first < last
        else texts["preferences.away_day"].say(day=days["first"])
    )
    head = texts["preferences.away_today"] if first == last == at.date() else head
    names = texts["preferences.names_comma"].join(clean(name) for name in asked)
    wanted = texts["preferences.away_asked_later"] if asked_later else texts["preferences.away_asked"]
    lines = [
        wanted.say(names=names) if names else texts["preferences.away_only"],
        texts["preferences.away_back"],
    ]
    return answered(texts, head, *lines, kind=texts["preferences.leave"], at=at)


def back(
    *,
    language: str,
    was_away: bool,
    muted_until: datetime | None,
    recorded: tuple[date, date] | None = None,
    at: datetime,
) -> Message:
    """Confirm the end of a leave; *muted_until* (local): when the member's mute ends.

    *recorded*: the next days, both included, of confirmed or imported leave; the targets keep it.
    """
    texts = texts_in(language)
    still = []
    if muted_until is not None:
        last = (muted_until - timedelta(seconds=1)).date()
        still.append(texts["preferences.still_muted"].say(day=day_of(last, language=language)))
    if recorded is not None:
        begin, end = (day_of(day, language=language) for day in recorded)
        still.append(texts["preferences.still_recorded"].say(first=begin, last=end))
    head = texts["preferences.back"] if was_away else texts["preferences.not_away"]
    return answered(texts, head, *still, kind=texts["preferences.leave"], at=at)


def help_told(*, language: str, leaders: Sequence[str], by: datetime | None, at: datetime) -> Message:
    """Confirm that *leaders* (names) are told, all of them until *by* (local).

    *by* is None if a leader reads it in their next progress or digest.
    """
    texts = texts_in(language)
    names = texts["preferences.names_comma"].join(clean(name) for name in leaders)
    is_today = by is not None and by.date() == at.date()
    told = texts["preferences.helped"] if is_today else texts["preferences.helped_later"]
    when = texts["preferences.helped_next"].say()
    if by is not None:
        when = texts["preferences.helped_when"].say(moment=moment_of(by, language=language))
    return answered(
        texts,
        told.say(names=names),
        when,
        texts["preferences.helped_quietly"],
        kind=texts["preferences.help"],
        at=at,
    )


def help_told_before(*, language: str, at: datetime) -> Message:
    """Say that the leaders know already."""
    texts = texts_in(language)
    head, more = texts["preferences.helped_before"], texts["preferences.helped_quietly"]
    return answered(texts, head, more, kind=texts["preferences.help"], at=at)


def nobody_to_help(*, language: str, has_leader: bool, at: datetime) -> Message:
    """Say that the member has no leader, or (*has_leader*) that none gets messages these days."""
    texts = texts_in(language)
    head, line = texts["preferences.no_leader"], texts["preferences.no_leader_what"]
    if has_leader:
        head, line = texts["preferences.leader_away"], texts["preferences.leader_away_what"]
    return answered(texts, head, line, kind=texts["preferences.help"], at=at)


def help_wanted(*, language: str, name: str, rows: Sequence[QuotaFigures], at: datetime) -> Message:
    """Tell a leader that *name*, one of their people, asks for help, with that person's figures (*rows*)."""
    texts = texts_in(language)
    lines: list[str | Line | Listing] = [texts["preferences.asks_quietly"]]
    if rows:
        lines.insert(0, status_listing(texts, rows, at=at, dated=True))
    head = texts["preferences.asks"].say(name=clean(name))
    return answered(texts, head, *lines, kind=texts["preferences.help"], at=at)
