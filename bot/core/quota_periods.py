"""One quota in one period at one time: the contacts of each person, and their verdicts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from fractions import Fraction

from bot.core.contacts import PLACE, Contact
from bot.core.counting import Integrity
from bot.core.history import History
from bot.core.integrity import (
    DecidedFinding,
    Finding,
    Key,
    LaunchRule,
    Planned,
    drop_decided,
    list_findings,
    list_refused,
    no_event,
)
from bot.core.people import Departments, Person
from bot.core.periods import Period, PeriodKind
from bot.core.quotas import Basis, Quota, stretches_under, under_quota
from bot.core.rulebook import Dated
from bot.core.status import prorate
from bot.core.verdicts import Case, Judge, Verdict
from bot.core.workdays import ONE_DAY, WorkCalendar, epoch_of

DAY_QUOTAS_BEHIND_FROM = time(16, 0)  # local time; earlier nobody is behind on a quota of the same day
_LONGEST_OFF = 366  # days off in a row whose adds belong to the next own workday

Contacts = Mapping[str, Sequence[Contact]]  # by userid, from whole-set folds in any order
Judged = list[tuple[Contact, Verdict]]
Stretch = tuple[date, date]  # local days, both included
Span = tuple[int, int]  # epoch s, the end excluded


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The time of the figures, in every form that a number needs."""

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
    """Everybody's contacts as of one time; each is looked at once for all quotas.

    *people*: by userid. *decided*: findings with a decision. *planned*: the adds of declared events. *start*:
    when the bot began to know the bank's customers, epoch s, None if it has not. *integrity*: `[integrity]`
    by the day of the add; None: that of each quota. Not *holds*: for sums alone, in which a contact that is
    held is as sure as one that counts.
    """

    at_s: int
    contacts: Contacts
    calendar: WorkCalendar
    people: Mapping[str, Person] = field(default_factory=dict)
    departments: Departments = field(default_factory=Departments)
    decided: Collection[DecidedFinding] = ()
    planned: Planned = no_event
    start: int | None = None
    integrity: Dated[Integrity] | None = None
    holds: bool = True
    _histories: dict[str, History] = field(default_factory=dict, init=False)
    _findings: dict[tuple[Integrity | None, LaunchRule | None], list[Finding]] = field(
        default_factory=dict, init=False
    )
    _judges: dict[tuple[str, str], tuple[QuotaPeriod, Judge]] = field(default_factory=dict, init=False)

    def history(self, userid: str) -> History:
        """Return one employee's history."""
        if userid not in self._histories:
            contacts = self.contacts.get(userid, ())
            self._histories[userid] = History.known_at(self.at_s, contacts=contacts)
        return self._histories[userid]

    def findings(self, quota: Quota) -> list[Finding]:
        """Return what *quota* asks about everybody's adds, each under the `[integrity]` of its day."""
        rollout = None
        if self.start is not None:
            rollout = LaunchRule(start=self.start, first_add=quota.counting.first_add)
        key = None if self.integrity else quota.integrity, rollout
        if key not in self._findings:
            everybody = {userid: self.history(userid).contacts for userid in self.contacts}
            found: list[Finding] = []
            for integrity in self._integrities(quota):
                for finding in list_findings(
                    everybody,
                    integrity=integrity,
                    day_of=self.calendar.day_of,
                    planned=self.planned,
                    rollout=rollout,
                ):
                    keys = tuple(
                        key for key in finding.concerned if self.integrity_at(quota, key[2]) == integrity
                    )
                    found += [replace(finding, concerned=keys)] if keys else []
            self._findings[key] = found
        return self._findings[key]

    def held(self, quota: Quota) -> frozenset[Key]:
        """Return the contacts that `[integrity]` holds under *quota*."""
        if not (self.holds and any(integrity.hold for integrity in self._integrities(quota))):
            return frozenset()
        asked = drop_decided(self.findings(quota), decided=self.decided)
        keys = (key for finding in asked for key in finding.concerned)
        return frozenset(key for key in keys if self.integrity_at(quota, key[2]).hold)

    def refused(self, quota: Quota, *, settlement_s: int) -> frozenset[Key]:
        """Return the contacts rejected under *quota* by findings confirmed before the settlement."""
        keys = list_refused(self.decided, before=settlement_s)
        return frozenset(key for key in keys if self.integrity_at(quota, key[2]).hold)

    def judge(self, quota_period: QuotaPeriod) -> Judge:
        """Return what judges contacts under *quota_period* as of this time; put together once."""
        name = quota_period.quota.id, quota_period.period.name
        known, judge = self._judges.get(name, (None, None))
        if judge is None or known is not quota_period:
            quota, settlement_s = quota_period.quota, quota_period.settlement_s
            judge = Judge(
                Case(
                    quota=quota,
                    at=self.at_s,
                    day_of=self.calendar.day_of,
                    settled=self.at_s >= settlement_s,
                    held=self.held(quota),
                    refused=self.refused(quota, settlement_s=settlement_s),
                )
            )
            self._judges[name] = quota_period, judge
        return judge

    def _integrities(self, quota: Quota) -> set[Integrity]:
        return {quota.integrity} if self.integrity is None else {rule for _, rule in self.integrity.values}

    def integrity_at(self, quota: Quota, at_s: int) -> Integrity:
        """Return the `[integrity]` of an add at *at_s* (epoch s) under *quota*."""
        return quota.integrity if self.integrity is None else self.integrity.on(self.calendar.day_of(at_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPeriod:
    """One quota in one period. *workdays* are those of the whole period, also if it is cut."""

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
            workdays=calendar.workdays_between(period.first, period.whole_last),
            first_s=calendar.start_of(period.first),
            end_s=calendar.start_of(period.last + ONE_DAY),
            settlement_s=quota.settlement(period, calendar=calendar),
            calendar=calendar,
        )

    def is_for_reference(self, begun_on: date | None) -> bool:
        """Say whether too much of the period lay before *begun_on*, the first day of the record.

        Too much is more than a fifth of its workdays. Basis `held` does not depend on it.
        """
        if begun_on is None or self.quota.basis is Basis.HELD:
            return False
        return 5 * bisect_left(self.workdays, begun_on) > len(self.workdays)

    def own_days(self, person: Person, stretches: Iterable[Stretch]) -> tuple[date, ...]:
        """Return the own workdays of *person*, who is under the quota on the days of *stretches*."""
        days = (day for stretch in stretches for day in self.calendar.workdays_between(*stretch))
        return tuple(day for day in days if day not in person.absences)

    def part(self, person: Person, days: Sequence[date]) -> Fraction:
        """Return the part of target and money that the period asks of *person* with own workdays *days*.

        Basis `held`: the share on the last own workday; 0 for fewer than half of the period's workdays.
        """
        if not self.workdays or not days:
            return Fraction(0)
        if self.quota.basis is Basis.ADDED:
            return person.weight_of(days) / len(self.workdays)
        return Fraction(0) if 2 * len(days) < len(self.workdays) else person.membership_on(days[-1]).share

    def target(self, person: Person, days: Sequence[date]) -> int:
        """Return the target of *person* with own workdays *days*."""
        return prorate(self.quota.target, self.part(person, days))

    def gross(self, userid: str, past: Past) -> Sequence[Contact]:
        """Return the contacts of one employee that make up gross as of *past*."""
        return self._gross_in(past.history(userid), self._spans_in(userid, past), past.at_s)

    def _gross_in(self, history: History, spans: Iterable[Span], at_s: int) -> Sequence[Contact]:
        if self.quota.basis is Basis.HELD:
            return history.held_at(min(at_s, self.end_s - 1), first_s=self.first_s)
        return [contact for span in spans for contact in history.added_within(*span)]

    def covers(self, contact: Contact) -> bool:
        """Return whether *contact* is of this quota: by a tag of its segment, or accepted by review."""
        if not self.quota.counting.segment_tags:
            return True
        tags = contact.details.tags if contact.details else frozenset[str]()
        return self.quota.counting.covers(tags) or contact.decisions.get(self.quota.id) is True

    def listed(self, userid: str, past: Past) -> Judged:
        """Return one employee's contacts with their verdicts, those that the segment leaves out too."""
        contacts = self.gross(userid, past)
        others = [(contact, Verdict.LEFT_OUT) for contact in contacts if not self.covers(contact)]
        return sorted([*self.judged(userid, past), *others], key=lambda pair: PLACE(pair[0]))

    def judged(self, userid: str, past: Past) -> Judged:
        """Return one employee's contacts of this quota with their verdicts as of *past*."""
        return list(zip(*self.judged_in(userid, past, self._spans_in(userid, past)), strict=True))

    def judged_in(
        self, userid: str, past: Past, spans: Iterable[Span]
    ) -> tuple[Sequence[Contact], Sequence[Verdict]]:
        """Return one employee's contacts added in *spans*, and their verdicts as of *past*."""
        contacts = self._gross_in(past.history(userid), spans, past.at_s)
        if self.quota.counting.segment_tags:
            contacts = list(filter(self.covers, contacts))
        return contacts, past.judge(self).verdicts(contacts)

    def lost_in(self, userid: str, past: Past, spans: Iterable[Span]) -> int:
        """Return the adds of *spans* that were lost in the end; basis `held`: the losses of the period."""
        history = past.history(userid)
        if self.quota.basis is Basis.HELD:
            return sum(self.first_s <= moment < self.end_s for moment in history.losses(self.covers))
        moments = history.lost_adds(self.covers)
        return sum(begin_s <= moment < end_s for moment in moments for begin_s, end_s in spans)

    def _spans_in(self, userid: str, past: Past) -> list[Span]:
        """Return the times of adds for an employee; all of the period for people not known yet."""
        person = past.people.get(userid)
        if person is None:
            return [(self.first_s, self.end_s)]
        stretches = stretches_under(self.quota, person, self.period, departments=past.departments)
        return self.spans(person, stretches, past.departments)

    def spans(self, person: Person, stretches: tuple[Stretch, ...], departments: Departments) -> list[Span]:
        """Return the times of adds for *person*, who is under the quota on the days of *stretches*."""
        if self.quota.period is PeriodKind.DAY:
            own = self.own_days(person, stretches)
            days = [*own, *self._days_off_before(person, departments)] if own else []
            stretches = tuple((day, day) for day in reversed(days))
        elif stretches == ((self.period.first, self.period.last),):
            return [(self.first_s, self.end_s)]
        start_of = self.calendar.start_of
        return [(start_of(first), start_of(last + ONE_DAY)) for first, last in stretches]

    def _days_off_before(self, person: Person, departments: Departments) -> Iterator[date]:
        """Yield the days under a day quota since the last own workday, the latest first."""
        for distance in range(1, _LONGEST_OFF):
            day = self.period.first - distance * ONE_DAY
            if not person.employed_on(day) or (self.quota.starts_on and day < self.quota.starts_on):
                return
            if under_quota(self.quota, person, day, departments=departments):
                if self.calendar.is_workday(day) and day not in person.absences:
                    return
                yield day
