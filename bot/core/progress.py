"""Everybody's figures: one row per quota, period and person."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from bot.core.counting import Integrity
from bot.core.integrity import FLAGS, DecidedFinding, FindingKind, Flag, Planned, no_event
from bot.core.money import Scope
from bot.core.people import Departments, Person
from bot.core.periods import PeriodKind
from bot.core.person_figures import PersonFigures, Plan, compute_figures, find_shown_day
from bot.core.places import compute_places
from bot.core.quota_periods import Contacts, Moment, Past, QuotaPeriod
from bot.core.quotas import Basis, stretches_under
from bot.core.rulebook import Dated, QuotaInPeriod
from bot.core.status import Status, compute_pace, decide_status, round_half_up
from bot.core.workdays import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFigures:
    """One line of `quotabot progress`; the fields are its JSON keys and CSV columns, in this order.

    *expected* and *forecast* have one decimal, *kept_90* and *pace* two. *penalty* and *reward* are estimates
    in whole yuan; None where the quota has no such rule, or before settlement unless asked for.
    """

    quota: str
    userid: str
    department: int | None
    role: str | None
    period: str
    period_start: date
    period_end: date
    target: int
    counted: int
    pending: int
    open: int = 0  # lines stored by earlier versions lack it
    rejected: int
    gross: int
    lost: int
    kept_90: float | None
    expected: float
    pace: float | None
    forecast: float | None
    remaining: int
    to_add: int
    workdays_left: int
    today_dose: int
    today_left: int
    status: Status
    rank: int | None
    penalty: int | None
    reward: int | None
    flags: tuple[str, ...]

    @property
    def sure(self) -> int:
        """Return what will count if nobody does anything more."""
        return self.counted + self.pending - self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """All input of the numbers but the rules and the time.

    Ranks are among *people*: of a part of them the rows are right, the ranks are not. *contacts* include
    those of employees not in *people* yet. *decided*: findings with a decision; *flags*: confirmed ones.
    *start*: when the bot began to know the bank's customers, epoch s, None if it has not.
    *begun_on*: the local day on which the record begins; None if unknown. *integrity*: `[integrity]` by the
    day of the add; None: that of each quota.
    """

    people: tuple[Person, ...]
    departments: Departments
    contacts: Contacts
    calendar: WorkCalendar
    decided: Collection[DecidedFinding] = ()
    flags: Collection[Flag] = ()
    planned: Planned = no_event
    start: int | None = None
    begun_on: date | None = None
    integrity: Dated[Integrity] | None = None

    def shown_days(
        self, quota_periods: Iterable[QuotaInPeriod], *, today: date
    ) -> dict[tuple[str, str, str], date]:
        """Return the day whose department each row shows, by quota, period and userid."""
        return {
            (quota.id, period.name, person.userid): find_shown_day(stretches, today=today)
            for quota, period in quota_periods
            for person in self.people
            if (stretches := stretches_under(quota, person, period, departments=self.departments))
        }

    def past(self, at_s: int, *, holds: bool = True) -> Past:
        """Return everybody's contacts as of *at_s* (epoch s); *holds* as `Past` has it."""
        return Past(
            at_s=at_s,
            contacts=self.contacts,
            calendar=self.calendar,
            people={person.userid: person for person in self.people},
            departments=self.departments,
            decided=self.decided,
            planned=self.planned,
            start=self.start,
            integrity=self.integrity,
            holds=holds,
        )


def compute_rows(
    branch: Branch,
    *,
    quota_periods: Iterable[QuotaInPeriod],
    at: datetime,
    behind_threshold: Fraction | Decimal,
    money: bool = False,
) -> tuple[QuotaFigures, ...]:
    """Return the rows as of *at*, in the order of *quota_periods*, then by userid (code points).

    *money*: penalty and reward also before settlement. Raises ValueError if *at* has no zone.
    """
    now = Moment.of(at, calendar=branch.calendar)
    past, before = branch.past(now.at_s), branch.past(now.today_s - 1, holds=False)
    people = sorted(branch.people, key=lambda person: person.userid)
    rows: list[QuotaFigures] = []
    for quota, period in quota_periods:
        quota_period = QuotaPeriod.of(quota, period, calendar=branch.calendar)
        sheet = _Sheet(
            quota_period=quota_period,
            now=now,
            past=past,
            threshold=Fraction(behind_threshold),
            settled=branch.past(min(now.at_s, quota_period.settlement_s)),
            money=money or now.at_s >= quota_period.settlement_s,
            flags=branch.flags,
            begun_on=branch.begun_on,
        )
        rows += sheet.rows(
            compute_figures(
                quota_period, people=people, departments=branch.departments, now=now, past=past, before=before
            )
        )
    return tuple(rows)


