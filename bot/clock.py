"""What time it is: asked at the edges only, handed on as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock by which jobs fire and messages expire. Leases, tokens and pacing use real time instead."""

    def now(self) -> datetime:
        """The time, aware."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """Real time plus a fixed distance: `quotabot run --at`."""

    def __init__(self, at: datetime) -> None:
        """Start at *at* now."""
        self._begin = at
        self._began = time.monotonic()
        self.shift_s = round(at.timestamp() - time.time())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._begin.timestamp() + time.monotonic() - self._began, UTC)
