"""Everybody's rows as of one moment with exact ranks, in memory that does not grow with the bank.

Ranks need everybody, rows need one person. So the pieces are gone through once: rows wait in a file without a
name, and of each row only counted / target stays in memory. Then they are read again, with their ranks.
"""

from __future__ import annotations

import pickle
from array import array
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO

from bot.core.money import Scope
from bot.core.progress import Branch, QuotaFigures
from bot.core.quotas import Quota
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.core.workdays import epoch_of
from bot.features.standings.load import Standings
from bot.features.standings.pieces import PIECE, load_piece
from bot.features.standings.stored import Name, closed_by
from bot.services import Services

_IN_MEMORY = 8 << 20  # bytes of rows of one quota and period; more of them go to disk

Marks = Callable[[Standings, QuotaInPeriod], dict[str, list[str]]]


@dataclass(frozen=True, slots=True)
class WholeRow:
    """A row without its rank. *is_ranked*: whether it has one. *kept*: of the reward for the rank.

    *marks*: what the caller wanted to know of the person's contacts.
    """

    row: QuotaFigures
    is_ranked: bool
    kept: Fraction | None
    marks: Sequence[str] = ()


@dataclass(slots=True)
class _Ranks:
    """counted / target of everybody who is ranked, by the group in which they are."""

    groups: dict[Hashable, array[float]] = field(default_factory=dict)

    def add(self, group: Hashable, row: QuotaFigures) -> None:
        # Two different fractions of whole numbers below 2^26 are different floats, and equal ones equal.
        self.groups.setdefault(group, array("d")).append(row.counted / row.target)

    def sort(self) -> None:
        self.groups = {group: array("d", sorted(values)) for group, values in self.groups.items()}

    def rank(self, group: Hashable, row: QuotaFigures) -> int:
        values = self.groups[group]
        return 1 + len(values) - bisect_right(values, row.counted / row.target)


class WholeRows:
    """Rows that are put in by piece and read in the order of quota periods, then by userid."""

    def __init__(self, quota_periods: Sequence[QuotaInPeriod], *, files: ExitStack) -> None:
        self._quotas = {(quota.id, period.name): quota for quota, period in quota_periods}
        self._files: dict[Name, IO[bytes]] = {
            name: files.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - it is
            for name in self._quotas
        }
        self._ranks = _Ranks()
        self._is_sorted = False

    def add(self, rows: Iterable[WholeRow]) -> None:
        """Put in the rows of a piece, later than those before it by userid."""
        by_name: dict[Name, list[WholeRow]] = {}
        for whole in rows:
            name = whole.row.quota, whole.row.period
            by_name.setdefault(name, []).append(whole)
            if whole.is_ranked:
                self._ranks.add(self._group(whole.row), whole.row)
        for name, of_name in by_name.items():
            pickle.dump(of_name, self._files[name], protocol=pickle.HIGHEST_PROTOCOL)

    def read(self) -> Iterator[WholeRow]:
        """Yield all rows with their ranks and rewards; nothing may be put in any more."""
        for piece in self.read_pieces():
            yield from piece

    def read_pieces(self) -> Iterator[list[WholeRow]]:
        """Yield the same a piece at a time; a piece is of one quota and period."""
        if not self._is_sorted:
            self._ranks.sort()
            self._is_sorted = True
        for name, file in self._files.items():
            file.seek(0)
            for piece in _loaded(file):
                yield [self._ranked(whole, self._quotas[name]) for whole in piece]

    def _ranked(self, whole: WholeRow, quota: Quota) -> WholeRow:
        if not whole.is_ranked:
            return whole
        row = replace(whole.row, rank=self._ranks.rank(self._group(whole.row), whole.row))
        if row.reward is not None and quota.reward is not None:
            reward = quota.reward.amount(
                counted=row.counted, target=row.target, rank=row.rank, kept=whole.kept
            )
            row = replace(row, reward=reward)
        return replace(whole, row=row)

    def _group(self, row: QuotaFigures) -> Hashable:
        return row.quota, row.period, group_of(row, self._quotas[row.quota, row.period].ranked_in)


def group_of(row: QuotaFigures, scope: Scope) -> Hashable:
    """Return what everybody ranked with *row* has in common."""
    return {Scope.DEPARTMENT: row.department, Scope.ROLE: row.role, Scope.ALL: None}[scope]


@contextmanager
def gather_rows(
    services: Services,
    quota_periods: Sequence[QuotaInPeriod],
    pieces: Iterable[Sequence[str]],
    *,
    at: datetime,
    book: Rulebook,
    money: bool = False,
    stored: bool = True,
    kept: bool = True,
    look: Callable[[Standings], None] | None = None,
    marks: Marks | None = None,
    change: Callable[[Branch], Branch] = lambda branch: branch,
) -> Iterator[WholeRows]:
    """Yield everybody's rows as of *at* (aware); *pieces* are all people, in the order of userids.

    *stored*: of periods closed by *at* the stored lines; *kept*, *change* as `load_piece` has them. *look* is
    called with the figures of each piece, *marks* with each of its quota periods. Nothing of it is left after
    the block.
    """
    closed = closed_by(services, quota_periods, at=at) if stored else set[Name]()
    running = [one for one in quota_periods if (one[0].id, one[1].name) not in closed]
    with ExitStack() as files:
        whole = WholeRows(quota_periods, files=files)
        for name in sorted(closed):
            results = services.store.results.iter_newest(*name)
            while piece := list(islice(results, PIECE)):
                whole.add(WholeRow(result.line, is_ranked=False, kept=None) for result in piece)
        asked = running if look is None else quota_periods
        for userids in pieces if asked else ():
            standings = load_piece(
                services,
                asked,
                userids,
                at=at,
                book=book,
                money=money,
                stored=stored,
                kept=kept,
                change=change,
            )
            if look is not None:
                look(standings)
            whole.add(row for row in _rows(standings, marks) if (row.row.quota, row.row.period) not in closed)
        yield whole


def _rows(standings: Standings, marks: Marks | None) -> Iterator[WholeRow]:
    calendar, at_s = standings.calendar, epoch_of(standings.at)
    for quota, period in standings.periods:
        settled = standings.branch.past(min(at_s, quota.settlement(period, calendar=calendar)))
        marked = {} if marks is None else marks(standings, (quota, period))
        for row in standings.rows:
            if (row.quota, row.period) == (quota.id, period.name):
                is_ranked = row.rank is not None
                rewards = is_ranked and row.reward is not None
                yield WholeRow(
                    row,
                    is_ranked,
                    settled.history(row.userid).kept_90(settled.at_s).share if rewards else None,
                    marked.get(row.userid, ()),
                )


def _loaded(file: IO[bytes]) -> Iterator[list[WholeRow]]:
    while True:
        try:
            yield pickle.load(file)  # noqa: S301 - this process wrote it, and nobody else can open it
        except EOFError:
            return
