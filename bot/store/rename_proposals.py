"""Pairs of userids that may be one person: what comparing with WeCom's lists proposes, and what was decided.

Times are epoch seconds. Call the changing methods inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.core.renames import Begun, Overlap, Pair
from bot.store.engine import SqlRow, TableGroup, row_of


class ProposalState(StrEnum):
    """released: nothing was decided, and what it was about is no more."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal(Overlap):
    """An open one. *told*: so many levels of reviewers were asked, the last one at *told_at*."""

    proposed_at: int
    told: int = 0
    told_at: int | None = None

    @property
    def pair(self) -> Pair:
        """Return the vanished userid and the new one."""
        return self.old_userid, self.userid


class Proposals(TableGroup):
    """Rows of this table, and what they are made from."""

    def open(self) -> list[Proposal]:
        """Return the undecided proposals, oldest first."""
        return [Proposal(**row) for row in self._engine.all("proposals_open")]

    def refused(self) -> frozenset[Pair]:
        """Return the pairs that a person called two people."""
        return frozenset((row["old_userid"], row["userid"]) for row in self._engine.all("proposals_refused"))

    def put(self, overlaps: Iterable[Overlap], *, at: int) -> None:
        """Ask; a pair that was refused is not asked about again."""
        self._engine.run_many("proposals_put", [row_of(overlap, at=at) for overlap in overlaps])

    def end(self, pair: Pair, state: ProposalState, *, by: str, reason: str, at: int) -> bool:
        """Decide or release an open one; False when it was not open."""
        decision = {"state": state.value, "by": by, "reason": reason, "at": at}
        return self._engine.apply("proposals_end", **_named(pair), **decision)

    def tell(self, pair: Pair, *, told: int, at: int) -> None:
        """Note that so many levels of reviewers were asked."""
        self._engine.run("proposals_tell", **_named(pair), told=told, at=at)

    # --- what a comparison knows ---

    def living(self, old_userid: str) -> dict[str, list[int]]:
        """Return the customers of a userid's living relations, each with the moments at which it began."""
        moments: dict[str, list[int]] = {}
        for row in self._engine.all("proposals_living", old_userid=old_userid):
            moments.setdefault(row["external_userid"], []).append(row["moment"])
        return moments

    def listed(self, old_userid: str) -> list[Begun]:
        """Return rows about the same customers in complete lists of members without any of them before."""
        return [Begun(**row) for row in self._engine.all("proposals_listed", old_userid=old_userid)]


def _named(pair: Pair) -> SqlRow:
    return {"old_userid": pair[0], "userid": pair[1]}
