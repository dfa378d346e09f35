"""Processes of the bot that need not import it: a nursery has done that, and forks.

Half of a start is importing, and on a busy machine a start takes ten seconds and more. A forked process runs
the same command; only what it has imported is there before. `python -m torture.nursery` is the nursery: it
reads orders from standard input, one JSON line each, and answers each with one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from builders.e2e import ROOT

# What a running service imports beside the command.
_NEEDED = (
    *("bot.store.joint_writes", "bot.store.postgres", "bot.store.sqlite", "bot.wecom.transport"),
    *("apscheduler.triggers.interval", "holidays.countries.china", "holidays.groups", "uvicorn.lifespan.off"),
)
_LOOK_S = 0.02


class Nursery:
    """The nursery as its user sees it."""

    def __init__(self) -> None:
        """Start it; the first order waits until it has imported the bot."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT / "tests",
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, arguments: Sequence[str], *, log: Path) -> Forked:
        """Start `quotabot ARGUMENTS`, which writes its standard error to the end of *log*."""
        return Forked(self, self.order(start=list(arguments), log=str(log)))

    def order(self, **order: Any) -> Any:
        """Return the answer to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it; processes that it started go on."""
        self._process.communicate()


class Forked:
    """A started process, with the methods of Popen that are needed here."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.order(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended. Raises TimeoutExpired."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("quotabot", timeout or 0)
            time.sleep(_LOOK_S)  # between two looks
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)


def _obey() -> list[str] | None:
    """Obey orders until there are no more; in a started process return its arguments."""
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif answer := os.fork():
            pass
        else:
            log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            nothing = os.open(os.devnull, os.O_RDWR)
            for old, new in ((nothing, 0), (nothing, 1), (log, 2)):
                os.dup2(old, new)
            os.closerange(3, 64)
            arguments: list[str] = order["start"]
            return arguments
        print(json.dumps(answer), flush=True)
    return None


if __name__ == "__main__":
    from bot.cli.main import load_command, main

    load_command("serve")
    for _name in _NEEDED:
        import_module(_name)
    if (given := _obey()) is not None:
        os.chdir(ROOT)
        sys.argv[1:] = given
        main()
