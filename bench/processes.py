"""The servers under test as processes: how each is started, and what each has stored."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import ours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_S = 60.0
STOP_S = 15.0
ROOT = __file__.rsplit(os.sep, 2)[0]


@dataclass(frozen=True)
class Peer:
    """A running receiver. *count* tells how many different events it has stored; None: it stores none."""

    name: str
    port: int
    count: Callable[[], int] | None = None


def _in_file(path: Path, query: str) -> Callable[[], int]:
    def count() -> int:
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute(query).fetchone()[0])

    return count


def _in_database(url: str) -> Callable[[], int]:
    def count() -> int:
        import psycopg

        with psycopg.connect(url) as connection:
            row = connection.execute(ours.COUNT_SQL).fetchone()
        return int(row[0]) if row else 0

    return count


@contextmanager
def our_receiver(folder: Path, *, store: str = "") -> Iterator[Peer]:
    """Ours, as the product starts it."""
    folder = folder / ("ours-postgres" if store else "ours")
    folder.mkdir()
    port = free_port()
    database = ours.prepare(folder, port=port, store=store)
    count = _in_database(store) if store else _in_file(database, ours.COUNT_SQL)
    with running(ours.command(folder), port=port, log=folder / "log"):
        yield Peer("ours, PostgreSQL" if store else "ours", port, count)


@contextmanager
def constant(folder: Path) -> Iterator[Peer]:
    """Our server and route without any work."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peers.constant", str(port)]
    with running(command, port=port, log=folder / "constant.log"):
        yield Peer("constant", port)


_SERVERS = {
    "tutorial": ["gunicorn", "--workers", "2"],
    "gthread": ["gunicorn", "--workers", "2", "--worker-class", "gthread", "--threads", "8"],
    "waitress": ["waitress", "--threads", "16"],
}


@contextmanager
def tutorial_receiver(folder: Path, *, server: str = "tutorial") -> Iterator[Peer]:
    """Theirs: gunicorn with two workers (tutorial: sync, or gthread), or waitress."""
    port, database = free_port(), folder / f"{server}.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, source TEXT, body TEXT)")
    command = [sys.executable, "-m", *_SERVERS[server]]
    if server == "waitress":
        command += ["--listen", f"127.0.0.1:{port}"]
    else:
        command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    with running(
        [*command, "bench.peers.tutorial_receiver:app"],
        port=port,
        log=folder / f"{server}.log",
        BENCH_DATABASE=str(database),
    ):
        yield Peer(server, port, _in_file(database, "SELECT count(DISTINCT body) FROM events"))


@contextmanager
def wecom(latency_ms: int) -> Iterator[str]:
    """What stands for WeCom: yields its address."""
    command = [sys.executable, "-m", "bench.wecom_double", str(latency_ms)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def seen(address: str) -> list[tuple[str, str, float]]:
    """What WeCom's stand-in accepted: path, welcome code, epoch seconds."""
    with urllib.request.urlopen(f"{address}/seen", timeout=10) as answer:
        found: list[Any] = json.loads(answer.read())
    return [(path, code, float(at)) for path, code, at in found]


def free_port() -> int:
    """A port of the loopback that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str], *, port: int, log: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server; end it at the end of the block."""
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
        yield process
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
