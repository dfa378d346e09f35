"""Read WeCom's addresses for callbacks daily, keep them in a mark, and use them in each receiver."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from bot.features.callers.rules import Networks, find_usable, is_admitted, is_due, pack, parse_networks
from bot.services import Services
from bot.wecom.errors import WeComError

log = structlog.get_logger(__name__)

MARK = "callback_ips"
RENEW_LOOK_S = 5.0
LOOK_S = 60.0
_API = "getcallbackip"
_LEASE, _LEASE_S = "callers", 60  # one of several workers asks
_RETRY_S = 600.0


def renewing() -> Callable[[Services], None]:
    """Return the function that asks WeCom at the start and once a day. It logs each obstacle once."""
    said, not_before = "", 0.0

    def renew_callers(services: Services) -> None:
        nonlocal said, not_before
        store, now = services.store, int(services.store.now())
        if not _is_wanted(services) or time.monotonic() < not_before:
            return
        if not is_due(store.marks.get(MARK), now=now):
            return
        if not store.leases.take(_LEASE, holder=services.holder, now=now, until=now + _LEASE_S):
            return
        problem = _renew(services, now=now)
        if problem and problem != said:
            log.warning("WeCom's addresses for callbacks were not read", reason=problem)
        said, not_before = problem, time.monotonic() + _RETRY_S if problem else 0.0

    return renew_callers


def _renew(services: Services, *, now: int) -> str:
    """Ask WeCom and keep the answer. Return the reason if the answer is of no use, else an empty text.

    An empty or unclear answer replaces the earlier list: from then on, every address is admitted.
    """
    try:
        with services.reads() as reads:
            answer = reads.ask(_API, lambda token: reads.client.read(_API, token=token), tries=1)
    except WeComError as error:
        return str(error)
    networks: Networks = ()
    problem = ""
    try:
        networks = parse_networks(answer.get("ip_list"))
    except ValueError as error:
        problem = str(error)
    services.store.marks.put(MARK, pack(networks, read_at=now))
    return problem or ("" if networks else "the list is empty")


def _is_wanted(services: Services) -> bool:
    return services.config.server.callback_ips == "wecom"


def _known(services: Services) -> Networks:
    return find_usable(services.store.marks.get(MARK), now=services.store.now())


def find_problem(services: Services) -> str | None:
    """Return why every address is admitted instead of WeCom's only; None if all is well."""
    if not _is_wanted(services) or _known(services):
        return None
    return (
        "WeCom's own addresses (getcallbackip) are not known or over seven days old: callbacks from any "
        "address are admitted, and their signatures decide"
    )


class Callers:
    """The addresses that one receiver admits. Only `look` reads the store."""

    def __init__(self, services: Services) -> None:
        """Read the list for the first time. Raises StoreError."""
        self._services = services
        self._networks: Networks = ()
        self.look()

    def look(self) -> None:
        """Read the list again; call it every LOOK_S. Raises StoreError."""
        self._networks = _known(self._services) if _is_wanted(self._services) else ()

    def admits(self, address: str) -> bool:
        """Return whether a callback from *address* may go on to its signature."""
        return is_admitted(address, self._networks)
