"""The money of a result: always an estimate for HR, in whole yuan, never a fine by a machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """An amount for each contact, up to *cap* yuan in all (None: no cap)."""

    amount: int
    cap: int | None = None

    def times(self, contacts: int) -> int:
        """Return the yuan for so many contacts; 0 for none or fewer."""
        whole = self.amount * max(0, contacts)
        return whole if self.cap is None else min(whole, self.cap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """Exactly one of *flat*, *per_missing*, *tiers* (each: below, amount)."""

    flat: int | None = None
    per_missing: Pay | None = None
    tiers: tuple[tuple[Fraction, int], ...] = ()

    def amount(self, *, counted: int, target: int, part: Fraction) -> int:
        """Return the estimated deduction in yuan, rounded down; 0 when the target is met.

        *part* is the part of the target that is asked. It makes flat amounts and tiers smaller; per_missing
        does not need it, because the target is prorated already.
        """
        return floor(self.unrounded(counted=counted, target=target, part=part))

    def unrounded(self, *, counted: int, target: int, part: Fraction) -> Fraction:
        """Return the deduction before it is rounded."""
        if counted >= target:
            return Fraction(0)
        if self.per_missing is not None:
            return Fraction(self.per_missing.times(target - counted))
        if self.flat is not None:
            return self.flat * part
        holding = [tier for tier in self.tiers if tier[0] > Fraction(counted, target)]
        return min(holding)[1] * part if holding else Fraction(0)


class Scope(StrEnum):
    """The group in which people are ranked."""

    DEPARTMENT = "department"
    ROLE = "role"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """Exactly one of *top* (yuan for the first, second … rank) and *per_extra*.

    *min_presence*: with *top* only people with at least this part of the period's workdays are ranked.
    """

    top: tuple[int, ...] = ()
    scope: Scope = Scope.ALL
    min_attainment: Fraction = Fraction(1)
    min_kept: Fraction = Fraction(0)
    min_presence: Fraction = Fraction(0)
    per_extra: Pay | None = None

    def amount(self, *, counted: int, target: int, rank: int | None, kept: Fraction | None) -> int:
        """Return the estimated reward in yuan.

        *rank* is None for people without one; *kept* is kept_90 as printed, None under 10 adds.
        """
        if self.per_extra is not None:
            return self.per_extra.times(counted - target)
        if rank is None or rank > len(self.top):
            return 0
        enough = Fraction(counted, target) >= self.min_attainment and (kept is None or kept >= self.min_kept)
        return self.top[rank - 1] if enough else 0
