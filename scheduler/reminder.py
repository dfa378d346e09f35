"""reminder: late, once a day, only to those who are behind and have something left today."""

from __future__ import annotations

from collections.abc import Iterator

from bot.messages import Message, to_remind
from bot.messages import reminder as reminder_message
from bot.services import Services
from bot.standing import Standing


def messages(services: Services, standing: Standing) -> Iterator[tuple[str, Message]]:
    """One message for each person whom a reminder can still help."""
    local = standing.calendar.local(standing.at)
    for userid, rows in standing.by_person.items():
        if not standing.works_on(userid, local.date()) or not to_remind(rows):
            continue
        yield (
            userid,
            reminder_message(
                language=services.config.locale.language,
                rows=rows,
                at=local,
                today_is_workday=standing.calendar.is_workday(local.date()),
            ),
        )
