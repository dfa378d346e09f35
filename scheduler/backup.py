"""backup: write the store to the configured folder, and send no message. It comes after the purge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.features.backup import make_daily
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
