"""Another userid in the place of one person's, everywhere but in closed results, and without a way back."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.store.audit import Act
from bot.store.data_map import Holds, columns_of
from bot.store.engine import Engine, TableGroup

_PREFIX = "left-"
# Chained, closed, or of another kind; and texts that go by age before.
_APART = ("audit", "results", "renames", "rule_versions", "roster_lines", "daily_statements", "marks")
_BY_AGE = {("outbox", "content"), ("outbox", "forms"), ("outbox", "error")}


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """The userid *new* for *old*; *values*: what texts become, by column (table, name) and text."""

    old: str
    new: str
    values: dict[tuple[str, str], dict[str, str]]


class Pseudonyms(TableGroup):
    """Find first, outside a transaction; then put, inside one."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._exact: list[tuple[str, str]] = []
        self._inside: list[tuple[str, str]] = []

    def is_open(self, userid: str) -> bool:
        """Return whether a closed line of this person is not signed yet."""
        return self._engine.one("pseudonym_open", userid=userid) is not None

    def find(self, userid: str) -> Pseudonym:
        """Return a random pseudonym for *userid*, and the texts that must change; reads every table."""
        self._learn()
        new = f"{_PREFIX}{secrets.token_hex(12)}"
        change = _changer(userid, new)
        values: dict[tuple[str, str], dict[str, str]] = {}
        for table, column in self._inside:
            rows = self._engine.all(f"pseudonym_find_{table}_{column}", old=userid)
            changed = {row["value"]: change(row["value"]) for row in rows}
            if different := {before: after for before, after in changed.items() if before != after}:
                values[table, column] = different
        return Pseudonym(userid, new, values)

    def put(self, pseudonym: Pseudonym) -> None:
        """Put the pseudonym everywhere; what only names the person goes."""
        for table, column in self._exact:
            self._engine.run(f"pseudonym_put_{table}_{column}", old=pseudonym.old, new=pseudonym.new)
        for (table, column), texts in pseudonym.values.items():
            for old, new in texts.items():
                self._engine.run(f"pseudonym_put_{table}_{column}", old=old, new=new)
        for name in ("members", "book"):
            self._engine.run(f"pseudonym_name_{name}", userid=pseudonym.new)
        for name in ("roster", "renames"):
            self._engine.run(f"pseudonym_drop_{name}", userid=pseudonym.old)
        self._engine.run("pseudonym_drop_statements", named=json.dumps(pseudonym.old))

    def _learn(self) -> None:
        if self._exact:
            return
        for table, names in columns_of(Holds.USERID, besides=_APART):
            self._exact += [(table.name, name) for name in names]
        for table, names in columns_of(Holds.INSIDE, besides=_APART):
            self._inside += [(table.name, name) for name in names if (table.name, name) not in _BY_AGE]
        statements = [*_puts([*self._exact, *self._inside]), *_finds(self._inside)]
        self._engine.learn("\n".join(statements))


def renamed(pseudonym: Pseudonym) -> Callable[[Act], Act]:
    """Return what changes an entry of the audit log."""
    change = _changer(pseudonym.old, pseudonym.new)

    def changed(act: Act) -> Act:
        actor = pseudonym.new if act.actor == pseudonym.old else act.actor
        return replace(act, actor=actor, subject=change(act.subject), detail=change(act.detail))

    return changed


def _changer(old: str, new: str) -> Callable[[str], str]:
    """Return a function that replaces *old* standing alone: in JSON as a whole text, else as a word."""
    word = re.compile(rf"(?<![\w.@-]){re.escape(old)}(?![\w.@-])")

    def change(text: str) -> str:
        if text[:1] in ("{", "["):
            try:
                value = json.loads(text)
            except ValueError:
                pass
            else:
                changed = _in_json(value, old, new)
                return text if changed == value else json.dumps(changed, ensure_ascii=False)
        return word.sub(new, text)

    return change


def _in_json(value: object, old: str, new: str) -> object:
    match value:
        case str():
            return new if value == old else value
        case list():
            return [_in_json(one, old, new) for one in value]
        case dict():
            return {new if key == old else key: _in_json(one, old, new) for key, one in value.items()}
        case _:
            return value


def _puts(columns: list[tuple[str, str]]) -> Iterator[str]:
    for table, column in columns:
        yield (
            f"-- name: pseudonym_put_{table}_{column}(old, new)!\n"
            f"UPDATE {table} SET {column} = :new WHERE {column} = :old;\n"
        )


def _finds(columns: list[tuple[str, str]]) -> Iterator[str]:
    for table, column in columns:
        yield (
            f"-- name: pseudonym_find_{table}_{column}(old)\n"
            f"SELECT DISTINCT {column} AS value FROM {table} WHERE HOLDS({column}, :old);\n"
        )
