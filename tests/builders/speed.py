"""What makes the machine fast for tests, whatever its environment says; a set variable of pytest's wins."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_MEMORY = Path("/dev/shm")


def cache_bytecode() -> None:
    """Let this process and those it starts keep what they compile.

    More than a hundred tests start Python. Without bytecode each start compiles everything: seconds of CPU.
    An environment that wants no `__pycache__` in its folders gets none: the cache stands with pytest's own.
    """
    if not sys.dont_write_bytecode:
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / ".pytest_cache" / "bytecode"))
    sys.pycache_prefix, sys.dont_write_bytecode = folder, False


def memory(room: int = 2 * 1024**3) -> Path | None:
    """Return a folder in memory, if there is one with *room* for so many bytes."""
    has_room = os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= room
    return _MEMORY if has_room else None


def keep_files_in_memory() -> None:
    """Put the folders of tests into memory if there is room.

    A store syncs each commit to the disk, milliseconds every time, and no test cuts the power.
    """
    if (folder := memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


@contextmanager
def growing() -> Iterator[None]:
    """Look for no garbage inside the block, and afterwards never among what it left: thousands of tests."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def import_in_turns(config: pytest.Config) -> None:
    """Import the test files in another order than the other workers: what one has compiled others find.

    In a fresh checkout each worker would rewrite the assertions of all files at the same time as the others.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    places = [Path(argument.partition("::")[0]) for argument in config.args]
    files = [
        file for place in places for file in ([place] if place.suffix else sorted(place.glob("test_*.py")))
    ]
    begin = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in files[begin:] + files[:begin]:
        with suppress(Exception, pytest.skip.Exception):  # collecting it says what is wrong
            importlib.import_module(file.stem)
