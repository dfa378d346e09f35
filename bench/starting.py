"""Row P6: how long a start takes, and what an idle service needs."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench import ours
from bench.processes import ROOT, free_port, running
from bench.rows import Row, ratio

IDLE_S = 10.0
ROUNDS = 5
_TICKS = os.sysconf("SC_CLK_TCK")


def rows(*, large: bool = False) -> list[Row]:  # noqa: ARG001 - it is the same
    """Return the rows of P6. Bytecode is compiled by the first start, which is not counted."""
    program = [sys.executable, "-c", "from bot.cli.main import main; main()"]
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name:
        folder = Path(name)
        environment = {"PYTHONPYCACHEPREFIX": f"{name}/bytecode", "PYTHONDONTWRITEBYTECODE": ""}
        helps = [_help([*program, "--help"], environment) for _ in range(ROUNDS + 1)][1:]
        starts = [_start(folder, environment, idle=number == ROUNDS) for number in range(ROUNDS + 1)][1:]
    ready, cpu = (statistics.median(start[place] for start in starts) for place in (0, 1))
    idle, told = starts[-1][2], statistics.median(helps)
    return [
        ("P6", "--help, s", f"{told:.2f}", "0.3", ratio(told, 0.3)),
        ("P6", "serve to readyz, s", f"{ready:.2f}", "1.5", ratio(ready, 1.5)),
        ("P6", "serve to readyz, s of CPU", f"{cpu:.2f}", "1.5", ratio(cpu, 1.5)),
        ("P6", "idle memory, MB", f"{idle:.0f}", "90", ratio(idle, 90)),
    ]


def _help(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL, timeout=60, check=True
    )
    return time.perf_counter() - began


def _start(folder: Path, environment: dict[str, str], *, idle: bool) -> tuple[float, float, float]:
    """Return seconds and seconds of CPU until readyz answers, and the MB of a service that idles."""
    port = free_port()
    ours.prepare(folder, port=port)
    began = time.perf_counter()
    with running(ours.command(folder, role="all"), port=port, log=folder / "log", **environment) as process:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60).close()
        ready = time.perf_counter() - began
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        if idle:
            time.sleep(IDLE_S)
        status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = int(status.partition("VmRSS:")[2].split()[0])
    return ready, cpu, kilobytes * 1024 / 1e6


if __name__ == "__main__":
    from bench.rows import shown

    print(shown(rows()))
