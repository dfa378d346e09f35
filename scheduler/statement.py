"""statement: instead of a reminder, to people who are done: the day's figures with a code."""

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
    """Store the statements of *standings* and their codes, before anybody gets one."""
    issue(services, (statement_of(standings, userid) for userid in _done(services, standings)))


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each person at work who added somebody today and has nothing left to do."""
    local = standings.calendar.local(standings.at)
    for userid in _done(services, standings):
        issued = preview(services, statement_of(standings, userid))
        yield (
            userid,
            statement_message(
                language=services.language,
                rows=standings.by_person[userid],
                added=issued.statement.added,
                code=issued.code,
                at=local,
                page=services.config.server.page("/verify"),
            ),
        )


def _done(services: Services, standings: Standings) -> Iterator[str]:
    today, unsure = standings.calendar.local_day(standings.at), unsure_of(services, at=standings.at)
    for userid, rows in standings.by_person.items():
        is_asked = userid not in unsure and standings.works_on(userid, today)
        if is_asked and is_done(rows, added=standings.day(userid, today).added):
            yield userid
