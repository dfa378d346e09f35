"""The notice of a decision to the person it is about, with the author and the reason."""

from __future__ import annotations

from datetime import datetime

from bot.core.people import Person
from bot.core.workdays import WorkCalendar
from bot.features.customers.names import names_of
from bot.features.ledger.derive import derive
from bot.features.notify.enqueue import build_unasked, enqueue_unasked, quiet_hours
from bot.features.reviews.cases import JOINER, RENAME, Case, what_of
from bot.features.reviews.decide import CaseDecision, decide
from bot.features.reviews.decision_message import decided
from bot.features.standings.everybody import load_people
from bot.services import Services
from bot.store.outbox import OutboxMessage
from bot.store.reviews import ReviewKind

JOB = "decided"  # in the key of the message, with the case
_LONGEST_LEAVE = 60  # workdays; people on longer leave see the decision in their figures


def build_news(
    services: Services, case: Case, state: str, decision: CaseDecision, *, at: datetime
) -> OutboxMessage | None:
    """Return the message about a decision of *at* (aware), for the person's next time at work.

    None for a held contact, a changed userid or a first day, and for people who left or are away for long.
    """
    calendar, people = services.config.work_calendar(), load_people(services)
    person, decider = people.get(case.userid), people.get(decision.by.lower())
    when = None if person is None else _at_work(person, at, calendar=calendar)
    if when is None or case.kind in {ReviewKind.HELD, RENAME, JOINER}:
        return None
    message = decided(
        language=services.language,
        what=what_of(case, calendar=calendar, names=names_of(services, case.userid)),
        state=state,
        by=decision.by if decider is None else decider.name,
        reason=decision.reason,
        at=calendar.local(at),
    )
    return build_unasked(services, f"{JOB}:{case.id}", case.userid, message, at=when)


def decide_and_tell(
    services: Services, case_id: str, decision: CaseDecision, *, at: datetime
) -> tuple[Case, str]:
    """Take a decision as `decide` does, derive what follows from it, and tell the person concerned.

    Not inside a transaction. Raises ReviewError like `decide`.
    """
    case, state = decide(services, case_id, decision, at=at)
    derive(services)
    if (message := build_news(services, case, state, decision, at=at)) is not None:
        with services.store.transaction():
            enqueue_unasked(services, message, quiet=quiet_hours(services))
        services.outbox_signal.ring()
    return case, state


def _at_work(person: Person, at: datetime, *, calendar: WorkCalendar) -> datetime | None:
    """Return *at*, or the next opening time on a workday on which *person* works; None if too far off."""
    moment = calendar.local(at)
    if calendar.hours_over(moment) or not calendar.is_workday(moment.date()):
        moment = _opening(calendar, moment)
    for _ in range(_LONGEST_LEAVE):
        if person.works_on(moment.date()):
            return moment
        moment = _opening(calendar, moment)
    return None


def _opening(calendar: WorkCalendar, after: datetime) -> datetime:
    return datetime.combine(calendar.next_workday(after.date()), calendar.opens, calendar.zone)
