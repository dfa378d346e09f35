"""The audit log: acts of people, appended and chained by hashes, so that nothing in it changes quietly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass

from bot.store.engine import TableGroup, row_of, value_of

_FIRST = "0" * 64
_CHUNK = 1000
_EVERY = 1_000_000_000
REDACTED = "redacted"  # in the detail of an entry: the new hashes of entries that it rewrote, by number


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What *actor* (a name or userid) did to *subject*; *at* in epoch s, *detail* as JSON of plain values."""

    at: int
    actor: str
    act: str
    subject: str
    detail: str


class Audit(TableGroup):
    """Appends and verifies."""

    def add(self, *, at: int, actor: str, act: str, subject: str, detail: Mapping[str, object]) -> None:
        """Append an act. Call it inside the transaction of the act itself."""
        text = json.dumps(detail, ensure_ascii=False)
        entry = Act(at=at, actor=actor, act=act, subject=subject, detail=text)
        while not self._append(entry):
            pass  # another process took this number; behind it there is the next

    def _append(self, entry: Act) -> bool:
        head = self._engine.one("audit_head")
        seq, previous = (head["seq"] + 1, head["hash"]) if head else (1, _FIRST)
        row = row_of(entry, seq=seq, previous=previous, hash=_hash(seq, entry, previous))
        return self._engine.apply("audit_add", **row)

    def redact(self, change: Callable[[Act], Act]) -> dict[int, str]:
        """Rewrite the entries that *change* changes; return their new hashes by number.

        The entry that reports it must hold them as `REDACTED`: then the chain is still whole.
        """
        redacted: dict[int, str] = {}
        for row in self._engine.all("audit_after", seq=0, chunk=_EVERY):
            entry = value_of(Act, row)
            if (changed := change(entry)) != entry:
                told = {"actor": changed.actor, "subject": changed.subject, "detail": changed.detail}
                self._engine.run("audit_rewrite", seq=row["seq"], **told)
                redacted[row["seq"]] = _hash(row["seq"], changed, row["previous"])
        return redacted

    def _redacted(self) -> dict[int, str]:
        """Return the hash that each rewritten entry must have now, as later entries say."""
        rows = self._engine.all("audit_redactions")
        return {
            int(seq): hash_
            for row in rows
            for seq, hash_ in json.loads(row["detail"]).get(REDACTED, {}).items()
            if int(seq) < row["seq"]
        }

    def broken_at(self) -> int | None:
        """Return the number of the first entry that does not follow from those before it; None if all do."""
        previous, expected, redacted = _FIRST, 1, self._redacted()
        while rows := self._engine.all("audit_after", seq=expected - 1, chunk=_CHUNK):
            for row in rows:
                fits = row["seq"] == expected and row["previous"] == previous
                rightful = redacted.get(expected, row["hash"])
                if not fits or rightful != _hash(expected, value_of(Act, row), previous):
                    return expected
                previous, expected = row["hash"], expected + 1
        return None

    def newest(self) -> int:
        """Return the number of the newest entry; 0 without any. Entries are numbered without gaps."""
        head = self._engine.one("audit_head")
        return int(head["seq"]) if head else 0

    def some(self, *, after: int, most: int) -> list[tuple[int, Act]]:
        """Return number and act of at most so many entries behind the number *after*."""
        rows = self._engine.all("audit_after", seq=after, chunk=most)
        return [(row["seq"], value_of(Act, row)) for row in rows]

    def of_result(self, subject: str) -> Act | None:
        """Return the newest act that changed the results of the closed period *subject*, or None."""
        row = self._engine.one("audit_of_result", subject=subject)
        return None if row is None else value_of(Act, row)

    def acts(self) -> list[Act]:
        """Return all acts, oldest first."""
        return [act for _, act in self.entries()]

    def entries(self, *, since: int = 0) -> Iterator[tuple[int, Act]]:
        """Yield number and act of each entry from *since* (epoch s) on, in the order of the chain."""
        seq = 0
        while rows := self._engine.all("audit_after", seq=seq, chunk=_CHUNK):
            for row in rows:
                act = value_of(Act, row)
                if act.at >= since:
                    yield row["seq"], act
            seq = rows[-1]["seq"]


def _hash(seq: int, entry: Act, previous: str) -> str:
    text = json.dumps([seq, *astuple(entry), previous])
    return hashlib.sha256(text.encode()).hexdigest()
