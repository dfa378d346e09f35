"""Dead letters: failed events and messages without further retries. They are listed, retried or dropped.

Their ids are `event:` with a number, or `message:` with a key.
"""

from __future__ import annotations

import time
from typing import Any

from bot.core.workdays import epoch_of
from bot.features.status.labels import iso
from bot.messages.catalog import Texts
from bot.messages.sentences import Sentence, in_language
from bot.services import Services
from bot.store.engine import SqlRow

_EVENT, _MESSAGE = "event:", "message:"
_LARGEST = 2**63


def list_dead(services: Services) -> list[dict[str, Any]]:
    """Return all of them, events first, the oldest first."""
    store = services.store
    events = [_event(services, row) for row in store.inbox.dead()]
    return [*events, *(_message(services, row) for row in store.outbox.dead())]


def find_letter(services: Services, ident: str) -> tuple[dict[str, Any], str] | None:
    """Return the event or message *ident*, dead or not, and its content. Raises ValueError for no id."""
    if ident.startswith(_EVENT):
        row = services.store.inbox.show(event_number(ident))
        content = "" if row is None else bytes(row["body"]).decode("utf-8", "replace")
        return None if row is None else (_event(services, row), content)
    row = services.store.outbox.by_key(ident.removeprefix(_MESSAGE))
    return None if row is None else (_message(services, row), str(row["content"]))


def retry(services: Services, ident: str) -> bool:
    """Give *ident* a new round of tries; False if it is no dead letter. Raises ValueError for no id."""
    store = services.store
    if ident.startswith(_EVENT):
        return store.inbox.revive(event_number(ident))
    return store.outbox.revive(ident.removeprefix(_MESSAGE), now=int(time.time()))


def retry_by(services: Services, ident: str, *, by: str) -> bool:
    """Do the same for the userid *by*, with an entry in the audit log. Try each entry at most once."""
    with services.store.transaction():
        if is_dead := retry(services, ident):
            at = epoch_of(services.clock.now())
            services.store.audit.add(at=at, actor=by, act="retry", subject=ident, detail={})
    return is_dead


def drop(services: Services, ident: str) -> bool:
    """Drop *ident* for good; False if it is no dead letter. Raises ValueError for no id."""
    store = services.store
    if ident.startswith(_EVENT):
        return store.inbox.drop(event_number(ident))
    return store.outbox.drop(ident.removeprefix(_MESSAGE))


def spoken(letter: dict[str, Any], texts: Texts) -> dict[str, Any]:
    """Return a letter's fields for people."""
    said = {name: in_language(texts, letter[name]) for name in ("what", "error")}
    state = letter["state"]
    return {**letter, **said, "state": texts.table("cli.run.states").get(state, state)}


def event_number(ident: str) -> int:
    """Return the number in the id of an event. Raises ValueError if there is none."""
    text = ident.removeprefix(_EVENT)
    if not text.isascii() or not text.isdigit() or int(text) >= _LARGEST:
        raise ValueError(ident)
    return int(text)


def _event(services: Services, row: SqlRow) -> dict[str, Any]:
    ident, at = f"{_EVENT}{row['seq']}", iso(services.config, row["received_at"])
    return {"id": ident, "at": at, "what": row["kind"] or Sentence("cli.dead.unreadable"), **_outcome(row)}


def _message(services: Services, row: SqlRow) -> dict[str, Any]:
    ident, at = f"{_MESSAGE}{row['key']}", iso(services.config, row["created_at"])
    return {
        "id": ident,
        "at": at,
        "what": Sentence("cli.dead.message", job=row["job"], userid=row["to_userid"]),
        **_outcome(row),
    }


def _outcome(row: SqlRow) -> dict[str, Any]:
    return {"state": row["state"], "tries": row["attempts"], "error": row["error"]}
