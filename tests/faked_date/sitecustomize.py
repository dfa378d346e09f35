"""On the path of each Python under libfaketime (see `tests/other_days.py`): sleeping as long as was asked.

libfaketime 0.9.10 breaks `time.sleep`: it moves the end of the sleep, a moment of the monotonic clock, by the
faked date, and the call fails (Invalid argument). It leaves `select` alone.
"""

import select
import time

_sleep = time.sleep


def sleep(seconds: float) -> None:
    """Wait *seconds*, by a call that libfaketime does not touch."""
    if seconds < 0:
        _sleep(seconds)  # raises as ever
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = sleep
