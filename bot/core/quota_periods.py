"""One quota in one period, seen at one time: whose contacts it looks at, and what they are worth to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction

from bot.core.contacts import Contact
from bot.core.history import History, Tally
from bot.core.integrity import FindingName, Key, LaunchRule, Planned, held_by, no_event, seen_in
from bot.core.people import Departments, Person
from bot.core.periods import Period
from bot.core.quotas import Basis, Quota, stretches_under
from bot.core.status import OwnDays, prorate
from bot.core.verdicts import Case, Verdict, judge
from bot.core.workdays import ONE_DAY, WorkCalendar, epoch_of

DAY_QUOTAS_BEHIND_FROM = time(16, 0)  # local time; earlier nobody is behind on a quota of the same day

Contacts = Mapping[str, Sequence[Contact]]  # by userid, from whole-set folds in any order
Judged = list[tuple[Contact, Verdict]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The time that is asked about, in every form that a number needs."""

    at: datetime
    at_s: int
    today: date
    today_s: int  # its first second
    tomorrow_s: int
    hours_over: bool
    day_quotas_due: bool

    @classmethod
    def of(cls, at: datetime, *, calendar: WorkCalendar) -> Moment:
        """Return *at* (aware) as a moment. Raises ValueError if it has no zone."""
        local = calendar.local(at)
        return cls(
            at=at,
            at_s=epoch_of(at),
            today=local.date(),
            today_s=calendar.start_of(local.date()),
            tomorrow_s=calendar.start_of(local.date() + ONE_DAY),
            hours_over=calendar.hours_over(at),
            day_quotas_due=local.time() >= DAY_QUOTAS_BEHIND_FROM,
        )


@dataclass(slots=True, kw_only=True)
class Past:
    """Everybody's contacts as of one time; each is looked at once, however many quotas ask.

    *decided*: findings that hold nothing any more. *planned*: which adds belong to a declared event. *start*:
    when the bot began to know the bank's customers, epoch s, None if it has not.
    """

    at_s: int
    contacts: Contacts
    calendar: WorkCalendar
    decided: frozenset[FindingName] = frozenset()
    planned: Planned = no_event
    start: int | None = None
    _histories: dict[str, History] = field(default_factory=dict)
    _held: dict[Quota, frozenset[Key]] = field(default_factory=dict)

    def history(self, userid: str) -> History:
        """One employee's history."""
        if userid not in self._histories:
            told = self.contacts.get(userid, ())
            self._histories[userid] = History.known_at(self.at_s, contacts=told)
        return self._histories[userid]

    def rollout(self, quota: Quota) -> LaunchRule | None:
        """What is asked about adds near the start under *quota*."""
        if self.start is None:
            return None
        return LaunchRule(start=self.start, first_add=quota.counting.first_add)

    def held(self, quota: Quota) -> frozenset[Key]:
        """The contacts that the quota's `[integrity]` holds."""
        if not quota.integrity.hold:
            return frozenset()
        if quota not in self._held:
            everybody = {userid: self.history(userid).contacts for userid in self.contacts}
            found = seen_in(
                everybody,
                integrity=quota.integrity,
                day_of=self.calendar.day_of,
                planned=self.planned,
                rollout=self.rollout(quota),
            )
            self._held[quota] = held_by(found, decided=self.decided)
        return self._held[quota]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPeriod:
    """One quota in one period."""

    quota: Quota
    period: Period
    workdays: tuple[date, ...]
    first_s: int
    end_s: int  # the first second after it
    settlement_s: int
    calendar: WorkCalendar

    @classmethod
    def of(cls, quota: Quota, period: Period, *, calendar: WorkCalendar) -> QuotaPeriod:
        """Return the quota period of *quota* in *period*."""
        return cls(
            quota=quota,
            period=period,
            workdays=calendar.workdays_between(period.first, period.last),
            first_s=calendar.start_of(period.first),
            end_s=calendar.start_of(period.last + ONE_DAY),
            settlement_s=quota.settlement(period, calendar=calendar),
            calendar=calendar,
        )

    def gross(self, history: History, *, at_s: int) -> Sequence[Contact]:
        """Return the contacts that make up gross as of *at_s*, which *history* is of."""
        if self.quota.basis is Basis.HELD:
            return history.held_at(min(at_s, self.end_s - 1), first_s=self.first_s)
        return history.added_within(self.first_s, self.end_s)

    def judged(self, userid: str, past: Past) -> Judged:
        """Return one employee's contacts with what they are worth as of *past*."""
        contacts = self.gross(past.history(userid), at_s=past.at_s)
        case = Case(
            quota=self.quota,
            at=past.at_s,
            day_of=self.calendar.day_of,
            settled=past.at_s >= self.settlement_s,
            held=past.held(self.quota),
        )
        return list(zip(contacts, judge(contacts, case=case), strict=True))

    def lost(self, history: History) -> int:
        """Return the adds of the period that were lost in the end; basis `held`: its losses."""
        of_what = history.losses() if self.quota.basis is Basis.HELD else history.lost_adds()
        return sum(self.first_s <= moment < self.end_s for moment in of_what)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFigures:
    """One person's numbers in one quota period, before anybody is ranked."""

    person: Person
    shown_on: date  # the day whose department and role the row shows
    target: int
    own: OwnDays
    part: Fraction  # share × own workdays / workdays of the period
    judged: Judged
    today_sure: int
    opening: int  # basis `held`: sure when the period began, at most target; else 0
    to_add_yesterday: int

    @property
    def tally(self) -> Tally:
        """The contacts by standing."""
        return Tally.of(self.judged)

    @property
    def attainment(self) -> Fraction:
        """counted / target; the target is not 0."""
        return Fraction(self.tally.counted, self.target)


