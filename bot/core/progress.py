"""Where everybody stands: one row per quota, period and person."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

from bot.core.history import History, Tally
from bot.core.people import Departments, Person
from bot.core.periods import Period, PeriodKind, parse_period, period_of
from bot.core.quotas import Quota, holds_for, stretches_under
from bot.core.relations import Add
from bot.core.standing import OwnDays, pace_of, prorated, rounded, status_of
from bot.core.standing import Status as Status  # a row's field: found here, too
from bot.core.verdicts import judge
from bot.core.workdays import ONE_DAY, WorkCalendar, epoch_of

DAY_QUOTAS_BEHIND_FROM = time(16, 0)  # local time; earlier nobody is behind on a quota of the same day


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of `quotabot progress`; the fields are its JSON keys and CSV columns, in this order.

    *expected* and *forecast* have one decimal, *kept_90* and *pace* two.
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


def progress(
    *,
    quotas: Sequence[Quota],
    people: Iterable[Person],
    departments: Departments,
    adds: Mapping[str, Sequence[Add]],
    calendar: WorkCalendar,
    at: datetime,
    behind_threshold: Fraction | Decimal,
    period_name: str | None = None,
) -> tuple[Row, ...]:
    """Return the rows as of *at*, in the order of *quotas*, then by userid (code points).

    *people* must be all known people, because ranks are among them. *adds* are whole-set folds by userid, in
    any order. Each quota is shown in its period in which *at* lies, or in the period called *period_name* if
    that is of its kind.

    Raises ValueError if *at* has no zone or *period_name* names no period.
    """
    now = _Now.of(at, calendar=calendar)
    threshold = Fraction(behind_threshold)
    named = None if period_name is None else parse_period(period_name)
    views = [
        _View.of(person, adds=adds.get(person.userid, ()), now=now)
        for person in sorted(people, key=lambda person: person.userid)
    ]
    rows: list[Row] = []
    for quota in quotas:
        period = named or period_of(quota.period, now.today)
        if holds_for(quota, period):
            frame = _Frame.of(quota, period=period, calendar=calendar, now=now, threshold=threshold)
            rows += frame.rows(views, departments=departments, calendar=calendar)
    return tuple(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """The time that is asked about, in every form that a number needs."""

    at_s: int
    today: date
    today_s: int  # its first second
    tomorrow_s: int
    hours_over: bool
    day_quotas_due: bool

    @classmethod
    def of(cls, at: datetime, *, calendar: WorkCalendar) -> _Now:
        local = calendar.local(at)
        return cls(
            at_s=epoch_of(at),
            today=local.date(),
            today_s=calendar.start_of(local.date()),
            tomorrow_s=calendar.start_of(local.date() + ONE_DAY),
            hours_over=calendar.hours_over(at),
            day_quotas_due=local.time() >= DAY_QUOTAS_BEHIND_FROM,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """One person with what all his quotas share: his adds now and as of the last second of yesterday."""

    person: Person
    now: History
    yesterday: History
    lost_adds: Sequence[int]
    kept_90: Fraction | None

    @classmethod
    def of(cls, person: Person, *, adds: Iterable[Add], now: _Now) -> _View:
        history = History.known_at(now.at_s, adds=adds)
        return cls(
            person=person,
            now=history,
            yesterday=History.known_at(now.today_s - 1, adds=adds),
            lost_adds=history.lost_adds(),
            kept_90=history.kept_90(now.at_s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """One person's numbers before anybody is ranked."""

    view: _View
    shown_on: date  # the day whose department and role the row shows
    target: int
    own: OwnDays
    gross: int
    tally: Tally
    today_done: int
    to_add_yesterday: int

    @property
    def attainment(self) -> Fraction:
        return Fraction(self.tally.counted, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """One quota in one period, seen at one time."""

    quota: Quota
    period: Period
    now: _Now
    threshold: Fraction
    workdays: tuple[date, ...]
    first_s: int
    end_s: int

    @classmethod
    def of(
        cls, quota: Quota, *, period: Period, calendar: WorkCalendar, now: _Now, threshold: Fraction
    ) -> _Frame:
        return cls(
            quota=quota,
            period=period,
            now=now,
            threshold=threshold,
            workdays=calendar.workdays_between(period.first, period.last),
            first_s=calendar.start_of(period.first),
            end_s=calendar.start_of(period.last + ONE_DAY),
        )

    def rows(self, views: Iterable[_View], *, departments: Departments, calendar: WorkCalendar) -> list[Row]:
        # Most people share their stretches, and with them their own workdays.
        shared: dict[tuple[tuple[date, date], ...], tuple[date, ...]] = {}
        figures: list[_Figures] = []
        for view in views:
            stretches = stretches_under(self.quota, view.person, self.period, departments=departments)
            if not stretches:
                continue
            if stretches not in shared:
                shared[stretches] = tuple(
                    day for stretch in stretches for day in calendar.workdays_between(*stretch)
                )
            figures.append(self._figures(view, days=shared[stretches]))
        attainments = sorted(one.attainment for one in figures if one.target)
        return [self._row(one, attainments) for one in figures]

    def _figures(self, view: _View, *, days: tuple[date, ...]) -> _Figures:
        person, now = view.person, self.now
        if person.absences:
            days = tuple(day for day in days if day not in person.absences)
        target = prorated(self.quota.target, share=person.share, own=len(days), workdays=len(self.workdays))
        adds = view.now.within(self.first_s, self.end_s)
        verdicts = judge(adds, quota=self.quota)
        of_today = [
            verdict
            for add, verdict in zip(adds, verdicts, strict=True)
            if now.today_s <= add.added_at < now.tomorrow_s
        ]
        before = Tally.of(judge(view.yesterday.within(self.first_s, self.end_s), quota=self.quota))
        return _Figures(
            view=view,
            shown_on=_shown_on(person, self.period, today=now.today),
            target=target,
            own=OwnDays.around(now.today, days=days, hours_over=now.hours_over),
            gross=len(adds),
            tally=Tally.of(verdicts),
            today_done=Tally.of(of_today).done,
            to_add_yesterday=max(0, target - before.done),
        )

    def _row(self, one: _Figures, attainments: Sequence[Fraction]) -> Row:
        person, target, own, done = one.view.person, one.target, one.own, one.tally.done
        membership = person.membership_on(one.shown_on)
        expected = own.expected(target) if target else Fraction(0)
        pace = pace_of(done, expected=expected)
        dose = own.dose(one.to_add_yesterday)
        forecast = Fraction(done * own.total, own.elapsed) if target and own.elapsed else None
        return Row(
            quota=self.quota.id,
            userid=person.userid,
            department=membership.departments[0] if membership.departments else None,
            role=membership.role,
            period=self.period.name,
            period_start=self.period.first,
            period_end=self.period.last,
            target=target,
            counted=one.tally.counted,
            pending=one.tally.pending,
            rejected=one.tally.rejected,
            gross=one.gross,
            lost=sum(self.first_s <= added_at < self.end_s for added_at in one.view.lost_adds),
            kept_90=None if one.view.kept_90 is None else float(one.view.kept_90),
            expected=float(rounded(expected, places=1)),
            pace=None if pace is None else float(pace),
            forecast=None if forecast is None else float(rounded(forecast, places=1)),
            remaining=max(0, target - one.tally.counted),
            to_add=max(0, target - done),
            workdays_left=own.left,
            today_dose=dose,
            today_left=max(0, dose - one.today_done),
            status=self._status(one, pace),
            rank=1 + len(attainments) - bisect_right(attainments, one.attainment) if target else None,
            penalty=None,
            reward=None,
            flags=(),
        )

    def _status(self, one: _Figures, pace: Fraction | None) -> Status:
        due = Fraction(0)
        if one.target and self.quota.period is not PeriodKind.DAY:
            due = one.own.expected_before(one.target)
        elif one.target and self.now.day_quotas_due:
            due = one.own.expected(one.target)
        return status_of(
            target=one.target,
            counted=one.tally.counted,
            pending=one.tally.pending,
            over=self.now.at_s >= self.end_s,
            pace=pace,
            due=due,
            behind_threshold=self.threshold,
        )


def _shown_on(person: Person, period: Period, *, today: date) -> date:
    first, last = person.employed_within(period.first, period.last) or (period.first, period.last)
    return min(max(today, first), last)
