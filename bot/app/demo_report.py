"""What the demo tells the sandbox's page of the bot: facts, verdicts, figures, queues. Only the demo runs it.

The sandbox reads nothing of the bot. It says which contacts its page shows, and shows what it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

import requests
import structlog

from bot.core.workdays import epoch_of
from bot.features.contacts.explain import Explained, UnknownPersonError, explain
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.engine import StoreError

log = structlog.get_logger(__name__)

_LOOK_S = 0.5
_PATH = "beside"

Relation = tuple[str, str]


class Page(Protocol):
    """The sandbox's controls."""

    def get(self, path: str) -> dict[str, Any]:
        """Read a control."""
        ...

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Set a control."""
        ...


@contextmanager
def reporting(services: Services, page: Page, *, speak: Callable[[str], None]) -> Iterator[None]:
    """Tell *page* of the bot until the end of the block, while somebody looks at it.

    *speak* is called with the language of the first visitor, and with each one that is chosen later.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_report, args=(services, page, speak, stop), name="demo-report")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _report(services: Services, page: Page, speak: Callable[[str], None], stop: threading.Event) -> None:
    known: object = None
    spoken = ""
    while not stop.wait(_LOOK_S):
        try:
            asked = page.get(_PATH)
            if asked["language"] != spoken:
                spoken = asked["language"]
                speak(spoken)
            wanted = [(userid, external) for userid, external in asked["wanted"]]
            if asked["is_watched"] and (now := _stamp(services, wanted)) != known:
                page.post(_PATH, report(services, wanted))
                known = now
        except (requests.RequestException, StoreError) as error:
            # The sandbox is ending, or a store is busy: the next look does it.
            log.info("could not update the demo's page", reason=str(error))


def _stamp(services: Services, wanted: Sequence[Relation]) -> object:
    """Return what changes whenever a report would."""
    store, now = services.store, services.clock.now()
    inbox, outbox = store.inbox.depth(now=0), store.outbox.depth(now=0)
    counts = store.ledger.dirty(), store.inbox.newest(), store.details.pending()
    return tuple(wanted), inbox, outbox, counts, services.language, int(now.timestamp()) // 60


def report(services: Services, wanted: Sequence[Relation]) -> dict[str, Any]:
    """Return facts and newest verdict of each relation in *wanted*, everybody's figures, the queues."""
    store, at = services.store, services.clock.now()
    inbox, outbox = store.inbox.depth(now=0), store.outbox.depth(now=0)
    verdicts = {
        (userid, one.external_userid): one
        for userid in dict.fromkeys(userid for userid, _ in wanted)
        for one in _explained(services, userid, at=at)
    }
    return {
        "language": str(services.language),
        "queue": {"inbox": inbox.pending, "outbox": outbox.pending, "dead": inbox.dead + outbox.dead},
        "contacts": [_contact(services, relation, verdicts.get(relation)) for relation in wanted],
        "figures": {
            row.userid: {"counted": row.counted, "pending": row.pending, "target": row.target}
            for row in load_standings(services, at=at).rows
        },
    }


def _explained(services: Services, userid: str, *, at: datetime) -> list[Explained]:
    """Return an employee's contacts by time, so that the last add of a customer is the last one."""
    try:
        quotas = explain(services, userid, at=at).quotas
    except UnknownPersonError:
        return []
    return [contact for quota in quotas for contact in quota.contacts]


def _contact(services: Services, relation: Relation, found: Explained | None) -> dict[str, Any]:
    userid, external = relation
    return {
        "userid": userid,
        "external_userid": external,
        "facts": [
            {"kind": event.kind.value, "at_s": event.at, "source": origin}
            for event, origin in services.store.ledger.told(userid, external)
        ],
        "verdict": None
        if found is None
        else {
            "verdict": found.verdict.value,
            "outcome": found.verdict.outcome,
            "reason": found.reason,
            "added_at_s": epoch_of(found.added_at),
        },
    }
