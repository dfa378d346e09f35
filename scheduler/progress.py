"""progress: every employee with a quota learns each workday morning how many are enough today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.core.progress import Status
from bot.features.progress import progress as progress_message
from bot.features.renames.proposals import in_question
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each person with all his quotas in it.

    Who has nothing to reach (all quotas exempt: on leave, left, no workdays) is left in peace, and who may be
    somebody else: his figures are not whole before that is decided.
    """
    local = standings.calendar.local(standings.at)
    yesterday = local.date() - timedelta(days=1)
    unsure = in_question(services)
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
            ),
        )
