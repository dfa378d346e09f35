"""What became of many cases, and the memory that they took."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_SHOWN = 20
_STATUS = Path("/proc/self/status")


@dataclass
class Tally:
    """Cases by outcome. *failures*: broken promises, the first ones of them in words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """Return how many cases were tried."""
        return sum(self.outcomes.values())

    def fail(self, case: int, text: str) -> None:
        """Note that case number *case* broke a promise."""
        self.outcomes["FAILED"] += 1
        if len(self.failures) < _SHOWN:
            self.failures.append(f"case {case}: {text}")


def memory_mb() -> float:
    """Return the memory of this process in MB, as the machine counts it (resident set)."""
    (line,) = [line for line in _STATUS.read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
