"""From a job and a moment to rows of the outbox. Planning twice, anywhere, adds nothing: keys are unique."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from bot.core.workdays import WorkCalendar
from bot.messages import Message as Written
from bot.messages import as_markdown, as_text
from bot.services import Services
from bot.standing import standing
from bot.store.outbox import Message
from scheduler.jobs import ALONGSIDE, JOBS, Job
from scheduler.keys import key_of
from scheduler.robots import posts

# Room for the ending that tells two equal messages apart, below WeCom's 2048 bytes.
CONTENT_BYTES = 2040


def plan(
    services: Services, job: str, *, at: datetime, time_shift: int | None = None, after: str = ""
) -> Iterator[Message]:
    """The messages of *job*, and what goes with it, as of *at* (aware), to userids greater than *after*.

    In the order of userids. They may go from *at* until that day's working hours are over, so nothing unasked
    is ever sent late. *time_shift* puts their times on a clock that differs from the service's: real time and
    so many seconds.
    """
    for to_one in plan_by_person(services, job, at=at, time_shift=time_shift, after=after):
        yield from to_one


def plan_by_person(
    services: Services, job: str, *, at: datetime, time_shift: int | None = None, after: str = ""
) -> Iterator[list[Message]]:
    """The same, all messages to one person together."""
    found = standing(services, at=at)

    def written(name: str, job: Job) -> Iterator[Message]:
        for userid, message in job(services, found):
            if userid > after:
                yield unasked(services, name, userid, message, at=at, time_shift=time_shift)

    calendar = services.config.work_calendar()
    begin = _next_working_time(calendar, calendar.local(at))
    in_groups = posts(
        services,
        job,
        found,
        not_before=int(begin.timestamp()),
        expires_at=_closing(calendar, begin.date()),
        time_shift=time_shift,
        after=after,
    )
    jobs = {job: JOBS[job], **ALONGSIDE.get(job, {})}
    return _together([*(written(name, one) for name, one in jobs.items()), in_groups])


def _together(streams: Sequence[Iterator[Message]]) -> Iterator[list[Message]]:
    """Merge *streams*, each in the order of userids; none is asked for more than the next one."""
    heads = {stream: message for stream in streams if (message := next(stream, None)) is not None}
    while heads:
        userid = min(message.to_userid for message in heads.values())
        reached = [stream for stream, message in heads.items() if message.to_userid == userid]
        yield [heads[stream] for stream in reached]
        for stream in reached:
            if (following := next(stream, None)) is None:
                del heads[stream]
            else:
                heads[stream] = following


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

    A time outside working hours is put off to their next beginning.
    """
    calendar = services.config.work_calendar()
    begin = _next_working_time(calendar, calendar.local(at))
    style = services.config.messages.style
    write = as_text if style == "text" else as_markdown
    return Message(
        key=key_of(job, begin.date(), userid),
        job=job,
        to_userid=userid,
        content=write(message, limit=CONTENT_BYTES),
        msgtype=style,
        not_before=int(begin.timestamp()),
        expires_at=_closing(calendar, begin.date()),
        time_shift=time_shift,
    )


def _next_working_time(calendar: WorkCalendar, at: datetime) -> datetime:
    if calendar.is_workday(at.date()) and at.time() < calendar.closes:
        return max(at, datetime.combine(at.date(), calendar.opens, calendar.zone))
    day = calendar.next_workday(at.date())
    return datetime.combine(day, calendar.opens, calendar.zone)


def _closing(calendar: WorkCalendar, day: date) -> int:
    return int(datetime.combine(day, calendar.closes, calendar.zone).timestamp())
