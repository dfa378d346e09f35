"""The numbers, of everybody or of a few: reads what is known, asks the core. For jobs, answers, commands."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from bot.core import rulebook
from bot.core.contacts import Contact
from bot.core.counting import DAY_S
from bot.core.day import DayFacts, compute_day_facts, compute_facts_between
from bot.core.history import KEPT_WINDOW_S, Kept
from bot.core.integrity import FLAGS
from bot.core.leaderboard import Gain
from bot.core.pending import Waiting, list_waits
from bot.core.people import Departments
from bot.core.periods import Period, parse_period
from bot.core.progress import Branch, QuotaFigures, compute_rows
from bot.core.quota_periods import Past, QuotaPeriod
from bot.core.quotas import Basis, Quota, stretches_under
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.core.status import Status, is_tight
from bot.core.teams import Team, TeamSums, compute_large_teams
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.ledger.versions import load_integrity
from bot.features.standings.everybody import find_planned_adds, load_departments, load_people
from bot.features.standings.knowledge import WHOLE, Asked, Span, load_contacts
from bot.features.standings.stored import (
    cap_rows,
    closed_by,
    list_needed_periods,
    names_of,
    replace_by_stored,
)
from bot.services import FIRST_START, RECORD_BEGAN, Services
from bot.store.known_people import KnownPeople


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is known, by userid, of people with rows and without contacts in memory.

    *gains* by quota; *days*: adds and losses within *span* (local days, both included). *at*: the oldest
    moment (local) of their rows if they were kept; None: that of the standings.
    """

    gains: dict[str, dict[str, Gain]] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    days: dict[str, DayFacts] = field(default_factory=dict)
    span: tuple[date, date] | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standings:
    """Rows as of *at* with their input. *people*: everybody by userid, including those without a row.

    *ranked*: quota, period and userid of the rows with a rank. *chosen*: the people of this piece of a job;
    None: everybody. *shared*: what the pieces of one job have in common, computed once. *beside*: of a
    leader's large team, see `standings.beside`.
    """

    at: datetime
    periods: tuple[QuotaInPeriod, ...]
    rows: tuple[QuotaFigures, ...]
    branch: Branch
    people: KnownPeople
    ranked: frozenset[tuple[str, str, str]] = frozenset()
    chosen: tuple[str, ...] | None = None
    shared: dict[Hashable, Any] = field(default_factory=dict)
    beside: Beside = field(default_factory=Beside)

    @property
    def departments(self) -> Departments:
        """Return the tree of departments."""
        return self.branch.departments

    @property
    def calendar(self) -> WorkCalendar:
        """Return the calendar of working days and hours."""
        return self.branch.calendar

    @cached_property
    def by_person(self) -> dict[str, tuple[QuotaFigures, ...]]:
        """Return the rows by userid, each person's in the order of quotas; people by userid.

        They are for messages. On the last own workday all that is still missing is left for today: no later
        dose has what was lost since the morning.
        """
        found: dict[str, list[QuotaFigures]] = {}
        for row in self.rows:
            found.setdefault(row.userid, []).append(self._with_losses_of_today(row))
        return {userid: tuple(rows) for userid, rows in sorted(found.items())}

    @cached_property
    def in_doubt(self) -> frozenset[str]:
        """Return the people with a confirmed finding in a period shown here, flag of a row or not."""
        flagged = {row.userid for row in self.rows if row.flags}
        beside = {
            flag.name.userid
            for flag in self.branch.flags
            if flag.name.kind not in FLAGS and any(flag.on in period for _, period in self.periods)
        }
        return frozenset(flagged | beside)

    def receivers(self) -> Iterable[str]:
        """Return the userids of those whom messages may go to, with or without a row, in their order."""
        return self.people if self.chosen is None else self.chosen

    def works_on(self, userid: str, day: date) -> bool:
        """Say whether *userid* may get messages on the local *day*: employed, not absent, in range."""
        return self.people[userid].works_on(day)

    def own_workdays(self, row: QuotaFigures) -> int:
        """Return the own workdays of the person of *row* in its period; 0 if it is not in *periods*."""
        return len(self._own_days(row))

    def is_tight(self, row: QuotaFigures, *, dose: int) -> bool:
        """Say whether *dose* is far above the even one of the period of *row*, or above a day's maximum."""
        caps = [
            quota.counting.max_per_day
            for quota, _ in self.periods
            if quota.id == row.quota and quota.basis is Basis.ADDED
        ]
        return any(0 < cap < dose for cap in caps) or is_tight(
            dose, target=row.target, own=self.own_workdays(row)
        )

    def _own_days(self, row: QuotaFigures) -> list[date]:
        person = self.people[row.userid]
        return [
            day
            for quota, period in self.periods
            if (quota.id, period.name) == (row.quota, row.period)
            for stretches in [stretches_under(quota, person, period, departments=self.departments)]
            for day in self._quota_periods[quota.id, period.name].own_days(person, stretches)
        ]

    def _with_losses_of_today(self, row: QuotaFigures) -> QuotaFigures:
        lost = row.to_add - row.today_left
        if row.status is not Status.BEHIND or row.workdays_left != 1 or lost <= 0:
            return row
        if self._own_days(row)[-1:] != [self.calendar.local_day(self.at)]:
            return row
        return replace(row, today_dose=row.today_dose + lost, today_left=row.to_add)

    def day(self, userid: str, day: date) -> DayFacts:
        """Return adds and losses of *userid* on the local *day*, as of *at*."""
        return compute_day_facts(self._adds(userid), day=day, calendar=self.calendar, at=self.at)

    def days(self, userid: str, first: date, last: date) -> DayFacts:
        """Return adds and losses of *userid* from *first* to *last* (local days, included), as of *at*."""
        if userid in self.beside.days and (first, last) == self.beside.span:
            return self.beside.days[userid]
        return compute_facts_between(
            self._adds(userid), first=first, last=last, calendar=self.calendar, at=self.at
        )

    def add_to(self, sums: TeamSums) -> None:
        """Add all rows to the sums of departments."""
        days, kept = {}, self.kept({row.userid for row in self.rows})
        if self.departments.before:
            days = self.branch.shown_days(self.periods, today=self.calendar.local_day(self.at))
        for row in self.rows:
            day = days.get((row.quota, row.period, row.userid), date.max)
            sums.add(row, kept=kept[row.userid], day=day)

    def large_teams(self, members: Mapping[int, Sequence[str]]) -> tuple[Team, ...]:
        """Return the results of *members* (userids by department) in each quota with five of them or more."""
        userids = [userid for team in members.values() for userid in team if userid in self.by_person]
        return compute_large_teams(members, self.by_person, kept=self.kept(userids))

    def waiting(self, userid: str) -> list[Waiting]:
        """Return the reasons of the pending contacts of *userid*, in the order of their quotas."""
        own = {(row.quota, row.period) for row in self.by_person.get(userid, ()) if row.pending}
        return [
            one
            for quota, period in self.periods
            if (quota.id, period.name) in own
            for quota_period in [self._quota_periods[quota.id, period.name]]
            for one in list_waits(quota_period, quota_period.judged(userid, self._past))
        ]

    @cached_property
    def _quota_periods(self) -> dict[tuple[str, str], QuotaPeriod]:
        return {
            (quota.id, period.name): QuotaPeriod.of(quota, period, calendar=self.calendar)
            for quota, period in self.periods
        }

    def kept(self, userids: Iterable[str]) -> dict[str, Kept]:
        """Return the recent adds of *userids* by userid."""
        at_s = epoch_of(self.at)
        beside = self.beside.kept
        return {
            userid: beside[userid] if userid in beside else self._past.history(userid).kept_90(at_s)
            for userid in userids
        }

    @cached_property
    def _past(self) -> Past:
        return self.branch.past(epoch_of(self.at))

    def _adds(self, userid: str) -> Sequence[Contact]:
        return self.branch.contacts.get(userid, ())


