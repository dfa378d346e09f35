"""questions: with the morning's progress, questions to people about their adds, and cases to reviewers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.core.reviewers import time_is_up
from bot.features.customers.names import names_of
from bot.features.notify.enqueue import key_of, quiet_hours
from bot.features.reviews import cases, findings
from bot.features.reviews.cases import Case, what_of
from bot.features.reviews.question_message import Seen, ToDecide, questions
from bot.features.reviews.question_message import to_review as review_message
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services

QUESTION, REVIEW = "question", "review"  # in the keys of the messages


def prepare(services: Services, at: datetime) -> None:
    """Store the reviewers of each case, before anybody reads of them."""
    findings.release_settled(services, at=at)
    cases.note_told(services, at=at, free=_free(services, REVIEW, at=at))


def keep(services: Services, standings: Standings) -> None:
    """Store the questions of now to the people of a piece, before anybody gets one."""
    at = standings.at
    findings.put_of(services, list(standings.receivers()), at=at, free=_free(services, QUESTION, at=at))


def _free(services: Services, name: str, *, at: datetime) -> findings.Free:
    """Return a test by userid: may the person still get a message of *name* on the day of *at*?

    There is one a day. Without a daily slot the morning's progress carries it, so progress must still come.
    Else the time to answer would run before the person knows.
    """
    store, quiet = services.store, quiet_hours(services)
    day, per_day = quiet.calendar.local_day(at), services.config.messages.per_day

    def is_free(userid: str) -> bool:
        is_planned = any(store.outbox.by_key(key_of(job, day, userid)) for job in (name, "progress"))
        has_room = store.unasked_messages.count(userid, day) < per_day and not is_planned
        return has_room and quiet.silence(userid, at, kind=name) is None

    return is_free


def asked(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each person at work with questions of today, or with questions due now."""
    at, calendar = standings.at, standings.calendar
    free = _free(services, QUESTION, at=at)
    by_person = findings.of_today(services, list(standings.receivers()), at=at, free=free)
    for userid, of_person in sorted(by_person.items()):
        if userid not in standings.people or not standings.works_on(userid, calendar.local_day(at)):
            continue
        until = time_is_up(at, calendar=calendar, away=standings.people[userid].absences)
        names = names_of(services, userid)
        seen = [Seen.of(one.name, one.evidence, holds=one.holds, names=names) for one in of_person]
        language = services.language
        yield userid, questions(language=language, asked=seen, until=until, at=calendar.local(at))


def to_review(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each reviewer at work with the cases that came to them today, or would now."""
    at, calendar = standings.at, standings.calendar
    by_reviewer = cases.choose_cases_to_tell(services, at=at, free=_free(services, REVIEW, at=at))
    for userid, of_reviewer in sorted(by_reviewer.items()):
        ending = [case.until for case in of_reviewer if (case.level or 0) + 1 < len(case.levels)]
        yield (
            userid,
            review_message(
                language=services.language,
                cases=[_to_decide(standings, case) for case in of_reviewer],
                goes_up=min(ending, default=None),
                at=calendar.local(at),
            ),
        )


def _to_decide(standings: Standings, case: Case) -> ToDecide:
    person = standings.people.get(case.userid)
    name = case.userid if person is None else person.name
    what = case.proposal or what_of(case, calendar=standings.calendar)
    return ToDecide(id=case.id, name=name, said=case.said or "", what=what)
