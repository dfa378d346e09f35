"""The figures behind a finding. They stay as they were when the question was asked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.contacts import Contact
from bot.core.integrity import Finding, FindingKind
from bot.core.quotas import Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The figures behind a question; *first* and *last* (epoch s) bound the adds.

    burst: *n* adds in the densest window of the day. shared: *n* employees of one customer within *days*.
    quick_loss: *n* of *of* adds lost within *days*. rollout: *n* adds of a day.
    """

    first: int
    last: int
    n: int
    of: int = 0
    days: int = 0


def evidence_of(finding: Finding, *, contacts: Sequence[Contact], quota: Quota) -> Evidence:
    """Return the figures of *finding* under the rules of *quota*.

    *contacts*: the person's as of T, by time.
    """
    moments = [key[2] for key in finding.concerned]
    if finding.name.kind is FindingKind.BURST and quota.integrity.burst is not None:
        return _densest(moments, contacts, window_s=quota.integrity.burst.minutes * 60)
    days = {FindingKind.SHARED: quota.integrity.window_days, FindingKind.QUICK_LOSS: quota.counting.keep_days}
    return Evidence(
        first=moments[0],
        last=moments[-1],
        n=finding.seen,
        of=finding.of,
        days=days.get(finding.name.kind, 0),
    )


def _densest(ends: Sequence[int], contacts: Sequence[Contact], *, window_s: int) -> Evidence:
    adds = [contact.added_at for contact in contacts]
    windows = [adds[bisect_left(adds, end - window_s) : bisect_right(adds, end)] for end in ends]
    densest = max(windows, key=len)
    return Evidence(first=densest[0], last=densest[-1], n=len(densest))
