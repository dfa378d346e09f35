"""The open questions to a person and their answers, in the chat and on their page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.people import name_of
from bot.core.reviewers import time_is_up
from bot.features.customers.names import names_of
from bot.features.reviews import appeal_message
from bot.features.reviews.cases import id_of
from bot.features.reviews.decide import answer
from bot.features.reviews.question_message import Seen
from bot.features.standings.everybody import load_people
from bot.messages.message import Message
from bot.services import Services
from bot.store.reviews import OpenFinding, ReviewKind, ReviewState


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about an observation, best answered by a local time. *id*: of its case."""

    id: str
    what: Seen
    until: datetime


def list_questions(services: Services, userid: str) -> list[Question]:
    """Return the open questions to *userid* (lower case) without an answer, the oldest first."""
    findings = [one for one in services.store.findings.open_of(userid) if one.answered_at is None]
    if not findings:
        return []
    calendar, names = services.config.work_calendar(), names_of(services, userid)
    person = load_people(services).get(userid)
    away = frozenset() if person is None else person.absences
    held = {
        review.contact
        for of_contact in services.store.reviews.of_person(userid).values()
        for review in of_contact
        if review.kind is ReviewKind.HELD and review.state is ReviewState.OPEN
    }

    def question(finding: OpenFinding) -> Question:
        holds = len(held.intersection(finding.concerned))
        return Question(
            id=id_of(finding.name),
            what=Seen.of(finding.name, finding.evidence, holds=holds, names=names),
            until=time_is_up(calendar.moment(finding.asked_at), calendar=calendar, away=away),
        )

    return [question(finding) for finding in findings]


def respond(
    services: Services,
    *,
    asked: Sequence[Question],
    chosen: Question | None,
    text: str,
    at: datetime,
) -> Message:
    """Store the person's *text* about the question *chosen* of those *asked*; return what to tell them.

    If *chosen* is None or *text* is empty, the question they answer is unclear. *at* is aware.
    """
    local, language = services.config.work_calendar().local(at), services.language
    if not asked:
        return appeal_message.no_question(language=language, at=local)
    if chosen is None or not text:
        seen = [question.what for question in asked]
        return appeal_message.which_question(language=language, asked=seen, at=local)
    case, people = answer(services, chosen.id, text, at=at), load_people(services)
    leaders = [name_of(people, leader) for leader in case.leaders]
    return appeal_message.answer_noted(language=language, at=local, nobody=not case.levels, leaders=leaders)
