"""A bank in pieces: some people at a time, in the order of userids, so that memory does not grow with it.

The figures of a piece are those of the whole, but for ranks, which are among all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from bot.core.progress import Branch
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.features.standings.everybody import load_people
from bot.features.standings.load import Standings, load_branch, load_standings_in
from bot.features.standings.stored import list_needed_periods
from bot.services import Services

FIRST = 50  # people of the first piece, so that the first message leaves soon
PIECE = 500  # people whose contacts are in memory at once


def iter_people(services: Services, *, after: str = "", in_haste: bool = False) -> Iterator[list[str]]:
    """Yield the userids of all people after the userid *after*, a piece at a time.

    *in_haste*: the first piece is small. Who comes meanwhile is in a later piece, or in none.
    """
    most = FIRST if in_haste else PIECE
    while piece := load_people(services).following(after, most=most):
        yield piece
        after, most = piece[-1], PIECE


def load_piece(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    userids: Collection[str],
    *,
    at: datetime,
    book: Rulebook,
    money: bool = False,
    stored: bool = True,
    kept: bool = True,
    change: Callable[[Branch], Branch] = lambda branch: branch,
) -> Standings:
    """Return the figures of *userids* as of *at* (aware), as `load_standings_in` does for everybody.

    Ranks are among *userids*, and so is the reward of a rank. *change*: of the input, before anything is
    computed from it.
    """
    load_people(services).some(userids)  # at once, not one by one
    wanted = list_needed_periods(services, quota_periods, book=book)
    branch = change(load_branch(services, wanted, at=at, userids=userids))
    return load_standings_in(
        services,
        quota_periods,
        at=at,
        book=book,
        money=money,
        stored=stored,
        kept=kept,
        branch=branch,
        userids=userids,
    )
