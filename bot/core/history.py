"""What one employee's adds looked like at a time: the view that every number of that time is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.core.relations import LOSSES, Add, Kind, as_of
from bot.core.standing import rounded
from bot.core.verdicts import Verdict

KEPT_WINDOW_S = 90 * 24 * 3600
KEPT_MIN_ADDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Adds of a period by verdict; together they are gross."""

    counted: int
    pending: int
    rejected: int

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Tally:
        """Return the tally of one employee's verdicts of a period."""
        numbers = {"counted": 0, "pending": 0, "rejected": 0}
        for verdict, number in Counter(verdicts).items():
            numbers[verdict.standing] += number
        return cls(**numbers)

    @property
    def done(self) -> int:
        """Counted and pending together: what still asks nothing of the employee."""
        return self.counted + self.pending


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One employee's adds as of one time."""

    adds: tuple[Add, ...]

    @classmethod
    def known_at(cls, at: int, *, adds: Iterable[Add]) -> History:
        """Return the history as of *at* (epoch seconds, included) from whole-set folds in any order."""
        return cls(adds=tuple(known for add in adds if (known := as_of(add, at)) is not None))

    def within(self, first_s: int, end_s: int) -> Sequence[Add]:
        """Return the adds with *first_s* <= added_at < *end_s*."""
        return [add for add in self.adds if first_s <= add.added_at < end_s]

    def lost_adds(self) -> list[int]:
        """Return the add times of those relations whose last add was ended by a loss."""
        last: dict[str, Add] = {}
        for add in self.adds:
            seen = last.get(add.external_userid)
            if seen is None or seen.nth < add.nth:
                last[add.external_userid] = add
        return [add.added_at for add in last.values() if add.ended_by in LOSSES]

    def kept_90(self, at: int) -> Fraction | None:
        """Return the share of the adds in the 90 x 24 h up to *at* that are not ended, with two decimals.

        Adds that a transfer ended are left out. None under 10 such adds.
        """
        recent = [
            add
            for add in self.adds
            if add.added_at > at - KEPT_WINDOW_S and add.ended_by is not Kind.TRANSFERRED
        ]
        if len(recent) < KEPT_MIN_ADDS:
            return None
        return rounded(Fraction(sum(add.ended_at is None for add in recent), len(recent)), places=2)
