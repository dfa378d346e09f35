"""Count failed signatures by address: after many in a minute, the log sums them up.

No address is blocked: behind a proxy WeCom may share it, and a genuine signature always passes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 100  # failed signatures of an address in a minute
_MINUTE_S = 60.0
_ROOM = 1000  # addresses; more are counted as one


class Strangers:
    """The failed signatures of each address in its minute. Safe to share between threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._time = monotonic
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()  # begin of the minute, failures

    def note(self, address: str) -> int:
        """Count a failed signature of *address*; return how many it has in its minute."""
        with self._lock:
            now = self._time()
            begin, failures = self._seen.pop(address, (now, 0))
            if now - begin >= _MINUTE_S:
                begin, failures = now, 0
            self._seen[address] = (begin, failures + 1)
            if len(self._seen) > _ROOM:
                self._seen.popitem(last=False)
            return failures + 1
