"""What no list shows: an estimate from WeCom's behaviour figures that were read since the last comparison."""

from __future__ import annotations

from bot.core.sync import ESTIMATED, Cause
from bot.core.sync_estimate import estimates
from bot.store.store import Store
from bot.store.sync import SyncReportLine, SyncRun

ESTIMATE = "estimate"  # marks a number that is one; without it nobody knows


def unseen(store: Store, run: SyncRun) -> list[SyncReportLine]:
    """How much of these causes there may be, by member and in all.

    Without figures since the last complete comparison there is no number. Members whose list this run could
    not read are left out: what they won is not in the ledger yet.
    """
    since = store.syncs.done_before(run.began_at) or 0
    found = estimates(store.engagement.beside_ledger(since=since))
    for userid in store.syncs.unknown():
        found.pop(userid, None)
    if not found:
        return [SyncReportLine(cause=cause.value, userid="", number=0) for cause in sorted(ESTIMATED)]
    drifts = [
        SyncReportLine(cause=cause.value, userid="", number=0, text=ESTIMATE) for cause in sorted(ESTIMATED)
    ]
    for userid, one in sorted(found.items()):
        for cause, number in (
            (Cause.UNSEEN_LOSSES, one.unseen_losses),
            (Cause.CAME_AND_WENT, one.came_and_went),
        ):
            if number:
                drifts.append(SyncReportLine(cause=cause.value, userid=userid, number=number, text=ESTIMATE))
    return drifts
