"""`python -m bench`: callbacks a second and latency of our receiver beside the one that tutorials teach.

Rounds alternate (ours, theirs, ours, theirs …) on the same machine and disk; medians are shown. At the end
each database must hold as many events as were answered 200. Loopback only; three minutes at most.
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
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers import ROOT, Peer, our_receiver, tutorial_receiver

LIMIT_S = 180.0
MODES = {"keep": "kept connections", "fresh": "a fresh connection each"}


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

    def round(self, peer: Peer, *, mode: str, count: int) -> dict[str, float]:
        """Send *count* callbacks from another process and return what it measured."""
        left = self.deadline - time.monotonic()
        command = [sys.executable, "-m", "bench.load", str(peer.port), str(count), str(self.clients), mode]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=max(left, 0.1), check=True)
        report = json.loads(done.stdout)
        statuses = report.pop("statuses")
        self.accepted[peer.name] = self.accepted.get(peer.name, 0) + statuses.get("200", 0)
        if set(statuses) != {"200"}:
            self.failures.append(f"{peer.name}: answers {statuses}")
        return {name: float(value) for name, value in report.items()}

    def check(self, peer: Peer) -> None:
        """Compare what was answered 200 with what is stored."""
        stored, accepted = peer.stored(), self.accepted[peer.name]
        print(f"{peer.name}: {accepted} answered 200, {stored} stored")
        if stored != accepted:
            self.failures.append(f"{peer.name}: {accepted} answered 200, but {stored} stored")


def main() -> None:
    """Run, print; exit code 1 when an answer was not 200 or an event is missing."""
    options = _options()
    bench = Bench(options.clients, deadline=time.monotonic() + LIMIT_S)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=".bench-") as name:
        folder = Path(name)
        print(
            f"{os.cpu_count()} cores, {options.clients} clients, sync of this disk {_sync_us(folder):.0f} us"
        )
        with our_receiver(folder) as ours, tutorial_receiver(folder) as tutorial:
            counts = {ours: options.ours, tutorial: options.tutorial}
            for peer in counts:
                bench.round(peer, mode="keep", count=min(200, options.tutorial))
            for mode in MODES:
                _compare(bench, counts, mode=mode, rounds=options.rounds)
            for peer in counts:
                bench.check(peer)
    if bench.failures:
        sys.exit("\n".join(bench.failures))


def _compare(bench: Bench, counts: dict[Peer, int], *, mode: str, rounds: int) -> None:
    results = {peer: Results() for peer in counts}
    for _ in range(rounds):
        for peer, count in counts.items():
            for name, value in bench.round(peer, mode=mode, count=count).items():
                getattr(results[peer], name).append(value)
    print(
        f"\n{MODES[mode]}, medians of {rounds} rounds\n{'':10}{'callbacks/s':>12}{'p50 ms':>10}{'p99 ms':>10}"
    )
    for peer, result in results.items():
        print(f"{peer.name:10}{result.row()}")
    ours, tutorial = (statistics.median(result.rate) for result in results.values())
    print(f"ratio     {ours / tutorial:12.1f}\n", flush=True)


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
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--ours", type=int, default=5000, help="callbacks a round for our receiver")
    parser.add_argument("--tutorial", type=int, default=1500, help="callbacks a round for the tutorial's")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the databases lie; a real disk")
    return parser.parse_args()


if __name__ == "__main__":
    main()
