"""One process at a time has an SQLite installation to itself: its service, or its copy."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.messages.sentences import Sentence
from bot.store.engine import StoreError


@contextmanager
def lock_installation(path: Path) -> Iterator[None]:
    """Keep a second service or copy off the file at *path*; the lock ends with the process, however it ends.

    Raises StoreError while another has it.
    """
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(Sentence("faults.store.served", path=str(path))) from None
        yield
