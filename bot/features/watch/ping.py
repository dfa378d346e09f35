"""Call the watcher while all is well."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.features.delivery.sender import LEASE
from bot.features.outages.gaps import RECEIVING
from bot.features.watch.rules import Vitals, find_unwell
from bot.services import Services
from bot.store.coordination import TOKEN
from bot.store.runs import SEEN
from bot.store.troubles import Part
from bot.wecom.plain_http import NoAnswerError, fetch

log = structlog.get_logger(__name__)

PING_S = 60.0
_LEASE, _LEASE_S = "watch", 50  # of several workers one calls
_OK = range(200, 300)


def watching() -> Callable[[Services], None]:
    """Return the act that calls `[watch] ping_url`; each trouble is logged once."""
    said = ""

    def ping_watcher(services: Services) -> None:
        nonlocal said
        now = int(services.store.now())
        if not services.config.watch.ping_url:
            return
        if not services.store.leases.take(_LEASE, holder=services.holder, now=now, until=now + _LEASE_S):
            return
        problem = find_unwell(read_vitals(services))
        if problem is not None:
            if problem != said:
                log.warning("not well; the watcher is not called", reason=problem)
        else:
            problem = _call(services) or ""
            if problem and problem != said:
                log.warning("the watcher does not answer", reason=problem)
        said = problem

    return ping_watcher


def read_vitals(services: Services) -> Vitals:
    """Return the signs of life of the whole installation."""
    store, now = services.store, int(services.store.now())
    clock_now = int(services.clock.now().timestamp())
    token, trouble = store.tokens.get(TOKEN), store.troubles.get(Part.DELIVERY)
    failing = [f"{act} fails ({error})" for act, error in store.failing.all().items()]
    delivery = trouble.text if trouble is not None else ""
    return Vitals(
        receiving_s=_since(store.marks.get(RECEIVING), now),
        untried_s=_since(store.inbox.oldest_untried(), now),
        ticked_s=_since(store.marks.get(SEEN), clock_now),
        is_sending=store.leases.get(LEASE, now=now) is not None,
        obstacle=token.error or delivery or ", ".join(failing),
    )


def _since(moment: str | int | None, now: int) -> int | None:
    return None if moment is None else max(0, now - int(moment))


def _call(services: Services) -> str | None:
    """Call the watcher, past the proxy first; return why that failed."""
    try:
        answer = fetch(services.config.watch.ping_url, proxies=("", services.config.wecom.proxy))
    except NoAnswerError as error:
        return str(error)
    return None if answer.status in _OK else f"HTTP {answer.status}"
