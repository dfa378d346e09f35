"""Messages as rows of the outbox: answers at any hour, what nobody asked for only in peace."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol, TypedDict

from bot.config.fields import is_userid
from bot.core.people import Person
from bot.core.quiet_hours import PATIENCE, WAITS, QuietHours, QuietWish, Silence, kind_of, places_kept
from bot.core.quotas import under_quota
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.load import load_people
from bot.messages.forms import CARD, forms_of
from bot.messages.message import Message as Written
from bot.services import Services
from bot.store.notify import UnaskedMessages
from bot.store.outbox import Lane, OutboxMessage, Pending

_MAY_COME = frozenset({"progress", "reminder"})  # on a day of which nothing is known yet
FILE = "file"  # the msgtype of a row whose content names a stored file
_LONGEST_WAIT = timedelta(days=120)
_PLANNING = timedelta(minutes=5)
ANSWER_S = 2 * 3600  # an answer that is so late answers nothing any more


def key_of(job: str, day: date, userid: str) -> str:
    """Return what a message is: one job, one local day, one person."""
    return f"{job}:{day.isoformat()}:{userid}"


def answer(services: Services, key: str, userid: str, message: Written, *, at: datetime) -> OutboxMessage:
    """Return the answer to what *userid* asked as a row of the outbox: at once, at any hour, before all else.

    *key* names the question, such as `answer:` and WeCom's id of his message: it is answered once. *at* is
    aware, by the service's clock.
    """
    begin = epoch_of(at)
    return OutboxMessage(
        key=key,
        job="answer",
        to_userid=userid,
        not_before=begin,
        expires_at=begin + ANSWER_S,
        lane=Lane.FAST,
        **_written(services, message, key=key, time_shift=None),
    )


def attached(key: str, userid: str, attachment: str, *, at: datetime) -> OutboxMessage:
    """Return a row that sends the stored file *attachment* to *userid*, behind the answer it goes with."""
    begin = epoch_of(at)
    return OutboxMessage(
        key=key,
        job="answer",
        to_userid=userid,
        content=attachment,
        msgtype=FILE,
        not_before=begin,
        expires_at=begin + ANSWER_S,
        lane=Lane.FAST,
    )


def build_unasked(
    services: Services,
    job: str,
    userid: str,
    message: Written,
    *,
    at: datetime,
    time_shift: int | None = None,
) -> OutboxMessage:
    """A message that nobody asked for, as a row of the outbox: from *at* (aware) to the end of working hours.

    A time outside working hours is put off to their next beginning. *time_shift* puts its times on a clock
    that differs from the service's: real time and so many seconds.
    """
    not_before, expires_at = working_window(services, at)
    key = key_of(job, services.config.work_calendar().day_of(not_before), userid)
    return OutboxMessage(
        key=key,
        job=job,
        to_userid=userid,
        not_before=not_before,
        expires_at=expires_at,
        time_shift=time_shift,
        **_written(services, message, key=key, time_shift=time_shift),
    )


def working_window(services: Services, at: datetime) -> tuple[int, int]:
    """Return when what nobody asked for may go, epoch s: from *at* (aware), or an opening, to a closing."""
    calendar = services.config.work_calendar()
    begin = QuietHours(people={}, wishes={}, calendar=calendar).working_time(at)
    return int(begin.timestamp()), _closing(calendar, begin.date())


def task_id_of(key: str, *, time_shift: int | None) -> str:
    """Return the task_id of the card under *key*: the same for the same message, in WeCom's characters."""
    return "qb-" + hashlib.sha256(f"{key}\n{time_shift or 0}".encode()).hexdigest()[:40]


class _Fields(TypedDict):
    content: str
    msgtype: str
    forms: str
    task_id: str
    private: bool


