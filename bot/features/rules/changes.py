"""The effect of a changed file: for which people, from when, and which part of it may hold at once.

A running period takes only changes that make nobody worse off. Each key must be lenient by itself. A
simulation of the running period must show nobody with a higher target, fewer contacts or worse money.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from bot.core import rulebook
from bot.core.counting import Integrity
from bot.core.periods import Period, PeriodKind, first_period_from, period_of
from bot.core.progress import Branch, QuotaFigures, compute_rows
from bot.core.quotas import Quota, holds_for
from bot.core.rulebook import Version
from bot.core.workdays import ONE_DAY, epoch_of
from bot.features.ledger.versions import coming_sections
from bot.features.rules.diff import Difference, find_differences
from bot.features.standings.load import load_branch
from bot.services import Services
from bot.store.rules import RuleVersions


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaChange:
    """The change of one quota by the file.

    *old* holds in the *running* period (None: no rule), *new* is the rule of the file (None: not in it).
    All of *new* holds from *following* on. *adoptable* may hold at once. *people* are under either rule.
    """

    quota: str
    old: Quota | None
    new: Quota | None
    running: Period
    following: Period
    differences: tuple[Difference, ...]
    adoptable: tuple[Difference, ...]
    people: tuple[str, ...]

    @property
    def last_old(self) -> Period | None:
        """Return the last period of *old* where another kind of period follows, cut where that one begins."""
        if self.old is None or self.new is None or self.old.period is self.new.period:
            return None
        until = self.following.first - ONE_DAY
        whole = period_of(self.old.period, until)
        return whole if whole.last == until else replace(whole, last=until, cut_from=whole.last)

    @property
    def waiting(self) -> tuple[Difference, ...]:
        """Return the differences that hold from the next period on."""
        return tuple(difference for difference in self.differences if difference not in self.adoptable)

    @property
    def adopted(self) -> Quota | None:
        """Return the rule of the running period with the adoptable differences."""
        return None if self.old is None else _applied(self.old, self.adoptable)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionChange:
    """A changed key of `[integrity]`, `[ledger]` or `[money]`, which are frozen by day and not by period.

    It holds *since* a local day: for adds, for losses, or for months that begin on it or later.
    """

    key: str
    old: Any
    new: Any
    since: date

    @property
    def begins_on(self) -> date:
        """Return the first day for which it holds: of money the first day of a month."""
        if not self.key.startswith("money.") or self.since.day == 1:
            return self.since
        return period_of(PeriodKind.MONTH, self.since).last + ONE_DAY


def find_section_changes(services: Services) -> list[SectionChange]:
    """Return the changed keys of the sections that are frozen by day, in the order of the file."""
    coming, changes = coming_sections(services), []
    if (dated := coming.get("integrity")) is not None:
        old, new, since = dated
        changes += [
            SectionChange(
                key=f"integrity.{field.name}",
                old=getattr(old, field.name),
                new=getattr(new, field.name),
                since=since,
            )
            for field in fields(Integrity)
            if getattr(old, field.name) != getattr(new, field.name)
        ]
    for section, key in (("ledger", "ledger.regain_days"), ("money", "money.cap_per_month")):
        if (dated := coming.get(section)) is not None:
            changes.append(SectionChange(key=key, old=dated[0], new=dated[1], since=dated[2]))
    return changes


def find_pending_changes(
    services: Services, *, at: datetime, also: Collection[str] = ()
) -> list[QuotaChange]:
    """Return the differences between the file and the rules of the running periods as of *at* (aware).

    Empty before the first recorded version: then the file holds as it is. *also*: ids of quotas returned even
    without a difference.
    """
    today = services.config.work_calendar().local_day(at)
    recorded = services.store.rule_versions.all()
    asked = {quota.id: quota for quota in services.config.core_quotas()}
    changes = []
    for name in (*asked, *sorted(set(recorded) - set(asked))):
        versions, new = recorded.get(name), asked.get(name)
        old = None if versions is None else rulebook.find_running(versions, today=today).quota
        if not recorded or (_is_same(old, new) and name not in also):
            continue
        changes.append(_change(services, name, old, new, at=at))
    return changes


def adopt(services: Services, changes: Iterable[QuotaChange], *, by: str, now: int, at: datetime) -> None:
    """Store the adoptable differences for the running periods, in the name of *by*.

    *now*: real time, epoch s. *at* (aware): the time of the adoption.
    """
    store = services.store
    with store.transaction():
        record(
            services.config.core_quotas(),
            store.rule_versions,
            today=services.config.work_calendar().local_day(at),
            now=now,
        )
        for change in changes:
            if not change.adoptable or change.adopted is None:
                continue
            versions = [Version(since=change.running.first, quota=change.adopted)]
            if change.adopted != change.new:
                versions.append(Version(since=change.following.first, quota=change.new))
            store.rule_versions.replace_from(
                change.quota, versions, since=change.running.first, now=now, by=by
            )
            store.audit.add(
                at=epoch_of(at),
                actor=by,
                act="adopt",
                subject=f"{change.quota} {change.running.name}",
                detail={one.key: [str(one.old), str(one.new)] for one in change.adoptable},
            )


def _change(
    services: Services, name: str, old: Quota | None, new: Quota | None, *, at: datetime
) -> QuotaChange:
    calendar = services.config.work_calendar()
    either = old or new
    assert either is not None  # noqa: S101 - the two differ
    versions = services.store.rule_versions.all().get(name, ())
    running = rulebook.find_running_period(
        versions or (Version(since=date.min, quota=either),), either, today=calendar.local_day(at)
    )
    following = first_period_from((new or either).period, running.last + ONE_DAY)
    quota_period = [
        (quota, running) for quota in (old, new) if quota is not None and holds_for(quota, running)
    ]
    # The trial compares whole rules, so each has its own [integrity].
    branch = replace(load_branch(services, quota_period or [(either, running)], at=at), integrity=None)
    trial = _Trial(
        branch=branch, period=running, at=at, threshold=Fraction(services.config.messages.behind_threshold)
    )
    changed: tuple[Difference, ...] = ()
    if old is not None and new is not None:
        changed = tuple(key for key in find_differences(old, new) if not key.key.startswith("integrity."))
    people = {userid for quota, _ in quota_period for userid in trial.rows(quota)}
    return QuotaChange(
        quota=name,
        old=old,
        new=new,
        running=running,
        following=following,
        differences=changed,
        adoptable=trial.harmless(old, changed) if old is not None else (),
        people=tuple(sorted(people)),
    )


def _is_same(old: Quota | None, new: Quota | None) -> bool:
    """Say whether two rules are equal but for `[integrity]`, which is frozen by day."""
    return old == (new if old is None or new is None else replace(new, integrity=old.integrity))


def _applied(quota: Quota, wanted: Iterable[Difference]) -> Quota:
    for difference in wanted:
        quota = difference.applied(quota)
    return quota


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """The figures of the running period under different rules."""

    branch: Branch
    period: Period
    at: datetime
    threshold: Fraction

    def rows(self, quota: Quota) -> dict[str, QuotaFigures]:
        quota_periods = [(quota, self.period)]
        rows = compute_rows(
            self.branch, quota_periods=quota_periods, at=self.at, behind_threshold=self.threshold, money=True
        )
        return {row.userid: row for row in rows}

    def harmless(self, old: Quota, changed: Sequence[Difference]) -> tuple[Difference, ...]:
        """Return as many lenient keys as make nobody worse off together."""
        before = self.rows(old)
        chosen: list[Difference] = []
        for difference in changed:
            if not difference.lenient:
                continue
            after = self.rows(_applied(old, [*chosen, difference]))
            if not any(_worse(before.get(userid), after.get(userid)) for userid in before | after):
                chosen.append(difference)
        return tuple(chosen)


def _worse(before: QuotaFigures | None, after: QuotaFigures | None) -> bool:
    if before is None:
        return after is not None and after.target > 0  # a new target for this person
    if after is None:
        return before.reward is not None  # the chance of a reward is gone
    return (
        after.target > before.target
        or after.counted < before.counted
        or after.counted + after.pending < before.counted + before.pending
        or after.sure < before.sure
        or (after.penalty or 0) > (before.penalty or 0)
        or (after.reward or 0) < (before.reward or 0)
        or (before.target > 0 and after.target == 0 and before.reward is not None)
    )


def record(quotas: Iterable[Quota], store: RuleVersions, *, today: date, now: int) -> list[rulebook.Change]:
    """Store the rules of the file under the local day *today*, and return the changes.

    *now* in epoch s. Call inside a transaction.
    """
    changes = rulebook.find_changes(quotas, store.all(), today=today)
    for change in changes:
        store.replace_from(change.quota, change.versions, since=change.since, now=now)
    return changes
