"""Lines of `import roster`, each with the line of the configured roster that it stands beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.roster import RosterLine, line_from, text_of
from bot.store.engine import Engine


@dataclass(frozen=True, slots=True)
class Imported:
    """A line that was imported. *beside*: what the configured roster said of him then, None for nothing."""

    line: RosterLine
    beside: RosterLine | None


class RosterLines:
    """Rows of this table. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[str, Imported]:
        """By userid."""
        return {
            row["userid"]: Imported(
                line_from(row["line"]), line_from(row["beside"]) if row["beside"] else None
            )
            for row in self._engine.all("roster_lines_all")
        }

    def put(self, lines: Iterable[Imported], *, now: int) -> None:
        """Keep lines that were imported at *now* (epoch s), each in place of an earlier one."""
        self._engine.run_many(
            "roster_lines_put",
            [
                {
                    "userid": one.line.userid,
                    "line": text_of(one.line),
                    "beside": text_of(one.beside) if one.beside else "",
                    "imported_at": now,
                }
                for one in lines
            ],
        )

    def drop(self, userids: Iterable[str]) -> None:
        """Forget what was imported of these people."""
        rows = [{"userid": userid} for userid in userids]
        if rows:
            self._engine.run_many("roster_lines_drop", rows)
