"""The rules of each period: a period keeps the rule it began with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar

from bot.core.periods import Period, first_period_from, period_of
from bot.core.quotas import Quota, holds_for

QuotaInPeriod = tuple[Quota, Period]
Value = TypeVar("Value")


LONGEST_TO_SETTLE = timedelta(days=366 + 366)  # the longest period and the longest keep period


@dataclass(frozen=True, slots=True)
class Dated(Generic[Value]):
    """Values by the local day from which each holds; the first one holds for all time before, too."""

    values: tuple[tuple[date, Value], ...]

    def on(self, day: date) -> Value:
        """Return the value of the local *day*."""
        return next((value for since, value in reversed(self.values) if since <= day), self.values[0][1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A quota's rule from the first period of its kind on that begins at or after *since*; None: removed."""

    since: date
    quota: Quota | None


Recorded = Mapping[str, tuple[Version, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The versions of each quota by *since*, in the order of rows. Before its first one that one holds.

    Where the kind of period changes, the old rule holds until the first period of the new kind begins. That
    cuts the old rule's last period.
    """

    lines: tuple[tuple[Version, ...], ...]

    @classmethod
    def of(cls, quotas: Iterable[Quota]) -> Rulebook:
        """Return a rulebook without any change."""
        return cls(lines=tuple((Version(since=date.min, quota=quota),) for quota in quotas))

    def places(self) -> dict[str, int]:
        """Return the place of each quota among the others, by its id."""
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
            for kind in dict.fromkeys(
                version.quota.period for version in reversed(versions) if version.quota
            ):
                asked = _asked(versions, period_of(kind, day))
                if asked is not None and day in asked[1]:
                    found.append(asked)
                    break
        return found

    def periods_named(self, period: Period) -> list[QuotaInPeriod]:
        """Return each quota that holds for *period*."""
        return [asked for versions in self.lines if (asked := _asked(versions, period)) is not None]

    def in_period(self, quota: str, period: Period) -> list[QuotaInPeriod]:
        """Return the quota with this id that holds for *period*, as the only item; none if it does not."""
        return [asked for asked in self.periods_named(period) if asked[0].id == quota]

    def periods_beginning(self, first: date, last: date) -> list[QuotaInPeriod]:
        """Return each quota with each of its periods whose first day lies in [*first*, *last*]."""
        return [
            asked
            for versions in self.lines
            for period in _periods(versions, first, last)
            if (asked := _asked(versions, period)) is not None
        ]

    def periods_ending(self, first: date, last: date) -> list[QuotaInPeriod]:
        """Return each quota with each of its periods that end in [*first*, *last*], by last day."""
        # No period is longer than a year.
        begun = self.periods_beginning(first - timedelta(days=366), last)
        ending = [(quota, period) for quota, period in begun if first <= period.last <= last]
        return sorted(ending, key=lambda quota_period: quota_period[1].last)


def _asked(versions: Sequence[Version], period: Period) -> QuotaInPeriod | None:
    """Return the quota that asks for *period*, and the period as far as no later rule cuts it."""
    quota = versions[0].quota
    for begin, version in _turns(versions):
        if begin <= period.first:
            quota = version.quota
        elif begin <= period.last:
            period = replace(period, last=begin - timedelta(days=1), cut_from=period.whole_last)
    return (quota, period) if quota is not None and holds_for(quota, period) else None


def _turns(versions: Sequence[Version]) -> list[tuple[date, Version]]:
    """Return the day on which each version but the first takes over; those replaced before are left out."""
    rule, turns = versions[0].quota, list[tuple[date, Version]]()
    for version in versions[1:]:
        rule = version.quota or rule
        begin = version.since if rule is None else first_period_from(rule.period, version.since).first
        while turns and turns[-1][0] >= begin:
            turns.pop()
        turns.append((begin, version))
    return turns


def _periods(versions: Sequence[Version], first: date, last: date) -> Iterator[Period]:
    """Yield each period of each kind of *versions* that begins in [*first*, *last*], by first day."""
    periods: list[Period] = []
    for kind in dict.fromkeys(version.quota.period for version in versions if version.quota):
        period = first_period_from(kind, first)
        while period.first <= last:
            periods.append(period)
            period = period_of(kind, period.last + timedelta(days=1))
    yield from sorted(periods, key=lambda period: period.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one quota by the file: *versions* replace all recorded ones from *since* on."""

    quota: str
    since: date
    versions: tuple[Version, ...]


def build_rulebook(quotas: Iterable[Quota], recorded: Recorded, *, today: date) -> Rulebook:
    """Return the record, with the file's *quotas* from their next period on.

    Rows are in the order of the file; quotas missing from it come last.
    """
    asked = list(quotas)
    changed = {change.quota: change for change in find_changes(asked, recorded, today=today)}
    lines = []
    for quota in (*(quota.id for quota in asked), *sorted(set(recorded) - {quota.id for quota in asked})):
        versions = recorded.get(quota, ())
        if (change := changed.get(quota)) is not None:
            kept = tuple(version for version in versions if version.since < change.since)
            versions = kept + change.versions
        lines.append(versions)
    return Rulebook(lines=tuple(line for line in lines if line))


def find_changes(quotas: Iterable[Quota], recorded: Recorded, *, today: date) -> list[Change]:
    """Return the changes to record on the local day *today*, for the file to hold as soon as it may."""
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
    held = find_running(versions, today=today)
    kept = versions[: versions.index(held) + 1]
    period = find_running_period(versions, held.quota or quota or _newest(versions), today=today)
    if period.cut_from is not None:
        kept = versions[: len(kept) + 1]  # what cuts the running period follows it
    following = period.last + timedelta(days=1)
    return Change(
        quota=name,
        since=min([following, *(version.since for version in versions[len(kept) :])]),
        versions=() if kept[-1].quota == quota else (Version(since=following, quota=quota),),
    )


def find_running_period(versions: Sequence[Version], quota: Quota, *, today: date) -> Period:
    """Return the period of *quota* around the local day *today*, as far as no later rule cuts it."""
    period = period_of(quota.period, today)
    asked = _asked(versions, period)
    return period if asked is None else asked[1]


def find_running(versions: tuple[Version, ...], *, today: date) -> Version:
    """Return the version with which the period around the local day *today* began."""
    held = versions[0]
    for begin, version in _turns(versions):
        if begin <= today:
            held = version
    return held


def _newest(versions: tuple[Version, ...]) -> Quota:
    return next(version.quota for version in reversed(versions) if version.quota is not None)
