"""Results of closed periods: lines that are appended and never edited; the newest version of a line holds."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter

from bot.core.progress import QuotaFigures as Line
from bot.store.engine import SqlRow, TableGroup, row_of, value_of

_LINE = TypeAdapter(Line)
_PIECE = 500  # lines read or dropped at once
_SALT_BYTES = 16


class ResultState(StrEnum):
    """preliminary: appeals run; final: signed, or corrected after that."""

    PRELIMINARY = "preliminary"
    FINAL = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One version of one person's line. *author* and *reason*: who made it and why; *stored_at*: epoch s.

    *counted*: marks of the contacts that counted at the close; empty in a line of an earlier bot.
    """

    line: Line
    version: int
    state: ResultState
    author: str
    reason: str
    stored_at: int
    counted: frozenset[str] = frozenset()

    @property
    def name(self) -> tuple[str, str]:
        """Return quota and period."""
        return self.line.quota, self.line.period


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """The newest version of a line exactly as it is stored; *userid* is that of then, *line* JSON."""

    quota: str
    period: str
    userid: str
    version: int
    state: str
    line: str
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A quota's period closed at *closed_at* (epoch s); of *people* with a line *final* are signed."""

    quota: str
    period: str
    closed_at: int
    people: int
    final: int


class Results(TableGroup):
    """Appends and reads. Call the changing methods inside a transaction."""

    def add(self, results: Iterable[Result]) -> None:
        """Append versions; one that is there already stays as it is."""
        self._engine.run_many("results_add", [_row(result) for result in results])

    def newest(self, quota: str, period: str, userids: Collection[str] | None = None) -> dict[str, Result]:
        """Return the version that holds of each person's line, by userid (a changed one: the new one).

        *userids*: of these people alone.
        """
        newest: dict[str, SqlRow] = {}
        for row in self._rows(quota, period, userids):
            if row["version"] > newest.setdefault(row["userid"], row)["version"]:
                newest[row["userid"]] = row
        return {userid: _result(row) for userid, row in newest.items()}

    def versions(self, quota: str, period: str, userids: Collection[str] | None = None) -> list[Line]:
        """Return every version of all lines of a closed period; *userids*: of these people alone."""
        return [_result(row).line for row in self._rows(quota, period, userids)]

    def iter_newest(self, quota: str, period: str) -> Iterator[Result]:
        """Yield what `newest` returns, by userid, a piece at a time."""
        userids = self._people(quota, period)
        for first in range(0, len(userids), _PIECE):
            found = self.newest(quota, period, userids[first : first + _PIECE])
            yield from (found[userid] for userid in sorted(found))

    def _people(self, quota: str, period: str) -> list[str]:
        """Return the current userids of all people with a line, sorted."""
        renamed, rows = self._renamed(), self._engine.all("results_userids", quota=quota, period=period)
        return sorted({str(renamed.get(row["userid"], row["userid"])) for row in rows})

    def _rows(self, quota: str, period: str, userids: Collection[str] | None) -> list[SqlRow]:
        """Return every version of people's lines, including those under a former userid."""
        asked, renamed = set(self._people(quota, period) if userids is None else userids), self._renamed()
        stored = [*asked, *(old for old, new in renamed.items() if new in asked)]
        rows = self._engine.all("results_versions", quota=quota, period=period, userids=json.dumps(stored))
        for row in rows:
            row["userid"] = renamed.get(row["userid"], row["userid"])
        return [row for row in rows if row["userid"] in asked]

    def _renamed(self) -> dict[str, str]:
        return {row["old_userid"]: row["userid"] for row in self._engine.all("renames_all")}

    def stored(self, quota: str, period: str) -> Iterator[StoredLine]:
        """Yield the lines that hold as they are stored, by the userid of then, read a piece at a time."""
        return self._lines("results_stored", quota, period)

    def closed_lines(self, quota: str, period: str) -> Iterator[StoredLine]:
        """Yield the lines of the close itself, as they are stored, in the same way."""
        return self._lines("results_of_close", quota, period)

    def _lines(self, statement: str, quota: str, period: str) -> Iterator[StoredLine]:
        after = ""
        while rows := self._engine.all(statement, quota=quota, period=period, after=after, most=_PIECE):
            yield from (value_of(StoredLine, row) for row in rows)
            after = rows[-1]["userid"]

    def newest_of(self, userid: str, *, quota: str, period: str) -> Result | None:
        """Return the same of one person, None if nothing is stored of them."""
        return self.newest(quota, period, [userid]).get(userid)

    def of_person(self, userid: str) -> list[Result]:
        """Return the version that holds of each line of one person, the period that ended last first."""
        newest = {
            result.name: result for result in map(_result, self._engine.all("results_of", userid=userid))
        }
        return sorted(newest.values(), key=lambda result: (result.line.period_end, result.name), reverse=True)

    def appeals(self, quota: str, period: str) -> list[tuple[str, str]]:
        """Return (userid, state) of each appeal about a contact of the period, oldest first."""
        rows = self._engine.all("reviews_of_period", quota=quota, period=period)
        return [(row["userid"], row["state"]) for row in rows]

    def close(self, quota: str, period: str, *, at: int) -> bool:
        """Note that all lines of a period are stored, *at* epoch s; False if it was closed before."""
        return self._engine.apply("closings_put", quota=quota, period=period, closed_at=at)

    def drop_unclosed(self, quota: str, period: str) -> int:
        """Drop some lines of a closing that was cut off; return how many, 0 when none is left."""
        return self._engine.run("results_drop_unclosed", quota=quota, period=period, most=_PIECE)

    def closings(self) -> dict[tuple[str, str], int]:
        """Return when each closed (quota, period) was closed, in epoch s; the earliest first."""
        return {(row["quota"], row["period"]): row["closed_at"] for row in self._engine.all("closings_all")}

    def closed(self) -> list[Closed]:
        """Return every closed period with its numbers, the earliest closed first; reads all lines."""
        return [Closed(**row) for row in self._engine.all("results_closed")]


def read_line(text: str) -> Line:
    """Return the line that `text_of` wrote."""
    return _LINE.validate_json(text)


def text_of(line: Line) -> str:
    """Return *line* as it is stored: the same text for the same figures."""
    return _LINE.dump_json(line).decode()


def _row(result: Result) -> SqlRow:
    quota, period = result.name
    return row_of(
        result,
        quota=quota,
        period=period,
        userid=result.line.userid,
        line=text_of(result.line),
        counted=" ".join(sorted(result.counted)),
        salt=secrets.token_hex(_SALT_BYTES),
    )


def _result(row: SqlRow) -> Result:
    line = replace(read_line(row["line"]), userid=row["userid"])
    return value_of(Result, row, line=line, counted=frozenset(row["counted"].split()))
