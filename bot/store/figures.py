"""Everybody's figures, kept: for ranks and sums that nobody can wait for. Each row says of when it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from bot.core.history import Kept
from bot.core.leaderboard import Gain
from bot.core.places import RankPlace
from bot.core.progress import QuotaFigures
from bot.store.engine import SqlRow, TableGroup
from bot.store.results import read_line, text_of

_PIECE = 500  # rows dropped at once
_FEW = 8  # people: to count for each of them takes less time than to sort everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFigures:
    """One person's row in a quota and period as of *as_of* (epoch s), without rank and money.

    *is_ranked*: whether it has a rank. *kept*: the person's recent adds; *gain*: their last two weeks in this
    quota, None where weeks are not compared.
    """

    row: QuotaFigures
    is_ranked: bool
    kept: Kept
    gain: Gain | None
    as_of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which figures of *userids* are wanted: from *since* (epoch s) on; those of a *quota*, with a *status*.

    *part*: of a name or userid, in lower case. Empty texts ask for all.
    """

    userids: Collection[str]
    since: int
    quota: str = ""
    status: str = ""
    part: str = ""

    @property
    def values(self) -> dict[str, object]:
        """Return the parameters of the statements."""
        names = ("since", "quota", "status", "part")
        return {"userids": json.dumps(list(self.userids)), **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlace:
    """A rank among figures, the oldest of them as of *as_of* (epoch s)."""

    place: RankPlace
    as_of: int


class Figures(TableGroup):
    """Call the changing methods inside a transaction."""

    def marks(self, userids: Collection[str]) -> dict[str, int]:
        """Return how often something of each of *userids* was marked as changed; only those with a mark."""
        rows = self._engine.all("figures_marks", userids=json.dumps(list(userids)))
        return {row["userid"]: int(row["marks"]) for row in rows}

    def put(
        self,
        userids: Collection[str],
        figures: Iterable[KeptFigures],
        *,
        as_of: int,
        marks: Mapping[str, int],
    ) -> None:
        """Store all figures of *userids* as of *as_of* (epoch s), in the place of their earlier ones.

        *marks*: those from before the figures were read; what was marked since then stays stale.
        """
        self._engine.run_many("figures_put", [_row(kept) for kept in figures])
        self._engine.run("figures_drop", userids=json.dumps(list(userids)), as_of=as_of)
        seen = [{"userid": userid, "marks": number} for userid, number in marks.items()]
        self._engine.run_many("figures_fresh", seen)

    def drop_older(self, as_of: int) -> int:
        """Drop some figures from before *as_of* (epoch s); return how many, 0 when none is left."""
        return self._engine.run("figures_drop_older", as_of=as_of, most=_PIECE)

    def mark(self, userids: Iterable[str], *, customers: Iterable[str] = ()) -> None:
        """Have figures computed anew: of *userids*, and of all employees who ever added one of *customers*.

        Of a customer whom several added, one add decides about another.
        """
        self._engine.run(
            "figures_mark",
            userids=json.dumps(sorted(set(userids))),
            customers=json.dumps(sorted(set(customers))),
        )

    def stale(self, *, most: int) -> list[str]:
        """Return some people whose figures are to be computed anew, by userid."""
        return [row["userid"] for row in self._engine.all("figures_stale", most=most)]

    def of(self, userids: Collection[str]) -> dict[str, list[KeptFigures]]:
        """Return the figures of *userids* by userid, each person's by quota; only people with figures."""
        found: dict[str, list[KeptFigures]] = {}
        for row in self._engine.all("figures_of", userids=json.dumps(list(userids))):
            found.setdefault(row["userid"], []).append(_kept(row))
        return found

    def listed(
        self, wanted: Wanted, *, sort: str, is_descending: bool = False, most: int, skipped: int = 0
    ) -> list[KeptFigures]:
        """Return at most so many of the figures *wanted*, in the order of *sort*, behind those *skipped*.

        *sort*: `name`, `quota`, `status` (the worst first) or the name of a figure; None is last.
        """
        order = {"sort": sort, "descending": int(is_descending), "most": most, "skipped": skipped}
        return [_kept(row) for row in self._engine.all("figures_listed", **wanted.values, **order)]

    def count(self, wanted: Wanted) -> tuple[int, int]:
        """Return how many figures are *wanted*, and of how many people."""
        row = self._engine.one("figures_count", **wanted.values) or {}
        return int(row["figures"]), int(row["people"])

    def places(
        self, quota: str, period: str, *, scope: str, userids: Collection[str]
    ) -> Mapping[str, KeptPlace]:
        """Return the places of *userids*, by userid, in their *scope*: department, role or all."""
        about: dict[str, object] = {"quota": quota, "period": period, "scope": scope}
        if len(userids) <= _FEW:
            found = (self._engine.one("figures_place", userid=userid, **about) for userid in sorted(userids))
            rows = [row for row in found if row is not None]
        else:
            rows = self._engine.all("figures_places", userids=json.dumps(list(userids)), **about)
        return {
            row["userid"]: KeptPlace(
                place=RankPlace(rank=int(row["place"]), of=int(row["people"])), as_of=int(row["as_of"])
            )
            for row in rows
        }


def _row(kept: KeptFigures) -> SqlRow:
    row = replace(kept.row, rank=None, penalty=None, reward=None)
    return {
        "userid": row.userid,
        "quota": row.quota,
        "period": row.period,
        "department": row.department,
        "role": row.role,
        "target": row.target,
        "counted": row.counted,
        "is_ranked": int(kept.is_ranked),
        "line": text_of(row),
        "kept": kept.kept.kept,
        "recent": kept.kept.adds,
        "latest": None if kept.gain is None else kept.gain.latest,
        "earlier": None if kept.gain is None else kept.gain.before,
        "as_of": kept.as_of,
    }


def _kept(row: SqlRow) -> KeptFigures:
    gain = None if row["latest"] is None else Gain(latest=row["latest"], before=row["earlier"])
    line = read_line(row["line"])
    return KeptFigures(
        row=line if line.userid == row["userid"] else replace(line, userid=row["userid"]),
        is_ranked=bool(row["is_ranked"]),
        kept=Kept(row["kept"], row["recent"]),
        gain=gain,
        as_of=row["as_of"],
    )
