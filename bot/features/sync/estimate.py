"""An estimate of the changes in no list, from the behaviour figures read since the last comparison."""

from __future__ import annotations

from bot.core.sync import ESTIMATED, Cause
from bot.core.sync_estimate import compute_estimates
from bot.store.store import Store
from bot.store.sync import SyncReportLine, SyncRun

ESTIMATE = "estimate"  # marks an estimated number; without it the number is unknown


def estimate_unseen(store: Store, run: SyncRun) -> list[SyncReportLine]:
    """Return the estimated lines of the report, by member and in all.

    Without figures since the last complete comparison there is no number. Members with an unread list are
    left out: their adds are not in the ledger yet.
    """
    since = store.syncs.done_before(run.began_at) or 0
    by_member = compute_estimates(store.engagement.beside_ledger(since=since))
    for userid in store.syncs.unknown():
        by_member.pop(userid, None)
    text = ESTIMATE if by_member else ""
    lines = [SyncReportLine(cause=cause.value, userid="", number=0, text=text) for cause in sorted(ESTIMATED)]
    for userid, estimate in sorted(by_member.items()):
        numbers = {Cause.UNSEEN_LOSSES: estimate.unseen_losses, Cause.CAME_AND_WENT: estimate.came_and_went}
        lines += [
            SyncReportLine(cause=cause.value, userid=userid, number=number, text=text)
            for cause, number in numbers.items()
            if number
        ]
    return lines
