"""Row P5: from the event of a new customer to the accepted welcome message."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import ours
from bench.processes import ROOT, free_port, running, seen, wecom
from bench.rows import Row, ratio

RATE = 100
_WELCOME = '\n[welcome]\nenabled = true\ntext = "hello"\n'


def rows(*, large: bool = False) -> list[Row]:
    """Return the rows of P5."""
    seconds = 60 if large else 20
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name, wecom(20) as address:
        folder, port = Path(name), free_port()
        ours.prepare(folder, port=port, wecom=address, more=_WELCOME)
        with running(ours.command(folder, role="all"), port=port, log=folder / "log"):
            command = [sys.executable, "-m", "bench.paced", str(port), str(RATE * seconds), "16", str(RATE)]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=seconds + 90, check=True)
            sent = dict(json.loads(done.stdout)["sent"])
            accepted = _accepted(address, sent)
    waits = sorted(accepted[code] - at for code, at in sent.items() if code in accepted)
    p99 = waits[len(waits) * 99 // 100] * 1000
    return [
        (
            "P5",
            f"event to welcome, p99 at {RATE}/s for {seconds} s, ms",
            f"{p99:.0f}",
            "1000",
            ratio(p99, 1000),
        ),
        ("P5", "welcomes of events", f"{len(waits)}", f"{len(sent)}", ratio(len(waits), len(sent))),
    ]


def _accepted(address: str, sent: dict[str, float]) -> dict[str, float]:
    """Return when each code was accepted; waits 20 s for the last, as WeCom does."""
    end = time.monotonic() + 20
    while True:
        accepted = {code: at for _, code, at in seen(address) if code}
        if len(accepted) >= len(sent) or time.monotonic() > end:
            return accepted
        time.sleep(0.5)


if __name__ == "__main__":
    from bench.rows import shown

    print(shown(rows()))
