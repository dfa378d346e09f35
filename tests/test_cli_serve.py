"""`quotabot serve`: its start, what it refuses, its end, a changed file, a WeCom that refuses."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from builders.e2e import (
    FakeTime,
    Quotabot,
    SandboxProcess,
    at,
    bot_process,
    command_here,
    far_schedule,
    installation,
    rows_of,
    sandbox_process,
    until,
    write_config,
    write_roster,
)

from bot.app.bootstrap import refresh_directory
from bot.cli.serve import _effects, _reload


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as started:
        yield started


@pytest.fixture
def config(tmp_path: Path, sandbox: SandboxProcess) -> Path:
    sandbox.post("faults", {"clear": True})
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,", "yg02,员工乙,11,客户经理,,,,")
    # Each test has a store of its own at one WeCom, where a card's task is taken once.
    more = far_schedule() + '[messages]\nstyle = "markdown"\n'
    return write_config(tmp_path, app=sandbox.get("app"), api_url=sandbox.url, more=more)


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Quotabot]:
    """The command in this process, whose signals get their meaning back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield command_here(capsys, monkeypatch)
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


def refused(quotabot: Quotabot, config: Path, *options: str) -> str:
    """What a `serve` that ends with 2 says."""
    done = quotabot("serve", "--config", str(config), *options)
    assert (done.code, done.out) == (2, ""), done.err
    return done.err


