"""Which rule holds for which period: a period keeps what it began with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.periods import Period, PeriodKind, period_of
from bot.core.quotas import Quota, holds_for

QuotaInPeriod = tuple[Quota, Period]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A quota's rule for periods whose first day is *since* or later; no *quota*: the file lacks it."""

    since: date
    quota: Quota | None


Recorded = Mapping[str, tuple[Version, ...]]


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

    def periods_at(self, day: date) -> list[QuotaInPeriod]:
        """Return each quota that holds on the local *day* with its period in which *day* lies."""
        found: list[QuotaInPeriod] = []
        for versions in self.lines:
            for version in reversed(versions):
                if version.quota is None:
                    continue
                period = period_of(version.quota.period, day)
                if _in_force(versions, period) is version and holds_for(version.quota, period):
                    found.append((version.quota, period))
                    break
        return found

    def periods_named(self, period: Period) -> list[QuotaInPeriod]:
        """Return each quota that holds for *period*."""
        found = (_in_force(versions, period).quota for versions in self.lines)
        return [(quota, period) for quota in found if quota is not None and holds_for(quota, period)]

    def periods_beginning(self, first: date, last: date) -> list[QuotaInPeriod]:
        """Return each quota with each of its periods whose first day lies in [*first*, *last*]."""
        return [
            (quota, period)
            for versions in self.lines
            for period in _periods(versions, first, last)
            if (quota := _in_force(versions, period).quota) is not None and holds_for(quota, period)
        ]

    def periods_ending(self, first: date, last: date) -> list[QuotaInPeriod]:
        """Return each quota with each of its periods that end in [*first*, *last*], by last day."""
        # No period is longer than a year.
        begun = self.periods_beginning(first - timedelta(days=366), last)
        ending = [(quota, period) for quota, period in begun if first <= period.last <= last]
        return sorted(ending, key=lambda quota_period: quota_period[1].last)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the file makes of one quota: *versions* hold instead of all that were recorded from *since* on."""

    quota: str
    since: date
    versions: tuple[Version, ...]


def rulebook(quotas: Iterable[Quota], recorded: Recorded, *, today: date) -> Rulebook:
    """Return what holds when: the record, and the file's *quotas* from their next period on.

    Rows stand in the order of the file; quotas that it no longer has come last.
    """
    asked = list(quotas)
    changed = {change.quota: change for change in changes(asked, recorded, today=today)}
    lines = []
    for quota in (*(quota.id for quota in asked), *sorted(set(recorded) - {quota.id for quota in asked})):
        versions = recorded.get(quota, ())
        if (change := changed.get(quota)) is not None:
            kept = tuple(version for version in versions if version.since < change.since)
            versions = kept + change.versions
        lines.append(versions)
    return Rulebook(lines=tuple(line for line in lines if line))


def changes(quotas: Iterable[Quota], recorded: Recorded, *, today: date) -> list[Change]:
    """Return what has to be recorded on the local day *today*, so that the file holds as soon as it may."""
    asked = {quota.id: quota for quota in quotas}
    found = []
    for name in (*asked, *sorted(set(recorded) - set(asked))):
        quota, versions = asked.get(name), recorded.get(name, ())
        change = _change(name, quota, versions, today=today, begun=bool(recorded))
        if change is not None:
            found.append(change)
    return found


def _change(
    name: str, quota: Quota | None, versions: tuple[Version, ...], *, today: date, begun: bool
) -> Change | None:
    if not versions:
        assert quota is not None  # noqa: S101 - a name is in the file or in the record
        if not begun:  # the very first record: it holds for all time before, too
            return Change(quota=name, since=date.min, versions=(Version(since=date.min, quota=quota),))
        following = period_of(quota.period, today).last + timedelta(days=1)
        return Change(
            quota=name,
            since=date.min,
            versions=(Version(since=date.min, quota=None), Version(since=following, quota=quota)),
        )
    if versions[-1].quota == quota:
        return None
    held = running(versions, today=today)
    kind = (held.quota or quota or _newest(versions)).period
    following = period_of(kind, today).last + timedelta(days=1)
    instead = () if held.quota == quota else (Version(since=following, quota=quota),)
    return Change(quota=name, since=following, versions=instead)


def running(versions: tuple[Version, ...], *, today: date) -> Version:
    """Return the version that the period around the local day *today* began with."""
    held = versions[0]
    for version in versions[1:]:
        rule = version.quota or held.quota
        if rule is not None and version.since <= period_of(rule.period, today).first:
            held = version
    return held


def _newest(versions: tuple[Version, ...]) -> Quota:
    return next(version.quota for version in reversed(versions) if version.quota is not None)
