"""The service's threads: acts that happen every so often, and loops that go on until they are stopped.

A fault ends neither; it is logged, and the next try comes. APScheduler only wakes us; what is due and what
ran stands in `runs`.
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
    """One scheduler that calls each act in its interval until it is stopped.

    No act runs twice at once. Each has a thread when it needs one, so a slow act holds up no other.
    """

    def __init__(self, acts: Sequence[tuple[str, Act, float]]) -> None:
        """*acts*: name, function and seconds between two calls of each."""
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
        """Begin no act any more, and wait for those under way."""
        self._scheduler.shutdown(wait=True)


class Loop:
    """A thread that calls a step again and again until it is stopped; after a fault it rests first."""

    def __init__(self, name: str, step: Act, *, wake: Act) -> None:
        """*wake* ends the waiting of a step."""
        self._name, self._step, self._wake = name, step, wake
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no step any more, and wait for the one under way."""
        self._ending.set()
        self._wake()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            if not _goes_well(self._name, self._step):
                self._ending.wait(AFTER_FAULT_S)


def _goes_well(name: str, act: Act) -> bool:
    """Call *act*. Log its fault, if there is one, and return False: whoever calls goes on."""
    try:
        act()
    except StoreBusyError as error:
        log.warning("the store is away; trying again", act=name, reason=str(error))
    except Exception:
        log.exception("act failed and goes on", act=name)
    else:
        return True
    return False
