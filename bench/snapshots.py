"""Row P8: events through PostgreSQL while another session holds a snapshot, and without one."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import ours
from bench.database import databases
from bench.events import inbox_rows
from bench.processes import ROOT
from bench.rows import Row, ratio

GROUP = 100  # so there are many claims


def measure(folder: Path, *, events: int, store: str, holds: bool) -> dict[str, float]:
    """Return events a second and the 99th percentile of a claim in ms. For a process of its own."""
    import psycopg

    from bot.app.bootstrap import open_services
    from bot.config import load
    from bot.features.ledger.derive import note_rules
    from handlers.inbox import work_off

    ours.prepare(folder, port=1, store=store)
    claims: list[float] = []
    took = 0.0
    with open_services(load(folder / "config.toml", environ=os.environ)) as services, ExitStack() as stack:
        note_rules(services)
        engine, due = services.store.engine, services.store.inbox.due

        def timed(**values: Any) -> Any:
            began = time.perf_counter()
            found = due(**values)
            claims.append(time.perf_counter() - began)
            return found

        services.store.inbox.due = timed  # type: ignore[method-assign]
        if holds:
            other = stack.enter_context(psycopg.connect(store))
            other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            other.execute("SELECT count(*) FROM marks")
        for first in range(0, events, GROUP):
            rows = inbox_rows(first, min(first + GROUP, events))
            began = time.perf_counter()
            with engine.transaction():
                engine.run_many("inbox_add", rows)
            assert work_off(services) == len(rows)
            took += time.perf_counter() - began
    claims.sort()
    p50, p99 = (claims[len(claims) * share // 100] * 1000 for share in (50, 99))
    return {"rate": events / took, "p50_ms": p50, "p99_ms": p99}


def rows(*, large: bool = False) -> list[Row]:
    """Return the rows of P8."""
    events, rounds = (1_000_000, 1) if large else (8000, 3)
    results: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    with databases() as make, tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name:
        for number in range(rounds):
            for holds in results:
                folder = Path(name) / f"{number}{holds}"
                folder.mkdir()
                command = [
                    sys.executable,
                    "-m",
                    "bench.snapshots",
                    str(folder),
                    str(events),
                    make(),
                    str(int(holds)),
                ]
                done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=3000, check=True)
                results[holds].append(json.loads(done.stdout))
    what = f"{events} events with a snapshot held"

    def both(key: str) -> tuple[float, float]:
        with_it, without = (statistics.median(one[key] for one in results[holds]) for holds in (True, False))
        return with_it, without

    found = [_row(f"events/s of {what}", *both("rate"), form=".0f")]
    for key, name in (("p50_ms", "median"), ("p99_ms", "p99")):
        found.append(_row(f"{name} of a claim, {what}, ms", *both(key), form=".1f"))
    return found


def _row(what: str, with_it: float, without: float, *, form: str) -> Row:
    return "P8", what, f"{with_it:{form}}", f"{without:{form}} without", ratio(with_it, without)


if __name__ == "__main__":
    folder, events, store, holds = sys.argv[1:]
    print(json.dumps(measure(Path(folder), events=int(events), store=store, holds=holds == "1")))
