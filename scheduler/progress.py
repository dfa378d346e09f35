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


def messages(services: Services, standing: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each person with all his quotas in it.

    Who has nothing to reach (all quotas exempt: on leave, left, no workdays) is left in peace, and who may be
    somebody else: his figures are not whole before that is decided.
    """
    local = standing.calendar.local(standing.at)
    yesterday = local.date() - timedelta(days=1)
    unsure = in_question(services)
    for userid, rows in standing.by_person.items():
        if userid in unsure or not standing.works_on(userid, local.date()):
            continue
        if all(row.status is Status.EXEMPT for row in rows):
            continue
        yield (
            userid,
            progress_message(
                language=services.language,
                rows=rows,
                yesterday=standing.day(userid, yesterday),
                at=local,
                waiting=standing.waiting(userid),
            ),
        )
