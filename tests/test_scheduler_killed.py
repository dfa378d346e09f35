"""kill -9 amid a job that goes over people in pieces: nobody is told twice, nobody is left out."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from builders.e2e import ROOT, FakeTime, at, installation, outbox_rows
from builders.month import live, write_month

from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.results import text_of
from scheduler.planner import plan

MORNING, EVENING, CLOSE = "2026-11-24T09:07", "2026-11-24T16:37", "2026-12-08T08:42"
# One firing, pieces of three people, two messages a transaction; it prints a line for each commit.
PROCESS = """
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from bot.app.bootstrap import open_services
from bot.config import load
from bot.features.close import settle
from bot.features.standings import pieces
from scheduler import runs
from scheduler.timetable import Firing

path, job, moment = sys.argv[1:]
now = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
pieces.FIRST, pieces.PIECE, runs.CHUNK, runs.LEASE_S, settle._PIECE = 1, 3, 2, 0, 2
settle._LEASE_S = 0

class Clock:
    def now(self):
        return now

with open_services(load(Path(path), environ={}), clock=Clock()) as services:
    whole = services.store.transaction
    @contextmanager
    def told(**patience):
        with whole(**patience):
            yield
        print("committed", flush=True)
    services.store.transaction = told
    runs.fire(services, Firing(job, int(now.timestamp())), now=now)
"""


@pytest.fixture
def month(place: Path | str, tmp_path: Path) -> Iterator[Services]:
    store = place if isinstance(place, str) else "sqlite:///quotabot.db"
    with installation(write_month(tmp_path / "bank", store), FakeTime(at(CLOSE))) as services:
        live(services, Random(5))
        yield services


def run(services: Services, job: str, moment: str, *, kill_after: int | None) -> int:
    """Start the firing in a process of its own; kill it after so many commits. Return how many there were."""
    command = [sys.executable, "-c", PROCESS, str(services.config.file), job, moment]
    commits = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            commits += 1
            if commits == kill_after:
                process.kill()
                break
        process.stdout.read()
    assert process.returncode == (0 if kill_after is None or commits < kill_after else -9)
    return commits


@pytest.mark.parametrize(
    ("job", "moment"),
    [
        pytest.param("progress", MORNING, id="progress"),
        pytest.param("reminder", EVENING, id="reminder"),
        pytest.param("close", CLOSE, id="close"),
    ],
)
def test_a_job_that_is_killed_again_and_again_tells_everybody_once(
    month: Services, job: str, moment: str
) -> None:
    expected = {row.key for row in plan(month, job, at=at(moment))}
    computed = load_standings(month, at=at(CLOSE), period="2026-11").rows

    kills = [run(month, job, moment, kill_after=number) for number in (2, 4, 8)]
    run(month, job, moment, kill_after=None)

    keys = Counter(row["key"] for row in outbox_rows(month))
    assert set(keys) == expected
    assert set(keys.values()) == {1}
    assert kills[:2] == [2, 4]  # it was killed amid the work
    if job == "close":
        lines = month.store.results.newest("monthly", "2026-11")
        assert [text_of(lines[userid].line) for userid in sorted(lines)] == [text_of(row) for row in computed]
        closed = Counter(act.subject for act in month.store.audit.acts() if act.act == "close")
        assert closed["monthly 2026-11"] == 1
        assert set(closed.values()) == {1}
