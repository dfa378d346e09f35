"""The service's threads: acts at intervals, and loops until they are stopped.

A fault ends neither: it is logged once, noted for `readyz`, and the next try follows after a pause that
doubles. APScheduler only wakes the acts; `runs` stores what is due and what ran.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.store.engine import StoreBusyError
from bot.store.troubles import Failing

log = structlog.get_logger(__name__)

AFTER_FAULT_S = 1.0
LONGEST_PAUSE_S = 60.0
_STEP_S = 1.0  # a clock that differs by more from monotonic time was set

Act = Callable[[], None]


class Guard:
    """An act with its faults. While it fails it is called less and less often, and *failing* says so."""

    def __init__(self, name: str, act: Act, failing: Failing | None = None) -> None:
        """Begin without a fault; an earlier process may have noted one."""
        self._name, self._act, self._failing = name, act, failing
        self._faults, self._last = 0, ""
        self._not_before = 0.0
        self._is_noted = failing is not None

    @property
    def pause_s(self) -> float:
        """Return the seconds until the next call may do anything."""
        return max(0.0, self._not_before - time.monotonic())

    def __call__(self) -> None:
        """Call the act, unless it must wait after a fault."""
        if self.pause_s:
            return
        try:
            self._act()
            self._went_well()
        except StoreBusyError as error:
            self._not_before, self._last = time.monotonic() + AFTER_FAULT_S, ""
            _outage.note(self._name, error)
        except Exception as error:  # noqa: BLE001 - it is logged with its traceback
            self._went_wrong(error)

    def _went_well(self) -> None:
        _outage.end(self._name)
        self._faults, self._last = 0, ""
        if self._is_noted and self._failing is not None:
            self._failing.clear(self._name)
            self._is_noted = False

    def _went_wrong(self, error: Exception) -> None:
        _outage.end(self._name)
        pause = min(LONGEST_PAUSE_S, AFTER_FAULT_S * 2**self._faults)
        self._not_before = time.monotonic() + pause
        self._faults = min(self._faults + 1, 16)
        kind = type(error).__name__
        if kind != self._last:
            log.error("act failed and goes on", act=self._name, exc_info=error)
        self._last = kind
        if self._failing is not None:
            self._is_noted = True
            with suppress(Exception):  # the fault may be the store's
                self._failing.note(self._name, kind)


class _SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]  # it ships no types
    """A scheduler that a clock which is set neither stops nor hurries: all acts are due then, once.

    APScheduler plans by the wall clock and waits by monotonic time.
    """

    _offset = 0.0

    def _process_jobs(self) -> float:
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > _STEP_S and self._offset:
            for job in self.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        self._offset = offset
        wait_s: float | None = super()._process_jobs()
        return _STEP_S if wait_s is None else min(wait_s, _STEP_S)


class Runner:
    """One scheduler that calls each act at its interval until it is stopped.

    No act runs twice at once. Each act has its own thread, so a slow act delays no other.
    """

    def __init__(self, acts: Sequence[tuple[str, Act, float]], failing: Failing | None = None) -> None:
        """Add *acts*: name, function and seconds between two calls of each."""
        executor = ThreadPoolExecutor(max_workers=len(acts), pool_kwargs={"thread_name_prefix": "act"})
        self._scheduler = _SteadyScheduler(timezone="UTC", executors={"default": executor})
        for name, act, seconds in acts:
            self._scheduler.add_job(
                Guard(name, act, failing),
                "interval",
                name=name,
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

    def __init__(self, name: str, step: Act, *, wake: Act, failing: Failing | None = None) -> None:
        """Prepare the thread; *wake* ends the waiting of a step."""
        self._step, self._wake = Guard(name, step, failing), wake
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
            self._step()
            if pause := self._step.pause_s:
                self._ending.wait(pause)


class _StoreOutage:
    """One line when the store goes away, one when all acts that missed it have it again."""

    def __init__(self) -> None:
        self._missing: set[str] = set()
        self._lock = threading.Lock()

    def note(self, act: str, error: StoreBusyError) -> None:
        """Note that *act* could not use the store."""
        with self._lock:
            if not self._missing:
                log.warning("the store is away; trying again", act=act, reason=str(error))
            self._missing.add(act)

    def end(self, act: str) -> None:
        """Note that *act* did its work, or failed of something else."""
        if act not in self._missing:
            return
        with self._lock:
            self._missing.discard(act)
            if not self._missing:
                log.warning("the store is back")


_outage = _StoreOutage()
