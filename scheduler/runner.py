"""The service's threads: acts at intervals, and loops until they are stopped.

A fault ends neither: it is logged, and the next try follows. APScheduler only wakes the acts; `runs` stores
what is due and what ran.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.store.engine import StoreBusyError

log = structlog.get_logger(__name__)

AFTER_FAULT_S = 1.0

Act = Callable[[], None]


class Runner:
    """One scheduler that calls each act at its interval until it is stopped.

    No act runs twice at once. Each act has its own thread, so a slow act delays no other.
    """

    def __init__(self, acts: Sequence[tuple[str, Act, float]]) -> None:
        """Add *acts*: name, function and seconds between two calls of each."""
        executor = ThreadPoolExecutor(max_workers=len(acts), pool_kwargs={"thread_name_prefix": "act"})
        self._scheduler = BackgroundScheduler(timezone="UTC", executors={"default": executor})
        for name, act, seconds in acts:
            self._scheduler.add_job(
                _goes_well,
                "interval",
                args=(name, act),
                seconds=seconds,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin; the first call of an act comes after its interval."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no further act, and wait for running ones."""
        self._scheduler.shutdown(wait=True)


class Loop:
    """A thread that calls a step repeatedly until it is stopped; after a fault it pauses first."""

    def __init__(self, name: str, step: Act, *, wake: Act) -> None:
        """Prepare the thread; *wake* ends the waiting of a step."""
        self._name, self._step, self._wake = name, step, wake
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further step, and wait for the running one."""
        self._ending.set()
        self._wake()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            if not _goes_well(self._name, self._step):
                self._ending.wait(AFTER_FAULT_S)


def _goes_well(name: str, act: Act) -> bool:
    """Call *act*. Log a fault and return False, so that the caller continues."""
    try:
        act()
    except StoreBusyError as error:
        log.warning("the store is away; trying again", act=name, reason=str(error))
    except Exception:
        log.exception("act failed and goes on", act=name)
    else:
        return True
    return False
