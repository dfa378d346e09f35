"""The report of the last comparison with WeCom's lists: for `status`, commands and admins."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.sync import ESTIMATED, FOUND, UNVERIFIABLE, Cause
from bot.features.sync.estimate import ESTIMATE
from bot.store.store import Store
from bot.store.sync import SyncReportLine, SyncRun


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """One run, begun *at* (epoch s), with the number of facts by cause.

    *unverifiable*: numbers by cause; estimates for `ESTIMATED`, None without a number. *held*, *unknown*,
    *frozen*: the members concerned. *renamed*: new userids, each with the vanished one that it may be.
    """

    at: int
    calls: int
    causes: dict[str, int]
    unverifiable: dict[str, int | None]
    held: tuple[SyncReportLine, ...]
    unknown: tuple[SyncReportLine, ...]
    frozen: tuple[SyncReportLine, ...]
    renamed: tuple[SyncReportLine, ...] = ()

    @property
    def found(self) -> int:
        """Return the number of facts missing in the ledger."""
        return sum(self.causes.values())

    @property
    def repaired(self) -> int:
        """Return the number of written facts: all but the held losses."""
        return self.found - sum(line.number for line in self.held)


def load_last_sync_report(store: Store) -> SyncReport | None:
    """Return the report of the newest complete run, None before the first."""
    run = store.syncs.last()
    return None if run is None else load_sync_report(store, run)


def load_sync_report(store: Store, run: SyncRun) -> SyncReport:
    """Return the report of the finished *run*."""
    numbers = {cause: number for cause, (number, _) in store.syncs.report_totals(run).items()}

    def concerned(cause: Cause) -> tuple[SyncReportLine, ...]:
        return tuple(store.syncs.report_lines(run, cause.value)) if cause.value in numbers else ()

    def is_estimate(cause: str) -> bool:
        return any(line.text == ESTIMATE for line in store.syncs.report_lines(run, cause))

    return SyncReport(
        at=run.began_at,
        calls=run.calls,
        causes={cause: number for cause, number in numbers.items() if cause in FOUND},
        unverifiable={
            cause: number if cause not in ESTIMATED or is_estimate(cause) else None
            for cause, number in numbers.items()
            if cause in UNVERIFIABLE
        },
        held=concerned(Cause.HELD),
        unknown=concerned(Cause.UNKNOWN),
        frozen=concerned(Cause.FROZEN),
        renamed=concerned(Cause.RENAMED),
    )
