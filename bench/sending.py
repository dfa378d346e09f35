"""Row P4: different messages to a WeCom that takes 100 ms, beside a loop over wechatpy's client."""

from __future__ import annotations

import bisect
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import ours
from bench.processes import ROOT, seen, wecom
from bench.rows import Row, ratio

LATENCY_MS = 100
WINDOW_S = 10.0
LIMIT_S = 300.0


def rows(*, large: bool = False) -> list[Row]:
    """Return the rows of P4."""
    messages = 3000 if large else 1800
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as name, wecom(LATENCY_MS) as address:
        folder = Path(name)
        ours.prepare(folder, port=1, wecom=address)
        command = [sys.executable, "-m", "bench.sending", str(folder), str(messages)]
        subprocess.run(command, cwd=ROOT, timeout=LIMIT_S, check=True)
        times = sorted(at for path, _, at in seen(address) if path.endswith("/message/send"))
        loop = [sys.executable, "-m", "bench.peers.client_loop", address, "50"]
        theirs = float(subprocess.run(loop, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=True).stdout)
    assert len(times) == messages
    rate = (messages - 1) / (times[-1] - times[0])
    most = max(bisect.bisect_left(times, at + WINDOW_S) - place for place, at in enumerate(times)) / WINDOW_S
    return [
        ("P4", f"messages/s at {ours.RATE}/s allowed", f"{rate:.1f}", f"{ours.RATE}", ratio(rate, ours.RATE)),
        ("P4", "most in any 10 s, a second", f"{most:.1f}", f"{ours.RATE}", ratio(most, ours.RATE)),
        ("P4", "messages/s", f"{rate:.1f}", f"{theirs:.1f} (loop over wechatpy)", ratio(rate, theirs)),
    ]


def send(folder: Path, *, messages: int) -> None:
    """Plan and send so many different messages. For a process of its own."""
    from bot import logs
    from bot.app.bootstrap import open_sender, open_services
    from bot.config import load
    from bot.store.outbox import Lane, OutboxMessage

    logs.set_up()
    with open_services(load(folder / "config.toml", environ=os.environ)) as services:
        outbox, now = services.store.outbox, int(services.store.now())
        with services.store.transaction():
            for number in range(messages):
                message = OutboxMessage(
                    key=f"answer:bench:{number}",
                    job="answer",
                    to_userid=f"sales{number:04d}",
                    content=f"message {number}",
                    msgtype="text",
                    not_before=0,
                    expires_at=now + 3600,
                    lane=Lane.FAST,
                )
                assert outbox.add(message, created_at=now)
        with open_sender(services) as (sender, _):
            while outbox.depth(now=now).pending:
                if wait := sender.step():
                    time.sleep(wait)


if __name__ == "__main__":
    send(Path(sys.argv[1]), messages=int(sys.argv[2]))
