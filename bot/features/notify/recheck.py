"""Check again before sending: skip people who muted the bot, or went on leave, after planning."""

from __future__ import annotations

from datetime import datetime

from bot.config.fields import is_userid
from bot.core.quiet_hours import QuietHours, Silence, kind_of
from bot.features.notify.enqueue import quiet_hours, text_of, waits_until
from bot.services import Services
from bot.store.outbox import Pending


def hold_back(services: Services, *, real_now: int, clock_now: int, batch: int) -> None:
    """Move or withhold due messages that were never tried and may not go now. Epoch seconds.

    Look at the next *batch* of them: more than are sent before the next call. Kinds that may wait do so until
    another message carries them; the others are dropped and counted.
    """
    store = services.store
    due = store.outbox.unasked_due(real_now=real_now, clock_now=clock_now, batch=batch)
    if not due:
        return
    quiet = quiet_hours(services)
    for row in due:
        own_now = clock_now if row.time_shift is None else real_now + row.time_shift
        moment = quiet.calendar.moment(own_now)
        if (reason := _reason(quiet, row, moment)) is None:
            continue
        day, kind = quiet.calendar.day_of(row.not_before), kind_of(row.job)
        with store.transaction():
            if is_userid(row.to_userid):  # groups have no slots
                store.unasked_messages.give_back(row.to_userid, day)
            if (until := waits_until(services, row, quiet=quiet, at=moment)) is not None:
                store.outbox.wait(row.seq, content=text_of(row), expires_at=until)
            elif store.outbox.withdraw(row.seq, reason=reason.value, now=real_now):
                store.unasked_messages.withhold(
                    row.key, job=kind, userid=row.to_userid, day=day, reason=reason, at=real_now
                )


def _reason(quiet: QuietHours, row: Pending, moment: datetime) -> Silence | None:
    if is_userid(row.to_userid):
        return quiet.silence(row.to_userid, moment, kind=kind_of(row.job))
    return None if quiet.rollout.posts(row.to_userid) else Silence.ROLLOUT
