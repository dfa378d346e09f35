"""Messages as rows of the outbox: answers at any hour, unasked ones only with a daily slot.

Kinds in `quiet_hours.FIRST` have slots of their own each day, the others take what is left. A message without
a slot waits if its kind may (`WAITS`), and the receiver's next progress or digest carries it; else it is
dropped and counted.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from bot.config.fields import is_userid
from bot.core.quiet_hours import (
    CARRIERS,
    WAITED,
    WAITS,
    QuietHours,
    QuietWish,
    Silence,
    kind_of,
    slots_for,
)
from bot.core.quotas import under_quota
from bot.core.workdays import epoch_of
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.everybody import load_people
from bot.messages.catalog import texts_in
from bot.messages.forms import CARD, forms_of
from bot.messages.message import Listing, as_markdown
from bot.messages.message import Message as Written
from bot.services import Services
from bot.store.engine import SqlRow
from bot.store.outbox import Lane, OutboxMessage, Pending

FILE = "file"  # the msgtype of a row whose content names a stored file
_LONGEST_WAIT = timedelta(days=120)
_PLANNING = timedelta(minutes=5)  # so long after its time a job may still be planning
ANSWER_S = 2 * 3600  # a later answer has lost its point


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedMessage(OutboxMessage):
    """An unasked message before it is stored, together with its lines.

    *planned_with*: the job of the timetable that is planning it. *follows*: that job's own message to the
    same person comes after this one.
    """

    message: Written
    planned_with: str = ""
    follows: bool = False


def key_of(job: str, day: date, userid: str) -> str:
    """Return the key of a message: one job, one local day, one person."""
    return f"{job}:{day.isoformat()}:{userid}"


def answer(services: Services, key: str, userid: str, message: Written, *, at: datetime) -> OutboxMessage:
    """Return an answer to *userid* as a row of the outbox: at once, at any hour, in the fast lane.

    *key* names the question, such as `answer:` and WeCom's id of the message: it is answered once. *at* is
    aware, by the service's clock.
    """
    rendered = _rendered(services, message, key=key, time_shift=None)
    return replace(build_attached(key, userid, "", at=at), **rendered)


def build_attached(key: str, userid: str, attachment: str, *, at: datetime) -> OutboxMessage:
    """Return a row that sends the stored file *attachment* to *userid*, after its answer."""
    return OutboxMessage(
        key=key,
        job="answer",
        to_userid=userid,
        content=attachment,
        msgtype=FILE,
        not_before=epoch_of(at),
        expires_at=epoch_of(at) + ANSWER_S,
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
) -> UnaskedMessage:
    """Return an unasked message as a row of the outbox, valid from *at* (aware) to the end of working hours.

    A time outside working hours moves to their next beginning. *time_shift* puts its times on a clock that
    differs from the service's: real time plus so many seconds.
    """
    not_before, expires_at = working_window(services, at)
    key = key_of(job, services.config.work_calendar().day_of(not_before), userid)
    return UnaskedMessage(
        key=key,
        job=job,
        to_userid=userid,
        not_before=not_before,
        expires_at=expires_at,
        time_shift=time_shift,
        message=message,
        **_rendered(services, message, key=key, time_shift=time_shift),
    )


def working_window(services: Services, at: datetime) -> tuple[int, int]:
    """Return from and until when an unasked message of *at* (aware) may go, in working hours; epoch s."""
    quiet = QuietHours(people={}, wishes={}, calendar=services.config.work_calendar())
    begin = quiet.working_time(at)
    return epoch_of(begin), quiet.closing(begin.date())


def task_id_of(key: str, *, time_shift: int | None) -> str:
    """Return the task_id of the card under *key*, in characters that WeCom allows."""
    return "qb-" + hashlib.sha256(f"{key}\n{time_shift or 0}".encode()).hexdigest()[:40]


def _rendered(services: Services, message: Written, *, key: str, time_shift: int | None) -> dict[str, Any]:
    """Render *message* in the style of `[messages]` and in the simpler ones, as fields of a row.

    *content* and the text of each form are the version for people who look at the outbox.
    """
    task_id = task_id_of(key, time_shift=time_shift)
    render = partial(
        forms_of,
        style=services.config.messages.style,
        language=services.language,
        task_id=task_id,
        link=services.config.server.page("/about"),  # where a card without buttons and page leads
        page=services.config.server.page(message.page) if message.page else "",
    )
    forms = render(message)
    public = {form.msgtype: form.text for form in (render(message.record) if message.record else forms)}
    texts = [
        {"msgtype": form.msgtype, "body": form.body, "text": public.get(form.msgtype, "")} for form in forms
    ]
    return {
        "content": texts[0]["text"],
        "msgtype": forms[0].msgtype,
        "private": message.record is not None,
        "forms": json.dumps(texts, ensure_ascii=False, separators=(",", ":")),
        "task_id": task_id if forms[0].msgtype == CARD else "",
    }


def enqueue_unasked(
    services: Services, row: OutboxMessage, *, quiet: QuietHours, spread: bool = False
) -> bool:
    """Store an unasked message for its time, or until a carrier comes. Best inside a transaction.

    Return False if it is withheld (counted with its reason) or stored already. *spread*: avoid whole and half
    hours, as for all that is moved. Posts to groups need working hours and the rollout only.
    """
    return _enqueue(services, row, quiet=quiet, spread=spread) is not None


def preview_enqueue(
    services: Services, messages: Iterable[OutboxMessage], *, quiet: QuietHours
) -> Iterator[OutboxMessage]:
    """Yield the *messages*, sorted by receiver, that are stored or would be. Each receiver's are undone."""
    for _, of_person in groupby(messages, key=lambda row: row.to_userid):
        rows: list[OutboxMessage | None] = []
        with suppress(_UndoneError), services.store.transaction():
            for row in of_person:
                is_stored = services.store.outbox.knows(row.key)
                rows.append(row if is_stored else _enqueue(services, row, quiet=quiet))
            raise _UndoneError
        yield from (row for row in rows if row is not None)


