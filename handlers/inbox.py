"""Processing of the inbox: one event at a time, isolated from other failures, then what it touched."""

from __future__ import annotations

import logging

import structlog

import handlers
from bot.core.errors import ContentFreeError
from bot.features.chat.answer import answer_waiting
from bot.features.ledger.derive import derive
from bot.logs.ref import bound_ref, ref_of_event
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.erasures import ErasedCustomerError
from bot.wecom.events import event_of, kind_of
from bot.wecom.xml import parse
from handlers.router import Router

log = structlog.get_logger(__name__)

BATCH = 200
# Seconds from each failed try to the next: five tries over about an hour, then a dead letter.
RETRY_AFTER_S = (30, 240, 900, 2400)


def work_off(services: Services, *, upto: int | None = None, router: Router | None = None) -> int:
    """Handle all due events (up to inbox row *upto*) and derive what they touched.

    Returns the number of events taken. Safe to run in several processes at once.
    """
    total = 0
    while taken := _one_batch(services, upto=upto, router=router or handlers.ALL):
        total += taken
        if services.store.chat.is_free(now=int(services.store.now())):
            _answer(services)  # people do not wait for the rest of a long queue
    _answer(services)
    return total


def _answer(services: Services) -> None:
    try:
        derive(services)
    finally:  # a relation that cannot be derived holds up nobody's answer
        answer_waiting(services)


def _one_batch(services: Services, *, upto: int | None, router: Router) -> int:
    store = services.store
    now = int(store.now())
    if not store.inbox.may_be_due(now=now, upto=upto):
        return 0
    with store.transaction():
        due = store.inbox.due(now=now, batch=BATCH, upto=upto)
        for received in due:
            with bound_ref(ref_of_event(received.body)):
                _handle(services, received.seq, received.body, received.attempts, now=now, router=router)
    return len(due)


def _is_verbose() -> bool:
    """Return whether a line an event is wanted; making it costs as much as handling the event."""
    return logging.getLogger(__name__).isEnabledFor(logging.INFO)


def _handle(services: Services, seq: int, body: bytes, attempts: int, *, now: int, router: Router) -> None:
    inbox = services.store.inbox
    kind = ""
    try:
        with services.store.savepoint():
            fields = parse(body)
            kind = kind_of(fields)
            known = router.dispatch(event_of(fields), services)
            inbox.finish(seq, state="done" if known else "ignored", kind=kind)
        if _is_verbose():
            log.info("event handled", seq=seq, kind=kind, known=known)
    except StoreError:
        raise  # not this event's fault: the whole batch waits for the store
    except ErasedCustomerError:
        inbox.finish(seq, state="ignored", kind=kind)
        inbox.empty(seq)
    except Exception as error:  # noqa: BLE001 - one event's failure must not stop its neighbours
        tries = attempts + 1
        wait = RETRY_AFTER_S[tries - 1] if tries <= len(RETRY_AFTER_S) else None
        # Any other error may quote received content, so only its name is kept.
        reason = str(error) if isinstance(error, ContentFreeError) else type(error).__name__
        inbox.fail(
            seq,
            kind=kind,
            attempts=tries,
            next_try_at=None if wait is None else now + wait,
            error=reason,
        )
        log.warning("event failed", seq=seq, kind=kind, tries=tries, dead=wait is None, error=reason)
