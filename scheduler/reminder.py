"""reminder: late, once a day, only to people who are behind and have something left today.

The message offers help instead of a number in two cases: today's dose is far above the even one of the
period, or the last workdays all brought a reminder. People with incomplete figures get no reminder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.core.progress import QuotaFigures
from bot.features.outages.catch_up import gap_of
from bot.features.preferences.help_request import build_helper_test
from bot.features.reminder.message import days_after, list_to_remind
from bot.features.reminder.message import reminder as reminder_message
from bot.features.reminder.offer import offer_help
from bot.features.reminder.offers import build_offers
from bot.features.renames.proposals import list_in_question
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services
from bot.store.preferences import SaidLeave


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each person that a reminder can still help."""
    local = standings.calendar.local(standings.at)
    language = services.language
    unsure = unsure_of(services, at=standings.at)
    offered, leaves = build_offers(services, standings), services.store.preferences.leaves()
    has_helper = build_helper_test(services, at=standings.at)
    counts_today = standings.calendar.is_workday(local.date()) and not standings.calendar.hours_over(local)
    for userid, rows in standings.by_person.items():
        due = list_to_remind(rows)
        if userid in unsure or not standings.works_on(userid, local.date()) or not due:
            continue
        about = tuple(row for row in offered(userid) if row in due)
        if about:
            is_last_day = not all(days_after(row, today_is_workday=counts_today) for row in about)
            offer = offer_help(
                language=language,
                rows=rows,
                about=about,
                at=local,
                waiting=standings.waiting(userid),
                is_last_day=is_last_day,
                has_helper=has_helper(userid),
            )
            yield userid, offer
            continue
        yield (
            userid,
            reminder_message(
                language=language,
                rows=rows,
                at=local,
                waiting=standings.waiting(userid),
                today_is_workday=counts_today,
                may_be_away=may_be_away(standings, userid, due, leaves=leaves.get(userid, ())),
                has_helper=has_helper(userid),
            ),
        )


def may_be_away(
    standings: Standings, userid: str, due: Sequence[QuotaFigures], *, leaves: Iterable[SaidLeave]
) -> bool:
    """Return whether the person noted leave on a later day that is an own workday by the record.

    Later days are those in the periods of *due*.
    """
    tomorrow = standings.calendar.local_day(standings.at) + timedelta(days=1)
    last = max((row.period_end for row in due), default=tomorrow - timedelta(days=1))
    return any(
        standings.works_on(userid, day)
        for leave in leaves
        for day in standings.calendar.workdays_between(max(tomorrow, leave.first), min(last, leave.last))
    )


def unsure_of(services: Services, *, at: datetime) -> frozenset[str]:
    """Return the people with possibly incomplete figures as of *at* (aware)."""
    gap = gap_of(services, "reminder", at=at)
    return list_in_question(services) | (gap.members if gap and gap.members else frozenset())
