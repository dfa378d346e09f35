"""Where claims begin, so that finished rows cost nothing.

PostgreSQL keeps the index entry of a finished row as long as any session holds a snapshot from before. A
claim that begins at the lowest number walks over all of them. So each process keeps a number up to which
nothing is open, and claims begin after it. A bound only makes claims fast: whatever it has passed by mistake
is found by a later look from the beginning.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable

from bot.store.coordination import Marks
from bot.store.engine import Engine

LAG_S = 60.0  # longer than a transaction that stores rows may last: its numbers are older than its commit
_WHOLE_S = 3600.0  # between two looks from the very beginning
_MISSING_S = 10.0
_MISSING_LOOK_S = 0.5
_MISSING = 5000


class Floor:
    """The number up to which a queue has nothing open. Shared by the threads of a process.

    *queue* begins the names of two statements: `…_first_open`, the lowest open number after one, which gets
    *values*, and `…_newest`. The floor is stored for counts and for processes that begin.
    """

    def __init__(self, engine: Engine, queue: str, *, look_s: float = LAG_S, **values: object) -> None:
        self._engine = engine
        self._queue = queue
        self._look_s = look_s
        self._values = values
        self._name = "_".join(["floor", queue, *(str(value) for value in values.values())])
        self._lock = threading.Lock()
        self._floor: int | None = None
        self._stored = 0
        self._seen: deque[tuple[float, int]] = deque()  # the newest number at a moment, those of LAG_S
        self._look_at = self._whole_at = self._store_at = 0.0

    def floor(self) -> int:
        """Return the number up to which nothing is open; look for open rows if it is time."""
        with self._lock:
            now = time.monotonic()
            if now >= self._look_at and not self._engine.in_transaction:
                self._look_at = now + self._look_s
                self._look(now)
            return self._floor or 0

    def _look(self, now: float) -> int | None:
        """Raise the floor; return the first open number."""
        if self._floor is None:
            self._floor = self._stored = int(Marks(self._engine).get(self._name) or 0)
        newest = self._engine.number(f"{self._queue}_newest") or 0
        is_whole = now >= self._whole_at or newest < self._floor
        if is_whole:
            self._whole_at = now + _WHOLE_S
        after = 0 if is_whole else self._floor
        first = self._engine.number(f"{self._queue}_first_open", after=after, **self._values)
        self._seen.append((now, newest))
        while len(self._seen) > 1 and self._seen[1][0] <= now - LAG_S:
            self._seen.popleft()
        old = self._seen[0][1] if self._seen[0][0] <= now - LAG_S else self._floor
        self._floor = old if first is None else min(old, first - 1)
        if self._floor < self._stored or (self._floor > self._stored and now >= self._store_at):
            self._store_at = now + LAG_S
            self._stored = self._floor
            Marks(self._engine).put(self._name, str(self._floor))
        return first


class Bound(Floor):
    """A floor and, above it, the highest number that this process has claimed.

    A number between claimed ones may be that of an uncommitted row, or of one that another process claimed.
    Such numbers are looked up for some seconds; later the next look finds their rows.
    """

    def __init__(self, engine: Engine, queue: str, *, look_s: float = LAG_S, **values: object) -> None:
        super().__init__(engine, queue, look_s=look_s, **values)
        self._head = 0
        self._missing: dict[int, float] = {}
        self._missing_at = 0.0
        self._local = threading.local()

    def after(self) -> int:
        """Return the number after which a claim begins."""
        return max(self.floor(), self._head)

    @property
    def misses(self) -> bool:
        """Whether numbers before it are to be looked up now."""
        return bool(self._missing) and time.monotonic() >= self._missing_at

    def missing(self) -> list[int]:
        """Return the numbers before it that are to be looked up now; the next ones come a moment later."""
        with self._lock:
            if not self.misses:
                return []
            now = time.monotonic()
            self._missing_at = now + _MISSING_LOOK_S
            self._missing = {number: until for number, until in self._missing.items() if until > now}
            return list(self._missing)

    def passed(self, numbers: Iterable[int]) -> None:
        """Note that the rows of these ascending *numbers* are claimed and done with this transaction."""
        with self._lock:
            self._local.has_passed = True
            until = time.monotonic() + _MISSING_S
            for number in numbers:
                self._missing.pop(number, None)
                if number > self._head:
                    first = max(self._head + 1, (self._floor or 0) + 1, number - _MISSING)
                    self._missing.update(dict.fromkeys(range(first, number), until))
                    self._head = number
            for number in list(self._missing)[:-_MISSING]:
                del self._missing[number]

    def settle(self, *, committed: bool) -> None:
        """Begin at the floor again if this thread's transaction had passed rows and was undone."""
        if getattr(self._local, "has_passed", False):
            self._local.has_passed = False
            if not committed:
                self.look_again()

    def look_again(self) -> None:
        """Begin at the floor again."""
        with self._lock:
            self._head = 0
            self._missing.clear()

    def _look(self, now: float) -> int | None:
        first = super()._look(now)
        if first is not None and first <= self._head:
            self._head = first - 1
        return first