class _UndoneError(Exception):
    """The end of a preview: nothing is stored."""


def _enqueue(
    services: Services, row: OutboxMessage, *, quiet: QuietHours, spread: bool = False
) -> OutboxMessage | None:
    store, kind, now = services.store, kind_of(row.job), int(services.store.now())
    begin = quiet.calendar.moment(row.not_before)
    waiting = store.outbox.waiting(row.to_userid, now=row.not_before) if kind in CARRIERS else []
    if store.outbox.knows(row.key) or (kind == WAITED and not waiting):
        return None
    reason = _reason(services, row, begin, quiet=quiet)
    until = waits_until(services, row, quiet=quiet, at=begin) if reason else None
    if reason and until is None:
        day, userid = begin.date(), row.to_userid
        store.unasked_messages.withhold(row.key, job=kind, userid=userid, day=day, reason=reason, at=now)
        return None
    store.unasked_messages.told(row.key)
    if until is not None:
        row = replace(row, content=text_of(row), msgtype="text", forms="", private=False, expires_at=until)
    elif waiting and isinstance(row, UnaskedMessage):
        row = _carrying(services, row, waiting, now=now)
    if spread and is_userid(row.to_userid):
        row = replace(row, not_before=epoch_of(quiet.apart(begin, row.key)))
    store.outbox.add(row, created_at=now, waits=until is not None)
    return row


def _reason(services: Services, row: OutboxMessage, begin: datetime, *, quiet: QuietHours) -> Silence | None:
    """Take a daily slot for *row*, or return why it has none. Groups have no slots."""
    userid, kind = row.to_userid, kind_of(row.job)
    if not is_userid(userid):
        return None if quiet.rollout.posts(userid) else Silence.ROLLOUT
    if (silence := quiet.silence(userid, begin, kind=kind)) is not None:
        return silence
    expected = _expected(services, row, begin, quiet=quiet)
    room = slots_for(kind, per_day=services.config.messages.per_day, expected=expected)
    return None if services.store.unasked_messages.take(userid, begin.date(), room=room) else Silence.FULL


