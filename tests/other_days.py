"""Run the suite as it would run on other days: `make test-days`, and a part of it in `.ci/run`.

libfaketime (Debian: faketime) shifts the clock of pytest and of all processes that it starts. The monotonic
clock, by which waits end, stays as it is. Tests with PostgreSQL or
a browser are left out: they do not bear it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parent.parent
LIBRARY = "*/faketime/libfaketimeMT.so.1"
CHINA = ZoneInfo("Asia/Shanghai")
# Moments that never come again are as good as those that do; the quick part runs the first two.
FIXED = (
    ("00:01 in Shanghai on 29 February, the day before in UTC", datetime(2028, 2, 29, 0, 1, tzinfo=CHINA)),
    (
        "23:59 in UTC in the Spring Festival, the next day in Shanghai",
        datetime(2027, 2, 7, 23, 59, tzinfo=UTC),
    ),
    ("23:59 in Shanghai on the last day of the year", datetime(2026, 12, 31, 23, 59, tzinfo=CHINA)),
    ("00:01 in UTC on the first day of a quarter", datetime(2027, 4, 1, 0, 1, tzinfo=UTC)),
    (
        "the last workday of a month, near the end of working hours",
        datetime(2027, 1, 29, 17, 50, tzinfo=CHINA),
    ),
    ("a Saturday at noon", datetime(2027, 3, 6, 12, 0, tzinfo=CHINA)),
)
QUICK = 2
# What a file says that asks the machine's clock; all else is told its time, or knows none.
_ASKS = re.compile(
    r"time\.time\b|datetime\.now|date\.today|store\.now|RealClock|bot_builders import|open_services"
    r"|command_here"
)
# What starts processes or whole services, or tries many examples, lasts too long for the quick part.
_LASTS = re.compile(r"subprocess|_process\(|running\(|[^_]command\(|hypothesis")


def main(*, quick: bool, more: list[str]) -> int:
    """Run the suite at each moment; return how many runs failed.

    *quick*: at two moments, and only quick tests that ask the machine's clock.
    """
    library = next(Path("/usr/lib").glob(LIBRARY), None)
    if library is None:
        print("SKIPPED: the tests on other days need libfaketime (Debian: apt-get install faketime)")
        return 0 if quick else 1
    today = datetime.now(CHINA)
    ahead = (("a month ahead", today + timedelta(days=31)), ("a year ahead", today + timedelta(days=365)))
    moments = FIXED[:QUICK] if quick else (*FIXED, *ahead)
    files = asking_the_clock() if quick else []
    if quick:
        print(f"SKIPPED: all but {len(files)} quick files that ask the machine's clock (all: make test-days)")
    failed = []
    for name, moment in moments:
        print(f"--- as if it were {moment:%Y-%m-%d %H:%M %Z}: {name} ---", flush=True)
        if run_at(moment, str(library), [*more, *files]) != 0:
            failed.append(name)
    for name in failed:
        print(f"FAILED: {name}")
    return len(failed)


def asking_the_clock() -> list[str]:
    """Return the test files that can depend on the day, and are quick."""
    texts = {
        str(path): path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").glob("test_*.py"))
    }
    return [path for path, text in texts.items() if _ASKS.search(text) and not _LASTS.search(text)]


def run_at(moment: datetime, library: str, options: list[str]) -> int:
    """Run pytest as if it began at *moment*; return its exit code."""
    shift = round(moment.timestamp() - time.time())
    environ = {
        **os.environ,
        "LD_PRELOAD": library,
        "FAKETIME": f"{shift:+d}s",  # an amount, and no moment: processes started later are then as far ahead
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",  # else Python would take every compiled file for an old one
        "PYTHONPATH": str(ROOT / "tests" / "faked_date"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "--faked-clock", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(quick="--quick" in words, more=[word for word in words if word != "--quick"]))
