"""Times of possibly lost callbacks, and the parts that no comparison with WeCom's lists covers yet.

All times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.sync import SETTLE_S

DOWN = "down"  # no receiver ran
REFUSED = "refused"  # callbacks were answered 503
SILENCE = "silence"  # WeCom sent nothing for longer than is plausible here
FIRST = "first comparison"  # WeCom's lists were never compared as a whole: no outage, but the same lack
SHORTEST_DOWN_S = 60  # WeCom retries for about so long
LONG_S = 600  # an outage of the receiver over so long makes all figures incomplete until a comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One such time. While it *lasts*, *ended_at* is now."""

    began_at: int
    ended_at: int
    reason: str
    lasts: bool = False

    @property
    def counts(self) -> bool:
        """Say whether anything may have been lost in it."""
        return self.reason != DOWN or self.ended_at - self.began_at > SHORTEST_DOWN_S

    @property
    def is_long(self) -> bool:
        """Return whether the receiver could not store events for over LONG_S."""
        return self.reason in (DOWN, REFUSED) and self.ended_at - self.began_at > LONG_S

    def is_ripe(self, now: int) -> bool:
        """Say whether a comparison that begins at *now* covers all of it."""
        return not self.lasts and self.ended_at + SETTLE_S <= now


def covered_by(began_at: int) -> int:
    """Return until when a comparison that began at *began_at* restores lost callbacks."""
    return began_at - SETTLE_S


def find_uncovered(outages: Iterable[Outage], *, covered: int, upto: int) -> tuple[Outage, ...]:
    """Return the outages with a part between *covered* and *upto* to restore, the earliest first."""
    found = [
        outage
        for outage in outages
        if outage.counts and outage.began_at < upto and min(outage.ended_at, upto) > covered
    ]
    return tuple(sorted(found, key=lambda outage: (outage.began_at, outage.ended_at)))
