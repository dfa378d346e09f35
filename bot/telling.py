"""Messages as rows of the outbox: answers at any hour, what nobody asked for only in peace."""

from __future__ import annotations

from datetime import date, datetime

from bot.core.peace import Peace, Wish
from bot.core.workdays import WorkCalendar, epoch_of
from bot.messages import Message as Written
from bot.messages import as_markdown, as_text
from bot.services import Services
from bot.standing import everybody
from bot.store.outbox import Lane, Message

# Room for the ending that tells two equal messages apart, below WeCom's 2048 bytes.
CONTENT_BYTES = 2040
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
        content=content_of(services, message),
        msgtype=services.config.messages.style,
        not_before=begin,
        expires_at=begin + ANSWER_S,
        lane=Lane.FAST,
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
    return Message(
        key=key_of(job, begin.date(), userid),
        job=job,
        to_userid=userid,
        content=content_of(services, message),
        msgtype=services.config.messages.style,
        not_before=int(begin.timestamp()),
        expires_at=_closing(calendar, begin.date()),
        time_shift=time_shift,
    )


def content_of(services: Services, message: Written) -> str:
    """Write *message* in the style of `[messages]`."""
    write = as_text if services.config.messages.style == "text" else as_markdown
    return write(message, limit=CONTENT_BYTES)


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