def load_rulebook(services: Services) -> Rulebook:
    """Return the rules of all periods, as known now."""
    today = services.config.work_calendar().local_day(services.clock.now())
    return rulebook.build_rulebook(
        services.config.core_quotas(), services.store.rule_versions.all(), today=today
    )


def load_standings(
    services: Services, *, at: datetime, period: str | None = None, money: bool = False
) -> Standings:
    """Return everybody's figures as of *at* (aware), in its periods or in the one named *period*.

    *money*: estimates also before settlement. Raises ValueError for a name that is no period.
    """
    book = load_rulebook(services)
    if period is None:
        quota_periods = book.periods_at(services.config.work_calendar().local_day(at))
    else:
        quota_periods = book.periods_named(parse_period(period))
    return load_standings_in(services, quota_periods, at=at, book=book, money=money)


def load_standings_of(services: Services, userids: Collection[str], *, at: datetime) -> Standings:
    """Return the rows of *userids* as of *at* (aware) in its periods, as `load_standings` has them.

    Only their data is read, so ranks, which are among everybody, are None: see `standings.ranks`.
    """
    book = load_rulebook(services)
    quota_periods = book.periods_at(services.config.work_calendar().local_day(at))
    load_people(services).some(userids)  # at once, not one by one
    branch = load_branch(
        services, list_needed_periods(services, quota_periods, book=book), at=at, userids=userids, whole=True
    )
    found = load_standings_in(services, quota_periods, at=at, book=book, branch=branch, userids=userids)
    ranked = frozenset((row.quota, row.period, row.userid) for row in found.rows if row.rank is not None)
    return replace(found, rows=tuple(replace(row, rank=None) for row in found.rows), ranked=ranked)


