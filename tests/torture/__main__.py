"""`python -m torture`: play banks by seed and print their books; exit code 1 if something does not hold."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from builders.postgres import Server, server_folder

from torture.play import Year


def main() -> None:
    """Play the asked seeds one after the other."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--calm-days", type=int, default=4, help="without faults, at the end")
    parser.add_argument("--level", type=float, default=1.0, help="how much breaks; 0 is nothing")
    parser.add_argument("--minutes", type=float, default=600, help="of a seed; then its faults end earlier")
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    failed = False
    for seed in range(options.seed, options.seed + options.seeds):
        with tempfile.TemporaryDirectory() as folder, _store(options.engine) as store:
            began = time.monotonic()
            year = Year(
                seed=seed,
                days=options.days,
                calm_days=options.calm_days,
                folder=Path(folder),
                level=options.level,
                store=store,
                is_over=lambda end=began + options.minutes * 60: time.monotonic() > end,  # type: ignore[misc]
            )
            report = year.play().report()
            report["times real time"] = round(report["days"] * 86_400 / (time.monotonic() - began))
        failed = failed or bool(report["failures"])
        print(f"seed {seed}: {json.dumps(report, ensure_ascii=False, indent=1)}", flush=True)
        if report["failures"]:
            print(
                f"again: python -m torture --seed {seed} --days {options.days} --level {options.level}"
                f" --calm-days {options.calm_days} --engine {options.engine}"
            )
    sys.exit(failed)


@contextmanager
def _store(engine: str) -> Iterator[str]:
    """Yield the address of an empty store; of a server that ends with the block."""
    if engine == "sqlite":
        yield "sqlite:///quotabot.db"
        return
    with server_folder() as folder:
        server = Server(folder)
        server.start()
        try:
            yield server.url("postgres")
        finally:
            server.stop(immediately=True)


if __name__ == "__main__":
    main()
