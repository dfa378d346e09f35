"""Debian's PgBouncer in front of a server, as banks put it: each transaction gets another session."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from builders.ports import free_port
from builders.postgres import Server

_PATIENCE_S = 60.0


@contextmanager
def pgbouncer(server: Server, folder: Path, *, more: str = "") -> Iterator[str]:
    """Run one in transaction mode; yield the address of the database `postgres` through it."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("no PgBouncer here (Debian: apt-get install pgbouncer)")
    port = free_port()
    (folder / "users.txt").write_text('"quotabot" ""\n', encoding="utf-8")
    file = folder / "pgbouncer.ini"
    file.write_text(
        f"""[databases]
* = host=127.0.0.1 port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder / "users.txt"}
pool_mode = transaction
default_pool_size = 3
{more}
""",
        encoding="utf-8",
    )
    user: dict[str, Any] = {}
    if os.getuid() == 0:  # it refuses to be root
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
    process = subprocess.Popen(
        [program, "-q", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user
    )
    url = f"postgresql://quotabot@127.0.0.1:{port}/postgres"
    try:
        _await(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _await(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=10).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # between two looks
        else:
            return
