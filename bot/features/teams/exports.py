"""The record of an export: in the audit log, and for the people in it, who can see that they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.store.store import Store


def record_export(
    store: Store, name: str, userids: Collection[str], *, by: str, at: int, detail: Mapping[str, object]
) -> None:
    """Note the export *name* of the figures of *userids* for *by*. Call it inside a transaction.

    *at* in epoch s; *detail*: what else the audit log says of it.
    """
    store.exports.add(name, userids, by=by, at=at)
    about = {"people": len(userids), **detail}
    store.audit.add(at=at, actor=by, act="export", subject="team", detail=about)
