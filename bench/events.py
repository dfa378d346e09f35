"""`python -m bench.events`: events through the handlers to their adds, and a replay of the ledger.

Beside bare inserts of the rows that these events become, in groups of 500, into a file with the same tables.
The two take turns; medians are shown.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import ours
from bench.database import databases
from bench.processes import ROOT
from bench.rows import Row, ratio

GROUP = 500
BEGINS = 1_795_395_610
_EVENT = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[{change}]]></ChangeType>"
    "<UserID><![CDATA[sales{member:04d}]]></UserID><ExternalUserID><![CDATA[wm{customer}]]></ExternalUserID>"
    "<State><![CDATA[]]></State><WelcomeCode><![CDATA[unused]]></WelcomeCode></xml>"
)


def bodies(first: int, last: int) -> Iterator[bytes]:
    """Yield events: adds of new customers, every tenth of whom is lost again later."""
    for number in range(first, last):
        is_loss = number % 11 == 10
        contact = number - 5 if is_loss else number
        change = "del_follow_user" if is_loss else "add_external_contact"
        customer = hashlib.md5(str(contact).encode(), usedforsecurity=False).hexdigest()
        yield _EVENT.format(
            corp=ours.CORP_ID, at=BEGINS + number, change=change, member=contact % 1000, customer=customer
        ).encode()


def inbox_rows(first: int, last: int) -> list[dict[str, object]]:
    """Return the events as rows of the inbox."""
    return [
        {"hash": hashlib.sha256(body).hexdigest(), "body": body, "received_at": BEGINS}
        for body in bodies(first, last)
    ]


def measure(folder: Path, *, events: int, store: str) -> dict[str, float]:
    """Return events a second of handlers and replay, and the peak in MB. For a process of its own."""
    from bot.app.bootstrap import open_services
    from bot.config import load
    from bot.features.ledger.derive import note_rules
    from bot.features.ledger.replay import recount
    from handlers.inbox import work_off

    ours.prepare(folder, port=1, store=store)
    with open_services(load(folder / "config.toml", environ=os.environ)) as services:
        note_rules(services)
        engine = services.store.engine
        for first in range(0, events, GROUP):
            with engine.transaction():
                engine.run_many("inbox_add", inbox_rows(first, min(first + GROUP, events)))
        began, busy = time.perf_counter(), time.process_time()
        assert work_off(services) == events
        handled, handled_cpu = time.perf_counter() - began, time.process_time() - busy
        began, busy = time.perf_counter(), time.process_time()
        differences = sum(len(stage.differences) for stage in recount(services, mend=False))
        replayed, replayed_cpu = time.perf_counter() - began, time.process_time() - busy
    assert differences == 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "handled": events / handled,
        "handled_cpu": events / handled_cpu,
        "replayed": events / replayed,
        "replayed_cpu": events / replayed_cpu,
        "peak_mb": peak,
    }


def rows(*, large: bool = False) -> list[Row]:
    """Return the rows of P3."""
    events, rounds = (1_000_000, 1) if large else (20_000, 5)
    found: list[Row] = []
    with databases() as make, tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name:
        for engine in ("SQLite", "PostgreSQL"):
            results, bare = [], []
            for number in range(rounds):
                folder = Path(name) / f"{engine}{number}"
                folder.mkdir()
                results.append(_measured(folder, events=events, store="" if engine == "SQLite" else make()))
                bare.append(_bare(Path(name) / f"bare-{engine}{number}", events=events))
            beside = statistics.median(bare)
            found += [_row(name, engine, results, key, beside, events) for name, key in _SHOWN]
            peak = statistics.median(result["peak_mb"] for result in results)
            found.append(("P3", f"peak of both, MB, {engine}", f"{peak:.0f}", "500", ratio(peak, 500)))
    return found


_SHOWN = (
    ("events/s to their adds", "handled"),
    ("events to their adds, a second of our processor time", "handled_cpu"),
    ("replay of {} events, events/s", "replayed"),
    ("replay, events a second of our processor time", "replayed_cpu"),
)


def _row(
    name: str, engine: str, results: list[dict[str, float]], key: str, beside: float, events: int
) -> Row:
    """Return the median of one value beside the bare inserts; processor time stands alone."""
    value = statistics.median(result[key] for result in results)
    what = f"{name.format(events)}, {engine}"
    if key.endswith("_cpu"):
        return "P3", what, f"{value:.0f}", "", ""
    return "P3", what, f"{value:.0f}", f"{beside:.0f} (bare inserts, SQLite)", ratio(value, beside)


def _measured(folder: Path, *, events: int, store: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.events", str(folder), str(events), store]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=3000, check=True)
    report: dict[str, float] = json.loads(done.stdout)
    return report


def _bare(folder: Path, *, events: int) -> float:
    from bot.store.store import Store

    folder.mkdir()
    Store(folder / "bare.db").close()
    command = [sys.executable, "-m", "bench.peers.inserts", str(folder / "bare.db"), str(events)]
    return float(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=3000, check=True).stdout)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), events=int(sys.argv[2]), store=sys.argv[3])))
