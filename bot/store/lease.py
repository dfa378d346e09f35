"""A lease as its holder uses it: taken, renewed in time, given back."""

from __future__ import annotations

from collections.abc import Callable

from bot.store.coordination import Leases


class Lease:
    """One lease for one holder. All times are real epoch seconds; a lease ends on a whole second."""

    def __init__(
        self, leases: Leases, name: str, *, holder: str, lasts_s: int, real_time: Callable[[], float]
    ) -> None:
        """*lasts_s*: how long after its last renewal another may take it, if the holder died."""
        self._leases = leases
        self._name = name
        self._holder = holder
        self._lasts_s = lasts_s
        self._time = real_time
        self._until = 0

    @property
    def left_s(self) -> float:
        """How long it is ours without another renewal; 0 or less: it is not.

        More than it lasts is not true: the clock went back.
        """
        left_s = self._until - self._time()
        return left_s if left_s <= self._lasts_s else 0.0

    def hold(self, *, for_s: float) -> bool:
        """Take or renew it if less than *for_s* is left. Return False while another holds it."""
        if self.left_s >= for_s:
            return True
        now = int(self._time())
        until = now + self._lasts_s
        is_ours = self._leases.take(self._name, holder=self._holder, now=now, until=until)
        self._until = until if is_ours else 0
        return is_ours

    def free(self) -> None:
        """Give it back."""
        self._leases.free(self._name, holder=self._holder)
        self._until = 0
