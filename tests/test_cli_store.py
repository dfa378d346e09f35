"""Commands on a store that is not there, or away: who may make one, and what the others say."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from builders.e2e import (
    COMMAND,
    PATIENCE_S,
    ROOT,
    Quotabot,
    command_here,
    until,
    write_config,
    write_roster,
)
from builders.postgres import Server, server_folder

from bot.cli.main import COMMANDS
from bot.store.store import Store

# A call of each command that works on a store and may not make one (`{}` is a file of quotas).
LOOKING = {
    "audit": ("audit",),
    "progress": ("progress",),
    "explain": ("explain", "yg01"),
    "quotas": ("quotas", "diff"),
    "close": ("close", "list"),
    "review": ("review", "list"),
    "verify": ("verify", "ABCD-EFGH-JKLM-NPQR"),
    "simulate": ("simulate", "--quotas", "{}", "--from", "2026-11-01", "--to", "2026-11-30"),
    "export": ("export", "contact-keys"),
    "replay": ("replay", "--check"),
    "status": ("status",),
    "dead": ("dead", "list"),
    "complete": ("complete", "--by", "HR", "--reason", "no lists"),
    "menu": ("menu", "push"),
    "erase": ("erase", "wm-x"),
    "backup": ("backup", "{}.backup"),
}
MAKING = {"serve", "run", "init", "demo", "import", "copy", "restore"}
WITHOUT = {"check", "help-json", "texts"}  # check looks into a store only if there is one


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path)


def test_every_command_either_makes_stores_or_is_tried_here_without_one() -> None:
    assert set(COMMANDS) <= MAKING | WITHOUT | LOOKING.keys()


@pytest.mark.parametrize("name", LOOKING)
def test_a_command_on_a_store_that_is_not_there_says_so_and_makes_none(
    quotabot: Quotabot, config: Path, name: str
) -> None:
    quotas = config.parent / "other.toml"
    quotas.write_text('[[quotas]]\nid = "cm-monthly"\nperiod = "month"\ntarget = 9\n', encoding="utf-8")
    words = [word.format(quotas) for word in LOOKING[name]]
    done = quotabot(*words, "--config", str(config))

    assert (done.code, done.out) == (2, "")
    assert f"没有数据文件 {config.parent / 'quotabot.db'}" in done.err
    assert len(done.err.splitlines()) == 1
    assert list(config.parent.glob("quotabot.db*")) == []


def test_an_export_can_be_read_by_nobody_else(quotabot: Quotabot, config: Path) -> None:
    Store(config.parent / "quotabot.db").close()
    known, fresh = config.parent / "known.csv", config.parent / "fresh.csv"
    known.write_text("older", encoding="utf-8")
    known.chmod(0o644)
    before = os.umask(0o022)
    try:
        for file in (known, fresh):
            quotabot("export", "contact-keys", "--config", str(config), "--output", str(file))
    finally:
        os.umask(before)

    assert [oct(file.stat().st_mode & 0o777) for file in (known, fresh)] == ["0o600"] * 2


def test_check_warns_of_a_file_that_is_mounted_without_its_folder(
    quotabot: Quotabot, config: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.db"
    Store(outside).close()
    inside = config.parent / "quotabot.db"
    inside.touch()
    mounted = subprocess.run(["mount", "--bind", str(outside), str(inside)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a file")
    try:
        done = quotabot("check", "--config", str(config))
    finally:
        subprocess.run(["umount", "--lazy", str(inside)], check=True)

    assert done.code == 0
    assert "只挂载了数据文件本身" in done.err
    assert "请挂载整个文件夹" in done.err


def test_the_unit_file_waits_for_the_clock_and_the_database() -> None:
    unit = (ROOT / "deploy" / "systemd" / "quotabot.service").read_text(encoding="utf-8")
    after = next(line for line in unit.splitlines() if line.startswith("After="))

    assert {"time-sync.target", "postgresql.service"} <= set(after.partition("=")[2].split())


def serve(config: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stderr:
        command = [*COMMAND, "serve", "--config", str(config), "--role", "receiver"]
        return subprocess.Popen(command, cwd=ROOT, stderr=stderr)


def waits_and_then_serves(config: Path, let_it_come: Callable[[], None]) -> tuple[str, int]:
    """Start a service whose store is away, let it come; return what it said and how it ended."""
    log = config.parent / "log"
    with serve(config, log) as process:
        try:
            until(lambda: "cannot begin yet" in log.read_text() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            let_it_come()
            until(lambda: "listening on" in log.read_text() or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            return log.read_text(), process.wait(PATIENCE_S)
        finally:
            process.kill()


@pytest.mark.lasting
def test_a_service_waits_for_a_store_that_is_locked_when_it_starts(config: Path) -> None:
    path = config.parent / "quotabot.db"
    Store(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    said, code = waits_and_then_serves(config, other.close)

    assert "locked" in said
    assert "listening on" in said
    assert code == 0


@pytest.mark.lasting
def test_a_service_waits_for_a_server_that_is_down_when_it_starts(tmp_path: Path) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    with server_folder() as folder:
        server = Server(folder)
        config = write_config(tmp_path, store=server.url("postgres"))
        try:
            said, code = waits_and_then_serves(config, server.start)
        finally:
            server.stop(immediately=True)

    assert "start PostgreSQL" in said
    assert said.count("cannot begin yet") <= 2  # one line a reason: away, then starting
    assert "listening on" in said
    assert code == 0


@pytest.mark.lasting
def test_a_service_that_waits_for_its_store_ends_when_it_is_asked_to(config: Path) -> None:
    other = sqlite3.connect(config.parent / "quotabot.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    log = config.parent / "log"
    with serve(config, log) as process:
        try:
            until(lambda: "cannot begin yet" in log.read_text() or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE_S)
        finally:
            process.kill()
            other.close()

    assert code == 0
