"""Where everybody stands: one row per quota, period and person."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from bot.core.integrity import FLAGS, FindingKind, FindingName, Flag, Planned, no_event
from bot.core.money import Scope
from bot.core.people import Departments, Membership, Person
from bot.core.periods import PeriodKind
from bot.core.places import places
from bot.core.quota_periods import Contacts, Moment, Past, PersonFigures, QuotaPeriod, figures
from bot.core.quotas import Basis
from bot.core.rulebook import QuotaInPeriod
from bot.core.status import Status as Status  # a row's field: found here, too
from bot.core.status import compute_pace, decide_status, round_half_up
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
        """What will count if nobody does anything more."""
        return self.counted + self.pending - self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """All that numbers are made from, but the rules and the time.

    Ranks are among *people*: of some people alone the rows are right, their ranks are not. *contacts* also
    hold those of employees whom nobody knows yet. *decided*: findings that hold nothing any more; *flags*:
    those confirmed. *start*: when the bot began to know the bank's customers, epoch s, None if it has not.
    """

    people: tuple[Person, ...]
    departments: Departments
    contacts: Contacts
    calendar: WorkCalendar
    decided: frozenset[FindingName] = frozenset()
    flags: Collection[Flag] = ()
    planned: Planned = no_event
    start: int | None = None

    def past(self, at_s: int) -> Past:
        """Everybody's contacts as of *at_s* (epoch s)."""
        return Past(
            at_s=at_s,
            contacts=self.contacts,
            calendar=self.calendar,
            decided=self.decided,
            planned=self.planned,
            start=self.start,
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
    past, before = branch.past(now.at_s), branch.past(now.today_s - 1)
    people = sorted(branch.people, key=lambda person: person.userid)
    rows: list[QuotaFigures] = []
    for quota, period in quota_periods:
        quota_period = QuotaPeriod.of(quota, period, calendar=branch.calendar)
        sheet = _Sheet(
            quota_period=quota_period,
            now=now,
            past=past,
            threshold=Fraction(behind_threshold),
            money=money or now.at_s >= quota_period.settlement_s,
            flags=branch.flags,
        )
        rows += sheet.rows(
            figures(
                quota_period, people=people, departments=branch.departments, now=now, past=past, before=before
            )
        )
    return tuple(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """The rows of one quota period."""

    quota_period: QuotaPeriod
    now: Moment
    past: Past
    threshold: Fraction
    money: bool
    flags: Collection[Flag]

    def rows(self, everybody: Sequence[PersonFigures]) -> list[QuotaFigures]:
        ranks = self._ranks(everybody)
        flags = self._flags()
        return [
            self._row(one, rank=ranks.get(one.person.userid), flags=flags.get(one.person.userid, ()))
            for one in everybody
        ]

    def _row(self, one: PersonFigures, *, rank: int | None, flags: tuple[str, ...]) -> QuotaFigures:
        target, own, tally = one.target, one.own, one.tally
        history = self.past.history(one.person.userid)
        kept = history.kept_90(self.now.at_s).share
        membership = _membership(one)
        expected = own.expected(target, opening=one.opening) if target else Fraction(0)
        pace = compute_pace(tally.sure, expected=expected)
        forecast = self._forecast(one)
        dose = own.dose(one.to_add_yesterday)
        row = QuotaFigures(
            quota=self.quota_period.quota.id,
            userid=one.person.userid,
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
            gross=len(one.judged),
            lost=self.quota_period.lost(history),
            kept_90=None if kept is None else float(kept),
            expected=float(round_half_up(expected, places=1)),
            pace=None if pace is None else float(pace),
            forecast=None if forecast is None else float(round_half_up(forecast, places=1)),
            remaining=max(0, target - tally.counted),
            to_add=max(0, target - tally.sure),
            workdays_left=own.left,
            today_dose=dose,
            today_left=max(0, dose - one.today_sure),
            status=self._status(one, pace),
            rank=rank,
            penalty=None,
            reward=None,
            flags=flags,
        )
        return self._with_money(row, one, kept=kept) if self.money else row

    def _with_money(self, row: QuotaFigures, one: PersonFigures, *, kept: Fraction | None) -> QuotaFigures:
        quota, counted, target = self.quota_period.quota, row.counted, row.target
        penalty = reward = None
        if quota.penalty is not None:
            penalty = quota.penalty.amount(counted=counted, target=target, part=one.part)
        if quota.reward is not None:
            reward = quota.reward.amount(counted=counted, target=target, rank=row.rank, kept=kept)
        return replace(row, penalty=penalty, reward=reward)

    def _forecast(self, one: PersonFigures) -> Fraction | None:
        if not one.target:
            return None
        if self.quota_period.quota.basis is Basis.HELD:
            return Fraction(one.tally.sure)
        return Fraction(one.tally.sure * one.own.total, one.own.elapsed) if one.own.elapsed else None

    def _status(self, one: PersonFigures, pace: Fraction | None) -> Status:
        due, of_a_day = Fraction(0), self.quota_period.quota.period is PeriodKind.DAY
        if one.target and not of_a_day:
            due = one.own.expected_before(one.target, opening=one.opening)
        elif one.target and self.now.day_quotas_due:
            due = one.own.expected(one.target, opening=one.opening)
        return decide_status(
            target=one.target,
            counted=one.tally.counted,
            sure=one.tally.sure,
            over=self.now.at_s >= self.quota_period.end_s,
            last=not of_a_day and one.own.elapsed == one.own.total,
            pace=pace,
            due=due,
            behind_threshold=self.threshold,
        )

    def _ranks(self, everybody: Iterable[PersonFigures]) -> dict[str, int]:
        """The places of those who are not exempt, among those of their scope."""
        judged = [(one.person.userid, self._scope(one), one.attainment) for one in everybody if one.target]
        return {userid: place.rank for userid, place in places(judged).items()}

    def _scope(self, one: PersonFigures) -> Hashable:
        membership = _membership(one)
        match self.quota_period.quota.ranked_in:
            case Scope.ROLE:
                return membership.role
            case Scope.DEPARTMENT:
                return membership.departments[0] if membership.departments else None
        return None

    def _flags(self) -> Mapping[str, tuple[str, ...]]:
        """What a reviewer confirmed about adds of this period, by userid."""
        period, found = self.quota_period.period, dict[str, set[FindingKind]]()
        for flag in self.flags:
            about_this = flag.name.subject == subject_of(self.quota_period.quota.id, period.name)
            of_period = about_this if flag.name.kind is FindingKind.QUICK_LOSS else flag.on in period
            if of_period:
                found.setdefault(flag.name.userid, set()).add(flag.name.kind)
        return {
            userid: tuple(kind.value for kind in FLAGS if kind in kinds) for userid, kinds in found.items()
        }


def subject_of(quota: str, period: str) -> str:
    """Return what a quick loss is about."""
    return f"{quota} {period}"


def _membership(one: PersonFigures) -> Membership:
    return one.person.membership_on(one.shown_on)
