"""purge: remove what is older than `[privacy]` allows, and send no message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.features.privacy.pseudonyms import give_pseudonyms
from bot.features.purge import purge
from bot.services import Services

log = structlog.get_logger(__name__)


def work(services: Services, at: datetime, beat: Callable[[], None]) -> None:
    """Run the job of the timetable. Raises StoppedError when the service ends; the next run goes on."""
    counts = clean(services, at=at, beat=services.beating(beat))
    log.info("old rows removed", rows=sum(counts.values()))


def clean(services: Services, *, at: datetime, beat: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Remove what is too old as of *at* (aware), and give people who left pseudonyms; counts by class."""
    counts = purge(services, at=at, beat=beat)
    people = give_pseudonyms(services, at=at, beat=beat)
    return counts | ({"pseudonyms": people} if people else {})
