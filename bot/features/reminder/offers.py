"""Quotas about which messages offer help and name no number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial

from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.features.reminder.message import list_to_remind
from bot.features.standings.load import Standings
from bot.services import Services

OFTEN = 3  # own workdays in a row with a reminder: after them no message names a number
_LOOK_BACK = timedelta(days=120)  # a leave may lie between two reminders
_FEW = 20
_DONE = ENOUGH | {Status.EXEMPT}


def build_offers(services: Services, standings: Standings) -> Callable[[str], tuple[QuotaFigures, ...]]:
    """Return a function by userid: the rows about which help is offered instead of a number.

    Today's dose is far above the even one of the period, or more than a day may have. Or the last OFTEN own
    workdays all brought a reminder. Days of leave, imported or noted by chat, are no own workdays.
    """
    today = standings.calendar.local_day(standings.at)
    days = standings.calendar.workdays_between(today - _LOOK_BACK, today - timedelta(days=1))[::-1]
    preferences, outbox = services.store.preferences, services.store.outbox
    leaves, people = cache(preferences.leaves), [person.userid for person in standings.branch.people]
    is_few = len(people) <= _FEW  # then nobody else's leaves are read
    # One query a day, not one a person.
    told = cache(partial(outbox.told, "reminder", userids=people))

    def reminded_often(userid: str) -> bool:
        away = preferences.leaves_of(userid) if is_few else leaves().get(userid, ())
        own = [
            day
            for day in days
            if standings.works_on(userid, day) and not any(leave.first <= day <= leave.last for leave in away)
        ][:OFTEN]
        return len(own) == OFTEN and all(userid in told(day) for day in own)

    def of_person(userid: str) -> tuple[QuotaFigures, ...]:
        rows = standings.by_person.get(userid, ())
        tight = tuple(
            row
            for row in rows
            if row.status not in _DONE and row.today_dose and standings.is_tight(row, dose=row.today_dose)
        )
        due = list_to_remind(rows)
        return tight or (due if due and reminded_often(userid) else ())

    return of_person
