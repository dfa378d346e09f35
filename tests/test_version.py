"""The version stands where somebody looks who wonders what runs: command, status, readyz, metrics, store."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, command_here, installation, write_config, write_roster

from bot import __version__
from bot.app.bootstrap import begin_record
from bot.features.health import Health
from bot.services import VERSION


def test_status_readyz_and_store_say_the_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    config = write_config(tmp_path)
    quotabot = command_here(capsys, monkeypatch)
    with installation(config, FakeTime(at("2026-11-23T12:00"))) as services:
        services.store.marks.put(VERSION, "2025.1.1")
        before = quotabot("status", "--config", str(config), "--format", "json").json()["version"]
        begin_record(services, now=services.clock.now())
        after = quotabot("status", "--config", str(config), "--format", "json").json()["version"]
        ready = Health(services.store, probe=lambda: None).report()

    assert before == {"program": __version__, "store": "2025.1.1"}
    assert after == {"program": __version__, "store": __version__}
    assert ready["version"] == __version__
    assert __version__ in quotabot("status", "--config", str(config)).out
    assert __version__ in quotabot("--version").out
