"""purge: remove what is older than `[privacy]` allows, and send no message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from bot.features.privacy.pseudonyms import give_pseudonyms
from bot.features.purge import purge
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services
from bot.wecom.asker import StoppedError

log = structlog.get_logger(__name__)


def work(services: Services, at: datetime, beat: Callable[[], None]) -> None:
    """Run the job of the timetable. Raises StoppedError when the service ends; the next run goes on."""

    def alive() -> None:
        if services.ending.is_set():
            raise StoppedError("the service is ending")
        beat()

    counts = clean(services, at=at, beat=alive)
    log.info("old rows removed", rows=sum(counts.values()))


def clean(services: Services, *, at: datetime, beat: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Remove what is too old as of *at* (aware), and give people who left pseudonyms; counts by class."""
    counts = purge(services, at=at, beat=beat)
    people = give_pseudonyms(services, at=at, beat=beat)
    return counts | ({"pseudonyms": people} if people else {})


def messages(_services: Services, _standing: Standings) -> Iterator[tuple[str, Message]]:
    """Yield no message."""
    return iter(())
