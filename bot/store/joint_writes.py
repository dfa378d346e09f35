"""Single writes of several threads in one transaction: many messages cost a few syncs of the disk.

The thread whose turn it is to write carries out what all the others wait with. Each gets its own result, and
only after the commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from bot.store.engine import StoreBusyError


class JointWrite:
    """A write that waits for its turn. *act* carries it out and returns the rows touched."""

    def __init__(self, act: Callable[[], int]) -> None:
        self._act = act
        self._count = 0
        self._error: Exception | None = None
        self.is_done = False

    def try_it(self) -> Exception | None:
        """Carry it out; return its error, if it has one."""
        try:
            self._count = self._act()
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits for this write
            self._error = error
        return self._error

    def end(self, error: Exception | None) -> None:
        """Note that it is committed, or why it is not."""
        self._error = self._error or error
        self.is_done = True

    def result(self) -> int:
        """Return the rows touched. Raises the error of this write."""
        if self._error is not None:
            raise self._error
        return self._count


def carry_out(
    waiting: deque[JointWrite], transaction: AbstractContextManager[None], *, is_open: Callable[[], bool]
) -> None:
    """Carry out all *waiting* writes in one *transaction*. One that fails undoes nothing of the others.

    *is_open* tells whether the transaction goes on: some errors of the store end it as a whole.
    """
    group: list[JointWrite] = []
    failed: Exception | None = StoreBusyError("the write was interrupted")
    try:
        with transaction:
            _take(waiting, group)
            for write in group:
                if (error := write.try_it()) is not None and not is_open():
                    raise error
        failed = None
    except Exception as error:  # noqa: BLE001 - it belongs to all threads that wait
        failed = StoreBusyError(str(error))
        failed.__cause__ = error
    finally:
        if failed is not None:
            _take(waiting, group)
        for write in group:
            write.end(failed)


def _take(waiting: deque[JointWrite], group: list[JointWrite]) -> None:
    while waiting:
        group.append(waiting.popleft())
