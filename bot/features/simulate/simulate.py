"""A comparison of the rules in force with other rules on the recorded history. Reads; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from operator import attrgetter

from bot.core.history import Kept
from bot.core.periods import Period
from bot.core.progress import QuotaFigures
from bot.core.quotas import Quota
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.core.status import Status, round_half_up
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.rules.diff import Difference, find_differences
from bot.features.standings.load import Standings, load_rulebook
from bot.features.standings.pieces import iter_people
from bot.features.standings.whole import gather_rows
from bot.services import Services

Name = tuple[str, str]  # a quota's id, a period's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One period under one *rule*: its rows by userid, and the sums over people with a target.

    *attainment* is Σ min(counted, target) / Σ target. *penalty* and *reward* are estimates in whole yuan,
    None where the rule has none.
    """

    rule: Quota
    rows: Mapping[str, QuotaFigures]
    people: int
    met: int
    counted: int
    pending: int
    target: int
    attainment: Fraction | None
    kept_90: Fraction | None
    penalty: int | None
    reward: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPerson:
    """One person on both sides; None on a side without a row."""

    userid: str
    was: QuotaFigures | None
    would_be: QuotaFigures | None

    @property
    def changes_status(self) -> bool:
        """Say whether the status differs; a missing row counts as exempt."""
        return self.statuses[0] is not self.statuses[1]

    @property
    def statuses(self) -> tuple[Status, Status]:
        """Return the status before and after."""
        before, after = (Status.EXEMPT if row is None else row.status for row in (self.was, self.would_be))
        return before, after

    @property
    def changes(self) -> bool:
        """Say whether the status, the penalty or the reward differs."""
        return self.changes_status or _money(self.was) != _money(self.would_be)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """One quota's period; a side is None if the quota does not hold there.

    *called*: the id in the file, if it differs for the same people and kind of period. *as_of*: the later
    settlement of the two, or now before it (then the period is not *settled*).
    """

    quota: str
    called: str | None
    period: Period
    as_of: datetime
    settled: bool
    was: Side | None
    would_be: Side | None

    @property
    def people(self) -> tuple[ComparedPerson, ...]:
        """Return all people of either side, sorted by userid. With one side only, nobody changes."""
        was, would_be = (side.rows if side else {} for side in (self.was, self.would_be))
        return tuple(
            ComparedPerson(userid=userid, was=was.get(userid), would_be=would_be.get(userid))
            for userid in sorted({*was, *would_be})
        )

    @property
    def both(self) -> bool:
        """Say whether both sides exist."""
        return self.was is not None and self.would_be is not None

    @property
    def differences(self) -> Sequence[Difference]:
        """Return the differences between the two rules."""
        if self.was is None or self.would_be is None:
            return ()
        return find_differences(self.was.rule, self.would_be.rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """All periods, by quota in the order of files, then by time. *recorded_from*: day of the first event."""

    first: date
    last: date
    as_of: datetime
    recorded_from: date | None
    quotas: tuple[Simulated, ...]


def simulate(
    services: Services,
    *,
    quotas: Sequence[Quota],
    first: date,
    last: date,
    at: datetime,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Simulation:
    """Compare the rules in force with *quotas* for the periods ending in [*first*, *last*].

    *at* (aware) is now: unsettled periods are simulated as of it. Periods not begun, or over before the first
    recorded event, are left out. Events, facts, tags and reviews are taken as known now. Signed lines are no
    exception: all differences come from the rules alone. *tell* hears how many results are done, of how many.
    """
    calendar = services.config.work_calendar()
    begun = services.store.ledger.first_at()
    recorded_from = None if begun is None else calendar.day_of(begun)
    in_force = load_rulebook(services)
    called = _called(quotas, in_force)
    books = (in_force, Rulebook.of(replace(quota, id=called.get(quota.id, quota.id)) for quota in quotas))
    sides: list[dict[Name, QuotaInPeriod]] = [{}, {}]
    if recorded_from is not None:
        within = {"first": max(first, recorded_from), "last": last, "today": calendar.local_day(at)}
        sides = [_quota_periods(book, **within) for book in books]
    settled_at = _settlements(sides, calendar=calendar)
    as_of = {name: calendar.moment(min(epoch, epoch_of(at))) for name, epoch in settled_at.items()}
    was, would_be = _work_out(services, sides, books, as_of=as_of, tell=tell)
    ids = {same: other for other, same in called.items()}
    compared = tuple(
        Simulated(
            quota=name[0],
            called=ids.get(name[0]),
            period=period,
            as_of=as_of[name],
            settled=settled_at[name] <= epoch_of(at),
            was=was.get(name),
            would_be=would_be.get(name),
        )
        for name, period in _in_order(sides)
    )
    return Simulation(first=first, last=last, as_of=at, recorded_from=recorded_from, quotas=compared)


def _work_out(
    services: Services,
    sides: Sequence[dict[Name, QuotaInPeriod]],
    books: Sequence[Rulebook],
    *,
    as_of: Mapping[Name, datetime],
    tell: Callable[[int, int], None],
) -> Iterator[dict[Name, Side]]:
    """Yield the results of each side under its rules, of each period as of its own time.

    *tell* gets the number done and the total.
    """
    done, total = 0, sum(map(len, sides))
    for side, book in zip(sides, books, strict=True):
        together: dict[datetime, list[QuotaInPeriod]] = {}
        for name, quota_period in side.items():
            together.setdefault(as_of[name], []).append(quota_period)
        found: dict[Name, Side] = {}
        for at, several in together.items():
            found.update(_worked_out(services, several, at=at, book=book))
            done += len(several)
            tell(done, total)
        yield found


def _called(quotas: Sequence[Quota], in_force: Rulebook) -> dict[str, str]:
    """Return the id in force of each quota of the file with another id.

    Such a quota is matched if its own id is not in force. Exactly one quota on each side must have these
    people and this kind of period.
    """
    newest = [versions[-1].quota for versions in in_force.lines]
    old = [quota for quota in newest if quota is not None]
    same = {quota.id for quota in old} & {quota.id for quota in quotas}
    left, right = ([quota for quota in side if quota.id not in same] for side in (old, quotas))
    scope = attrgetter("period", "roles", "departments", "userids")
    old_scopes, new_scopes = ([scope(quota) for quota in side] for side in (left, right))
    return {
        quota.id: left[old_scopes.index(scope(quota))].id
        for quota in right
        if old_scopes.count(scope(quota)) == new_scopes.count(scope(quota)) == 1
    }


def _quota_periods(book: Rulebook, *, first: date, last: date, today: date) -> dict[Name, QuotaInPeriod]:
    """Return the periods begun by *today* that end in [*first*, *last*], by quota, then by time."""
    # A period that has begun ends within a year.
    ending = book.periods_ending(first, min(last, today + timedelta(days=366)))
    begun = {(quota.id, period.name): (quota, period) for quota, period in ending if period.first <= today}
    order = [version.quota.id for line in book.lines for version in line if version.quota is not None]
    return dict(sorted(begun.items(), key=lambda item: (order.index(item[0][0]), item[1][1].first)))


def _in_order(sides: Iterable[Mapping[Name, QuotaInPeriod]]) -> list[tuple[Name, Period]]:
    """Return all periods of both sides: by quota in the order of the sides, then by time."""
    known: dict[str, dict[Name, Period]] = {}
    for side in sides:
        for name, (quota, period) in side.items():
            known.setdefault(quota.id, {})[name] = period
    return [
        item
        for periods in known.values()
        for item in sorted(periods.items(), key=lambda item: (item[1].first, item[1].last))
    ]


def _settlements(sides: Iterable[Mapping[Name, QuotaInPeriod]], *, calendar: WorkCalendar) -> dict[Name, int]:
    """Return the later settlement of each period, in epoch s."""
    settled_at: dict[Name, int] = {}
    for side in sides:
        for name, (quota, period) in side.items():
            settled_at[name] = max(settled_at.get(name, 0), quota.settlement(period, calendar=calendar))
    return settled_at


def _worked_out(
    services: Services, several: Sequence[QuotaInPeriod], *, at: datetime, book: Rulebook
) -> Iterator[tuple[Name, Side]]:
    """Yield the results of *several* periods as of *at*, for which people are gone through once."""
    sums = {(quota.id, period.name): _Sums(quota) for quota, period in several}

    def look(standings: Standings) -> None:
        past = standings.branch.past(epoch_of(at))
        for row in standings.rows:
            if row.target:
                of_period = sums[row.quota, row.period]
                own = past.history(row.userid).kept_90(past.at_s)
                of_period.kept = Kept.over((of_period.kept, own))

    with gather_rows(
        services,
        several,
        iter_people(services),
        at=at,
        book=book,
        money=True,
        stored=False,
        kept=False,
        look=look,
        change=lambda branch: replace(branch, integrity=None),  # each side has its own [integrity]
    ) as whole:
        for found in whole.read():
            sums[found.row.quota, found.row.period].rows[found.row.userid] = found.row
    for name, one in sums.items():
        yield name, one.side()


@dataclass(slots=True)
class _Sums:
    """What is known so far of one period under *rule*."""

    rule: Quota
    rows: dict[str, QuotaFigures] = field(default_factory=dict)
    kept: Kept = field(default_factory=lambda: Kept(0, 0))

    def side(self) -> Side:
        rule, rows = self.rule, self.rows.values()
        judged = [row for row in rows if row.target]
        target = sum(row.target for row in judged)
        reached = sum(min(row.counted, row.target) for row in judged)
        return Side(
            rule=rule,
            rows=self.rows,
            people=len(judged),
            met=sum(row.counted >= row.target for row in judged),
            counted=sum(row.counted for row in judged),
            pending=sum(row.pending for row in judged),
            target=target,
            attainment=round_half_up(Fraction(reached, target), places=2) if target else None,
            kept_90=self.kept.share,
            penalty=None if rule.penalty is None else sum(row.penalty or 0 for row in rows),
            reward=None if rule.reward is None else sum(row.reward or 0 for row in rows),
        )


def attainment_of(row: QuotaFigures) -> Fraction | None:
    """Return counted / target with two decimals; None for the exempt."""
    return round_half_up(Fraction(row.counted, row.target), places=2) if row.target else None


def _money(row: QuotaFigures | None) -> tuple[int, int]:
    return (0, 0) if row is None else (row.penalty or 0, row.reward or 0)
