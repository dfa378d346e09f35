"""The values that numbers are made from: plain, and without anything computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
Key = tuple[str, str, int]  # employee, customer, epoch second of the add


class Event(NamedTuple):
    """One notice about a relation. *by_list*: WeCom's lists told it, no callback did."""

    userid: str
    customer: str
    at: int
    kind: str  # added, half_added, edited, lost_by_customer, lost_by_member, lost_unknown, transferred
    by_list: bool = False
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one reading of the roster says of one person. The first department is their own."""

    departments: tuple[int, ...] = (1,)
    role: str | None = None
    share: Fraction = Fraction(1)
    joined_on: date | None = None
    left_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The whole roster and the tree of departments (child: parent) as first said on the day *on*."""

    on: date
    lines: Mapping[str, Line]
    parents: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """Exactly one of *flat*, *per_missing* (with *cap*) and *tiers* (below, amount)."""

    flat: int | None = None
    per_missing: int | None = None
    cap: int | None = None
    tiers: tuple[tuple[Fraction, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reward:
    """Exactly one of *top* and *per_extra* (with *cap*)."""

    top: tuple[int, ...] = ()
    scope: str = "all"
    min_attainment: Fraction = Fraction(1)
    min_kept: Fraction = Fraction(0)
    min_presence: Fraction = Fraction(0)
    per_extra: int | None = None
    cap: int | None = None


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One `[[quotas]]` section with its counting rules; what is left out is off."""

    id: str = "q"
    period: str = "month"
    target: int = 50
    basis: str = "added"
    roles: frozenset[str] = frozenset()
    departments: frozenset[int] = frozenset()
    userids: frozenset[str] = frozenset()
    starts_on: date | None = None
    ends_on: date | None = None
    penalty: Penalty | None = None
    reward: Reward | None = None
    first_add: str = "pair"
    customer_types: frozenset[int] = frozenset({1, 2})
    keep_days: int = 0
    segment_tags: tuple[str, ...] = ()
    required_tags: tuple[str, ...] = ()
    required_facts: tuple[str, ...] = ()
    own_book: bool = False
    max_share: tuple[tuple[str, Fraction], ...] = ()
    exclude_add_ways: frozenset[int] = frozenset()
    exclude_states: frozenset[str] = frozenset()
    max_per_day: int = 0


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """One `[integrity]` section; *burst* is adds and minutes, *quick_loss* rate and min_adds."""

    shared_by: int | None = None
    window_days: int = 30
    burst: tuple[int, int] | None = None
    quick_loss: tuple[Fraction, int] | None = None
    hold: bool = False


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a configuration file says of counting."""

    quotas: tuple[Quota, ...]
    integrity: Integrity = Integrity()
    regain_days: int = 3
    cap_per_month: int = 0


@dataclass(frozen=True, kw_only=True)
class Version:
    """Rules that were recorded on the day *on*."""

    on: date
    rules: Rules


@dataclass(frozen=True, kw_only=True)
class Details:
    """What WeCom says of a contact once it is read."""

    customer_type: int = 1
    add_way: int = 1
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A reviewer's word on one add under one quota: of an *appeal*, or of a held add."""

    key: Key
    quota: str
    accepted: bool
    appeal: bool = False


@dataclass(frozen=True, kw_only=True)
class FindingDecision:
    """A reviewer's word on a finding and on the adds that it named.

    A quick loss has its quota and period, a rollout its day as *period*.
    """

    kind: str  # burst, shared, quick_loss, rollout
    userid: str
    adds: frozenset[Key]
    confirmed: bool
    quota: str = ""
    period: str = ""


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A planned event; without departments it is everybody's."""

    first: date
    last: date
    departments: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Closing:
    """What the close at the second *at* stored: a row for each person, and the day whose tree a team uses.

    *corrections* are later lines in their order: the second from which one is shown, and its row.
    """

    at: int
    rows: Mapping[str, Mapping[str, Any]]
    corrections: tuple[tuple[int, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Everything that is known now.

    *record_began*: the day of the first `serve` or `run`. *planned*: people and days of campaigns besides.
    *start*: the second of the first comparison with WeCom's lists; around it customers known before are
    asked about.
    """

    versions: tuple[Version, ...]
    readings: tuple[Reading, ...]
    events: tuple[Event, ...] = ()
    absences: Mapping[str, frozenset[date]] = field(default_factory=dict)
    details: Mapping[tuple[str, str], Details] = field(default_factory=dict)
    managers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    findings: tuple[FindingDecision, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    planned: frozenset[tuple[str, date]] = frozenset()
    closings: Mapping[tuple[str, str], Closing] = field(default_factory=dict)
    zone: ZoneInfo = SHANGHAI
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    closes: time = time(18, 0)
    behind_threshold: Fraction = Fraction(9, 10)
    record_began: date | None = None
    start: int | None = None
