"""What time it is: asked at the edges only, handed on as an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

_OLDEST = datetime(2024, 1, 1, tzinfo=UTC)  # no release of this program is older


class Clock(Protocol):
    """The clock by which jobs fire and messages expire. Leases, tokens and pacing use real time instead."""

    def now(self) -> datetime:
        """Return the time, aware."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def is_set() -> bool:
    """Return whether the machine's clock can be right; before it is set it says 1970 or 2000."""
    return RealClock().now() >= _OLDEST
