"""Standard error that is closed, full or hung neither ends nor delays the service; lost lines are counted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from builders.e2e import COMMAND, PATIENCE_S, ROOT, until, write_config, write_roster
from builders.ports import free_port
from builders.service import contact_event, sealed


@pytest.fixture
def port() -> int:
    """The service's, whose standard error says it to nobody."""
    return free_port()


@contextmanager
def serving(
    folder: Path, port: int, *, stderr: int | None, shell: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """A service whose standard error is *stderr*, or what *shell* makes of it."""
    write_roster(folder, "sales01,员工甲,2,客户经理,,,,")
    config = write_config(folder, listen=f"127.0.0.1:{port}")
    command = [*COMMAND, "serve", "--config", str(config), "--role", "receiver"]
    if shell:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]
    with subprocess.Popen(command, cwd=ROOT, stderr=stderr) as process:
        try:
            until(lambda: answers(port) or process.poll() is not None)
            assert process.poll() is None, f"it ended with {process.returncode}"
            yield process
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S).ok
    except requests.ConnectionError:
        return False


def refused(port: int) -> int:
    """A request that the receiver refuses with a log line."""
    return requests.post(f"http://127.0.0.1:{port}/callback", data=b"no", timeout=PATIENCE_S).status_code


def stored(port: int) -> int:
    callback = sealed(contact_event())
    return requests.post(
        f"http://127.0.0.1:{port}{callback.target}", data=callback.body, timeout=PATIENCE_S
    ).status_code


def fill(pipe: int) -> None:
    """Leave no room in *pipe*."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)
    os.set_blocking(pipe, True)


@pytest.mark.parametrize("shell", ["2>&-", "2>/dev/full"], ids=["closed", "full"])
def test_a_closed_or_full_standard_error_does_not_end_the_service(
    tmp_path: Path, port: int, shell: str
) -> None:
    with serving(tmp_path, port, stderr=None, shell=shell) as process:
        codes = [refused(port), stored(port)]
        report = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=PATIENCE_S)
        metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S).text
        process.terminate()
        code = process.wait(PATIENCE_S)

    assert codes == [400, 200]
    assert report.status_code == 200
    assert "log" in [part["part"] for part in report.json()["degraded"]]
    assert "quotabot_log_lines_lost 0" not in metrics
    assert "quotabot_log_lines_lost" in metrics
    assert code == 0


def test_a_reader_of_the_log_that_hangs_delays_no_callback(tmp_path: Path, port: int) -> None:
    reading, writing = os.pipe()
    try:
        fill(writing)  # before the service begins
        with serving(tmp_path, port, stderr=writing) as process:
            codes = [refused(port), stored(port)]
            process.terminate()
            code = process.wait(PATIENCE_S)
    finally:
        os.close(reading)
        os.close(writing)

    assert codes == [400, 200]
    assert code == 0
