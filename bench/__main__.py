"""`python -m bench`: every row of the table of measurements, each beside a peer; `--large`: of the real size.

Each part runs in a process of its own, which is ended after its time. Loopback only.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from bench.processes import ROOT
from bench.rows import shown

# Each has `rows()`, which may take `large` and `kept`.
PARTS = (
    "receiving",
    "events",
    "sending",
    "welcomes",
    "starting",
    "snapshots",
    "numbers",
    "counting",
    "pages",
)
LIMIT_S = 600
LARGE_LIMIT_S = 7200


def main() -> None:
    """Measure and print; exit code 1 when a part failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--large", action="store_true", help="the whole size; hours")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one; may be repeated")
    parser.add_argument("--rows-of", choices=PARTS, help=argparse.SUPPRESS)  # in the process of a part
    parser.add_argument("--bank", type=Path, help="with --large: the folder of its bank, made once and kept")
    options = parser.parse_args()
    if options.rows_of:
        _tell(options.rows_of, large=options.large, kept=options.bank)
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    found: list[tuple[object, ...]] = []
    failed = []
    for part in options.part or PARTS:
        if importlib.util.find_spec(f"bench.{part}") is None:
            continue
        print(f"{part} …", file=sys.stderr, flush=True)
        try:
            found += _measured(part, large=options.large, kept=options.bank)
        except (subprocess.SubprocessError, ValueError) as error:
            failed.append(f"{part}: {error}")
    print(shown(found))
    if failed:
        sys.exit("\n".join(failed))


def _measured(part: str, *, large: bool, kept: Path | None) -> list[tuple[object, ...]]:
    command = [sys.executable, "-m", "bench", "--rows-of", part, *(["--large"] if large else [])]
    command += [] if kept is None else ["--bank", str(kept.absolute())]
    limit = LARGE_LIMIT_S if large else LIMIT_S
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=limit, check=True)
    return [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]


def _tell(part: str, **options: object) -> None:
    rows = import_module(f"bench.{part}").rows
    taken = {name: options[name] for name in options if name in inspect.signature(rows).parameters}
    print(json.dumps([list(row) for row in rows(**taken)]))


if __name__ == "__main__":
    main()
