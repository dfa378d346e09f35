"""What happened how often, for the metrics: counted in memory, added to the store every few seconds.

A worker serves no HTTP, so its counts reach `/metrics` through the store. A killed process loses those of its
last seconds.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Literal

from bot.store.engine import TableGroup

FLUSH_S = 10.0

# A counter: callbacks by outcome; messages by "job outcome"; job_runs by "job outcome"; job_ms and
# job_late_ms by job, in milliseconds; wecom_calls by "api errcode".
CounterName = Literal["callbacks", "messages", "job_runs", "job_ms", "job_late_ms", "wecom_calls"]

_pending: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()


def count(name: CounterName, *labels: str, number: int = 1) -> None:
    """Count *number* more of *name* with *labels*, words without blanks; from any thread, without waiting."""
    with _lock:
        _pending[name, " ".join(labels)] += number


class Counters(TableGroup):
    """The counters of the installation."""

    def flush(self) -> None:
        """Add what this process has counted; on an error it is kept for the next time. Raises StoreError."""
        with _lock:
            taken = Counter(_pending)
            _pending.clear()
        if not taken:
            return
        rows = [{"name": name, "label": label, "number": n} for (name, label), n in sorted(taken.items())]
        try:
            with self._engine.transaction():
                self._engine.run_many("counters_add", rows)
        except BaseException:
            with _lock:
                _pending.update(taken)
            raise

    def all(self) -> dict[str, dict[str, int]]:
        """Return the counters by name and label; this process's newest counts are in them."""
        found: dict[str, dict[str, int]] = {}
        for row in self._engine.all("counters_all"):
            found.setdefault(row["name"], {})[row["label"]] = row["value"]
        with _lock:
            newest = dict(_pending)
        for (name, label), number in newest.items():
            of_name = found.setdefault(name, {})
            of_name[label] = of_name.get(label, 0) + number
        return found
