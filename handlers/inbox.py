"""Processing of the inbox in batches, with what they touch; a failing event does not stop its neighbours."""

from __future__ import annotations

import logging
from contextlib import suppress

import structlog

import handlers
from bot.core.errors import ContentFreeError
from bot.features.chat.answer import answer_waiting
from bot.features.ledger.derive import derive, derive_touched
from bot.logs.ref import bound_ref, ref_of_event
from bot.services import Services
from bot.store.engine import StoreError
from bot.store.erasures import ErasedCustomerError
from bot.store.inbox import Finished, Received
from bot.wecom.events import event_of, kind_of
from bot.wecom.xml import parse
from handlers.router import Router

log = structlog.get_logger(__name__)

BATCH = 500
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
    try:
        with store.transaction():
            due = store.inbox.due(now=now, batch=BATCH, upto=upto)
            store.erasures.look()
            store.inbox.finish_all([_handle(services, received, router=router) for received in due])
            derive_touched(services)
    except StoreError:
        raise  # no event's fault: the whole batch waits for the store
    except Exception:  # noqa: BLE001 - each alone, so that one fault holds up no other
        due = _one_by_one(services, now=now, upto=upto, router=router)
    return len(due)


def _one_by_one(services: Services, *, now: int, upto: int | None, router: Router) -> list[Received]:
    """Handle a batch, each event in its own savepoint; note what fails. Return the batch."""
    store = services.store
    with store.transaction():
        due = store.inbox.due(now=now, batch=BATCH, upto=upto)
        store.erasures.look()
        for received in due:
            try:
                with store.savepoint():
                    store.inbox.finish_all([_handle(services, received, router=router)])
                    store.store_noted()
            except StoreError:
                raise
            except ErasedCustomerError:
                kind = kind_of(parse(received.body))
                store.inbox.finish_all([Finished(received.seq, "ignored", kind)])
                store.inbox.empty(received.seq)
            except Exception as error:  # noqa: BLE001 - one event's failure must not stop its neighbours
                with bound_ref(ref_of_event(received.body)):
                    _note_failure(services, received, error, now=now)
    return due


def _handle(services: Services, received: Received, *, router: Router) -> Finished:
    with bound_ref(ref_of_event(received.body)):
        fields = parse(received.body)
        kind = kind_of(fields)
        known = router.dispatch(event_of(fields), services)
        if _is_verbose():
            log.info("event handled", seq=received.seq, kind=kind, known=known)
    return Finished(received.seq, "done" if known else "ignored", kind)


def _is_verbose() -> bool:
    """Return whether a line an event is wanted; making it costs as much as handling the event."""
    return logging.getLogger(__name__).isEnabledFor(logging.INFO)


def _note_failure(services: Services, received: Received, error: Exception, *, now: int) -> None:
    """Have the event tried again later, or give up on it."""
    kind = ""
    with suppress(ContentFreeError):
        kind = kind_of(parse(received.body))
    tries = received.attempts + 1
    wait = RETRY_AFTER_S[tries - 1] if tries <= len(RETRY_AFTER_S) else None
    # Any other error may quote received content, so only its name is kept.
    reason = str(error) if isinstance(error, ContentFreeError) else type(error).__name__
    services.store.inbox.fail(
        received.seq,
        kind=kind,
        attempts=tries,
        next_try_at=None if wait is None else now + wait,
        error=reason,
    )
    log.warning("event failed", seq=received.seq, kind=kind, tries=tries, dead=wait is None, error=reason)