def waits_until(
    services: Services, row: OutboxMessage | Pending, *, quiet: QuietHours, at: datetime
) -> int | None:
    """Return how long *row* waits for a carrier (epoch s); None if it may not, or none comes in time."""
    kind, since = kind_of(row.job), quiet.calendar.day_of(row.not_before)
    if kind not in WAITS or not services.config.messages.per_day:
        return None
    last = quiet.calendar.workdays_between(since, since + _LONGEST_WAIT)[: WAITS[kind] + 1][-1]
    later = quiet.next_time(row.to_userid, at, kind=kind)
    return None if later is None or later.date() > last else quiet.closing(last)


def _expected(
    services: Services, row: OutboxMessage | Pending, moment: datetime, *, quiet: QuietHours
) -> set[str]:
    """Return the kinds of the timetable that may still come to the receiver on the day of *moment*."""
    person, day = quiet.people.get(row.to_userid), moment.date()
    if person is None:
        return set()
    tree, quotas = services.directory.departments, services.config.core_quotas()
    kinds = {"digest", "weekly"} if person.leader_of else set()
    if any(under_quota(quota, person, day, departments=tree) for quota in quotas):
        kinds |= {"progress", "reminder", "weekly"}
    kinds = {kind for kind in kinds if _comes_later(services, kind, moment)}
    if isinstance(row, UnaskedMessage) and row.planned_with:
        kinds = (kinds - {row.planned_with}) | ({row.planned_with} if row.follows else set())
    return kinds


def _comes_later(services: Services, job: str, at: datetime) -> bool:
    """Return whether *job* still comes on the day of *at*, a workday (local), or is being planned."""
    firing, calendar = getattr(services.config.schedule, job), services.config.work_calendar()
    if firing is None or at >= datetime.combine(at.date(), firing.at, at.tzinfo) + _PLANNING:
        return False
    return firing.on != "last_workday_of_week" or calendar.is_last_workday_of_week(at.date())


def _carrying(services: Services, row: UnaskedMessage, waiting: list[SqlRow], *, now: int) -> UnaskedMessage:
    """Return *row* with the texts of *waiting*: the first and all that fit. Note that it carries them."""
    message = row.message
    for waited in waiting:
        listing = Listing.of(waited["content"].split("\n"), more=texts_in(services.language)["waited.more"])
        longer = _with(message, listing)
        if message is not row.message and as_markdown(longer) != as_markdown(longer, limit=sys.maxsize):
            break
        message = longer
        services.store.outbox.carried(waited["seq"], by=row.key, now=now)
    return replace(row, **_rendered(services, message, key=row.key, time_shift=row.time_shift))


def _with(message: Written, listing: Listing) -> Written:
    """Return *message* with *listing* before its last line. It has no card, because a card has no room."""
    record = None if message.record is None else _with(message.record, listing)
    return Written((*message.lines[:-1], listing, message.lines[-1]), record=record, page=message.page)


def text_of(row: OutboxMessage | Pending) -> str:
    """Return the text form of *row*, in the version for people who look at the outbox."""
    return str(json.loads(row.forms)[-1]["text"]) if row.forms else row.content


def quiet_hours(services: Services, *, of: Collection[str] | None = None) -> QuietHours:
    """Return the quiet hours of all people as known now; with the wishes *of* these alone, if given."""
    preferences = services.store.preferences
    if of is None:
        leaves, mutes = preferences.leaves(), preferences.mutes()
    else:
        leaves = {userid: preferences.leaves_of(userid) for userid in of}
        mutes = {mute.userid: mute for userid in of if (mute := preferences.mute_of(userid)) is not None}
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
