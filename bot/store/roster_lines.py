"""Lines of `import roster`, each with the line of the configured roster that it stands beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.config.roster import RosterLine, line_from, text_of
from bot.store.engine import TableGroup


@dataclass(frozen=True, slots=True)
class Imported:
    """A line that was imported. *beside*: the configured roster's line of the person then, None without."""

    line: RosterLine
    beside: RosterLine | None


class RosterLines(TableGroup):
    """Rows of this table. Call the changing methods inside a transaction."""

    def all(self) -> dict[str, Imported]:
        """Return all lines by userid."""
        rows = self._engine.all("roster_lines_all")
        beside = {row["userid"]: line_from(row["beside"]) if row["beside"] else None for row in rows}
        return {row["userid"]: Imported(line_from(row["line"]), beside[row["userid"]]) for row in rows}

    def put(self, lines: Iterable[Imported], *, now: int) -> None:
        """Store lines that were imported at *now* (epoch s), each in place of an earlier one."""
        rows = [
            {
                "userid": imported.line.userid,
                "line": text_of(imported.line),
                "beside": text_of(imported.beside) if imported.beside else "",
                "imported_at": now,
            }
            for imported in lines
        ]
        self._engine.run_many("roster_lines_put", rows)

    def drop(self, userids: Iterable[str]) -> None:
        """Forget what was imported of these people."""
        self._engine.run_many("roster_lines_drop", [{"userid": userid} for userid in userids])
