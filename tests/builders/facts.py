"""What the bank says of its customers, brought the way `import facts` brings it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.facts import NO_VALUES, FactsImport, merge_values
from bot.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One cell of a file; *value* is 1, 0 or, for `manager`, a userid; None: not known (any more)."""

    key_kind: str
    key: str
    fact: str
    value: str | None


def put_facts(store: Store, facts: Iterable[Fact], *, imported_at: int) -> None:
    """Import *facts*, all at one moment (epoch s). Not inside a transaction."""
    told: dict[str, dict[str, dict[str, str | None]]] = {}
    for one in facts:
        told.setdefault(one.key_kind, {}).setdefault(one.key, {})[one.fact] = one.value
    coming = FactsImport(store.engine, holder="test", now=lambda: 0.0)
    with coming.open():
        for kind, lines in told.items():
            before = {row.key: row for row in coming.facts.of_kind(kind) if row.key in lines}
            coming.outdate(row.number for row in before.values())
            old = {key: row.words for key, row in before.items()}
            coming.add(
                kind,
                [(key, merge_values(cells, before=old.get(key, NO_VALUES))) for key, cells in lines.items()],
            )
        with store.transaction():
            coming.publish(imported_at=imported_at)
