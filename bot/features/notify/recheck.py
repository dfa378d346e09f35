"""The last look before sending: who has wished for silence since a message was planned is not written to."""

from __future__ import annotations

from datetime import datetime

from bot.config.fields import is_userid
from bot.core.quiet_hours import WAITS, QuietHours, Silence, kind_of
from bot.features.notify.enqueue import move_on, quiet_hours
from bot.services import Services
from bot.store.outbox import Pending


def hold_back(services: Services, *, real_now: int, clock_now: int) -> None:
    """Move or withhold what is due and never tried, but whose receiver may not be told it now. Epoch seconds.

    What waits moves to his next time at work; the rest is dropped and counted.
    """
    store = services.store
    due = store.outbox.unasked_due(real_now=real_now, clock_now=clock_now)
    if not due:
        return
    quiet = quiet_hours(services)
    for row in due:
        own_now = clock_now if row.time_shift is None else real_now + row.time_shift
        moment = quiet.calendar.moment(own_now)
        if (reason := _reason(quiet, row, moment)) is None:
            continue
        with store.transaction():
            if is_userid(row.to_userid):  # groups have no places
                store.unasked_messages.give_back(row.to_userid, quiet.calendar.day_of(row.not_before))
            waits = kind_of(row.job) in WAITS
            if not (waits and move_on(services, row, quiet=quiet, at=moment)):
                _withdraw(services, row, reason=reason.value, at=real_now)


def _reason(quiet: QuietHours, row: Pending, moment: datetime) -> Silence | None:
    if is_userid(row.to_userid):
        return quiet.silence(row.to_userid, moment, kind=kind_of(row.job))
    return None if quiet.rollout.posts(row.to_userid) else Silence.ROLLOUT


def _withdraw(services: Services, row: Pending, *, reason: str, at: int) -> None:
    store, day = services.store, services.config.work_calendar().day_of(row.not_before)
    if store.outbox.withdraw(row.seq, reason=reason, now=at):
        store.unasked_messages.withhold(
            row.key, job=kind_of(row.job), userid=row.to_userid, day=day, reason=reason, at=at
        )
