"""The values of `[quotas.counting]` and `[integrity]`. Other modules apply them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

DAY_S = 24 * 3600

WECHAT, WECOM = 1, 2  # WeCom's `type` of an external contact [92114]


class FirstAdd(StrEnum):
    """pair: a re-add earns nothing; corp: nor does a colleague's earlier customer; any: each add earns."""

    PAIR = "pair"
    CORP = "corp"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxShare:
    """The largest *share* (0 <= share < 1) of the counted contacts with *fact*."""

    fact: str
    share: Fraction

    def allowed(self, others: int) -> int:
        """Return how many contacts may have the fact beside *others* without it, or with it unknown."""
        return int(self.share / (1 - self.share) * others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """One `[quotas.counting]`; a rule at its default is off."""

    first_add: FirstAdd = FirstAdd.PAIR
    customer_types: frozenset[int] = frozenset({WECHAT, WECOM})
    keep_days: int = 0
    segment_tags: tuple[str, ...] = ()
    required_tags: tuple[str, ...] = ()
    required_facts: tuple[str, ...] = ()
    own_book: bool = False
    max_share: tuple[MaxShare, ...] = ()
    exclude_add_ways: frozenset[int] = frozenset()
    exclude_states: frozenset[str] = frozenset()
    max_per_day: int = 0

    @property
    def keep_s(self) -> int:
        """Return the keep period in seconds."""
        return self.keep_days * DAY_S

    def covers(self, tags: frozenset[str]) -> bool:
        """Return whether a contact with *tags* belongs to the segment of the quota."""
        return not self.segment_tags or not tags.isdisjoint(self.segment_tags)

    @property
    def reads_details(self) -> bool:
        """Return whether a verdict may depend on WeCom's details of a contact."""
        return self.needs_details or bool(self.segment_tags or self.exclude_states)

    @property
    def reads_facts(self) -> bool:
        """Return whether a verdict may depend on what the bank says of a customer."""
        return bool(self.required_facts or self.own_book or self.max_share)

    @property
    def takes_every_type(self) -> bool:
        """Return whether customers of both types count."""
        return self.customer_types >= {WECHAT, WECOM}

    @property
    def needs_details(self) -> bool:
        """Return whether a rule needs WeCom's details of a contact."""
        return not self.takes_every_type or bool(self.exclude_add_ways or self.required_tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """The limit of *adds* of one employee within *minutes*, both ends included."""

    adds: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLoss:
    """The limit of the share of a period's adds lost within keep_days, from *min_adds* adds on."""

    rate: Fraction
    min_adds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """One `[integrity]`; a rule that is None is off. *hold*: concerned adds are pending until reviewed."""

    shared_by: int | None = None
    window_days: int = 30
    burst: Burst | None = None
    quick_loss: QuickLoss | None = None
    hold: bool = False


OFF = Integrity()
