"""The commands 静音, 取消静音, 请假, 取消请假, 请人帮忙: mute, leave and help."""

from __future__ import annotations

from bot.features.chat.dates import days_in
from bot.features.chat.desk import Ask
from bot.features.preferences import help_request, message
from bot.features.preferences import preferences as actions
from bot.features.preferences.preferences import MUTE
from bot.messages.message import Message


def mute(ask: Ask) -> Message:
    """Mute messages up to the named day, included; without a day for some weeks."""
    desk = ask.desk
    today = ask.said_at.date()
    days = days_in(ask.rest, today=today)
    if days is None:
        return message.mute_how(language=desk.language, at=desk.local)
    last = max(days) if days else today + MUTE
    try:
        return actions.mute_until(
            desk.services, ask.userid, last, at=ask.said_at, way=ask.way, answered=desk.at
        )
    except ValueError:
        return message.mute_how(language=desk.language, at=desk.local)


def mute_today(ask: Ask) -> Message:
    """Mute messages for the rest of the day of the command."""
    desk = ask.desk
    return actions.mute_today(desk.services, ask.userid, at=ask.said_at, way=ask.way, answered=desk.at)


def unmute(ask: Ask) -> Message:
    """End the mute."""
    return actions.unmute(ask.desk.services, ask.userid, at=ask.desk.at)


def leave(ask: Ask) -> Message:
    """Note leave from the first named day to the last, or on the only one."""
    desk = ask.desk
    days = days_in(ask.rest, today=ask.said_at.date())
    if not days:
        return message.leave_how(language=desk.language, at=desk.local)
    try:
        with desk.services.store.transaction():
            return actions.on_leave(
                desk.services, ask.userid, first=days[0], last=days[-1], at=ask.said_at, answered=desk.at
            )
    except ValueError:
        return message.leave_how(language=desk.language, at=desk.local)


def leave_today(ask: Ask) -> Message:
    """Note leave on the day of the command."""
    with ask.desk.services.store.transaction():
        return actions.on_leave(ask.desk.services, ask.userid, at=ask.said_at, answered=ask.desk.at)


def back(ask: Ask) -> Message:
    """End the leave on the day of the command."""
    return actions.back_from_leave(ask.desk.services, ask.userid, at=ask.said_at, answered=ask.desk.at)


def want_help(ask: Ask) -> Message:
    """Ask for help; only the asker's leaders learn of it."""
    return help_request.ask_for_help(ask.desk.services, ask.userid, at=ask.said_at, answered=ask.desk.at)
