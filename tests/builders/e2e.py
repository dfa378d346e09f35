"""Builders for tests of the whole: a sandbox process, a configuration, a bot process, an installation."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import requests
from psycopg.rows import dict_row

from bot.app.bootstrap import open_services, record_files
from bot.cli.main import main
from bot.clock import RealClock
from bot.config import load
from bot.core.relations import RelationEvent, RelationKind
from bot.features.ledger.derive import derive
from bot.services import Services
from bot.store.store import Store
from builders.stores import make_complete

ROOT = Path(__file__).parents[2]
CHINA = ZoneInfo("Asia/Shanghai")
PATIENCE_S = 120.0  # no measure of speed: a busy machine may take its time
# The bot's command without relying on where its console script was put.
COMMAND = [sys.executable, "-c", "from bot.cli.main import main; main()"]
MADE_UP_APP = {
    "corp_id": "ww0123456789abcdef",
    "agent_id": 1000002,
    "secret": "made-up-secret",
    "callback_token": "QDG6eK",
    "callback_aes_key": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
}
ROSTER_HEADER = "userid,name,department,role,leader_of,joined_on,left_on,share"
COMMAND_NOW = "2026-11-25T12:00"  # a Wednesday of a year whose holidays are decreed
QUOTA = '[[quotas]]\nid = "cm-monthly"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 50\n'


def at(text: str) -> datetime:
    """A moment in China."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def until(holds: Callable[[], bool], *, within_s: float = PATIENCE_S, look_s: float = 0.05) -> None:
    """Wait until *holds*; fails the test when it does not in time."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"did not come true within {within_s:.0f} s"
        time.sleep(look_s)  # between two looks


# --- configuration ---


def write_config(
    folder: Path,
    *,
    app: dict[str, Any] | None = None,
    api_url: str = "http://127.0.0.1:9",
    listen: str = "127.0.0.1:0",
    quotas: str = QUOTA,
    more: str = "",
    wecom: str = "",
    store: str = "sqlite:///quotabot.db",
    source: str = "csv",
    language: str = "",
) -> Path:
    """Write config.toml for *app* at *api_url*; roster and departments stand beside it."""
    known = {**MADE_UP_APP, **(app or {})}
    path = folder / "config.toml"
    departments = "departments.csv" if (folder / "departments.csv").exists() else ""
    lines = [
        "[wecom]",
        *(f"{name} = {json.dumps(known[name])}" for name in MADE_UP_APP),
        f'api_base_url = "{api_url}"',
        wecom,
        "[server]",
        f'listen = "{listen}"',
        "[store]",
        f'url = "{store}"',
        "[directory]",
        f'source = "{source}"',
        *(('roster = "roster.csv"', f'departments = "{departments}"') if source == "csv" else ()),
        *((f'[locale]\nlanguage = "{language}"',) if language else ()),
        quotas,
        more,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def far_schedule() -> str:
    """A [schedule] whose lines are hours away: a service under test fires nothing itself."""
    hour = (datetime.now(CHINA) + timedelta(hours=6)).hour
    return "[schedule]\n" + "".join(
        f'{job} = {{ at = "{hour:02d}:{minute}", on = "workdays" }}\n'
        for job, minute in (
            ("progress", 11),
            ("reminder", 12),
            ("digest", 13),
            ("weekly", 17),
            ("close", 14),
            ("sync", 15),
            ("engagement", 16),
        )
    )


def write_roster(folder: Path, *lines: str) -> None:
    """Write roster.csv; the fields of a line are those of ROSTER_HEADER."""
    (folder / "roster.csv").write_text("\n".join([ROSTER_HEADER, *lines]) + "\n", encoding="utf-8")


# --- one installation in this process ---


@dataclass
class FakeTime:
    """The service's clock and real time in one, as a test wants them."""

    moment: datetime

    def __call__(self) -> float:
        return self.moment.timestamp()

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)

    def set(self, text: str) -> None:
        self.moment = at(text)

    def pass_(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@contextmanager
def installation(
    config: Path, clock: FakeTime, *, real_time: Callable[[], float] | None = None
) -> Iterator[Services]:
    """Services on a real store, with the directory recorded as `serve` does it.

    *clock* is real time, too, unless *real_time* is given: a service that runs waits for real.
    """
    with open_services(load(config, environ={}), clock=clock, real_time=real_time or clock) as services:
        record_files(services, now=clock.now())
        make_complete(services.store)
        yield services


def add_customers(services: Services, userid: str, *moments: datetime) -> None:
    """Put one add of a new customer at each moment into the ledger, and derive."""
    with services.store.transaction():
        for number, moment in enumerate(moments):
            event = RelationEvent(
                userid=userid,
                external_userid=f"wm-{userid}-{moment:%m%d%H%M%S}-{number}",
                at=int(moment.timestamp()),
                kind=RelationKind.ADDED,
            )
            services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def outbox_rows(services: Services) -> list[dict[str, Any]]:
    """All rows of the outbox in their order."""
    return rows_of(where(services), "SELECT * FROM outbox ORDER BY seq")


def change(services: Services, statement: str) -> None:
    """Change rows behind everybody's back."""
    services.store.engine.learn(f"-- name: changed_by_a_test()!\n{statement};")
    services.store.engine.run("changed_by_a_test")


def where(services: Services) -> Path | str:
    """Where the store is, as another program would open it."""
    place = services.config.store.where
    return place if isinstance(place, Path) else place.get_secret_value()


def rows_of(where: Path | str, query: str) -> list[dict[str, Any]]:
    """Read the store from outside, as an operator with sqlite3 or psql would."""
    if isinstance(where, str):
        with psycopg.connect(where, row_factory=dict_row) as there:
            return there.execute(query.encode()).fetchall()
    connection = sqlite3.connect(where, timeout=PATIENCE_S)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()


# --- the sandbox as a process ---


@dataclass
class SandboxProcess:
    """WeCom's stand-in, reached over HTTP only."""

    url: str
    process: subprocess.Popen[str]
    _http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._http.get(f"{self.url}/sandbox/{path}", timeout=PATIENCE_S).json()
        return answer

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self._http.post(f"{self.url}/sandbox/{path}", json=body, timeout=PATIENCE_S)
        assert response.ok, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def counts(self) -> dict[str, int]:
        """How many messages each person has on the phone; those with none are left out."""
        members = self.get("messages")["members"]
        return {userid: len(messages) for userid, messages in members.items() if messages}

    def sends(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.get("calls?path=message/send")["calls"]
        return calls

    def token_calls(self) -> int:
        return int(self.get("calls")["gettoken"]["calls"])

    def close(self) -> None:
        self._http.close()


@contextmanager
def sandbox_process(
    folder: Path, *, start: str = "2026-11-23T09:00", callback_url: str = ""
) -> Iterator[SandboxProcess]:
    """Run `python -m sandbox`; roster.csv and departments.csv of its branch are in *folder*."""
    command = [
        *(sys.executable, "-m", "sandbox", "--start", start, "--speed", "0", "--retry-pause", "0.2"),
        *("--write-files", str(folder), "--die-with-parent"),
    ]
    if callback_url:
        command += ["--callback-url", callback_url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            sandbox = SandboxProcess(process.stdout.readline().split()[-1], process)
            yield sandbox
            sandbox.close()
        finally:
            process.kill()


# --- the bot as processes and as commands ---


@dataclass
class BotProcess:
    """A `quotabot serve` of its own. *lines*: what it wrote to standard error so far."""

    process: subprocess.Popen[str]
    lines: list[str]
    url: str = ""

    def kill(self) -> None:
        """kill -9, without a chance to say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def readyz(self) -> tuple[int, dict[str, Any]]:
        response = requests.get(f"{self.url}/readyz", timeout=PATIENCE_S)
        return response.status_code, response.json()

    def said(self, words: str) -> bool:
        return any(words in line for line in list(self.lines))


@contextmanager
def bot_process(
    config: Path, *options: str, ready: str = "listening on ", environ: dict[str, str] | None = None
) -> Iterator[BotProcess]:
    """Run `quotabot serve`, wait until it says it is ready; killed at the end if it still runs."""
    command = [*COMMAND, "serve", "--config", str(config), *options]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}
    ) as process:
        assert process.stderr
        bot = BotProcess(process, [])
        reader = threading.Thread(target=_read, args=(process.stderr, bot.lines))
        reader.start()
        try:
            until(lambda: bot.said(ready) or process.poll() is not None)
            assert bot.said(ready), "".join(bot.lines)
            first = next(line for line in bot.lines if ready in line)
            bot.url = first.partition("listening on ")[2].partition(";")[0]
            yield bot
        finally:
            process.kill()
            process.wait()
            reader.join()


def _read(stream: Iterable[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line)  # noqa: PERF402 - seen by others while the stream goes on


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def command(*arguments: str, environ: dict[str, str] | None = None, within_s: float = PATIENCE_S) -> Done:
    """Run `quotabot` as a process."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
        env={**os.environ, **(environ or {})},
    )
    return Done(done.returncode, done.stdout, done.stderr)


Quotabot = Callable[..., Done]


def command_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, now: str = COMMAND_NOW
) -> Quotabot:
    """`quotabot` within this process: the same door (`main`) without a second's start of Python.

    Commands take *now* for the time of the machine, so that no test depends on the day on which it runs.
    """

    def quotabot(*arguments: str) -> Done:
        monkeypatch.setattr(RealClock, "now", lambda _clock: at(now).astimezone(UTC))
        monkeypatch.setattr(sys, "argv", ["quotabot", *arguments])
        capsys.readouterr()
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert isinstance(code, int)
        return Done(code, out, err)

    return quotabot


def open_store(config: Path) -> Store:
    """The store beside *config*, opened by a second process's eyes; close it."""
    return Store(config.parent / "quotabot.db")
