"""`python -m sandbox` as a process of its own: one line with its address, and an orderly end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from builders.e2e import until

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "sandbox"]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen([*COMMAND, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


def refused(*options: str) -> str:
    done = subprocess.run(
        [*COMMAND, *options], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_says_its_address_and_ends_on_a_signal(number: signal.Signals) -> None:
    with running("--start", "2026-11-23T08:30", "--speed", "0") as (process, url):
        clock = requests.get(f"{url}/sandbox/clock", timeout=60).json()
        process.send_signal(number)

        assert clock["iso"] == "2026-11-23T08:30:00+08:00"
        assert process.wait(60) == 0


def test_a_signal_right_after_the_address_ends_it_orderly() -> None:
    with running() as (process, _):
        process.terminate()

        assert process.wait(60) == 0


def test_a_taken_port_is_one_sentence_and_exit_code_2() -> None:
    with running() as (_, url):
        words = refused("--listen", url.removeprefix("http://"))

    assert words.startswith("Error: cannot listen on 127.0.0.1:")
    assert words.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--listen", "here"), id="no port"),
        pytest.param(("--listen", "127.0.0.1:99999"), id="no such port"),
        pytest.param(("--start", "soon"), id="no time"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(options: tuple[str, ...]) -> None:
    assert refused(*options).count("\n") == 1


def test_it_writes_the_files_of_its_branch(tmp_path: Path) -> None:
    with running("--write-files", str(tmp_path)) as (_, url):
        people = requests.get(f"{url}/sandbox/people", timeout=60).json()["people"]

    lines = (tmp_path / "roster.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [person["userid"] for person in people]


PARENT = """
import subprocess, sys, time
command = [sys.executable, "-m", "sandbox", "--die-with-parent"]
child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
time.sleep(600)  # killed before
"""


def test_it_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        url = parent.stdout.readline().split()[-1]
        alive = requests.get(f"{url}/sandbox/health", timeout=60).status_code
        os.kill(parent.pid, signal.SIGKILL)

    assert alive == 200
    until(lambda: is_gone(url))


def is_gone(url: str) -> bool:
    try:
        requests.get(f"{url}/sandbox/health", timeout=60)
    except requests.ConnectionError:
        return True
    return False