def _written(services: Services, message: Written, *, key: str, time_shift: int | None) -> _Fields:
    """Write *message* in the style of `[messages]` and in the simpler ones.

    *content*, and the text of each form, is what people may read of it who look at the outbox.
    """
    config, task_id = services.config, task_id_of(key, time_shift=time_shift)
    write = partial(
        forms_of,
        style=config.messages.style,
        language=services.language,
        task_id=task_id,
        link=config.server.page("/about"),  # where a card without buttons leads
    )
    forms = write(message)
    texts = {form.msgtype: form.text for form in (forms if message.record is None else write(message.record))}
    first = forms[0]
    return {
        "content": texts.get(first.msgtype, ""),
        "msgtype": first.msgtype,
        "private": message.record is not None,
        "forms": json.dumps(
            [{**asdict(form), "text": texts.get(form.msgtype, "")} for form in forms],
            ensure_ascii=False,
            separators=(",", ":"),
        ),
        "task_id": task_id if first.msgtype == CARD else "",
    }


def enqueue_unasked(
    services: Services, message: OutboxMessage, *, quiet: QuietHours, spread: bool = False
) -> bool:
    """Store what nobody asked for, if its receiver may be told it that day. Best inside a transaction.

    What waits is moved to a time at which he may be; the rest is withheld, and counted with its reason. False
    when it is not stored, or was before. *spread*: a whole or half hour is avoided, as for all that waits.
    What goes to a group and no person has working hours only, and waits for no rollout: it is withheld.
    """
    store = services.store
    if store.outbox.by_key(message.key) is not None:
        return False
    found, now = _place(services, message, quiet=quiet, places=store.unasked_messages), int(store.now())
    begin = quiet.calendar.moment(message.not_before)
    if isinstance(found, Silence):
        store.unasked_messages.withhold(
            message.key,
            job=kind_of(message.job),
            userid=message.to_userid,
            day=begin.date(),
            reason=found.value,
            at=now,
        )
        return False
    if is_userid(message.to_userid) and (spread or found != begin):
        found = quiet.apart(found, message.key)
    store.unasked_messages.told(message.key)
    return store.outbox.add(_moved(message, found, quiet.calendar), created_at=now)


def going(
    services: Services, messages: Iterable[OutboxMessage], *, quiet: QuietHours
) -> Iterator[OutboxMessage]:
    """Of *messages*, in this order, those that `put_unasked` would store, or that are stored; stores none."""
    places = _Tried(services.store.unasked_messages)
    for message in messages:
        stored = services.store.outbox.by_key(message.key) is not None
        if stored or not isinstance(_place(services, message, quiet=quiet, places=places), Silence):
            yield message


class _Places(Protocol):
    """Places of the day, of which each unasked message to a person takes one."""

    def take(self, userid: str, day: date, *, room: int) -> bool:
        """Take one of *room* places; False when all are taken."""
        ...


class _Tried:
    """The places as they would be taken one after another; the store keeps its own."""

    def __init__(self, stored: UnaskedMessages) -> None:
        self._stored = stored
        self._days: dict[date, Counter[str]] = {}

    def take(self, userid: str, day: date, *, room: int) -> bool:
        if day not in self._days:
            self._days[day] = Counter(self._stored.counts(day))
        is_room = self._days[day][userid] < room
        self._days[day][userid] += is_room
        return is_room


def _place(
    services: Services, message: OutboxMessage, *, quiet: QuietHours, places: _Places
) -> datetime | Silence:
    """Take a place for *message*; return its time, or why there is none. Groups have no places."""
    kind, begin = kind_of(message.job), quiet.calendar.moment(message.not_before)
    if not is_userid(message.to_userid):
        return begin if quiet.rollout.posts(message.to_userid) else Silence.ROLLOUT
    if kind in WAITS:
        return _first_place(services, message, begin=begin, since=begin, quiet=quiet, places=places)
    if (reason := quiet.silence(message.to_userid, begin, kind=kind)) is not None:
        return reason
    room = _room(services, places_kept(kind, awaited=_awaited(services, message, begin, quiet=quiet)))
    return begin if places.take(message.to_userid, begin.date(), room=room) else Silence.FULL


def comes_later(services: Services, job: str, at: datetime) -> bool:
    """Whether *job* of the timetable is still to come on the day of *at*, a workday (local).

    It is until some minutes after its time: planning takes a while.
    """
    firing, calendar = getattr(services.config.schedule, job), services.config.work_calendar()
    if firing is None or at >= datetime.combine(at.date(), firing.at, at.tzinfo) + _PLANNING:
        return False
    return firing.on != "last_workday_of_week" or calendar.is_last_workday_of_week(at.date())


