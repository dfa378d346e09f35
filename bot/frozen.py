"""Rules do not change behind anybody's back: a period keeps the rules that it began with.

`serve` and `run` record versions; reports look at the record and, on top of it, at the file as it is now, and
record nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.periods import period_of
from bot.core.quotas import Quota
from bot.core.rulebook import Rulebook, Version
from bot.store.rule_versions import RuleVersions

Recorded = Mapping[str, tuple[Version, ...]]


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


def record(quotas: Iterable[Quota], store: RuleVersions, *, today: date, now: int) -> list[Change]:
    """Keep what the file says under the local day *today*; *now* in epoch s. Call inside a transaction.

    Returns what changed.
    """
    found = changes(quotas, store.all(), today=today)
    for change in found:
        store.replace_from(change.quota, change.versions, since=change.since, now=now)
    return found
