"""statement: in the reminder's place, to those who are done: the day's figures with a code under them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.features.standings.load import Standings
from bot.features.statements.message import is_done
from bot.features.statements.message import statement as statement_message
from bot.features.statements.proof import issue, preview, statement_of
from bot.messages.message import Message
from bot.services import Services
from scheduler.reminder import unsure_of

STATEMENT = "statement"  # in the keys of the messages


def keep(services: Services, standing: Standings) -> None:
    """Keep what `messages` tells of *standing* under which code, before anybody is told."""
    issue(services, (statement_of(standing, userid) for userid in _done(services, standing)))


def messages(services: Services, standing: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each person at work who added somebody today and has nothing left to do."""
    local = standing.calendar.local(standing.at)
    for userid in _done(services, standing):
        told = preview(services, statement_of(standing, userid))
        yield (
            userid,
            statement_message(
                language=services.language,
                rows=standing.by_person[userid],
                added=told.statement.added,
                code=told.code,
                at=local,
                page=services.config.server.page("/verify"),
            ),
        )


def _done(services: Services, standing: Standings) -> Iterator[str]:
    today, unsure = standing.calendar.local_day(standing.at), unsure_of(services, at=standing.at)
    for userid, rows in standing.by_person.items():
        if userid in unsure:
            continue
        if standing.works_on(userid, today) and is_done(rows, added=standing.day(userid, today).added):
            yield userid
