"""What counts, as values: `[quotas.counting]` and `[integrity]` without a word about how they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

DAY_S = 24 * 3600

WECHAT, WECOM = 1, 2  # WeCom's `type` of an external contact [92114]


class FirstAdd(StrEnum):
    """pair: a re-add earns nothing; corp: nor does a customer a colleague had before; any: each add earns."""

    PAIR = "pair"
    CORP = "corp"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxShare:
    """At most *share* (0 <= share < 1) of what counts may have *fact*."""

    fact: str
    share: Fraction

    def allowed(self, others: int) -> int:
        """Return how many may have the fact beside *others* that do not have it, or are not known to."""
        return int(self.share / (1 - self.share) * others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """One `[quotas.counting]`; a rule at its default is off."""

    first_add: FirstAdd = FirstAdd.PAIR
    customer_types: frozenset[int] = frozenset({WECHAT, WECOM})
    keep_days: int = 0
    required_tags: tuple[str, ...] = ()
    required_facts: tuple[str, ...] = ()
    own_book: bool = False
    max_share: tuple[MaxShare, ...] = ()
    exclude_add_ways: frozenset[int] = frozenset()
    exclude_states: frozenset[str] = frozenset()
    max_per_day: int = 0

    @property
    def keep_s(self) -> int:
        """The keep period in seconds."""
        return self.keep_days * DAY_S

    @property
    def needs_details(self) -> bool:
        """Whether a rule asks for what only WeCom's details of a contact say."""
        every_type = self.customer_types >= {WECHAT, WECOM}
        return not every_type or bool(self.exclude_add_ways) or bool(self.required_tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """So many *adds* of one employee within so many *minutes*, both ends included."""

    adds: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLoss:
    """A share of *rate* or more of a period's adds, of which there are *min_adds*, lost within keep_days."""

    rate: Fraction
    min_adds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """One `[integrity]`; what is None is off. *hold*: concerned adds are pending until reviewed."""

    shared_by: int | None = None
    window_days: int = 30
    burst: Burst | None = None
    quick_loss: QuickLoss | None = None
    hold: bool = False


OFF = Integrity()
