"""Leave noted in the chat: the member's leaders are asked to confirm it; only then it changes a target.

No other chat command changes figures. Confirmed leave counts like imported leave, with a line in the audit
log. Userids in lower case; *at* is aware, by the service's clock. Call everything here inside a transaction.
The ledger is not read, so it may be the transaction of an event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.people import Person, name_of
from bot.core.rollout import Mode
from bot.core.workdays import epoch_of
from bot.features.notify.enqueue import build_unasked, enqueue_unasked, quiet_hours
from bot.features.preferences import leave_message
from bot.features.preferences.leave_rules import Effect, Span, effect_of, list_within
from bot.features.standings.everybody import load_departments, load_people
from bot.features.standings.leaders import load_bank
from bot.features.standings.load import load_rulebook
from bot.features.teams.digest import leads, load_org_chart
from bot.messages.message import Message
from bot.services import Services
from bot.store.contact_knowledge import Absence

LEAVE = "leave"  # in the key of the message to a leader, with userid and days
KIND = "leave"  # the kind of absences confirmed by a leader
_LOOK_BACK = timedelta(days=60)  # leave may be confirmed after it was taken
_TOLD = "decided"  # in the key of the message to the member


def ask_leaders(services: Services, userid: str, days: Span, *, at: datetime) -> list[tuple[str, bool]]:
    """Ask each direct leader of *userid* to confirm *days*; return their names, with True if asked today.

    Ask nobody if the days change no quota: no workday among them, or leave already.
    """
    quiet = quiet_hours(services)
    person = quiet.people.get(userid)
    now = max(at, services.clock.now())
    local = quiet.calendar.local(now)
    if person is None or (
        quiet.rollout.mode is Mode.PILOT and not quiet.rollout.includes(person, local.date())
    ):
        return []  # during a pilot, leaders hear nothing about people outside it
    if not (effect := _effect(services, person, _days([days]), at=now)).days:
        return []
    wanted = leave_message.confirmation_wanted(
        language=services.language, userid=userid, name=person.name, days=days, effect=effect, at=local
    )
    bank = load_bank(services, day=local.date())
    job = ":".join((LEAVE, userid, *(day.isoformat() for day in days)))
    asked = []
    for leader in sorted(bank.leaders_of(userid)):
        row = build_unasked(services, job, leader, wanted, at=now)
        enqueue_unasked(services, row, quiet=quiet)
        if (stored := services.store.outbox.by_key(row.key)) is not None:
            is_today = quiet.calendar.day_of(stored["not_before"]) == local.date()
            asked.append((name_of(quiet.people, leader), is_today and stored["state"] != "waiting"))
    return asked


def confirm(services: Services, by: str, userid: str, days: Span, *, at: datetime) -> tuple[Message, bool]:
    """Confirm for *by* those of *days* that *userid* noted as leave.

    Return the answer, and whether nothing is left to confirm. Only a direct leader or an administrator may
    confirm, and nobody their own leave.
    """
    language, calendar = services.language, services.config.work_calendar()
    local, people = calendar.local(at), load_people(services)
    if not _may(services, by, userid, day=local.date()):
        return leave_message.not_led(language=language, at=local), False
    person, name = people[userid], name_of(people, userid)
    noted = [(leave.first, leave.last) for leave in services.store.preferences.leaves_of(userid)]
    spans = list_within(noted, days)
    if not spans:
        return leave_message.taken_back(language=language, name=name, at=local), False
    effect = _effect(services, person, _days(spans), at=at)
    if not effect.days:
        return leave_message.already(language=language, name=name, spans=spans, at=local), True
    _tell(services, by, userid, spans, effect=effect, at=at)
    _keep(services, by, userid, spans, at=at)  # last, because it makes later calls read all people anew
    return leave_message.confirmed(language=language, name=name, spans=spans, effect=effect, at=local), True


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedLeave:
    """Leave that *person* noted on *days* (both included), and what its confirmation would change."""

    person: Person
    days: Span
    effect: Effect


def list_unconfirmed(services: Services, by: str, *, at: datetime) -> list[NotedLeave]:
    """Return the noted leave that *by* may confirm as of *at* and that would change a target, by its days."""
    people, day = load_people(services), services.config.work_calendar().local_day(at)
    if by in services.config.admins.userids:
        own = set(people) - {by}
    else:
        chart = load_org_chart(services, people, departments=services.directory.departments, day=day)
        leader = people.get(by)
        own = set() if leader is None else {person.userid for person in chart.of(leader).own}
    noted = [
        (people[leave.userid], (leave.first, leave.last))
        for leaves in services.store.preferences.leaves().values()
        for leave in leaves
        if leave.userid in own and leave.last >= day - _LOOK_BACK
    ]
    found = (
        NotedLeave(person=person, days=days, effect=_effect(services, person, _days([days]), at=at))
        for person, days in noted
    )
    return sorted((one for one in found if one.effect.days), key=lambda one: (one.days, one.person.userid))


def _may(services: Services, by: str, userid: str, *, day: date) -> bool:
    people = load_people(services)
    if by == userid or userid not in people:
        return False
    return by in services.config.admins.userids or leads(services, by, userid, people=people, day=day)


def _keep(services: Services, by: str, userid: str, spans: Iterable[Span], *, at: datetime) -> None:
    absences = [Absence(userid=userid, first=first, last=last, kind=KIND) for first, last in spans]
    services.store.contact_knowledge.put_absences(absences)
    services.store.audit.add(
        at=epoch_of(at),
        actor=by,
        act="confirm-leave",
        subject=userid,
        detail={"days": [[absence.first.isoformat(), absence.last.isoformat()] for absence in absences]},
    )


def _tell(
    services: Services, by: str, userid: str, spans: Sequence[Span], *, effect: Effect, at: datetime
) -> None:
    quiet, now = quiet_hours(services), max(at, services.clock.now())
    message = leave_message.told_confirmed(
        language=services.language,
        by=name_of(quiet.people, by),
        spans=spans,
        effect=effect,
        at=quiet.calendar.local(now),
    )
    job = ":".join((_TOLD, LEAVE, spans[0][0].isoformat(), spans[-1][1].isoformat()))
    enqueue_unasked(services, build_unasked(services, job, userid, message, at=now), quiet=quiet)


def _effect(services: Services, person: Person, days: Collection[date], *, at: datetime) -> Effect:
    """Return what *days* of leave would change; periods with final figures stay as signed."""
    book, calendar = load_rulebook(services), services.config.work_calendar()
    workdays = calendar.workdays_between(min(days), max(days))
    quota_periods = dict.fromkeys(in_day for day in workdays for in_day in book.periods_at(day))
    final = set()
    if any(quota.settlement(period, calendar=calendar) <= epoch_of(at) for quota, period in quota_periods):
        final = {(closed.quota, closed.period) for closed in services.store.results.closed() if closed.final}
    return effect_of(
        days,
        person,
        quota_periods=[
            (quota, period) for quota, period in quota_periods if (quota.id, period.name) not in final
        ],
        departments=load_departments(services),
        calendar=calendar,
    )


def _days(spans: Iterable[Span]) -> frozenset[date]:
    return frozenset(
        first + timedelta(days=number) for first, last in spans for number in range((last - first).days + 1)
    )
