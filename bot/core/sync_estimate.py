"""An estimate of the changes in no list, from WeCom's behaviour figures. These name no customers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDay:
    """One member's day: WeCom's counts (None if unknown), and the ledger's."""

    userid: str
    day: date
    told_losses: int | None
    told_adds: int | None
    known_losses: int
    known_adds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate of the customers who left, or came and went, without an event."""

    unseen_losses: int = 0
    came_and_went: int = 0


def compute_estimates(days: Iterable[MemberDay]) -> dict[str, Estimate]:
    """Return the estimate by member; members without figures of WeCom are absent.

    A day with more in the ledger than WeCom counted makes up for no other day.
    """
    by_member: dict[str, Estimate] = {}
    for day in days:
        if day.told_losses is None and day.told_adds is None:
            continue
        before = by_member.get(day.userid, Estimate())
        by_member[day.userid] = Estimate(
            unseen_losses=before.unseen_losses + _missing(day.told_losses, day.known_losses),
            came_and_went=before.came_and_went + _missing(day.told_adds, day.known_adds),
        )
    return by_member


def _missing(told: int | None, known: int) -> int:
    return 0 if told is None else max(0, told - known)
