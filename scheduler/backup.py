"""backup: write the store to the configured folder, and send no message. It comes after the purge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from bot.features.backup import make_daily
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services

log = structlog.get_logger(__name__)


def needed(services: Services, _at: datetime) -> bool:
    """Return whether a folder is configured."""
    return services.config.backup.folder is not None


def work(services: Services, at: datetime, beat: Callable[[], None]) -> None:
    """Run the job of the timetable."""
    beat()
    made = make_daily(services, at=at)
    log.info("backup made", rows=made.backup.rows, bytes=made.backup.size, removed=len(made.removed))


def messages(_services: Services, _standing: Standings) -> Iterator[tuple[str, Message]]:
    """Yield no message."""
    return iter(())
