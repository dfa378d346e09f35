"""Health of the service for people and monitors: can events be stored, what is degraded, queue depths."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from bot import __version__, logs
from bot.core.outages import FIRST
from bot.core.quiet_hours import Silence
from bot.features.callers.addresses import find_problem
from bot.features.outages import clock, gaps
from bot.services import Services
from bot.store.coordination import TOKEN
from bot.store.details import STUCK_TRIES
from bot.store.engine import StoreError
from bot.store.store import Store
from bot.store.troubles import Part
from bot.store.welcomes import Counts
from bot.wecom.errors import TOO_OFTEN

log = structlog.get_logger(__name__)

LOW_BYTES = 200 * 2**20  # less, or less than a tenth of a small disk, is said while there is time to act


def low_space(store: Store) -> int | None:
    """Return how many MB are free while the disk of the store is nearly full; else None."""
    space = store.engine.space()
    if space is None or space[0] >= min(LOW_BYTES, space[1] // 10):
        return None
    return space[0] // 2**20


def _space_problem(megabytes: int) -> str:
    return (
        f"only {megabytes} MB are free where the store is: make room "
        "before it is full, because then every callback is refused"
    )


def refused_line(api: str, seconds: int) -> str:
    """Describe an API that WeCom refuses for further *seconds*; * is all of them."""
    what = "all reading" if api == "*" else api
    return f"WeCom refuses {what} for too many calls, for another {seconds} s"


class Health:
    """Reports from the store alone, without a call to WeCom."""

    def __init__(
        self,
        store: Store,
        *,
        probe: Callable[[], None],
        real_time: Callable[[], float] = time.time,
        missing_decree: Callable[[], int | None] = lambda: None,
        open_to_all: Callable[[], str | None] = lambda: None,
        newcomers: Callable[[], gaps.Newcomers] = dict,
    ) -> None:
        """Keep *probe*: it returns if an event could be stored now, or raises StoreError."""
        self.store = store
        self._probe = probe
        self.now = real_time
        self._missing_decree, self._open_to_all = missing_decree, open_to_all
        self._newcomers = newcomers
        self._is_broken = False

    @classmethod
    def of(cls, services: Services, *, probe: Callable[[], None] = lambda: None) -> Health:
        """Return the health of *services*, including everything outside the store."""
        return cls(
            services.store,
            probe=probe,
            real_time=services.store.now,
            missing_decree=services.missing_decree,
            open_to_all=partial(find_problem, services),
            newcomers=partial(gaps.list_newcomers, services),
        )

    def report(self) -> dict[str, Any]:
        """Return `ready` (events can be stored) and `degraded` (problems, each with its part)."""
        try:
            self._probe()
            degraded = self.degraded()
        except StoreError as error:
            return self._not_ready(str(error))
        except Exception as error:
            if not self._is_broken:  # one traceback an outage, not one a question
                log.exception("readiness is unknown")
            self._is_broken = True
            return self._not_ready(f"the store answers with {type(error).__name__}: see the log")
        self._is_broken = False
        return {"ready": True, "version": __version__, "degraded": degraded}

    def degraded(self) -> list[dict[str, Any]]:
        """Return the problems, each with its part, without trying to store an event. Raises StoreError."""
        return [
            *self._space(),
            *self._logs(),
            *self._clock(),
            *self._wecom(),
            *self._lost(),
            *self._noted(Part.DIRECTORY),
            *self._noted(Part.SET_ASIDE),
            *self._noted(Part.TAGS),
            *self._noted(Part.ROSTER),
            *self._details(),
            *self._reads(),
            *self._noted(Part.WELCOME),
            *self._robots(),
            *self._failing(),
            *self._ledger(),
            *self._decree(),
            *self._callers(),
            *self._dead(),
        ]

    @staticmethod
    def _not_ready(problem: str) -> dict[str, Any]:
        return {"ready": False, "version": __version__, "degraded": [{"part": "store", "problem": problem}]}

    def depths(self) -> dict[str, int]:
        """Return by name the numbers of pending, dead and withheld items."""
        now, withheld = int(self.now()), self.store.unasked_messages.withheld()
        inbox, outbox = self.store.inbox.depth(now=now), self.store.outbox.depth(now=now)
        return {
            "inbox_pending": inbox.pending,
            "inbox_dead": inbox.dead,
            "inbox_oldest_seconds": inbox.oldest_s or 0,
            "outbox_pending": outbox.pending,
            "outbox_dead": outbox.dead,
            "outbox_oldest_seconds": outbox.oldest_s or 0,
            "log_lines_lost": logs.lost(),
            "details_pending": self.store.details.pending(),
            "withheld_expired": self.store.outbox.expired(since=0),
            **{f"withheld_{reason.name.lower()}": withheld.get(reason.value, 0) for reason in Silence},
        }

    def welcomes(self) -> Counts:
        """Return the outcomes of the welcome messages of the last 24 hours."""
        return self.store.welcomes.counts(now=int(self.now()))

    def _space(self) -> list[dict[str, Any]]:
        left = low_space(self.store)
        if left is None:
            return []
        return [{"part": "space", "megabytes": left, "problem": _space_problem(left)}]

    @staticmethod
    def _logs() -> list[dict[str, Any]]:
        if not (number := logs.lost(unsaid=True)):
            return []
        problem = f"{number} log line(s) were lost: standard error was closed, full or not read"
        return [{"part": "log", "problem": problem}]

    def _decree(self) -> list[dict[str, Any]]:
        if (year := self._missing_decree()) is None:
            return []
        problem = (
            f"the holiday decree (放假安排) for {year} is not known to this version: make-up days are "
            "missing, statutory days off are used; update, or write them into holidays and workdays"
        )
        return [{"part": "decree", "year": year, "problem": problem}]

    def _callers(self) -> list[dict[str, Any]]:
        problem = self._open_to_all()
        return [] if problem is None else [{"part": "callers", "problem": problem}]

    def _clock(self) -> list[dict[str, Any]]:
        problem = clock.find_problem(self.store, now=int(self.now()))
        return [] if problem is None else [{"part": "clock", "problem": problem}]

    def _wecom(self) -> list[dict[str, Any]]:
        token = self.store.tokens.get(TOKEN)
        if token.error:
            return [{"part": "wecom", "errcode": token.errcode, "problem": token.error}]
        return self._noted(Part.DELIVERY, name="wecom")

    def _lost(self) -> list[dict[str, Any]]:
        """Return a silence of WeCom, and lost events not yet recovered."""
        now, degraded = int(self.now()), list[dict[str, Any]]()
        if (silent := gaps.find_silence(self.store, now=now)) is not None:
            minutes = (now - silent.began_at) // 60
            text = (
                f"no callback from WeCom for {minutes} min, longer than ever lately: does the address in "
                "接收消息 → 设置API接收 still answer, is the app enabled?"
            )
            degraded.append({"part": "silence", "minutes": minutes, "problem": text})
        gap = gaps.find_gap(self.store, now=now, newcomers=self._newcomers)
        if gap is not None and FIRST in gap.reasons:
            read, total = self.store.syncs.read_of()
            text = (
                "WeCom's lists were not compared as a whole yet, so nobody but administrators gets messages "
                f"unasked; read: {read} of {total} member(s)"
            )
            degraded.append({"part": "complete", "problem": text})
        elif gap is not None:
            who = "" if gap.members is None else f" of {len(gap.members)} member(s)"
            text = f"events{who} may be missing ({', '.join(gap.reasons)}) until a comparison has caught up"
            degraded.append({"part": "catch_up", "problem": text})
        return degraded

    def _details(self) -> list[dict[str, Any]]:
        """Return the obstacle to reading contacts: for all of them, or for those tried too often."""
        if noted := self._noted(Part.DETAILS):
            return noted
        for error, count in self.store.details.stuck(attempts=STUCK_TRIES):
            problem = f"{count} contact(s) could not be read: {error}"
            return [{"part": "details", "contacts": count, "error": error, "problem": problem}]
        return []

    def _reads(self) -> list[dict[str, Any]]:
        now = int(self.now())
        return [
            {
                "part": "reads",
                "errcode": TOO_OFTEN,
                "api": api,
                "seconds": until - now,
                "problem": refused_line(api, until - now),
            }
            for api, until in self.store.budget.blocked(now=now).items()
        ]

    def _robots(self) -> list[dict[str, Any]]:
        """Return the disabled group robots; the next start forgets those with a new configuration."""
        return [
            {"part": "robots", "errcode": off.errcode, "problem": f"{off.name}: {off.error}"}
            for off in self.store.robots.all()
        ]

    def _failing(self) -> list[dict[str, Any]]:
        """Return the parts of the program that fail again and again."""
        return [
            {"part": "loop", "problem": f"{act} fails ({error}) and is tried again: see the log"}
            for act, error in self.store.failing.all().items()
        ]

    def _ledger(self) -> list[dict[str, Any]]:
        """Return the number of relations that could not be derived."""
        if not (number := self.store.ledger.count_set_aside()):
            return []
        problem = (
            f"{number} relation(s) could not be derived and keep their earlier adds: see the log; "
            "they are tried again with their next event and at the next start"
        )
        return [{"part": "ledger", "relations": number, "problem": problem}]

    def _noted(self, part: Part, *, name: str | None = None) -> list[dict[str, Any]]:
        trouble = self.store.troubles.get(part)
        if trouble is None:
            return []
        return [{"part": name or part.value, "errcode": trouble.errcode, "problem": trouble.text}]

    def _dead(self) -> list[dict[str, Any]]:
        depths = self.depths()
        return [
            {"part": name, "problem": f"{count} given up on: see `quotabot dead list`"}
            for name in ("inbox", "outbox")
            if (count := depths[f"{name}_dead"])
        ]
