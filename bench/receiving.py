"""`python -m bench.receiving`: our receiver beside those that tutorials teach: rate and latency.

Rounds alternate on the same machine and disk; medians are shown. At the end each database must hold as many
events as were answered 200. Loopback only; a few minutes at most.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.database import databases
from bench.processes import ROOT, Peer, constant, our_receiver, tutorial_receiver
from bench.rows import Row, ratio

LIMIT_S = 540.0
MODES = {"keep": "kept connections", "fresh": "a fresh connection each"}
OFFERED = 500  # callbacks a second, for the latency
MOST_MS = 25


@dataclass
class Results:
    """What one receiver did in one mode, a value a round."""

    rate: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def row(self) -> str:
        """The medians."""
        rate, p50, p99 = (statistics.median(values) for values in (self.rate, self.p50_ms, self.p99_ms))
        return f"{rate:12.0f} {p50:9.1f} {p99:9.1f}"


@dataclass
class Bench:
    """All rounds of one run."""

    clients: int
    deadline: float
    accepted: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def round(self, peer: Peer, *, mode: str, count: int, rate: float = 0) -> dict[str, float]:
        """Send *count* callbacks from another process, at a *rate* if given; return what it measured."""
        left = self.deadline - time.monotonic()
        how = ["bench.paced", str(peer.port), str(count), str(self.clients), str(rate)]
        if not rate:
            how = ["bench.load", str(peer.port), str(count), str(self.clients), mode]
        command = [sys.executable, "-m", *how]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=max(left, 0.1), check=True)
        report = json.loads(done.stdout)
        report.pop("sent", None)
        statuses = report.pop("statuses")
        self.accepted[peer.name] = self.accepted.get(peer.name, 0) + statuses.get("200", 0)
        if set(statuses) != {"200"}:
            said = f"{peer.name}: answers {statuses}"
            print(said, file=sys.stderr)
            if peer.name.startswith("ours"):
                self.failures.append(said)
        return {name: float(value) for name, value in report.items()}

    def check(self, peer: Peer) -> None:
        """Compare what was answered 200 with what is stored."""
        if peer.count is None:
            return
        stored, accepted = peer.count(), self.accepted[peer.name]
        print(f"{peer.name}: {accepted} answered 200, {stored} stored", file=sys.stderr)
        if stored != accepted:
            self.failures.append(f"{peer.name}: {accepted} answered 200, but {stored} stored")


def rows(*, large: bool = False) -> list[Row]:
    """Return the rows of P1. Raises SystemExit when an event is missing."""
    ours_count, theirs_count, rounds = (10_000, 2000, 5) if large else (1500, 250, 5)
    bench = Bench(32, deadline=time.monotonic() + LIMIT_S)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name, ExitStack() as stack:
        folder = Path(name)
        make = stack.enter_context(databases())
        ours = stack.enter_context(our_receiver(folder))
        on_postgres = stack.enter_context(our_receiver(folder, store=make()))
        bare = stack.enter_context(constant(folder))
        peers = [
            stack.enter_context(tutorial_receiver(folder, server=one))
            for one in ("tutorial", "gthread", "waitress")
        ]
        counts = {ours: ours_count, on_postgres: ours_count, bare: ours_count} | dict.fromkeys(
            peers, theirs_count
        )
        results = _rounds(bench, counts, rounds=rounds)
        paced = [
            bench.round(peer, mode="keep", count=OFFERED * (20 if large else 5), rate=OFFERED)["p99_ms"]
            for peer in (ours, on_postgres)
            for _ in range(3)
        ]
        for peer in counts:
            bench.check(peer)
    if bench.failures:
        sys.exit("\n".join(bench.failures))
    rate = {peer: statistics.median(result.rate) for peer, result in results.items()}
    best = max(peers, key=lambda peer: rate[peer])
    what = "callbacks/s, 32 connections"
    return [
        _faster(what, rate[ours], rate[best], of=best.name),
        _faster(what, rate[ours], rate[bare], of="constant answer"),
        _faster(f"{what}, PostgreSQL", rate[on_postgres], rate[best], of=best.name),
        _late(f"p99 at {OFFERED}/s, ms", paced[:3]),
        _late(f"p99 at {OFFERED}/s, ms, PostgreSQL", paced[3:]),
    ]


def _faster(what: str, rate: float, other: float, *, of: str) -> Row:
    return "P1", what, f"{rate:.0f}", f"{other:.0f} ({of})", ratio(rate, other)


def _late(what: str, measured_ms: Sequence[float]) -> Row:
    middle = statistics.median(measured_ms)
    return "P1", what, f"{middle:.1f}", f"{MOST_MS}", ratio(middle, MOST_MS)


def _rounds(bench: Bench, counts: dict[Peer, int], *, rounds: int, mode: str = "keep") -> dict[Peer, Results]:
    """Let each peer take its turn in each round, after a short one that is not counted."""
    results = {peer: Results() for peer in counts}
    for number in range(-1, rounds):
        for peer, count in counts.items():
            measured = bench.round(peer, mode=mode, count=count if number >= 0 else min(200, count))
            for name, value in measured.items() if number >= 0 else ():
                getattr(results[peer], name).append(value)
    return results


def main() -> None:
    """Compare ours with the tutorial's; exit code 1 when an answer was not 200 or an event is missing."""
    options = _options()
    bench = Bench(options.clients, deadline=time.monotonic() + LIMIT_S)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=".bench-") as name:
        folder = Path(name)
        print(
            f"{os.cpu_count()} cores, {options.clients} clients, sync of this disk {_sync_us(folder):.0f} us"
        )
        with our_receiver(folder) as ours, tutorial_receiver(folder) as tutorial:
            counts = {ours: options.ours, tutorial: options.tutorial}
            for mode, words in MODES.items():
                results = _rounds(bench, counts, rounds=options.rounds, mode=mode)
                print(
                    f"\n{words}, medians of {options.rounds} rounds\n"
                    f"{'':10}{'callbacks/s':>12}{'p50 ms':>10}{'p99 ms':>10}"
                )
                for peer, result in results.items():
                    print(f"{peer.name:10}{result.row()}")
                rates = [statistics.median(result.rate) for result in results.values()]
                print(f"ratio     {rates[0] / rates[1]:12.1f}\n", flush=True)
            for peer in counts:
                bench.check(peer)
    if bench.failures:
        sys.exit("\n".join(bench.failures))


def _sync_us(folder: Path) -> float:
    """Microseconds of one small write with fsync: what durability costs here."""
    times = 50
    with (folder / "sync").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / times * 1e6


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.receiving", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--ours", type=int, default=5000, help="callbacks a round for our receiver")
    parser.add_argument("--tutorial", type=int, default=1500, help="callbacks a round for the tutorial's")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the databases lie; a real disk")
    return parser.parse_args()


if __name__ == "__main__":
    main()
