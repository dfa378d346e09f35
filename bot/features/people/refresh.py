"""Read the directory from WeCom: all of it at the start and each night, members after events about them.

A reading is whole or nothing: if one call fails, nothing changes. Only one process reads at a time, so that
an older list never replaces a newer answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from bot.features.people import directory
from bot.features.people.address_book import (
    Merged,
    apply_answers,
    apply_reading,
    has_tag,
    list_missing,
    tags_of,
    tree_of,
)
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.address_book import CHANGED, READ_AT, EntryState, Wanted
from bot.store.engine import StoreError
from bot.store.troubles import Part, Trouble
from bot.wecom.directory import Absent, AddressBook, Member, Reading
from bot.wecom.errors import AnswerError, BlockedError, MalformedError, WeComError
from bot.wecom.token import TokenError

log = structlog.get_logger(__name__)

_NEXT_TRY = "directory_next_try"  # mark: the next try of the first reading (real epoch s)
LEASE = "directory"
LEASE_S = 300
BATCH = 50
RETRY_AFTER_S = 60
_NAMED = 10  # of the items set aside
# Seconds from each failed try of one member to the next; after the last one the nightly reading follows.
MEMBER_RETRY_S = (60, 300, 1800, 7200)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryOutcome:
    """Numbers of a reading. *doubted*: people said to be gone, too many at once to be believed."""

    people: int
    unknown: int
    left: int
    doubted: int


@contextmanager
def address_book(services: Services) -> Iterator[AddressBook]:
    """Yield the calls, with a connection to WeCom that is closed at the end of the block."""
    with services.reads() as reads:
        yield AddressBook(reads, agent_id=services.config.wecom.agent_id)


def read_directory(services: Services, *, book: AddressBook, at: datetime) -> DirectoryOutcome | None:
    """Read everything and store it under the local day of *at* (aware).

    Return None while another process is reading. Raises WeComError; then only the trouble is noted.
    """
    with _alone(services) as mine:
        if not mine:
            log.info("another process reads the directory")
            return None
        began = int(services.store.now())
        try:
            reading = book.everything()
            before = services.store.address_book.all()
            seen = [member.userid for member in reading.members]
            asked = {userid: book.known(userid) for userid in list_missing(before, seen)}
            answers = {userid: found for userid, found in asked.items() if found is not None}
        except WeComError as error:
            trouble = Trouble(getattr(error, "errcode", 0), str(error))
            services.store.troubles.note(Part.DIRECTORY, trouble)
            raise
        _note_odd(services, book.odd)
        return _kept(services, reading, answers, at=at, began=began)


def look_after(services: Services) -> None:
    """Read everything if nothing was read yet, else the members named by events.

    Called every second or so; asks WeCom only with a reason. Failures are logged and retried later.
    """
    if services.config.directory.source != "wecom":
        return
    store, now = services.store, services.store.now()
    never = store.marks.get(READ_AT) is None
    if never and now < float(store.marks.get(_NEXT_TRY) or 0):
        return
    if not never and not store.address_book.due(now=int(now), batch=1):
        return
    try:
        with address_book(services) as book:
            if never:
                read_directory(services, book=book, at=services.clock.now())
            else:
                reread_members(services, book=book, at=services.clock.now())
            store.marks.put(_NEXT_TRY, str(now + RETRY_AFTER_S))  # another process may be reading
    except WeComError as error:
        until = (
            max(error.until, now + 1) if isinstance(error, TokenError | BlockedError) else now + RETRY_AFTER_S
        )
        store.marks.put(_NEXT_TRY, str(until))
        if not isinstance(error, TokenError | BlockedError):  # `readyz` has these from elsewhere
            store.troubles.note(Part.DIRECTORY, Trouble(getattr(error, "errcode", 0), str(error)))
        log.warning("the directory was not read", reason=str(error))


def reread_members(services: Services, *, book: AddressBook, at: datetime) -> int:
    """Read the members named by events; return how many were read. *at* is aware.

    A failed one is retried later, and after the last retry left to the nightly reading.
    """
    store = services.store
    with _alone(services) as mine:
        due = store.address_book.due(now=int(store.now()), batch=BATCH) if mine else []
        if not due:
            return 0
        try:
            answers = _asked(services, book, due)
            tags = _tags(services, book, answers)
        except WeComError as error:
            _later(services, due, str(error))
            raise
        read = {wanted.userid: wanted for wanted in due if wanted.userid in answers}
        _store_answers(services, answers, tags=tags, read=read, at=at)
        if (noted := store.troubles.get(Part.DIRECTORY)) is not None and not noted.errcode:
            store.troubles.clear(Part.DIRECTORY)  # WeCom answers again
    return len(read)


def _store_answers(
    services: Services,
    answers: Mapping[str, Member | Absent],
    *,
    tags: Mapping[str, tuple[int, ...]],
    read: Mapping[str, Wanted],
    at: datetime,
) -> None:
    """Store what WeCom says of members; one of them who cannot be stored does not hold up the others."""
    store, day = services.store, services.config.work_calendar().local_day(at)
    try:
        with store.transaction():
            merged = apply_answers(store.address_book.all(), answers, tags=tags, day=day, wanted=read)
            store.address_book.done(read.values())
            _keep(services, merged, day=day)
    except StoreError:
        raise
    except Exception as error:
        if len(answers) == 1:
            log.exception("a member could not be stored")
            _later(services, list(read.values()), f"cannot be stored ({type(error).__name__})")
            return
        for userid, answer in answers.items():
            _store_answers(services, {userid: answer}, tags=tags, read={userid: read[userid]}, at=at)


def _asked(services: Services, book: AddressBook, due: list[Wanted]) -> dict[str, Member | Absent]:
    """Return WeCom's answer about each; a refused one does not stop the others."""
    answers: dict[str, Member | Absent] = {}
    for wanted in due:
        try:
            answers[wanted.userid] = book.member(wanted.userid)
        except (AnswerError, MalformedError) as error:
            book.set_aside(Sentence("sentences.member", id=wanted.userid), error)
            _later(services, [wanted], str(error))
    return answers


