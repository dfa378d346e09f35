"""The demo: the sandbox as a process, and the bot beside it with a configuration made for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

import requests

from bot.app import service
from bot.app.bootstrap import open_services
from bot.app.demo_report import reporting
from bot.app.menu import push_menu
from bot.config import Config, load
from bot.core.workdays import WorkCalendar
from bot.features.outages import catch_up
from bot.locales import DEFAULT
from bot.messages.sentences import Sentence
from bot.services import Services

_HISTORY_DAYS, _FUTURE_DAYS = 45, 75
_TIMEOUT_S = 150.0
_TICK_S = 0.2
_LOOK_S = 0.1

_CONFIG = """\
# The demo's configuration. The secrets are the sandbox's; they open nothing else.
[wecom]
corp_id = "{corp_id}"
agent_id = {agent_id}
secret = "{secret}"
callback_token = "{callback_token}"
callback_aes_key = "{callback_aes_key}"
api_base_url = "{url}"
oauth_base_url = "{url}"
login_base_url = "{url}"

[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"

[store]
url = "{store}"

[locale]
language = "{language}"

# Off anyway. A day of next year lets no December begin with a warning that its decree is missing.
[calendar]
holidays = [{new_year}]

[directory]
source = "csv"
roster = "roster.csv"
departments = "departments.csv"

[[quotas]]
id = "cm-monthly"
roles = ["客户经理"]
period = "month"
target = 50
starts_on = {month}
penalty = {{ flat = 300 }}

[quotas.counting]
keep_days = 7
exclude_add_ways = [201, 202]

[integrity]
shared_by = 5
burst = {{ adds = 15, minutes = 10 }}
quick_loss = {{ rate = 0.3, min_adds = 10 }}

# Each leader decides about the other's people: nobody decides about those they lead.
[review]
reviewers = ["zg01", "zg02"]

# One of them also runs the bot: their phone opens /admin, too.
[admins]
userids = ["zg01"]

[[robots]]
name = "branch"
webhook_key = "{robot}"
posts = ["digest"]
"""


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


class Sandbox:
    """The sandbox's process as the demo sees it: through HTTP only."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str) -> dict[str, Any]:
        """Read one of its controls."""
        return self._answer(self._http.get(f"{self.url}/sandbox/{path}", timeout=_TIMEOUT_S))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Set one of its controls."""
        return self._answer(self._http.post(f"{self.url}/sandbox/{path}", json=body, timeout=_TIMEOUT_S))

    def close(self) -> None:
        """Close kept connections."""
        self._http.close()

    @staticmethod
    def _answer(response: requests.Response) -> dict[str, Any]:
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


class FollowingClock:
    """The bot's clock in the demo: the sandbox's, read again whenever the last reading is old."""

    def __init__(self, sandbox: Sandbox, *, fresh_s: float = 0.05) -> None:
        self._sandbox = sandbox
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._reading = 0.0

    def now(self) -> datetime:
        """Return the sandbox's time."""
        with self._lock:
            if monotonic() - self._read_at > self._fresh_s:
                self._reading = float(self._sandbox.get("clock")["now"])
                self._read_at = monotonic()
            return datetime.fromtimestamp(self._reading, UTC)


@dataclass(frozen=True, slots=True)
class Demo:
    """Sandbox and bot, running."""

    sandbox: Sandbox
    services: Services
    bot_url: str
    config_path: Path
    history: int


def workday_in_mid_month(today: date) -> date:
    """Return the middle one of the working days of this month: much is done, and much is left."""
    calendar, first = _calendar(), today.replace(day=1)
    days = [first + timedelta(days=number) for number in range(31)]
    workdays = [day for day in days if day.month == first.month and calendar.is_workday(day)]
    return workdays[len(workdays) // 2]


def this_day() -> date:
    """Return today in China."""
    return _calendar().local_day(datetime.now(UTC))


def _calendar() -> WorkCalendar:
    """Return China's calendar, which the demo's configuration has by default."""
    return WorkCalendar(zone=ZoneInfo("Asia/Shanghai"), country="CN", opens=time(8, 30), closes=time(18))


@contextmanager
def running(
    start: str, *, language: str = "", speed: float, store: str = "sqlite:///quotabot.db"
) -> Iterator[Demo]:
    """Run sandbox and bot with a month of history; the sandbox's clock begins at *start*, runs at *speed*.

    Without a *language* the bot speaks that of the page's first visitor, and the clock waits for them.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quotabot-demo-")))
        sandbox = stack.enter_context(_sandbox(start, folder=folder, speed=speed if language else 0.0))
        path, port = folder / "config.toml", _free_port()
        app = sandbox.get("app")
        robot = sandbox.get("robots")["robots"][0]["key"]

        def write(spoken: str) -> Config:
            text = _CONFIG.format(
                **app,
                month=f"{start[:7]}-01",
                new_year=date(int(start[:4]) + 1, 1, 1),
                url=sandbox.url,
                port=port,
                language=spoken,
                store=store,
                robot=robot,
            )
            path.write_text(text, encoding="utf-8")
            return load(path, environ={})

        services, url = stack.enter_context(_bot(write(language or DEFAULT), sandbox))

        def speak(spoken: str) -> None:
            if not language:
                services.use(write(spoken), services.directory)
                push_menu(services)
                sandbox.post("clock", {"speed": speed})  # somebody is there

        delivered = _fill(services, sandbox, url)
        push_menu(services)
        stack.enter_context(reporting(services, sandbox, speak=speak))
        yield Demo(sandbox, services, url, path, history=delivered)


def _fill(services: Services, sandbox: Sandbox, url: str) -> int:
    """Let a month of history arrive and be compared with the lists; return how many callbacks it took."""
    # Contacts can be read at once: nobody who looks wants to wait for a verdict.
    sandbox.post("switches", {"callback_url": f"{url}/callback", "api": {"details_delay": 0}})
    history = sandbox.post("history", {"parallel": 8})
    _settle(services)
    _compare(services)
    return int(history["delivered"])


def _free_port() -> int:
    """Return a free port: the address of the bot's pages stands in its configuration before it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def _sandbox(start: str, *, folder: Path, speed: float) -> Iterator[Sandbox]:
    command = [
        *(sys.executable, "-m", "sandbox", "--listen", "127.0.0.1:0", "--start", start),
        *("--speed", str(speed), "--write-files", str(folder), "--die-with-parent"),
        *_special_days(date.fromisoformat(start[:10])),
    ]
    # A session of its own: Ctrl-C is for the demo, which ends the sandbox when the bot has ended.
    process = subprocess.Popen(  # noqa: S603 - our own
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        line = process.stdout.readline()
        if "http://" not in line:
            raise DemoError(Sentence("cli.demo.no_sandbox"))
        sandbox = Sandbox(line[line.index("http://") :].strip())
        yield sandbox
        sandbox.close()
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _special_days(today: date) -> Iterator[str]:
    """Yield the options for days that differ from weekdays: the sandbox knows weekends only."""
    calendar = _calendar()
    for number in range(-_HISTORY_DAYS, _FUTURE_DAYS):
        day = today + timedelta(days=number)
        if calendar.is_workday(day) != (day.isoweekday() <= 5):
            yield from ("--workday" if calendar.is_workday(day) else "--day-off", day.isoformat())


@contextmanager
def _bot(config: Config, sandbox: Sandbox) -> Iterator[tuple[Services, str]]:
    """Run the bot as a service in a thread of this process; yield its services and address."""
    port, stop = Future[int](), threading.Event()

    with open_services(config, clock=FollowingClock(sandbox)) as services:

        def serve() -> None:
            try:
                service.run(services, stop=stop, on_ready=port.set_result, tick_s=_TICK_S)
            except BaseException as error:  # noqa: BLE001 - handed to the main thread, if that still waits
                if not port.done():
                    port.set_exception(error)

        thread = threading.Thread(target=serve, name="bot")
        thread.start()
        try:
            yield services, f"http://127.0.0.1:{port.result()}"
        finally:
            stop.set()
            thread.join()


def _compare(services: Services) -> None:
    """Have the first comparison made and wait for it: before it nobody is told anything."""
    deadline = monotonic() + _TIMEOUT_S
    catch_up.begin_if_due(services)
    while services.store.syncs.first_whole_at() is None:
        if monotonic() > deadline:
            raise DemoError(Sentence("cli.demo.not_compared"))
        sleep(_LOOK_S)


def _settle(services: Services) -> None:
    """Wait until everything received is counted, and every contact was asked about."""
    store, deadline = services.store, monotonic() + _TIMEOUT_S
    while store.inbox.depth(now=0).pending or store.ledger.dirty() or store.details.untried():
        if monotonic() > deadline:
            raise DemoError(Sentence("cli.demo.not_worked_off"))
        sleep(_LOOK_S)
