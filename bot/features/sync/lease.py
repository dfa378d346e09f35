"""A lease that keeps two processes from the same long work; renewed while the work goes on."""

from __future__ import annotations

from collections.abc import Callable

from bot.services import Services
from bot.wecom.asker import Asker, StoppedError
from bot.wecom.client import CALL_S

LEASE_S = int(CALL_S) + 5
_PATIENCE_S = LEASE_S + 5
_LOOK_S = 1.0


class WorkLease:
    """Holds one lease; all times are real."""

    def __init__(
        self,
        services: Services,
        *,
        lease: str,
        busy: str,
        beat: Callable[[], None],
    ) -> None:
        """*busy*: what to say while another process has it. *beat* is called whenever it is kept."""
        self._leases = services.store.leases
        self._holder = services.holder
        self._lease = lease
        self._busy = busy
        self._beat = beat
        self.real_time = services.store.now
        self._until = 0.0

    def take(self, asker: Asker) -> None:
        """Take the lease; wait for one that a killed process left behind. Raises StoppedError."""
        waited = 0.0
        while not self._prolong():
            if waited >= _PATIENCE_S:
                raise StoppedError(self._busy)
            self._until = float("inf")  # nothing to prolong while we wait
            asker.rest(_LOOK_S)
            waited += _LOOK_S

    def keep(self) -> None:
        """Prolong it in time. Raises StoppedError when another process has it."""
        if self._until - self.real_time() < CALL_S and not self._prolong():
            raise StoppedError("another process goes on with it")
        self._beat()

    def free(self) -> None:
        """Give it back."""
        self._leases.free(self._lease, holder=self._holder)

    def _prolong(self) -> bool:
        now = int(self.real_time())
        self._until = now + LEASE_S
        return self._leases.take(self._lease, holder=self._holder, now=now, until=now + LEASE_S)
