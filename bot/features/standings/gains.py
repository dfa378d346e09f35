"""Each person's adds of a week beside the week before, and the people left out of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.core.history import Tally
from bot.core.leaderboard import Gain
from bot.core.quota_periods import Judged, QuotaPeriod
from bot.core.quotas import Basis
from bot.core.workdays import epoch_of
from bot.features.standings.load import Standings, load_rulebook
from bot.services import Services

_WEEK = 7  # days


def list_silent(standings: Standings) -> frozenset[str]:
    """Return the people never named on a board: those who left, and those with a confirmed finding."""
    today, people = standings.calendar.local_day(standings.at), standings.people
    return standings.in_doubt | {
        row.userid
        for row in standings.rows
        if row.userid not in people or not people[row.userid].employed_on(today)
    }


class Gains:
    """Each person's sure adds of this week and the week before. Basis `added`, periods of a week or more."""

    def __init__(self, services: Services, standings: Standings) -> None:
        calendar, today = standings.calendar, standings.calendar.local_day(standings.at)
        self._upto = epoch_of(standings.at) + 1
        self._edges = [calendar.start_of(today - timedelta(days=days - 1)) for days in (_WEEK, 2 * _WEEK)]
        self._past, book = standings.branch.past(epoch_of(standings.at)), load_rulebook(services)
        self._quota_periods = {
            (quota.id, period.name): QuotaPeriod.of(quota, period, calendar=calendar)
            for days in range(2 * _WEEK)
            for quota, period in book.periods_at(today - timedelta(days=days))
            if quota.basis is Basis.ADDED and (period.last - period.first).days + 1 >= _WEEK
        }
        self._known: dict[str, dict[str, Gain]] = dict(standings.beside.gains)

    def of(self, userids: Iterable[str]) -> dict[str, dict[str, Gain]]:
        """Return the gains of *userids* by quota."""
        gains: dict[str, dict[str, Gain]] = {quota: {} for quota, _ in self._quota_periods}
        for userid in userids:
            if userid not in self._known:
                self._known[userid] = self._of(userid)
            for quota, gain in self._known[userid].items():
                gains[quota][userid] = gain
        return gains

    def _of(self, userid: str) -> dict[str, Gain]:
        gains: dict[str, Gain] = {}
        for (quota, _), quota_period in self._quota_periods.items():
            judged = quota_period.judged(userid, self._past)
            latest = _sure(judged, self._edges[0], self._upto)
            before = _sure(judged, self._edges[1], self._edges[0])
            earlier = gains.get(quota, Gain(latest=0, before=0))
            gains[quota] = Gain(latest=earlier.latest + latest, before=earlier.before + before)
        return gains


def _sure(judged: Judged, first_s: int, end_s: int) -> int:
    """Return how many of *judged*, added in first_s <= time < end_s, are sure."""
    pairs = [pair for pair in judged if first_s <= pair[0].added_at < end_s]
    return Tally.of([contact for contact, _ in pairs], [verdict for _, verdict in pairs]).sure
