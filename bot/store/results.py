"""Results of closed periods: lines that are appended and never edited; the newest version of a line holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter

from bot.core.progress import QuotaFigures as Line
from bot.store.engine import SqlRow, TableGroup, row_of, value_of

_LINE = TypeAdapter(Line)


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

    def newest(self, quota: str, period: str) -> dict[str, Result]:
        """Return the version that holds of each person's line, by userid (a changed one: the new one)."""
        return _newest(self._engine.all("results_newest", quota=quota, period=period))

    def versions(self, quota: str, period: str) -> list[Line]:
        """Return every version of all lines of a closed period."""
        return [_result(row).line for row in self._engine.all("results_versions", quota=quota, period=period)]

    def newest_of(self, userid: str, *, quota: str, period: str) -> Result | None:
        """Return the same of one person, None if nothing is stored of them."""
        rows = self._engine.all("results_newest_of", userid=userid, quota=quota, period=period)
        return _newest(rows).get(userid)

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

    def closed(self) -> list[Closed]:
        """Return every closed period, the earliest closed first."""
        return [Closed(**row) for row in self._engine.all("results_closed")]


def _newest(rows: Iterable[SqlRow]) -> dict[str, Result]:
    results: dict[str, Result] = {}
    for result in map(_result, rows):
        if result.version > results.setdefault(result.line.userid, result).version:
            results[result.line.userid] = result
    return results


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
    )


def _result(row: SqlRow) -> Result:
    line = replace(_LINE.validate_json(row["line"]), userid=row["userid"])
    return value_of(Result, row, line=line, counted=frozenset(row["counted"].split()))
