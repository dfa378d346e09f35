"""Which rule holds for which period: a period keeps what it began with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.periods import Period, PeriodKind, period_of
from bot.core.quotas import Quota, holds_for

Framed = tuple[Quota, Period]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A quota's rule for periods whose first day is *since* or later; no *quota*: the file lacks it."""

    since: date
    quota: Quota | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The versions of each quota (by *since*; before its first one that one holds), in the order of rows."""

    lines: tuple[tuple[Version, ...], ...]

    @classmethod
    def of(cls, quotas: Iterable[Quota]) -> Rulebook:
        """Return a rulebook in which nothing ever changed."""
        return cls(lines=tuple((Version(since=date.min, quota=quota),) for quota in quotas))

    def places(self) -> dict[str, int]:
        """Return where each quota stands among the others, by its id."""
        return {
            version.quota.id: place
            for place, versions in enumerate(self.lines)
            for version in versions
            if version.quota is not None
        }

    def frames_at(self, day: date) -> list[Framed]:
        """Return each quota that holds on the local *day* with its period in which *day* lies."""
        found: list[Framed] = []
        for versions in self.lines:
            for version in reversed(versions):
                if version.quota is None:
                    continue
                period = period_of(version.quota.period, day)
                if _in_force(versions, period) is version and holds_for(version.quota, period):
                    found.append((version.quota, period))
                    break
        return found

    def frames_named(self, period: Period) -> list[Framed]:
        """Return each quota that holds for *period*."""
        found = (_in_force(versions, period).quota for versions in self.lines)
        return [(quota, period) for quota in found if quota is not None and holds_for(quota, period)]

    def frames_beginning(self, first: date, last: date) -> list[Framed]:
        """Return each quota with each of its periods whose first day lies in [*first*, *last*]."""
        return [
            (quota, period)
            for versions in self.lines
            for period in _periods(versions, first, last)
            if (quota := _in_force(versions, period).quota) is not None and holds_for(quota, period)
        ]

    def frames_ending(self, first: date, last: date) -> list[Framed]:
        """Return each quota with each of its periods that end in [*first*, *last*], by last day."""
        # No period is longer than a year.
        begun = self.frames_beginning(first - timedelta(days=366), last)
        ending = [(quota, period) for quota, period in begun if first <= period.last <= last]
        return sorted(ending, key=lambda framed: framed[1].last)


def _in_force(versions: Sequence[Version], period: Period) -> Version:
    held = versions[0]
    for version in versions[1:]:
        if version.since <= period.first:
            held = version
    return held


def _periods(versions: Sequence[Version], first: date, last: date) -> Iterator[Period]:
    """Every period of every kind that a version asks for, beginning in [*first*, *last*], by first day."""
    kinds: dict[PeriodKind, None] = {
        version.quota.period: None for version in versions if version.quota is not None
    }
    found: list[Period] = []
    for kind in kinds:
        period = period_of(kind, first)
        while period.first <= last:
            if period.first >= first:
                found.append(period)
            period = period_of(kind, period.last + timedelta(days=1))
    yield from sorted(found, key=lambda period: period.first)
