"""Statements of a day: what was given out under which code, the key of each month, wrong codes by asker."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from bot.store.engine import TableGroup

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Given:
    """A statement as it was given out: its text, and the key that its code was made with."""

    body: str
    key: bytes


class DailyStatements(TableGroup):
    """Call the changing methods inside a transaction."""

    def key(self, month: str) -> bytes | None:
        """Return the key of a *month* (2026-11), None before its first use."""
        row = self._engine.one("statement_key", month=month)
        return None if row is None else bytes(row["key"])

    def make_key(self, month: str) -> bytes:
        """Return the key of *month*, made now if there is none; the same one for all processes."""
        if (known := self.key(month)) is not None:
            return known
        fresh = secrets.token_bytes(_KEY_BYTES)
        self._engine.run("statement_key_add", month=month, key=fresh)
        return self.key(month) or fresh

    def add(self, code: str, *, month: str, body: str, userid: str, day: str) -> None:
        """Store what was given out under *code* to *userid* about the local *day* (ISO)."""
        self._engine.run("daily_statement_add", code=code, month=month, body=body, userid=userid, day=day)

    def of(self, userid: str, *, first: date) -> list[tuple[str, str]]:
        """Return code and body of what *userid* was given from the local day *first* on, newest day first.

        Statements from before this table knew whose they are, are left out.
        """
        rows = self._engine.all("daily_statements_of", userid=userid, first=first.isoformat())
        return [(row["code"], row["body"]) for row in rows]

    def get(self, code: str) -> Given | None:
        """Return what was given out under *code*; None for a code that nobody was given."""
        row = self._engine.one("daily_statement", code=code)
        key = None if row is None else self.key(row["month"])
        return None if row is None or key is None else Given(row["body"], key)

    def wrong_codes(self, asker: str, *, hour: int) -> int:
        """Return how many wrong codes *asker* asked for in this *hour* (of the epoch)."""
        return self._engine.number("wrong_codes_of", asker=asker, hour=hour) or 0

    def note_wrong_code(self, asker: str, *, hour: int) -> None:
        """Count one more wrong code."""
        self._engine.run("wrong_codes_clear", hour=hour)
        self._engine.run("wrong_code_note", asker=asker, hour=hour)
