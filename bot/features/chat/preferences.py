"""静音, 取消静音, 请假, 取消请假, 请人帮忙: what somebody wants."""

from __future__ import annotations

from datetime import timedelta

from bot.features.chat.dates import days_in
from bot.features.chat.desk import Ask
from bot.features.preferences import help_request, message
from bot.features.preferences import preferences as preferences_preferences
from bot.messages.message import Message

_MUTE_DAYS = 30  # of a mute without a date: nobody stays silent for good because he forgot


def mute(ask: Ask) -> Message:
    """Until the day that he names, included; without one for some weeks."""
    desk = ask.desk
    today = ask.said.date()
    days = days_in(ask.rest, today=today)
    if days is None:
        return message.mute_how(language=desk.language, at=desk.local)
    last = max(days) if days else today + timedelta(days=_MUTE_DAYS)
    try:
        return preferences_preferences.mute_until(
            desk.services, ask.userid, last, at=ask.said, way=ask.way, answered=desk.at
        )
    except ValueError:
        return message.mute_how(language=desk.language, at=desk.local)


def mute_today(ask: Ask) -> Message:
    """For the rest of the day on which it was said."""
    desk = ask.desk
    return preferences_preferences.mute_today(
        desk.services, ask.userid, at=ask.said, way=ask.way, answered=desk.at
    )


def unmute(ask: Ask) -> Message:
    """As usual again."""
    return preferences_preferences.unmute(ask.desk.services, ask.userid, at=ask.desk.at)


def leave(ask: Ask) -> Message:
    """From the first day that he names to the last one, or on the one day."""
    desk = ask.desk
    days = days_in(ask.rest, today=ask.said.date())
    if not days:
        return message.leave_how(language=desk.language, at=desk.local)
    try:
        with desk.services.store.transaction():
            return preferences_preferences.on_leave(
                desk.services, ask.userid, first=days[0], last=days[-1], at=ask.said, answered=desk.at
            )
    except ValueError:
        return message.leave_how(language=desk.language, at=desk.local)


def leave_today(ask: Ask) -> Message:
    """On the day on which it was said."""
    with ask.desk.services.store.transaction():
        return preferences_preferences.on_leave(
            ask.desk.services, ask.userid, at=ask.said, answered=ask.desk.at
        )


def back(ask: Ask) -> Message:
    """At work again from the day on which it was said."""
    return preferences_preferences.back_from_leave(
        ask.desk.services, ask.userid, at=ask.said, answered=ask.desk.at
    )


def want_help(ask: Ask) -> Message:
    """Only his leader learns of it."""
    return help_request.ask_for_help(ask.desk.services, ask.userid, at=ask.said, answered=ask.desk.at)
