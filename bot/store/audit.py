"""The audit log: acts of people, appended and chained by hashes, so that nothing in it changes quietly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.store.engine import Engine, SqlRow

_FIRST = "0" * 64
_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What *actor* (a name or userid) did to *subject*; *at* in epoch s, *detail* as JSON of plain values."""

    at: int
    actor: str
    act: str
    subject: str
    detail: str


class Audit:
    """Appends and verifies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, *, at: int, actor: str, act: str, subject: str, detail: Mapping[str, object]) -> None:
        """Append an act. Call it inside the transaction of the act itself."""
        entry = Act(
            at=at, actor=actor, act=act, subject=subject, detail=json.dumps(detail, ensure_ascii=False)
        )
        while not self._append(entry):
            pass  # another process took this number; behind it there is the next

    def _append(self, entry: Act) -> bool:
        head = self._engine.one("audit_head")
        seq, previous = (head["seq"] + 1, head["hash"]) if head else (1, _FIRST)
        return (
            self._engine.run(
                "audit_add",
                seq=seq,
                at=entry.at,
                actor=entry.actor,
                act=entry.act,
                subject=entry.subject,
                detail=entry.detail,
                previous=previous,
                hash=_hash(seq, entry, previous),
            )
            > 0
        )

    def broken_at(self) -> int | None:
        """The number of the first entry that does not fit the ones before it, or None: the log is whole."""
        previous, expected = _FIRST, 1
        while rows := self._engine.all("audit_after", seq=expected - 1, chunk=_CHUNK):
            for row in rows:
                entry = _act(row)
                fits = row["seq"] == expected and row["previous"] == previous
                if not fits or row["hash"] != _hash(row["seq"], entry, previous):
                    return expected
                previous, expected = row["hash"], expected + 1
        return None

    def acts(self) -> list[Act]:
        """All acts, oldest first."""
        return [_act(row) for row in self._engine.all("audit_after", seq=0, chunk=1_000_000_000)]


def _act(row: SqlRow) -> Act:
    return Act(at=row["at"], actor=row["actor"], act=row["act"], subject=row["subject"], detail=row["detail"])


def _hash(seq: int, entry: Act, previous: str) -> str:
    told = json.dumps([seq, entry.at, entry.actor, entry.act, entry.subject, entry.detail, previous])
    return hashlib.sha256(told.encode()).hexdigest()
