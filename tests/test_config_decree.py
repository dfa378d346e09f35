"""Next year's holiday decree: asked for from 1 December on, wherever somebody looks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from builders.e2e import FakeTime, Quotabot, at, command_here, installation, write_config, write_roster

from bot.config import load
from bot.config.warnings import missing_decree
from bot.core import workdays
from bot.features.health import Health
from scheduler.admin import wrong


@pytest.fixture(autouse=True)
def decreed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decrees that are known, whatever the library has learnt meanwhile."""
    monkeypatch.setattr(workdays, "_has_decree", lambda year: year <= 2026)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path)


@pytest.mark.parametrize(
    ("today", "year"),
    [
        pytest.param("2026-11-30", None, id="the day before"),
        pytest.param("2026-12-01", 2027, id="1 December"),
        pytest.param("2027-01-04", 2027, id="the year itself"),
    ],
)
def test_it_is_missed_from_1_december_on(config: Path, today: str, year: int | None) -> None:
    missing = missing_decree(load(config, environ={}), today=date.fromisoformat(today))

    assert missing == year


def test_days_of_that_year_in_the_configuration_end_it(config: Path) -> None:
    text = config.read_text(encoding="utf-8") + "\n[calendar]\nholidays = [2027-02-05]\n"
    config.write_text(text, encoding="utf-8")

    assert missing_decree(load(config, environ={}), today=date(2026, 12, 1)) is None


def test_readyz_status_check_and_the_admins_digest_say_it(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation(config, FakeTime(at("2026-12-01T09:07"))) as services:
        health = Health(services.store, probe=lambda: None, missing_decree=services.missing_decree)
        parts = {part["part"]: part["problem"] for part in health.report()["degraded"]}
        digest = [finding for finding in wrong(services, at=at("2026-12-01T09:07")) if finding.n == 2027]
    quotabot: Quotabot = command_here(capsys, monkeypatch, now="2026-12-01T09:07")
    checked, shown = quotabot("check", "--config", str(config)), quotabot("status", "--config", str(config))

    assert "放假安排) for 2027" in parts["decree"]
    assert [finding.trouble for finding in digest] == ["decree"]
    assert "还没有 2027 年的放假安排" in checked.err
    assert "注意    还没有 2027 年的放假安排" in shown.out
