"""Requests for help: whether one would reach a leader, and the messages to the leaders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from bot.core.workdays import epoch_of
from bot.features.notify.enqueue import build_unasked, enqueue_unasked, quiet_hours
from bot.features.preferences import message
from bot.features.standings.leaders import load_bank
from bot.features.standings.load import load_standings_of
from bot.messages.message import Message
from bot.services import Services

HELP = "help"  # in the key of the message to a leader, with the asker's userid


def build_helper_test(services: Services, *, at: datetime) -> Callable[[str], bool]:
    """Return a test by userid: would a request for help at *at* (aware) reach a leader of that person?"""
    quiet, day = quiet_hours(services), services.config.work_calendar().local_day(at)
    bank = load_bank(services, day=day)

    @cache  # one leader has many people
    def is_told(leader: str) -> bool:
        return quiet.next_time(leader, at, kind=HELP) is not None

    return lambda userid: any(map(is_told, bank.leaders_of(userid)))


def has_helper(services: Services, userid: str, *, at: datetime) -> bool:
    """Say the same of *userid* alone, without reading what anybody else wishes."""
    day = services.config.work_calendar().local_day(at)
    leaders = load_bank(services, day=day).leaders_of(userid)
    quiet = quiet_hours(services, of=leaders)
    return any(quiet.next_time(leader, at, kind=HELP) is not None for leader in leaders)


def ask_for_help(
    services: Services, userid: str, *, at: datetime, answered: datetime | None = None
) -> Message:
    """Tell the asker's own leaders, once a day, at their next working time. Nobody else learns of it.

    Not inside a transaction: it opens its own, so that a stored request always has its messages.
    """
    calendar, language = services.config.work_calendar(), services.language
    now = answered or at
    local = calendar.local(now)
    quiet = quiet_hours(services)
    bank = load_bank(services, day=local.date())
    leaders = sorted(bank.leaders_of(userid))
    if not build_helper_test(services, at=now)(userid):
        return message.nobody_to_help(language=language, has_leader=bool(leaders), at=local)
    rows = load_standings_of(services, [userid], at=now).by_person.get(userid, ())
    wanted = message.help_wanted(language=language, name=quiet.people[userid].name, rows=rows, at=local)
    times: list[tuple[str, datetime | None]] = []
    with services.store.transaction():
        if not services.store.preferences.wish_help(userid, calendar.local_day(at), at=epoch_of(at)):
            return message.help_told_before(language=language, at=local)
        for leader in leaders:
            row = build_unasked(services, f"{HELP}:{userid}", leader, wanted, at=now)
            enqueue_unasked(services, row, quiet=quiet)
            # Without a slot the leader reads it in the next progress or digest.
            if (stored := services.store.outbox.by_key(row.key)) is not None:
                moment = None if stored["state"] == "waiting" else calendar.moment(stored["not_before"])
                times.append((quiet.people[leader].name, moment))
    if not times:
        return message.nobody_to_help(language=language, has_leader=True, at=local)
    moments = [moment for _, moment in times if moment is not None]
    by = max(moments) if len(moments) == len(times) else None
    return message.help_told(language=language, leaders=[name for name, _ in times], by=by, at=local)
