"""The watcher is called while all is well, by one worker, and not while something is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, installation, write_config, write_roster

from bot.config import ConfigError, load
from bot.features.watch.ping import watching
from bot.services import Services
from bot.store.troubles import Part, Trouble


class Watcher:
    """A server that notes the paths it is called with, and answers *status*."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.status = 200
        watcher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watcher.called.append(self.path)
                self.send_response(watcher.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push/abc?status=up"


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    thread = threading.Thread(target=watcher.server.serve_forever, daemon=True)
    thread.start()
    yield watcher
    watcher.server.shutdown()
    watcher.server.server_close()
    thread.join()


class Log:
    """What the watch logs, whatever the log of this process is set up to do."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, sentence: str, *, reason: str) -> None:
        self.lines.append(f"{sentence}: {reason}")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr("bot.features.watch.ping.log", log)
    return log


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(at("2026-11-23T12:00"))


@pytest.fixture
def services(tmp_path: Path, watcher: Watcher, clock: FakeTime) -> Iterator[Services]:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    with installation(write_config(tmp_path, more=f'[watch]\nping_url = "{watcher.url}"\n'), clock) as opened:
        live(opened, clock)
        yield opened


def live(services: Services, clock: FakeTime) -> None:
    """Give the signs of life of this moment."""
    now = int(clock())
    services.store.marks.put("receiving", str(now))
    services.store.marks.put("timetable_seen", str(now))
    services.store.leases.take("delivery", holder="other:1", now=now, until=now + 15)


def test_it_is_called_once_a_minute_while_all_is_well(
    services: Services, watcher: Watcher, clock: FakeTime
) -> None:
    ping = watching()
    ping(services)
    clock.pass_(60)
    live(services, clock)
    ping(services)

    assert watcher.called == ["/push/abc?status=up"] * 2


def test_of_two_workers_one_calls(services: Services, watcher: Watcher) -> None:
    watching()(services)
    services.holder = "other:2"
    watching()(services)

    assert len(watcher.called) == 1


def test_it_is_not_called_while_something_is_wrong_and_again_afterwards(
    services: Services, watcher: Watcher, clock: FakeTime, log: Log
) -> None:
    ping = watching()
    services.store.troubles.note(Part.DELIVERY, Trouble(60020, "not trusted"))
    for _ in range(2):
        ping(services)
        clock.pass_(60)
        live(services, clock)
    assert watcher.called == []
    services.store.troubles.clear(Part.DELIVERY)

    ping(services)

    assert len(watcher.called) == 1
    assert log.lines == ["not well; the watcher is not called: not trusted"]


def test_an_event_that_nobody_tries_keeps_it_silent(
    services: Services, watcher: Watcher, clock: FakeTime
) -> None:
    row = {"hash": "x", "body": b"<xml/>", "received_at": int(clock()) - 301}
    with services.store.transaction():
        services.store.engine.run_many("inbox_add", [row])
    watching()(services)

    assert watcher.called == []


def test_a_watcher_that_does_not_answer_is_said_without_its_address(
    services: Services, watcher: Watcher, log: Log
) -> None:
    watcher.status = 404
    watching()(services)

    assert log.lines == ["the watcher does not answer: HTTP 404"]


def test_without_an_address_nothing_is_called(tmp_path: Path, clock: FakeTime) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    with installation(write_config(tmp_path), clock) as opened:
        watching()(opened)

        assert opened.store.leases.get("watch", now=int(clock())) is None


@pytest.mark.parametrize("url", ["ftp://x", "https://", "https://a b", "watch.example.com"])
def test_an_address_that_is_none_is_a_fault(tmp_path: Path, url: str) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    path = write_config(tmp_path, more=f'[watch]\nping_url = "{url}"\n')

    with pytest.raises(ConfigError, match=r"watch\.ping_url"):
        load(path, environ={})
