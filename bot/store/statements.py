"""Statements of a day: what was given out under which code, the key of each month, wrong codes by asker."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from bot.store.engine import Engine

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Given:
    """A statement as it was given out: its text, and the key that its code was made with."""

    body: str
    key: bytes


class DailyStatements:
    """Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def key(self, month: str) -> bytes | None:
        """The key of a *month* (2026-11), None before its first use."""
        row = self._engine.one("statement_key", month=month)
        return None if row is None else bytes(row["key"])

    def make_key(self, month: str) -> bytes:
        """The key of *month*, made now if there is none; the same one for all processes."""
        if (known := self.key(month)) is not None:
            return known
        fresh = secrets.token_bytes(_KEY_BYTES)
        self._engine.run("statement_key_add", month=month, key=fresh)
        return self.key(month) or fresh

    def add(self, code: str, *, month: str, body: str) -> None:
        """Keep what was given out under *code*."""
        self._engine.run("daily_statement_add", code=code, month=month, body=body)

    def get(self, code: str) -> Given | None:
        """What was given out under *code*; None for a code that nobody was given."""
        row = self._engine.one("daily_statement", code=code)
        key = None if row is None else self.key(row["month"])
        return None if row is None or key is None else Given(row["body"], key)

    def wrong_codes(self, asker: str, *, hour: int) -> int:
        """How many wrong codes *asker* asked for in this *hour* (of the epoch)."""
        row = self._engine.one("wrong_codes_of", asker=asker, hour=hour)
        return 0 if row is None else int(row["number"])


def complete(applied: Collection[str], dialect: str) -> bool:
    """Whether a store has exactly the steps that this version knows."""
    return set(applied) == {step.name for step in steps(dialect)}


class Statements:
    """The named statements for one engine."""

    def __init__(self, dialect: str, *, adapter: str) -> None:
        """*adapter* is aiosql's name for the driver."""
        self._adapter = adapter
        self._found = dict(shipped(dialect, adapter))

    def learn(self, text: str) -> None:
        """Take the statements in *text*."""
        self._found |= _read(text, self._adapter)

    def __getitem__(self, name: str) -> Any:
        return self._found[name]


@cache
def shipped(dialect: str, adapter: str) -> Mapping[str, Any]:
    """Return what stands in the files, read once in a process: reading takes longer than opening a store."""
    folder = _folder("sql")
    files = (*sorted(folder.glob("*.sql")), *sorted((folder / dialect).glob("*.sql")))
    found: dict[str, Any] = {}
    for file in files:
        text = _LISTED.sub(_LISTS[dialect], file.read_text(encoding="utf-8"))
        found |= _read(text, adapter)
    return found


def _read(text: str, adapter: str) -> dict[str, Any]:
    queries = aiosql.from_str(text, adapter)
    return {name: getattr(queries, name) for name in queries.available_queries}
