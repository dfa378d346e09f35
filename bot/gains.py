"""What each person added in a week beside the one before, and of whom that is not said."""

from __future__ import annotations

from datetime import timedelta

from bot.core.board import Gain
from bot.core.frames import Frame, Judged
from bot.core.history import Tally
from bot.core.quotas import Basis
from bot.core.workdays import epoch_of
from bot.services import Services
from bot.standing import Standing, rules

_WEEK = 7  # days


def silent(standing: Standing) -> set[str]:
    """Who improves and leads nowhere: who has left, and whose adds a reviewer confirmed a finding about."""
    today, people = standing.calendar.local_day(standing.at), standing.people
    return {
        row.userid
        for row in standing.rows
        if row.flags or row.userid not in people or not people[row.userid].employed_on(today)
    }


def gains(services: Services, standing: Standing) -> dict[str, dict[str, Gain]]:
    """Each person's adds that count or may, of this week and the one before, by quota.

    Only where the number of adds is what is asked for, and a period is no shorter than a week.
    """
    calendar, today = standing.calendar, standing.calendar.local_day(standing.at)
    upto = epoch_of(standing.at) + 1
    edges = [calendar.start_of(today - timedelta(days=days - 1)) for days in (_WEEK, 2 * _WEEK)]
    past, book = standing.branch.past(epoch_of(standing.at)), rules(services)
    frames = {
        (quota.id, period.name): Frame.of(quota, period, calendar=calendar)
        for days in range(2 * _WEEK)
        for quota, period in book.frames_at(today - timedelta(days=days))
        if quota.basis is Basis.ADDED and (period.last - period.first).days + 1 >= _WEEK
    }
    found: dict[str, dict[str, Gain]] = {}
    for (quota, _), frame in frames.items():
        of_quota = found.setdefault(quota, {})
        for userid in standing.by_person:
            judged = frame.judged(userid, past)
            latest = _done(judged, edges[0], upto)
            before = _done(judged, edges[1], edges[0])
            earlier = of_quota.get(userid, Gain(latest=0, before=0))
            of_quota[userid] = Gain(latest=earlier.latest + latest, before=earlier.before + before)
    return found


def _done(judged: Judged, first_s: int, end_s: int) -> int:
    """How many of *judged* were added in first_s <= time < end_s and count or may."""
    return Tally.of(verdict for contact, verdict in judged if first_s <= contact.add.added_at < end_s).done
