"""reminder: late, once a day, only to those who are behind and have something left today.

Nobody is reminded whose figures may lack something.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.messages import Message, to_remind
from bot.messages import reminder as reminder_message
from bot.services import Services
from bot.standing import Standing
from scheduler.catching_up import gap_of
from scheduler.proposing import in_question


def messages(services: Services, standing: Standing) -> Iterator[tuple[str, Message]]:
    """One message for each person whom a reminder can still help."""
    local = standing.calendar.local(standing.at)
    gap = gap_of(services, "reminder", at=standing.at)
    unsure = in_question(services) | (gap.members if gap and gap.members else frozenset())
    for userid, rows in standing.by_person.items():
        if userid in unsure or not standing.works_on(userid, local.date()) or not to_remind(rows):
            continue
        yield (
            userid,
            reminder_message(
                language=services.language,
                rows=rows,
                at=local,
                today_is_workday=standing.calendar.is_workday(local.date()),
            ),
        )
