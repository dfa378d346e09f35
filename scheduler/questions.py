"""questions: with the morning's progress, about adds to the person himself, and cases to who decides them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.core.quotas import under_quota
from bot.core.reviewers import time_is_up
from bot.features.customers.names import names_of
from bot.features.notify.enqueue import comes_later, key_of, quiet_hours
from bot.features.reviews import cases, findings
from bot.features.reviews.cases import Case, what_of
from bot.features.reviews.question_message import MaybeRenamed, Seen, ToDecide, questions
from bot.features.reviews.question_message import to_review as review_message
from bot.features.standings.load import Standings, load_rulebook
from bot.messages.message import Message
from bot.services import Services
from bot.store.rename_proposals import Proposal

QUESTION, REVIEW = "question", "review"  # in the keys of the messages


def prepare(services: Services, at: datetime) -> None:
    """Store what is asked now, and with whom each case is, before anybody is told."""
    findings.put(services, at=at, free=_free(services, QUESTION, at=at))
    cases.note_told(services, at=at, free=_free(services, REVIEW, at=at))


def _free(services: Services, name: str, *, at: datetime) -> findings.Free:
    """Who may be told something of this *name* on the day of *at*, and was not yet: there is one a day.

    Whose places of the day are taken, or kept for more important messages, is asked on another day: his time
    to answer must not run while he knows of nothing.
    """
    store, quiet = services.store, quiet_hours(services)
    local = quiet.calendar.local(at)
    taken, reminds = store.unasked_messages.counts(local.date()), comes_later(services, "reminder", local)
    book, tree = load_rulebook(services), services.directory.departments
    quotas = [quota for quota, _ in book.periods_at(local.date())]

    def is_planned(job: str, userid: str) -> bool:
        return store.outbox.by_key(key_of(job, local.date(), userid)) is not None

    def kept(userid: str) -> int:
        """Places for the morning's progress, and for the reminder that may come."""
        person = quiet.people.get(userid)
        if person is None or not any(
            under_quota(one, person, local.date(), departments=tree) for one in quotas
        ):
            return 0
        return int(reminds) + int(not is_planned("progress", userid))

    def is_free(userid: str) -> bool:
        room = services.config.messages.per_day - taken.get(userid, 0) - kept(userid)
        return room > 0 and not is_planned(name, userid) and quiet.silence(userid, at, kind=name) is None

    return is_free


def asked(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each person at work with questions of today, or whom they would be put to now."""
    at, calendar = standings.at, standings.calendar
    found = findings.of_today(services, at=at, free=_free(services, QUESTION, at=at))
    for userid, told in sorted(found.items()):
        if userid not in standings.people or not standings.works_on(userid, calendar.local_day(at)):
            continue
        until = time_is_up(at, calendar=calendar, away=standings.people[userid].absences)
        names = names_of(services, userid)
        seen = [Seen.of(one.name, one.evidence, holds=one.holds, names=names) for one in told]
        language = services.language
        yield userid, questions(language=language, asked=seen, until=until, at=calendar.local(at))


def to_review(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each reviewer at work with the cases that came to him today, or would now."""
    at, calendar = standings.at, standings.calendar
    told = cases.to_tell(services, at=at, free=_free(services, REVIEW, at=at))
    for userid, found in sorted(told.items()):
        ending = [case.until for case in found if (case.level or 0) + 1 < len(case.levels)]
        yield (
            userid,
            review_message(
                language=services.language,
                cases=[_to_decide(standings, case) for case in found],
                goes_up=min(ending, default=None),
                at=calendar.local(at),
            ),
        )


def _to_decide(standings: Standings, case: Case) -> ToDecide:
    person = standings.people.get(case.userid)
    name = case.userid if person is None else person.name
    what = _renamed(case.proposal) if case.proposal else what_of(case, calendar=standings.calendar)
    return ToDecide(id=case.id, name=name, said=case.said or "", what=what)


def _renamed(proposal: Proposal) -> MaybeRenamed:
    return MaybeRenamed(
        old_userid=proposal.old_userid,
        userid=proposal.userid,
        same=proposal.same,
        living=proposal.living,
    )
