"""waited: with progress and digest, to people without one: messages that found no slot before."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.workdays import epoch_of
from bot.features.standings.load import Standings
from bot.messages.catalog import texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Message
from bot.services import Services


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield an empty message for each person with waiting messages; enqueuing fills it or drops it."""
    texts, local = texts_in(services.language), standings.calendar.local(standings.at)
    end = footer(texts, at=local, kind=texts["waited.kind"])
    for userid in services.store.outbox.waiting_for(now=epoch_of(standings.at)):
        yield userid, Message((first_line(texts["waited.head"]), end))