def _note_odd(services: Services, odd: list[str]) -> None:
    """Note what the last reading of everything set aside."""
    if not odd:
        services.store.troubles.clear(Part.SET_ASIDE)
        return
    named = Sentence("sentences.several", items=odd[:_NAMED])
    if len(odd) > _NAMED:
        named = Sentence("sentences.several_more", items=odd[:_NAMED], n=len(odd) - _NAMED)
    services.store.troubles.note(Part.SET_ASIDE, Trouble(0, named))


def _kept(
    services: Services,
    reading: Reading,
    answers: Mapping[str, Member | Absent],
    *,
    at: datetime,
    began: int,
) -> DirectoryOutcome:
    store, day = services.store, services.config.work_calendar().local_day(at)
    # Before the transaction: it must not keep the receiver waiting.
    before = store.address_book.all()
    tags = tags_of(reading, answers, tree=tree_of(reading), before=before)
    names = store.address_book.tags() if reading.odd_tags else {}
    kept = {number: names[number] for number in reading.odd_tags if number in names}
    with store.transaction():
        wanted = store.address_book.wanted()
        merged = apply_reading(
            store.address_book.all(),
            reading,
            answers,
            tags=tags,
            day=day,
            first=store.marks.get(READ_AT) is None,
            wanted=wanted,
        )
        store.address_book.put_departments(
            ((one.id, one.name, one.parent) for one in reading.departments), read_on=day
        )
        store.address_book.put_tags({**kept, **{tag.id: tag.name for tag in reading.tags}})
        # Requests since we began stay: their answers may be newer than our lists.
        store.address_book.done(request for request in wanted.values() if request.wanted_since < began)
        store.marks.put(READ_AT, str(int(at.timestamp())))
        store.troubles.clear(Part.DIRECTORY)
        _keep(services, merged, day=day)
    states = store.address_book.states()
    outcome = DirectoryOutcome(
        people=states[EntryState.PRESENT],
        unknown=states[EntryState.UNKNOWN],
        left=states[EntryState.LEFT],
        doubted=len(merged.doubted),
    )
    log.info("directory read", people=outcome.people, unknown=outcome.unknown, left=outcome.left)
    return outcome


def _keep(services: Services, merged: Merged, *, day: date) -> None:
    """Store entries, date their changes, and use them in this process."""
    store, config = services.store, services.config
    if merged.doubted:
        log.warning(
            "WeCom reports many members as gone at once; nobody counts as gone", people=len(merged.doubted)
        )
    store.address_book.put(merged.entries.values())
    store.marks.put(CHANGED, f"{store.now():.6f}")
    people = directory.build_directory(config, services.directory.files, store)
    directory.record(people, store.members, day=day)
    directory.note_recorded(config, people, store)
    services.use(config, people)


def _tags(
    services: Services, book: AddressBook, answers: Mapping[str, Member | Absent]
) -> dict[str, tuple[int, ...]]:
    """Return the tags of members read one by one: tags used by roles are read anew, others stay."""
    members = [member for member in answers.values() if isinstance(member, Member)]
    if not members:
        return {}
    asked = sorted({number for role in services.config.roles for number in role.match.tags})
    read, odd = [], set[int]()
    for number in asked:
        try:
            tag = book.tag(number)
        except (AnswerError, MalformedError) as error:
            book.set_aside(Sentence("sentences.tag", id=number), error)
            odd.add(number)
        else:
            read += [] if tag is None else [tag]
    tree, known = services.store.address_book.departments(), services.store.address_book.all()
    tags = {}
    for member in members:
        before = known[member.userid].tags if member.userid in known else ()
        own = {tag.id for tag in read if has_tag(member, tag, tree=tree)}
        tags[member.userid] = tuple(sorted(own | (set(before) - set(asked)) | set(before) & odd))
    return tags


def _later(services: Services, due: list[Wanted], error: str) -> None:
    store = services.store
    with store.transaction():
        for wanted in due:
            if wanted.attempts < len(MEMBER_RETRY_S):
                wait = MEMBER_RETRY_S[wanted.attempts]
                store.address_book.later(wanted, next_try_at=int(store.now()) + wait, error=error)
            else:
                store.address_book.done([wanted])


@contextmanager
def _alone(services: Services) -> Iterator[bool]:
    leases, now = services.store.leases, int(services.store.now())
    holder = f"{services.holder}:{threading.get_ident()}"  # this thread: another one may read, too
    mine = leases.take(LEASE, holder=holder, now=now, until=now + LEASE_S)
    try:
        yield mine
    finally:
        if mine:
            leases.free(LEASE, holder=holder)
