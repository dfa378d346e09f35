"""One of a leader's people, as messages about a team look at him."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.progress import QuotaFigures, Status
from bot.features.teams.help_needs import Need


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMember:
    """One of a leader's people with all his rows; without rows nothing is asked of him.

    *need*: with what he is helped most in the quota of his lowest pace, where that is known. *away*: on leave
    on the day of help, so he is counted and not named as one to help first.
    """

    name: str
    userid: str
    rows: tuple[QuotaFigures, ...]
    need: Need | None = None
    away: bool = False

    @property
    def lowest(self) -> QuotaFigures | None:
        """The row of the lowest pace of those that are behind."""
        behind = (row for row in self.rows if row.status is Status.BEHIND)
        return min(behind, key=pace_of, default=None)


def pace_of(row: QuotaFigures) -> float:
    """Return the pace of *row*; one that there is none of is the lowest."""
    return 0.0 if row.pace is None else row.pace
