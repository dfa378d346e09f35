"""Messages as rows of the outbox: answers at any hour, what nobody asked for only in peace."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TypedDict

from bot.config import Config
from bot.core.peace import Peace, Wish
from bot.core.workdays import WorkCalendar, epoch_of
from bot.messages import Message as Written
from bot.messages.forms import CARD, forms_of
from bot.services import Services
from bot.standing import everybody
from bot.store.outbox import Lane, Message

ANSWER_S = 2 * 3600  # an answer that is so late answers nothing any more


def key_of(job: str, day: date, userid: str) -> str:
    """Return what a message is: one job, one local day, one person."""
    return f"{job}:{day.isoformat()}:{userid}"


def answer(services: Services, key: str, userid: str, message: Written, *, at: datetime) -> Message:
    """Return the answer to what *userid* asked as a row of the outbox: at once, at any hour, before all else.

    *key* names the question, such as `answer:` and WeCom's id of his message: it is answered once. *at* is
    aware, by the service's clock.
    """
    begin = epoch_of(at)
    return Message(
        key=key,
        job="answer",
        to_userid=userid,
        not_before=begin,
        expires_at=begin + ANSWER_S,
        lane=Lane.FAST,
        **_written(services, message, key=key, time_shift=None),
    )


def attached(key: str, userid: str, attachment: str, *, at: datetime) -> Message:
    """Return a row that sends the stored file *attachment* to *userid*, behind the answer it goes with."""
    begin = epoch_of(at)
    return Message(
        key=key,
        job="answer",
        to_userid=userid,
        content=attachment,
        msgtype="file",
        not_before=begin,
        expires_at=begin + ANSWER_S,
        lane=Lane.FAST,
    )


def unasked(
    services: Services,
    job: str,
    userid: str,
    message: Written,
    *,
    at: datetime,
    time_shift: int | None = None,
) -> Message:
    """A message that nobody asked for, as a row of the outbox: from *at* (aware) to the end of working hours.

    A time outside working hours is put off to their next beginning. *time_shift* puts its times on a clock
    that differs from the service's: real time and so many seconds.
    """
    calendar = services.config.work_calendar()
    begin = Peace(people={}, wishes={}, calendar=calendar).working_time(at)
    key = key_of(job, begin.date(), userid)
    return Message(
        key=key,
        job=job,
        to_userid=userid,
        not_before=int(begin.timestamp()),
        expires_at=_closing(calendar, begin.date()),
        time_shift=time_shift,
        **_written(services, message, key=key, time_shift=time_shift),
    )


def task_id_of(key: str, *, time_shift: int | None) -> str:
    """Return the task_id of the card under *key*: the same for the same message, in WeCom's characters."""
    return "qb-" + hashlib.sha256(f"{key}\n{time_shift or 0}".encode()).hexdigest()[:40]


class _Fields(TypedDict):
    content: str
    msgtype: str
    forms: str
    task_id: str


def _plain_page(config: Config) -> str:
    """Where a card without buttons leads; empty while the file does not say how phones reach us."""
    server = config.server
    return f"{server.public_url}/about" if "public_url" in server.model_fields_set else ""


def _written(services: Services, message: Written, *, key: str, time_shift: int | None) -> _Fields:
    """Write *message* in the style of `[messages]` and in the simpler ones; *content* is for people."""
    config, task_id = services.config, task_id_of(key, time_shift=time_shift)
    forms = forms_of(
        message,
        style=config.messages.style,
        language=config.locale.language,
        task_id=task_id,
        link=_plain_page(config),
    )
    first = forms[0]
    return {
        "content": first.text,
        "msgtype": first.msgtype,
        "forms": json.dumps(
            [{**asdict(form), "text": form.text} for form in forms],
            ensure_ascii=False,
            separators=(",", ":"),
        ),
        "task_id": task_id if first.msgtype == CARD else "",
    }


def peace(services: Services) -> Peace:
    """Return who may be told what when, as far as is known now."""
    leaves = services.store.preferences.leaves()
    mutes = services.store.preferences.mutes()
    return Peace(
        people=everybody(services),
        wishes={
            userid: Wish(
                muted_until=mutes[userid].until if userid in mutes else 0,
                leaves=tuple((leave.first, leave.last) for leave in leaves.get(userid, ())),
            )
            for userid in {*mutes, *leaves}
        },
        calendar=services.config.work_calendar(),
    )


def _closing(calendar: WorkCalendar, day: date) -> int:
    return int(datetime.combine(day, calendar.closes, calendar.zone).timestamp())
