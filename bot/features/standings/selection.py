"""The rows that a report shows, of a few people or of everybody, without everybody in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.rulebook import QuotaInPeriod
from bot.core.teams import Team, TeamSums
from bot.features.standings.everybody import load_departments, load_people
from bot.features.standings.load import load_rulebook
from bot.features.standings.pieces import PIECE, iter_people, load_piece
from bot.features.standings.ranks import compute_ranks
from bot.features.standings.whole import WholeRows, gather_rows
from bot.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows by quota period, then by userid, that may be read again; *teams* of everybody, None unless asked.

    *ranked_at*: the times (local) of ranks that are some minutes older than the rows.
    """

    rows: Iterable[QuotaFigures]
    teams: tuple[Team, ...] | None = None
    ranked_at: tuple[datetime, ...] = ()


@contextmanager
def select_rows(
    services: Services,
    *,
    at: datetime,
    period: str | None = None,
    userids: Collection[str] = (),
    shows: Callable[[QuotaFigures], bool],
    money: bool = False,
    teams: bool = False,
) -> Iterator[Selection]:
    """Yield the rows as of *at* (aware), in its periods or in the one named *period*, that *shows* takes.

    *userids*: of these alone; none: of everybody. Raises ValueError for a name that is no period.
    """
    book = load_rulebook(services)
    running = book.periods_at(services.config.work_calendar().local_day(at))
    quota_periods = running if period is None else book.periods_named(parse_period(period))
    if userids and not teams and period is None and len(userids) <= PIECE:
        few = _few(services, quota_periods, userids, at=at, shows=shows, money=money)
        if few is not None:
            yield few
            return
    sums = TeamSums(load_departments(services), order=[(quota.id, one.name) for quota, one in quota_periods])
    with gather_rows(
        services,
        quota_periods,
        iter_people(services),
        at=at,
        book=book,
        money=money,
        look=(lambda standings: standings.add_to(sums)) if teams else None,
    ) as whole:
        yield Selection(rows=_Shown(services, whole, shows), teams=sums.teams() if teams else None)


def _few(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    userids: Collection[str],
    *,
    at: datetime,
    shows: Callable[[QuotaFigures], bool],
    money: bool,
) -> Selection | None:
    """Return the rows of a few people; None if a rank, or its reward, needs everybody's figures."""
    asked = sorted(userids)
    standings = load_piece(services, quota_periods, asked, at=at, book=load_rulebook(services), money=money)
    rows = [row for row in standings.rows if shows(row)]
    ranked = [row for row in rows if row.rank is not None]
    by_rank = {quota.id for quota, _ in quota_periods if quota.reward is not None and quota.reward.top}
    if any(row.reward is not None and row.quota in by_rank for row in ranked):
        return None
    ranks = compute_ranks(services, ranked, at=at)
    if any(ranked_row.place is None for ranked_row in ranks.values()):
        return None
    places = {key: ranked_row.place.rank for key, ranked_row in ranks.items() if ranked_row.place}
    return Selection(
        rows=[replace(row, rank=places.get((row.quota, row.period, row.userid))) for row in rows],
        ranked_at=tuple(sorted({one.at for one in ranks.values() if one.at not in (None, at)})),
    )


@dataclass(frozen=True, slots=True)
class _Shown(Iterable[QuotaFigures]):
    """The rows to show, read from the whole whenever somebody wants them."""

    services: Services
    whole: WholeRows
    shows: Callable[[QuotaFigures], bool]

    def __iter__(self) -> Iterator[QuotaFigures]:
        for piece in self.whole.read_pieces():
            rows = [one.row for one in piece if self.shows(one.row)]
            load_people(self.services).some(row.userid for row in rows)  # for their names, at once
            yield from rows
