"""`python -m bench.receiving` in small: both receivers run, and every accepted event is stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_both_receivers_store_every_event_that_they_accept(tmp_path: Path) -> None:
    small = ["--rounds", "1", "--clients", "8", "--ours", "50", "--tutorial", "50", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.receiving", *small],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    # A warm-up and a round, on kept connections and on fresh ones.
    assert "ours: 200 answered 200, 200 stored" in done.stderr
    assert "tutorial: 200 answered 200, 200 stored" in done.stderr
    assert list(tmp_path.iterdir()) == []
