"""Mute and leave, set by a command or a button. Each function returns the answer.

Each works with or without a transaction, and may be repeated without harm. Some read figures for some tenths
of a second, so the chat answers after the transaction of an event. Userids in lower case.
*at* is aware, by the service's clock: when the member asked; `today` means that day. *answered*: the time of
the answer, if that is later.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.core.workdays import ONE_DAY, epoch_of
from bot.features.preferences import message
from bot.features.preferences.leave import ask_leaders
from bot.features.preferences.leave_rules import find_run
from bot.features.standings.everybody import load_people
from bot.messages.message import Message
from bot.services import Services
from bot.store.preferences import Way

LONGEST_MUTE = timedelta(days=366)
MUTE = timedelta(days=30)  # without a date: nobody loses messages for ever because they forgot the mute


def mute_today(
    services: Services,
    userid: str,
    *,
    at: datetime,
    way: Way = Way.BUTTON,
    answered: datetime | None = None,
) -> Message:
    """Stop unasked messages for the rest of the local day; a longer mute stays."""
    calendar = services.config.work_calendar()
    last, mute = calendar.local_day(at), services.store.preferences.mute_of(userid)
    if mute is not None and (longer := calendar.day_of(mute.until - 1)) > last:
        return message.muted(language=services.language, last=longer, at=calendar.local(answered or at))
    return mute_until(services, userid, last, at=at, way=way, answered=answered)


def mute_until(
    services: Services,
    userid: str,
    last: date,
    *,
    at: datetime,
    way: Way = Way.BUTTON,
    answered: datetime | None = None,
) -> Message:
    """Stop unasked messages up to the local day *last*, included.

    Raises ValueError if that day is over, or further off than LONGEST_MUTE.
    """
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    if not today <= last <= today + LONGEST_MUTE:
        raise ValueError(f"a mute ends between today and {LONGEST_MUTE.days} days from now, not on {last}")
    until = calendar.start_of(last + ONE_DAY)
    services.store.preferences.mute(userid, until=until, since=epoch_of(at), way=way)
    return message.muted(language=services.language, last=last, at=calendar.local(answered or at))


def unmute(services: Services, userid: str, *, at: datetime) -> Message:
    """End the mute."""
    calendar = services.config.work_calendar()
    mute = services.store.preferences.mute_of(userid)
    services.store.preferences.unmute(userid)
    today = calendar.local_day(at)
    leaves = services.store.preferences.leaves_of(userid)
    away = [leave.last for leave in leaves if leave.first <= today <= leave.last]
    return message.unmuted(
        language=services.language,
        was_muted=mute is not None and mute.until > epoch_of(at),
        away_until=max(away, default=None),
        at=calendar.local(at),
    )


def on_leave(
    services: Services,
    userid: str,
    *,
    at: datetime,
    first: date | None = None,
    last: date | None = None,
    answered: datetime | None = None,
) -> Message:
    """Note leave from the local day *first* to *last*, both included (default: today). It only mutes.

    Ask the leaders to confirm days that were not noted before; best inside a transaction.
    Raises ValueError if *last* is before *first*, over, or more than a year from now.
    """
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    first = first or today
    last = last or first
    if not max(first, today) <= last <= today + LONGEST_MUTE:
        raise ValueError(f"no leave to note from {first} to {last}")
    local, asked = calendar.local(answered or at), list[tuple[str, bool]]()
    if services.store.preferences.add_leave(userid, first, last, at=epoch_of(at)):
        asked = ask_leaders(services, userid, (first, last), at=at)
    return message.on_leave(
        language=services.language,
        first=first,
        last=last,
        asked=[name for name, _ in asked],
        asked_later=not all(is_today for _, is_today in asked),
        at=local,
    )


def back_from_leave(
    services: Services, userid: str, *, at: datetime, answered: datetime | None = None
) -> Message:
    """End noted leave on the local day of *at*, and cancel noted leave after it.

    Confirmed or imported leave stays, because targets depend on it.
    """
    calendar, now = services.config.work_calendar(), answered or at
    today, person = calendar.local_day(at), load_people(services).get(userid)
    was_away = services.store.preferences.end_leave(userid, back_on=today)
    mute = services.store.preferences.mute_of(userid)
    muted = mute is not None and mute.until > epoch_of(now)
    return message.back(
        language=services.language,
        was_away=was_away,
        muted_until=calendar.moment(mute.until) if mute is not None and muted else None,
        recorded=None if person is None else find_run(person.absences, today),
        at=calendar.local(now),
    )
