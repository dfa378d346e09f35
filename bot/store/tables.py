"""Rows of any table that the data map offers for export."""

from __future__ import annotations

from collections.abc import Iterator

from bot.store.data_map import Column, Holds, data_map
from bot.store.engine import TableGroup

_ORDERED_BY = 4  # the first columns: they hold the key


class Tables(TableGroup):
    """Reads whole tables; a secret is in none of them."""

    @staticmethod
    def exported() -> list[str]:
        """Return the names of the tables."""
        return [table.name for table in data_map().values() if table.exported]

    @staticmethod
    def columns(table: str) -> tuple[Column, ...]:
        """Return the columns of *table*; secrets are left out."""
        return tuple(column for column in data_map()[table].columns if column.holds is not Holds.SECRET)

    def rows(self, table: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of *table* in a fixed order."""
        names = [column.name for column in self.columns(table)]
        order = ", ".join(names[:_ORDERED_BY])
        statement = f"SELECT {', '.join(names)} FROM {table} ORDER BY {order}"  # noqa: S608 - names of ours
        self._engine.learn(f"-- name: export_{table}()\n{statement};\n")
        for row in self._engine.all(f"export_{table}"):
            yield tuple(row[name] for name in names)
