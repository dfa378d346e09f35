"""progress: tell every employee with a quota each workday morning how many adds are enough today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.core.status import Status
from bot.features.preferences.help_request import build_helper_test
from bot.features.progress import progress as progress_message
from bot.features.reminder.offers import build_offers
from bot.features.renames.proposals import list_in_question
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message about all quotas of each person.

    People with exempt quotas only (leave, left, no workdays) get none. People with an undecided rename get
    none either, because their figures are not complete before the decision.
    """
    local = standings.calendar.local(standings.at)
    yesterday = local.date() - timedelta(days=1)
    unsure, offered = list_in_question(services), build_offers(services, standings)
    has_helper = build_helper_test(services, at=standings.at)
    for userid, rows in standings.by_person.items():
        if userid in unsure or not standings.works_on(userid, local.date()):
            continue
        if all(row.status is Status.EXEMPT for row in rows):
            continue
        yield (
            userid,
            progress_message(
                language=services.language,
                rows=rows,
                yesterday=standings.day(userid, yesterday),
                at=local,
                waiting=standings.waiting(userid),
                offered=offered(userid),
                has_helper=has_helper(userid),
            ),
        )
