"""The two receivers under test as processes: how each is started, and what each has stored."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import ours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S = 20.0
STOP_S = 15.0
ROOT = __file__.rsplit(os.sep, 2)[0]


@dataclass(frozen=True)
class Peer:
    """A running receiver."""

    name: str
    port: int
    database: Path
    count_sql: str

    def stored(self) -> int:
        """How many different events are in its database."""
        with closing(sqlite3.connect(self.database)) as connection:
            (count,) = connection.execute(self.count_sql).fetchone()
        return int(count)


@contextmanager
def our_receiver(folder: Path) -> Iterator[Peer]:
    """Ours, as the product starts it."""
    port = free_port()
    database = ours.prepare(folder, port=port)
    with _running(ours.command(folder), port=port, log=folder / "ours.log"):
        yield Peer("ours", port, database, ours.COUNT_SQL)


@contextmanager
def tutorial_receiver(folder: Path) -> Iterator[Peer]:
    """Theirs: gunicorn with two sync workers."""
    port, database = free_port(), folder / "tutorial.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, source TEXT, body TEXT)")
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}"]
    with _running(
        [*command, "--log-level", "warning", "bench.tutorial_receiver:app"],
        port=port,
        log=folder / "tutorial.log",
        BENCH_DATABASE=str(database),
    ):
        yield Peer("tutorial", port, database, "SELECT count(DISTINCT body) FROM events")


def free_port() -> int:
    """A port of the loopback that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], *, port: int, log: Path, **environment: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _await_port(process, port=port, log=log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], *, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"a receiver did not start:\n{log.read_text(errors='replace')[-2000:]}")
