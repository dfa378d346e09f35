"""`python -m torture`: play banks by seed and print their books; exit code 1 if something does not hold."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog

from torture.play import Year


def main() -> None:
    """Play the asked seeds one after the other."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--calm-days", type=int, default=4, help="without faults, at the end")
    parser.add_argument("--level", type=float, default=1.0, help="how much breaks; 0 is nothing")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    failed = False
    for seed in range(options.seed, options.seed + options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            year = Year(
                seed=seed,
                days=options.days,
                calm_days=options.calm_days,
                folder=Path(folder),
                level=options.level,
            )
            report = year.play().report()
            report["times real time"] = round(options.days * 86_400 / (time.monotonic() - began))
        failed = failed or bool(report["failures"])
        print(f"seed {seed}: {json.dumps(report, ensure_ascii=False, indent=1)}", flush=True)
        if report["failures"]:
            print(
                f"again: python -m torture --seed {seed} --days {options.days} --level {options.level}"
                f" --calm-days {options.calm_days}"
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
