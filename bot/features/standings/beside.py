"""A leader's large team in the standings: rows and sums of people whose contacts are not in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.core.workdays import epoch_of
from bot.features.standings.everybody import load_people
from bot.features.standings.figures import OLDEST_S, is_kept_since
from bot.features.standings.gains import Gains
from bot.features.standings.load import Beside, Standings, load_standings_of
from bot.features.standings.pieces import PIECE
from bot.services import Services


def add_computed(services: Services, standings: Standings, userids: Collection[str]) -> Standings:
    """Return *standings* with the rows of *userids* as of the same moment, read a piece at a time."""
    week = _this_week(standings)
    beside = Beside(span=week)
    rows = list(standings.rows)
    for piece in _in_pieces(userids):
        found = load_standings_of(services, piece, at=standings.at)
        rows += found.rows
        beside.kept.update(found.kept(piece))
        beside.days.update({userid: found.days(userid, *week) for userid in piece})
        for quota, gains in Gains(services, found).of(found.by_person).items():
            for userid, gain in gains.items():
                beside.gains.setdefault(userid, {})[quota] = gain
    return replace(standings, rows=tuple(rows), beside=beside)


def add_kept(services: Services, standings: Standings, userids: Collection[str]) -> Standings | None:
    """Return *standings* with the kept rows of *userids*; None if they are too old, or of other periods.

    Their time is in `beside.at`. Adds of the week are not kept.
    """
    oldest = epoch_of(standings.at) - OLDEST_S
    if not is_kept_since(services, oldest, at=standings.at):
        return None
    beside, rows = Beside(span=None), list(standings.rows)
    moments: list[int] = []
    running = {(quota.id, period.name) for quota, period in standings.periods}
    for piece in _in_pieces(userids):
        load_people(services).some(piece)
        for userid, figures in services.store.figures.of(piece).items():
            for kept in figures:
                if (kept.row.quota, kept.row.period) not in running or kept.as_of < oldest:
                    return None
                rows.append(kept.row)
                moments.append(kept.as_of)
                beside.kept[userid] = kept.kept
                if kept.gain is not None:
                    beside.gains.setdefault(userid, {})[kept.row.quota] = kept.gain
    at = standings.calendar.moment(min(moments)) if moments else None
    return replace(standings, rows=tuple(rows), beside=replace(beside, at=at))


def _this_week(standings: Standings) -> tuple[date, date]:
    """Return Monday and the day of *standings*."""
    today = standings.calendar.local_day(standings.at)
    return today - timedelta(days=today.weekday()), today


def _in_pieces(userids: Collection[str]) -> Iterator[Sequence[str]]:
    listed = sorted(userids)
    return (listed[first : first + PIECE] for first in range(0, len(listed), PIECE))
