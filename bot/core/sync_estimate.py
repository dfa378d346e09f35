"""What no list shows, estimated from WeCom's behaviour figures: they count, and name nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDay:
    """One member's day: how many WeCom counted (None: not told), and how many the ledger knows."""

    userid: str
    day: date
    told_losses: int | None
    told_adds: int | None
    known_losses: int
    known_adds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """About how many customers left, and came and went, without anybody having heard of it."""

    unseen_losses: int = 0
    came_and_went: int = 0


def estimates(days: Iterable[MemberDay]) -> dict[str, Estimate]:
    """Return the estimate by member; who is not in it is one of whom WeCom told nothing.

    A day on which the ledger knows more than WeCom counted makes up for no other day.
    """
    found: dict[str, Estimate] = {}
    for one in days:
        if one.told_losses is None and one.told_adds is None:
            continue
        before = found.get(one.userid, Estimate())
        found[one.userid] = Estimate(
            unseen_losses=before.unseen_losses + _missing(one.told_losses, one.known_losses),
            came_and_went=before.came_and_went + _missing(one.told_adds, one.known_adds),
        )
    return found


def _missing(told: int | None, known: int) -> int:
    return 0 if told is None else max(0, told - known)
