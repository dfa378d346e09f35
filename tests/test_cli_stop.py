"""A signal ends what runs, whichever thread gets it and whenever it comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WAITS = """
import signal, threading, time
from bot.cli.stop import Stop

def get_it():
    time.sleep({seconds})  # so that the main thread waits already, or does not; either way it must end
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(600)  # it does not end by itself

stop = Stop()
stop.catch()
threading.Thread(target=get_it, daemon=True).start()
time.sleep({before})  # see above
print(stop.wait(), stop.is_set())
"""


@pytest.mark.parametrize(
    ("seconds", "before"),
    [pytest.param(0.5, 0, id="while the main thread waits"), pytest.param(0, 0.5, id="before it waits")],
)
def test_a_signal_to_another_thread_ends_the_wait(seconds: float, before: float) -> None:
    code = WAITS.format(seconds=seconds, before=before)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr
