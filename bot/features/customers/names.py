"""Names of customers: stored only if configured, shown to the customer's own employee, and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import structlog

from bot.core.workdays import epoch_of
from bot.services import Services
from bot.store.customers import CustomerName

log = structlog.get_logger(__name__)

LOOK_S = 300.0
KEPT = timedelta(days=90)  # after a contact ended: members ask about results that long
_LOOKED = "names_looked_over"  # the mark with the local day of the last look

Names = tuple[str, ...]  # the best first


def names_of(services: Services, userid: str) -> Mapping[str, Names]:
    """Return the names of *userid*'s own customers by external_userid: the employee's remark first.

    Empty unless names are stored. Show them to this employee and nobody else.
    """
    if not services.config.privacy.store_customer_names:
        return {}
    stored = services.store.customer_names.of(userid.lower())
    return {customer: (names.remark, names.name) for customer, names in stored.items()}


def keep(services: Services, names: Iterable[CustomerName]) -> None:
    """Store *names*, if the configuration allows it; call it inside a transaction."""
    if services.config.privacy.store_customer_names:
        now = services.clock.now()
        services.store.customer_names.put(names, read_at=epoch_of(now), since=epoch_of(now - KEPT))


def look_over(services: Services) -> None:
    """Delete names: all if the configuration forbids them, else, once a day, those of long ended contacts."""
    store = services.store
    if not services.config.privacy.store_customer_names:
        if store.customer_names.any():
            with store.transaction():
                forgotten = store.customer_names.clear()
            log.warning("names of customers removed", names=forgotten)
        return
    now = services.clock.now()
    today = services.config.work_calendar().local_day(now).isoformat()
    if store.marks.get(_LOOKED) == today:
        return
    while ended := store.customer_names.ended(upto=epoch_of(now - KEPT)):
        with store.transaction():
            store.customer_names.forget(ended)
    store.marks.put(_LOOKED, today)
