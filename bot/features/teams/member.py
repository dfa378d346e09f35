"""A member of a team, as messages to its leader need them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.teams.help_needs import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMember:
    """One of a leader's people with all their rows, none for people without a quota.

    *need*: what helps most in the quota of their lowest pace, if known. *away*: on leave on the day of help,
    so messages count them and do not name them as people to help first. *tight*: ids of quotas about which
    messages name no number for today.
    """

    name: str
    userid: str
    rows: tuple[QuotaFigures, ...]
    need: Need | None = None
    away: bool = False
    tight: frozenset[str] = frozenset()

    @property
    def lowest(self) -> QuotaFigures | None:
        """The row with the lowest pace of the rows behind."""
        behind = (row for row in self.rows if row.status is Status.BEHIND)
        return min(behind, key=pace_of, default=None)


def pace_of(row: QuotaFigures) -> float:
    """Return the pace of *row*, 0 if it has none."""
    return 0.0 if row.pace is None else row.pace
