"""What makes the machine fast for tests, whatever its environment says; a set variable of pytest's wins."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

ROOT = Path(__file__).parents[2]
_MEMORY = Path("/dev/shm")
_ENOUGH = 2 * 1024**3


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


def keep_files_in_memory() -> None:
    """Put the folders of tests into memory if there is room.

    A store syncs each commit to the disk, milliseconds every time, and no test cuts the power.
    """
    if os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


class _Compiled(BytecodeCache):
    """What Jinja made of templates, for every application of this process; a changed text is another one."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give *bucket* what is there."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made."""
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


def share_templates() -> None:
    """Let Flask's applications share their compiled templates: each test makes its own application."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}
