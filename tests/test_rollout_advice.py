"""`check` says when it is time for the pilot and for everybody, and which condition is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import FakeTime, Quotabot, at, command_here, installation, write_config, write_roster

from bot.app.bootstrap import record_files
from bot.config import load
from bot.core.rollout import Mode
from bot.features.rollout.advice import advise_empty, advise_installation, describe_advice
from bot.features.rollout.rules import Missing
from bot.locales import languages
from bot.services import Services

SHADOW = '[rollout]\nmode = "shadow"\n[admins]\nuserids = ["yg01"]\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path, more=SHADOW)


def fire(services: Services, job: str, when: str) -> None:
    """Note a firing of *job* that came to its end."""
    fire_at = int(at(when).timestamp())
    services.store.runs.claim(job, fire_at, holder="test", now=fire_at, lease_until=fire_at + 60)
    services.store.runs.end(job, fire_at, holder="test", state="done")


def missing(services: Services) -> list[Missing]:
    return [condition for condition, _ in advise_installation(services).missing]


def test_a_workday_counts_when_morning_and_evening_were_told(config: Path) -> None:
    clock = FakeTime(at("2026-11-23T08:00"))
    with installation(config, clock) as services:
        assert missing(services) == [Missing.NOBODY_DECIDES, Missing.WORKDAYS]
        fire(services, "progress", "2026-11-23T09:07")
        assert Missing.WORKDAYS in missing(services)

        fire(services, "digest", "2026-11-23T17:48")

        assert Missing.WORKDAYS not in missing(services)


def test_what_came_before_the_mode_does_not_count(config: Path) -> None:
    clock = FakeTime(at("2026-11-23T08:00"))
    with installation(config, clock) as services:
        fire(services, "progress", "2026-11-23T09:07")
        fire(services, "digest", "2026-11-23T17:48")
        clock.set("2026-11-24T08:00")
        text = config.read_text(encoding="utf-8").replace('"shadow"', '"pilot"\ndepartments = [11]')
        config.write_text(text, encoding="utf-8")
        services.use(load(config, environ={}), services.directory)
        record_files(services, now=clock.now())

        advice = advise_installation(services)

        assert advice.next is Mode.ON
        assert (Missing.WORKDAYS, 5) in advice.missing


def test_an_incomplete_record_comes_first(config: Path) -> None:
    with installation(config, FakeTime(at("2026-11-23T08:00"))) as services:
        services.store.marks.clear("compared_whole")

        assert missing(services)[0] is Missing.INCOMPLETE


@pytest.mark.parametrize("language", languages())
def test_the_next_step_is_said_in_the_language(language: str) -> None:
    lines = describe_advice(advise_empty(Mode.SHADOW), language=language)

    assert len(lines) == 2
    assert "pilot" in lines[0]
    assert "quotabot serve" in lines[1]
    assert describe_advice(advise_empty(Mode.ON), language=language) == []


def test_check_says_the_next_step(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    done = quotabot("check", "--config", str(config))
    report = quotabot("check", "--config", str(config), "--format", "json").json()

    assert done.code == 0
    assert "还不到改为 pilot 的时候" in done.out
    assert report["rollout"][0].startswith("Not yet time for pilot")
    assert len(report["rollout"]) == len(done.out.splitlines()[1:])
