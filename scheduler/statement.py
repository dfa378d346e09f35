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


def keep(services: Services, standings: Standings) -> None:
    """Keep what `messages` tells of *standings* under which code, before anybody is told."""
    issue(services, (statement_of(standings, userid) for userid in _done(services, standings)))


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each person at work who added somebody today and has nothing left to do."""
    local = standings.calendar.local(standings.at)
    for userid in _done(services, standings):
        told = preview(services, statement_of(standings, userid))
        yield (
            userid,
            statement_message(
                language=services.language,
                rows=standings.by_person[userid],
                added=told.statement.added,
                code=told.code,
                at=local,
                page=services.config.server.page("/verify"),
            ),
        )


def _done(services: Services, standings: Standings) -> Iterator[str]:
    today, unsure = standings.calendar.local_day(standings.at), unsure_of(services, at=standings.at)
    for userid, rows in standings.by_person.items():
        if userid in unsure:
            continue
        if standings.works_on(userid, today) and is_done(rows, added=standings.day(userid, today).added):
            yield userid
