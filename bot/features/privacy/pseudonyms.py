"""Employees who left become pseudonyms after a while, once everything of theirs is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

import structlog

from bot.core.people import Person
from bot.core.quotas import stretches_under
from bot.core.rulebook import LONGEST_TO_SETTLE
from bot.core.workdays import epoch_of
from bot.features.renames.rename import look_anew
from bot.features.standings.everybody import load_people
from bot.features.standings.load import load_rulebook
from bot.features.standings.pieces import iter_people
from bot.services import Services
from bot.store.address_book import CHANGED, EntryState
from bot.store.audit import REDACTED
from bot.store.coordination import PEOPLE
from bot.store.pseudonyms import renamed

log = structlog.get_logger(__name__)


def give_pseudonyms(services: Services, *, at: datetime, beat: Callable[[], None] = lambda: None) -> int:
    """Give everybody a pseudonym who left long enough before *at* (aware); return how many.

    Left out is whoever a roster or WeCom still shows, or whose results are not all signed.
    """
    due = list_due(services, at=at)
    for userid in due:
        _give(services, userid, at=at)
        beat()
    if due:
        look_anew(services)
        log.info("userids of people who left replaced by pseudonyms", people=len(due))
    return len(due)


def list_due(services: Services, *, at: datetime) -> list[str]:
    """Return the userids that become pseudonyms as of *at* (aware)."""
    today = services.config.work_calendar().local_day(at)
    last = today - timedelta(days=services.config.privacy.pseudonyms_after_days)
    left = [
        (person, left_on)
        for piece in iter_people(services)
        for person, left_on in _leavers(services, piece)
        if left_on < last and not person.userid.startswith("left-")
    ]
    shown = {line.userid for line in services.directory.files.lines} if left else set()
    return [
        person.userid
        for person, left_on in left
        if person.userid not in shown
        and not services.store.pseudonyms.is_open(person.userid)
        and not _has_open_period(services, person, left_on)
    ]


def _leavers(services: Services, piece: Sequence[str]) -> Iterator[tuple[Person, date]]:
    """Yield those of *piece* whom WeCom does not show, with the local day they left."""
    book = services.store.address_book.some(piece)
    for userid, person in load_people(services).some(piece).items():
        entry = book.get(userid)
        state = None if entry is None else entry.state
        gone = entry.state_since if entry is not None and state is EntryState.LEFT else None
        left_on = person.left_on or gone
        if left_on is not None and state is not EntryState.PRESENT:
            yield person, left_on


def _has_open_period(services: Services, person: Person, left_on: date) -> bool:
    """Return whether the person has a row in a period that is not closed yet."""
    first = services.store.ledger.first_at()
    if first is None:
        return False
    begin = services.config.work_calendar().day_of(first)
    closed = {(line.quota, line.period) for line in services.store.results.closed()}
    tree = services.directory.departments
    return any(
        (quota.id, period.name) not in closed
        and period.last >= begin
        and stretches_under(quota, person, period, departments=tree)
        for quota, period in load_rulebook(services).periods_beginning(left_on - LONGEST_TO_SETTLE, left_on)
    )


def _give(services: Services, userid: str, *, at: datetime) -> None:
    store = services.store
    pseudonym = store.pseudonyms.find(userid)
    with store.transaction():
        store.rule_versions.rename(userid, pseudonym.new)
        store.pseudonyms.put(pseudonym)
        redacted = store.audit.redact(renamed(pseudonym))
        detail: dict[str, object] = {"people": 1} | ({REDACTED: redacted} if redacted else {})
        store.audit.add(at=epoch_of(at), actor="quotabot", act="pseudonyms", subject="people", detail=detail)
        store.marks.put(CHANGED, f"{store.now():.6f}")
        store.marks.renew(PEOPLE)