def own_days(
    quota: Quota, person: Person, period: Period, *, departments: Departments, calendar: WorkCalendar
) -> tuple[date, ...]:
    """Return the own workdays of *person*: those of *period* under *quota* on which he is not absent."""
    stretches = stretches_under(quota, person, period, departments=departments)
    return tuple(day for day in _workdays(stretches, calendar=calendar) if day not in person.absences)


def _workdays(stretches: Iterable[tuple[date, date]], *, calendar: WorkCalendar) -> tuple[date, ...]:
    return tuple(day for stretch in stretches for day in calendar.workdays_between(*stretch))


def figures(
    quota_period: QuotaPeriod,
    *,
    people: Iterable[Person],
    departments: Departments,
    now: Moment,
    past: Past,
    before: Past,
) -> list[PersonFigures]:
    """Return the numbers of everybody under the quota of *quota_period*, in the order of *people*.

    *past* is as of *now*, *before* as of the last second of yesterday.
    """
    # Most people share their stretches, and with them their own workdays.
    shared: dict[tuple[tuple[date, date], ...], tuple[date, ...]] = {}
    opened = Past(
        at_s=min(quota_period.first_s - 1, now.at_s),  # of a period to come, what is known now
        contacts=past.contacts,
        calendar=past.calendar,
        decided=past.decided,
        planned=past.planned,
        start=past.start,
    )
    found: list[PersonFigures] = []
    for person in people:
        stretches = stretches_under(quota_period.quota, person, quota_period.period, departments=departments)
        if not stretches:
            continue
        if stretches not in shared:
            shared[stretches] = _workdays(stretches, calendar=quota_period.calendar)
        days = tuple(day for day in shared[stretches] if day not in person.absences)
        found.append(
            _figures(quota_period, person, days=days, now=now, past=past, before=before, opened=opened)
        )
    return found


def _figures(
    quota_period: QuotaPeriod,
    person: Person,
    *,
    days: tuple[date, ...],
    now: Moment,
    past: Past,
    before: Past,
    opened: Past,
) -> PersonFigures:
    own, workdays = len(days), len(quota_period.workdays)
    target = prorate(quota_period.quota.target, share=person.share, own=own, workdays=workdays)
    judged = quota_period.judged(person.userid, past)
    of_today = (pair for pair in judged if now.today_s <= pair[0].add.added_at < now.tomorrow_s)
    opening = 0
    if quota_period.quota.basis is Basis.HELD:
        opening = min(target, Tally.of(quota_period.judged(person.userid, opened)).sure)
    return PersonFigures(
        person=person,
        shown_on=_shown_on(person, quota_period.period, today=now.today),
        target=target,
        own=OwnDays.around(now.today, days=days, hours_over=now.hours_over),
        part=person.share * Fraction(own, workdays) if workdays else Fraction(0),
        judged=judged,
        today_sure=Tally.of(of_today).sure,
        opening=opening,
        to_add_yesterday=max(0, target - Tally.of(quota_period.judged(person.userid, before)).sure),
    )


def _shown_on(person: Person, period: Period, *, today: date) -> date:
    first, last = person.employed_within(period.first, period.last) or (period.first, period.last)
    return min(max(today, first), last)