class _Pace(NamedTuple):
    """The fields of a row that need fractions."""

    expected: float
    pace: float | None
    forecast: float | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """The rows of one quota period."""

    quota_period: QuotaPeriod
    now: Moment
    past: Past
    settled: Past  # at the settlement, before it: now
    threshold: Fraction
    money: bool
    flags: Collection[Flag]
    begun_on: date | None
    paces: dict[tuple[Plan, int, int, int, bool], _Pace] = field(default_factory=dict)

    def rows(self, people: Sequence[PersonFigures]) -> list[QuotaFigures]:
        ranks, flags = self._ranks(people), self._flags()
        return [
            self._row(
                figures, rank=ranks.get(figures.person.userid), flags=flags.get(figures.person.userid, ())
            )
            for figures in people
        ]

    def _row(self, figures: PersonFigures, *, rank: int | None, flags: tuple[str, ...]) -> QuotaFigures:
        userid, target, own, tally = figures.person.userid, figures.target, figures.own, figures.tally
        kept = self.past.history(userid).kept_90(self.now.at_s).share
        membership, pace = figures.membership, self._pace(figures)
        dose = own.dose(figures.to_add_yesterday)
        row = QuotaFigures(
            quota=self.quota_period.quota.id,
            userid=userid,
            department=membership.departments[0] if membership.departments else None,
            role=membership.role,
            period=self.quota_period.period.name,
            period_start=self.quota_period.period.first,
            period_end=self.quota_period.period.last,
            target=target,
            counted=tally.counted,
            pending=tally.pending,
            open=tally.open,
            rejected=tally.rejected,
            gross=figures.gross,
            lost=figures.lost,
            kept_90=None if kept is None else float(kept),
            expected=pace.expected,
            pace=pace.pace,
            forecast=pace.forecast,
            remaining=max(0, target - tally.counted),
            to_add=max(0, target - tally.sure),
            workdays_left=own.left,
            today_dose=dose,
            today_left=max(0, dose - figures.today_sure),
            status=pace.status,
            rank=rank,
            penalty=None,
            reward=None,
            flags=flags,
        )
        return self._with_money(row, figures) if self.money and target else row

    def _pace(self, figures: PersonFigures) -> _Pace:
        """Return what follows from the plan and the tally; many people have the same of both."""
        left_on = figures.person.left_on
        over = self.now.at_s >= self.quota_period.end_s or (left_on is not None and left_on < self.now.today)
        alike = figures.plan, figures.opening, figures.tally.counted, figures.tally.sure, over
        if alike not in self.paces:
            self.paces[alike] = self._computed_pace(figures, over=over)
        return self.paces[alike]

    def _computed_pace(self, figures: PersonFigures, *, over: bool) -> _Pace:
        target, own, tally = figures.target, figures.own, figures.tally
        expected = own.expected(target, opening=figures.opening) if target else Fraction(0)
        pace, forecast = compute_pace(tally.sure, expected=expected), self._forecast(figures)
        return _Pace(
            expected=float(round_half_up(expected, places=1)),
            pace=None if pace is None else float(pace),
            forecast=None if forecast is None else float(round_half_up(forecast, places=1)),
            status=self._status(figures, pace, over=over),
        )

    def _with_money(self, row: QuotaFigures, figures: PersonFigures) -> QuotaFigures:
        if self.quota_period.is_for_reference(self.begun_on):
            return row
        quota, counted, target = self.quota_period.quota, row.counted, row.target
        penalty = reward = None
        if quota.penalty is not None:
            penalty = quota.penalty.amount(counted=counted, target=target, part=figures.part)
        if quota.reward is not None:
            kept = self.settled.history(row.userid).kept_90(self.settled.at_s).share
            reward = quota.reward.amount(counted=counted, target=target, rank=row.rank, kept=kept)
        return replace(row, penalty=penalty, reward=reward)

    def _forecast(self, figures: PersonFigures) -> Fraction | None:
        if not figures.target:
            return None
        if self.quota_period.quota.basis is Basis.HELD:
            return Fraction(figures.tally.sure)
        return figures.own.forecast(figures.tally.sure)

    def _status(self, figures: PersonFigures, pace: Fraction | None, *, over: bool) -> Status:
        due, of_a_day = Fraction(0), self.quota_period.quota.period is PeriodKind.DAY
        target, own = figures.target, figures.own
        if target and not of_a_day:
            due = own.expected_before(target, opening=figures.opening)
        elif target and self.now.day_quotas_due:
            due = own.expected(target, opening=figures.opening)
        return decide_status(
            target=target,
            counted=figures.tally.counted,
            sure=figures.tally.sure,
            over=over,
            last=not of_a_day and own.elapsed == own.total,
            pace=pace,
            due=due,
            behind_threshold=self.threshold,
        )

    def _ranks(self, people: Iterable[PersonFigures]) -> dict[str, int]:
        """Return the ranks of people not exempt and present enough, among those of their scope."""
        reward, workdays = self.quota_period.quota.reward, len(self.quota_period.workdays)
        least = reward.min_presence * workdays if reward is not None and reward.top else 0
        ranked = [
            (figures.person.userid, self._scope(figures), figures.attainment)
            for figures in people
            if figures.target and figures.own.total >= least
        ]
        return {userid: place.rank for userid, place in compute_places(ranked).items()}

    def _scope(self, figures: PersonFigures) -> Hashable:
        membership = figures.membership
        match self.quota_period.quota.ranked_in:
            case Scope.ROLE:
                return membership.role
            case Scope.DEPARTMENT:
                return membership.departments[0] if membership.departments else None
        return None

    def _flags(self) -> Mapping[str, tuple[str, ...]]:
        """Return the confirmed kinds of findings about adds of this period, by userid."""
        period, confirmed = self.quota_period.period, dict[str, set[FindingKind]]()
        for flag in self.flags:
            about_this = flag.name.subject == subject_of(self.quota_period.quota.id, period.name)
            of_period = about_this if flag.name.kind is FindingKind.QUICK_LOSS else flag.on in period
            if of_period:
                confirmed.setdefault(flag.name.userid, set()).add(flag.name.kind)
        return {
            userid: tuple(kind.value for kind in FLAGS if kind in kinds)
            for userid, kinds in confirmed.items()
        }


def subject_of(quota: str, period: str) -> str:
    """Return the subject of a quick loss."""
    return f"{quota} {period}"