def test_a_taken_port_is_one_sentence_and_2(quotabot: Quotabot, config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(config.read_text(encoding="utf-8").replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        words = refused(quotabot, config)

    assert len(words.splitlines()) == 1
    assert f"127.0.0.1:{port}" in words


def test_a_store_that_cannot_be_made_is_one_sentence_and_2(quotabot: Quotabot, config: Path) -> None:
    (config.parent / "file").touch()
    text = config.read_text(encoding="utf-8").replace("sqlite:///quotabot.db", "sqlite:///file/quotabot.db")
    config.write_text(text, encoding="utf-8")
    words = refused(quotabot, config)

    assert len(words.splitlines()) == 1
    assert "file/quotabot.db" in words
    assert "[store] url" in words


def test_a_missing_secret_is_one_sentence_and_2(
    quotabot: Quotabot, config: Path, sandbox: SandboxProcess
) -> None:
    text = config.read_text(encoding="utf-8")
    secret = f'"{sandbox.get("app")["secret"]}"'
    config.write_text(text.replace(secret, '{ env = "NOT_SET_ANYWHERE" }'), encoding="utf-8")
    words = refused(quotabot, config)

    assert len(words.splitlines()) == 1
    assert "wecom.secret" in words
    assert "NOT_SET_ANYWHERE" in words


def test_a_second_service_on_the_same_store_is_refused_whatever_its_role_and_harms_nothing(
    quotabot: Quotabot, config: Path
) -> None:
    with bot_process(config) as bot:
        said = {refused(quotabot, config, "--role", role) for role in ("all", "receiver", "worker")}
        alive = bot.readyz()[0]
        code = bot.end()

    (words,) = said
    assert len(words.splitlines()) == 1
    assert "quotabot.db" in words
    assert (alive, code) == (200, 0)


def leases(store: Path) -> list[str]:
    """What somebody may do alone just now, but for asking for a token, which is over in no time."""
    names = [row["name"] for row in rows_of(store, "SELECT name FROM leases ORDER BY name")]
    return [name for name in names if name != "token"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_orderly_and_gives_back_what_it_held(config: Path, number: signal.Signals) -> None:
    with bot_process(config) as bot:
        store = config.parent / "quotabot.db"
        until(lambda: leases(store) == ["delivery", "details"])
        code = bot.end(number)

    assert code == 0
    assert rows_of(store, "SELECT * FROM leases") == []
    with pytest.raises(requests.ConnectionError):
        requests.get(bot.url, timeout=2)


@pytest.mark.lasting
def test_an_orderly_end_waits_for_the_message_in_flight(
    quotabot: Quotabot, config: Path, sandbox: SandboxProcess
) -> None:
    with bot_process(config) as bot:
        sandbox.post("faults", {"delay_ms": 1500})
        before = len(sandbox.sends())
        quotabot("run", "progress", "--config", str(config), "--at", "2026-11-23T09:07", "--no-wait")
        until(lambda: len(sandbox.sends()) > before)
        code = bot.end()

    rows = rows_of(config.parent / "quotabot.db", "SELECT state, unsure_since FROM outbox")
    assert code == 0
    assert rows == [{"state": "sent", "unsure_since": None}] * 2


@pytest.mark.lasting
def test_a_role_does_its_part_only(config: Path, sandbox: SandboxProcess) -> None:
    with bot_process(config, "--role", "receiver") as receiver:
        sandbox.post("switches", {"callback_url": f"{receiver.url}/callback"})
        told = sandbox.post("events?wait=1", {"kind": "add", "userid": "yg01"})
        inbox = rows_of(config.parent / "quotabot.db", "SELECT state FROM inbox")
        leases = rows_of(config.parent / "quotabot.db", "SELECT * FROM leases")
        receiver.end()

    assert told["delivered"] == 1
    assert inbox == [{"state": "pending"}]
    assert leases == []
    with bot_process(config, "--role", "worker", ready="working") as worker:
        until(
            lambda: rows_of(config.parent / "quotabot.db", "SELECT state FROM inbox") == [{"state": "done"}]
        )
        assert worker.end() == 0


def test_a_callback_is_counted_within_seconds(config: Path, sandbox: SandboxProcess) -> None:
    with bot_process(config) as bot:
        sandbox.post("switches", {"callback_url": f"{bot.url}/callback"})
        verified = sandbox.post("verify", {})
        sandbox.post("events?wait=1", {"kind": "add", "userid": "yg01", "copies": 3})
        store = config.parent / "quotabot.db"
        until(lambda: len(rows_of(store, "SELECT * FROM adds")) == 1)
        bot.end()

    assert verified["ok"]
    assert len(rows_of(store, "SELECT * FROM inbox")) == 1


@pytest.mark.parametrize("case", ["a wrong secret", "60020"])
def test_with_a_wecom_that_refuses_it_runs_on_takes_callbacks_and_says_so(
    config: Path, sandbox: SandboxProcess, case: str
) -> None:
    if case == "60020":
        sandbox.post("faults", {"untrusted_ip": True})
    else:
        secret = sandbox.get("app")["secret"]
        config.write_text(config.read_text(encoding="utf-8").replace(secret, "wrong"), encoding="utf-8")
    errcode = 60020 if case == "60020" else 40001
    asked = sandbox.token_calls()
    with bot_process(config) as bot:
        sandbox.post("switches", {"callback_url": f"{bot.url}/callback"})
        until(lambda: "wecom" in [part["part"] for part in bot.readyz()[1]["degraded"]])
        status, report = bot.readyz()
        verified = sandbox.post("verify", {})
        told = sandbox.post("events?wait=1", {"kind": "add", "userid": "yg01"})
        until(lambda: bot.said(str(errcode)))
        code = bot.end()

    assert status == 200  # events can be stored
    degraded = {part["part"]: part.get("errcode") for part in report["degraded"]}
    degraded.pop("decree", None)  # on days of December
    assert degraded == {"wecom": errcode, "complete": None}
    assert verified["ok"]
    assert told["delivered"] == 1
    assert sandbox.token_calls() - asked == 1
    assert code == 0


def test_a_changed_file_is_taken_on_sighup_and_a_wrong_one_is_not(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    with bot_process(config) as bot:
        config.write_text(text.replace("target = 50", "target = fifty"), encoding="utf-8")
        bot.process.send_signal(signal.SIGHUP)
        until(lambda: bot.said("changed configuration refused"))
        alive = bot.readyz()[0]
        config.write_text(text.replace("target = 50", "target = 60"), encoding="utf-8")
        bot.process.send_signal(signal.SIGHUP)
        until(lambda: bot.said("changed configuration in use"))
        also_alive = bot.readyz()[0]
        code = bot.end()

    assert (alive, also_alive, code) == (200, 200, 0)
    assert not any("made-up-secret" in line for line in bot.lines)


def test_a_changed_file_holds_from_then_on_and_a_wrong_one_changes_nothing(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    with installation(config, FakeTime(at("2026-11-23T08:00"))) as services:
        config.write_text(text.replace("target = 50", "target = fifty"), encoding="utf-8")
        _reload(services, config)
        after_the_wrong_one = services.config.quotas[0].target
        config.write_text(text.replace("target = 50", "target = 60"), encoding="utf-8")
        _reload(services, config)

        assert after_the_wrong_one == 50
        assert services.config.quotas[0].target == 60


def test_a_re_read_file_says_what_holds_now_and_what_from_when(config: Path) -> None:
    text = config.read_text(encoding="utf-8").replace("target = 50", "target = 60")
    text = text.replace("[server]\n", '[server]\npublic_url = "https://other.example.com"\n')
    with installation(config, FakeTime(at("2026-11-23T08:00"))) as services:
        before = services.config
        more = "[review]\nappeal_workdays = 6\n[money]\ncap_per_month = 100\n"
        config.write_text(text + more, encoding="utf-8")
        _reload(services, config)
        effects = _effects(services, before, services.config)

    assert effects == {
        "now": ["review"],
        "later": {"quota cm-monthly": "2026-12-01", "money.cap_per_month": "2026-12-01"},
        "restart": ["server"],
    }


def test_a_roster_taken_on_sighup_is_recorded_like_one_at_the_start(config: Path) -> None:
    with installation(config, FakeTime(at("2026-11-23T08:00"))) as services:
        write_roster(config.parent, "yg01,员工甲,11,客户经理,,,,", "yg03,员工丙,11,客户经理,,,,")
        _reload(services, config)
        known = {person.userid for person in services.directory.people}
        refresh_directory(services)  # what the service does every few seconds

        assert known == {"yg01", "yg03"}
        assert services.store.members.all().keys() == {"yg01", "yg02", "yg03"}


def test_the_process_leaves_nothing_behind(config: Path) -> None:
    with bot_process(config) as bot:
        children = Path(f"/proc/{bot.process.pid}/task/{bot.process.pid}/children")
        begotten = children.read_text(encoding="utf-8").split() if children.exists() else []
        bot.kill()
        with socket.create_server(("127.0.0.1", int(bot.url.rpartition(":")[2]))):
            pass  # the port is free at once

    assert begotten == []
    assert not _alive(bot.process.pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