def move_on(services: Services, row: Pending, *, quiet: QuietHours, at: datetime) -> bool:
    """Put off a stored *row* that may not go at *at* (local); False if there is no place within its time."""
    since, places = quiet.calendar.moment(row.not_before), services.store.unasked_messages
    found = _first_place(services, row, begin=at, since=since, quiet=quiet, places=places)
    if isinstance(found, Silence):
        return False
    moved = quiet.apart(found, row.key)
    expires_at = _closing(quiet.calendar, moved.date())
    return services.store.outbox.move(row.seq, not_before=int(moved.timestamp()), expires_at=expires_at)


def _first_place(
    services: Services,
    message: OutboxMessage | Pending,
    *,
    begin: datetime,
    since: datetime,
    quiet: QuietHours,
    places: _Places,
) -> datetime | Silence:
    """Take a place for what waits, on the first day from *begin* on that has one; or say why there is none.

    Its time runs from *since*.
    """
    kind, userid, moment = kind_of(message.job), message.to_userid, begin
    days = quiet.calendar.workdays_between(since.date(), since.date() + _LONGEST_WAIT)[: WAITS[kind] + 1]
    why = quiet.silence(userid, begin, kind=kind) or Silence.FULL
    for tried in range(len(days)):
        candidate = quiet.next_time(userid, moment, kind=kind)
        if candidate is None or candidate.date() > days[-1]:
            return why
        asked = (
            message
            if candidate == begin or not isinstance(message, OutboxMessage)
            else replace(message, awaited=None)
        )
        awaited = _awaited(services, asked, candidate, quiet=quiet)
        kept = places_kept(kind, awaited=awaited)
        if tried >= PATIENCE:
            kept = min(kept, max(0, services.config.messages.per_day - 1))
        if places.take(userid, candidate.date(), room=_room(services, kept)):
            return candidate
        why, moment = Silence.FULL, quiet.next_opening(candidate)
    return why


def _awaited(
    services: Services, message: OutboxMessage | Pending, moment: datetime, *, quiet: QuietHours
) -> set[str]:
    """What may still come on the day of *moment*; all that could where nobody knows better."""
    known = message.awaited if isinstance(message, OutboxMessage) else None
    if known is None:
        known = _may_come(services, quiet.people.get(message.to_userid), moment.date())
    return {job for job in known if comes_later(services, job, moment)}


def _may_come(services: Services, person: Person | None, day: date) -> frozenset[str]:
    """What *person* may be told on the local *day*, of which nothing is known yet; all that for strangers."""
    if person is None:
        return _MAY_COME
    tree, quotas = services.directory.departments, services.config.core_quotas()
    is_asked = any(under_quota(quota, person, day, departments=tree) for quota in quotas)
    return (_MAY_COME if is_asked else frozenset()) | ({"digest"} if person.leader_of else set())


def _room(services: Services, kept: int) -> int:
    return services.config.messages.per_day - kept


def _moved(message: OutboxMessage, begin: datetime, calendar: WorkCalendar) -> OutboxMessage:
    moment = int(begin.timestamp())
    if moment == message.not_before:
        return message
    return replace(message, not_before=moment, expires_at=_closing(calendar, begin.date()))


def quiet_hours(services: Services) -> QuietHours:
    """Return who may be told what when, as far as is known now."""
    leaves = services.store.preferences.leaves()
    mutes = services.store.preferences.mutes()
    return QuietHours(
        people=load_people(services),
        wishes={
            userid: QuietWish(
                muted_until=mutes[userid].until if userid in mutes else 0,
                leaves=tuple((leave.first, leave.last) for leave in leaves.get(userid, ())),
            )
            for userid in {*mutes, *leaves}
        },
        calendar=services.config.work_calendar(),
        rollout=rollout_scope(services),
    )


def _closing(calendar: WorkCalendar, day: date) -> int:
    return int(datetime.combine(day, calendar.closes, calendar.zone).timestamp())
