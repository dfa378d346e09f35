"""APScheduler behind the timetable: it only wakes us; what is due and what ran stands in `runs`."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from bot.store.engine import StoreBusyError

log = structlog.get_logger(__name__)


class Runner:
    """Calls a function every *seconds*, never twice at once, until stopped."""

    def __init__(self, tick: Callable[[], None], *, seconds: float) -> None:
        self._tick = tick
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._scheduler.add_job(
            self._safely, "interval", seconds=seconds, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for a tick under way and end."""
        self._scheduler.shutdown(wait=True)

    def _safely(self) -> None:
        try:
            self._tick()
        except StoreBusyError as error:
            log.warning("the store is away; trying again", reason=str(error))
        except Exception:
            log.exception("periodic act failed")
