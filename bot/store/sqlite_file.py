"""The SQLite file as a file: which one it is, who may read it, how it is mounted."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_MODE = 0o600  # the access token and everybody's figures are in it


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of its name; None: it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def is_mounted_alone(path: Path) -> bool:
    """Return whether only the file at *path* is mounted here: its WAL is elsewhere."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    return any(line.split()[4] == str(path.resolve()) for line in mounts.splitlines())


def make_private(path: Path) -> None:
    """Let nobody else read the file at *path*, which is made if it is not there; its WAL takes its rights."""
    with suppress(FileExistsError):  # one that is there is not opened: closing it would end SQLite's locks
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE))
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if file.exists() and (mode := file.stat().st_mode) & 0o077 and file.stat().st_uid == os.geteuid():
            file.chmod(mode & 0o700)
