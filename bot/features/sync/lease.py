"""A lease against two processes doing the same long work. It is renewed while the work goes on."""

from __future__ import annotations

from collections.abc import Callable

from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.lease import Lease
from bot.wecom.asker import Asker, StoppedError
from bot.wecom.client import CALL_S

LEASE_S = int(CALL_S) + 5
_PATIENCE_S = LEASE_S + 5
_LOOK_S = 1.0


class WorkLease:
    """One lease; all times are real."""

    def __init__(self, services: Services, *, lease: str, busy: str, beat: Callable[[], None]) -> None:
        """Set up the lease. *busy*: error while another process has it. *beat*: called at each renewal."""
        self.real_time = services.store.now
        self._lease = Lease(
            services.store.leases, lease, holder=services.holder, lasts_s=LEASE_S, real_time=self.real_time
        )
        self._busy = busy
        self._beat = beat
        self._waits = False

    def take(self, asker: Asker) -> None:
        """Take the lease; wait until the lease of a killed process ends. Raises StoppedError."""
        waited, self._waits = 0.0, True
        while not self._lease.hold(for_s=CALL_S):
            if waited >= _PATIENCE_S:
                raise StoppedError(self._busy)
            asker.rest(_LOOK_S)
            waited += _LOOK_S
        self._waits = False

    def keep(self) -> None:
        """Renew the lease in time. Raises StoppedError when another process has it."""
        if not self._waits and not self._lease.hold(for_s=CALL_S):
            raise StoppedError(Sentence("sentences.goes_on"))
        self._beat()

    def free(self) -> None:
        """Release the lease."""
        self._lease.free()