def load_standings_in(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    *,
    at: datetime,
    book: Rulebook,
    money: bool = False,
    stored: bool = True,
    kept: bool = True,
    branch: Branch | None = None,
    userids: Collection[str] | None = None,
) -> Standings:
    """Where everybody stands as of *at* (aware) in *quota_periods* of the rulebook *book*.

    *stored*: periods closed by *at* show their stored lines. *kept*: stored lines of the other periods keep
    their amounts under the monthly cap. *branch* is read already: it covers `list_needed_periods`, up to *at*
    or later, of *userids* alone unless these are None.
    """
    wanted = list_needed_periods(services, quota_periods, book=book)
    branch = branch or load_branch(services, wanted, at=at)
    rows = compute_rows(
        branch,
        quota_periods=wanted,
        at=at,
        behind_threshold=Fraction(services.config.messages.behind_threshold),
        money=money,
    )
    shown = names_of(quota_periods)
    fresh = (shown if not stored else ()) if kept else None
    cut = cap_rows(services, wanted, rows, fresh=fresh, at=at, book=book, userids=userids)
    rows = tuple(row for row in cut if (row.quota, row.period) in shown)
    if stored:
        closed = closed_by(services, quota_periods, at=at)
        rows = replace_by_stored(services, quota_periods, rows, closed=closed, userids=userids)
    return Standings(
        at=at, periods=tuple(quota_periods), rows=rows, branch=branch, people=load_people(services)
    )


def load_branch(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    *,
    at: datetime,
    userids: Collection[str] | None = None,
    whole: bool = False,
    neighbours: bool = False,
) -> Branch:
    """Return the input of the figures of *quota_periods* as of *at* (aware).

    *userids*: those of these people alone; ranks are among them then. *whole*: all that is known of each
    contact, to show it; else what the verdicts under these quotas and those of the rulebook may depend on.
    *neighbours*: with the adds of their customers at colleagues, also if nothing of them is held.
    """
    config, store = services.config, services.store
    calendar = config.work_calendar()
    integrity = load_integrity(services)
    rules = [*(quota.integrity for quota, _ in quota_periods), *(value for _, value in integrity.values)]
    holds = any(rule.hold for rule in rules)
    window_s = max(rule.window_days for rule in rules) * DAY_S
    begins = [_begin_of(*one, calendar=calendar, window_s=window_s, holds=holds) for one in quota_periods]
    since = min([epoch_of(at) - KEPT_WINDOW_S, *begins])
    alive = any(quota.basis is Basis.HELD for quota, _ in quota_periods)
    people = load_people(services)
    asked = None if userids is None else sorted(set(userids))
    wanted = WHOLE if whole else Asked.by(_all_quotas(services, quota_periods), holds=holds)
    beside = any((rule.hold or neighbours) and rule.shared_by is not None for rule in rules)
    return Branch(
        people=tuple(people.values() if asked is None else (people[one] for one in asked if one in people)),
        departments=load_departments(services),
        contacts=load_contacts(
            store,
            list(people) if asked is None else asked,
            Span(since=since, upto=epoch_of(at), alive=alive),
            asked=replace(wanted, beside=beside),
        ),
        calendar=calendar,
        decided=store.findings.decided(asked),
        flags=store.findings.flags(asked),
        planned=find_planned_adds(services, people),
        start=store.syncs.first_at(),
        begun_on=_begun_on(services),
        integrity=integrity,
    )


def _begin_of(quota: Quota, period: Period, *, calendar: WorkCalendar, window_s: int, holds: bool) -> int:
    """Return the moment (epoch s) since which adds may change the figures of *quota* in *period*."""
    if quota.basis is Basis.HELD and holds:
        return 0  # every neighbour of a living contact, even a lost one, may make it a finding
    # a day more than the period: yesterday's facts on its first day
    begin = calendar.start_of(period.first - timedelta(days=1)) - window_s
    if quota.reward is not None and quota.reward.min_kept:
        return min(begin, quota.settlement(period, calendar=calendar) - KEPT_WINDOW_S)
    return begin


def _begun_on(services: Services) -> date | None:
    """Return the local day on which the record begins, that of the first `serve` or `run`; None before it."""
    marks = [services.store.marks.get(name) for name in (RECORD_BEGAN, FIRST_START)]
    moments = [int(mark) for mark in marks if mark is not None]
    return services.config.work_calendar().day_of(min(moments)) if moments else None


def _all_quotas(services: Services, quota_periods: Iterable[QuotaInPeriod]) -> Iterator[Quota]:
    """Yield the quotas of *quota_periods*, and all versions of the rulebook."""
    yield from (quota for quota, _ in quota_periods)
    for versions in load_rulebook(services).lines:
        yield from (version.quota for version in versions if version.quota is not None)
