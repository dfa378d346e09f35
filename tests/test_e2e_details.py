"""Two processes and real HTTP: what WeCom tells of a contact decides what it is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders.e2e import (
    QUOTA,
    Quotabot,
    SandboxProcess,
    bot_process,
    command_here,
    far_schedule,
    sandbox_process,
    until,
    write_config,
)

RULES = QUOTA + "[quotas.counting]\nexclude_add_ways = [201, 202]\n"
REAL_NAME = RULES + 'required_tags = ["核验/已实名"]\n'


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


def figures(quotabot: Quotabot, config: Path) -> tuple[int, int, int]:
    """Counted, pending and rejected of yg01 on the sandbox's day."""
    done = quotabot(
        *("progress", "--config", str(config), "--at", "2026-11-23T12:00", "--user", "yg01"),
        *("--format", "json"),
    )
    assert done.code == 0, done.err
    (row,) = done.json()["rows"]
    return row["counted"], row["pending"], row["rejected"]


def pending(quotabot: Quotabot, config: Path) -> int:
    """What `status` says is to be read."""
    told: int = quotabot("status", "--config", str(config), "--format", "json").json()["details"]["pending"]
    return told


def configured(sandbox: SandboxProcess, folder: Path, quotas: str) -> Path:
    return write_config(
        folder, app=sandbox.get("app"), api_url=sandbox.url, quotas=quotas, more=far_schedule()
    )


def add(sandbox: SandboxProcess, **spec: Any) -> str:
    told = sandbox.post("events?wait=1", {"kind": "add", "userid": "yg01", **spec})
    customer: str = told["events"][0]["external_userid"]
    return customer


def test_an_add_is_pending_until_wecom_shows_its_details(quotabot: Quotabot, tmp_path: Path) -> None:
    with sandbox_process(tmp_path) as sandbox:
        config = configured(sandbox, tmp_path, RULES)
        sandbox.post("switches", {"api": {"contacts_api": False}})
        with bot_process(config) as bot:
            sandbox.post("switches", {"callback_url": f"{bot.url}/callback"})
            add(sandbox)
            add(sandbox, add_way=202)
            until(lambda: any(part["part"] == "details" for part in bot.readyz()[1]["degraded"]))
            code, ready = bot.readyz()
            before = figures(quotabot, config), pending(quotabot, config)
            bot.end()
        sandbox.post("switches", {"api": {"contacts_api": True, "details_delay": 0.0}})
        with bot_process(config) as bot:
            until(lambda: pending(quotabot, config) == 0)
            after, well = figures(quotabot, config), bot.readyz()

    assert (code, ready["ready"]) == (200, True)
    (problem,) = [part for part in ready["degraded"] if part["part"] == "details"]
    assert problem["errcode"] == 48002
    assert "可调用接口的应用" in problem["problem"]
    assert before == ((0, 2, 0), 2)
    assert after == (1, 0, 1)
    assert "details" not in [part["part"] for part in well[1]["degraded"]]


def test_run_reads_tags_that_the_banks_system_set_before_it_tells_numbers(
    quotabot: Quotabot, tmp_path: Path
) -> None:
    with sandbox_process(tmp_path) as sandbox:
        config = configured(sandbox, tmp_path, REAL_NAME)
        sandbox.post("switches", {"api": {"details_delay": 0.0}})
        with bot_process(config) as bot:
            sandbox.post("switches", {"callback_url": f"{bot.url}/callback"})
            customer = add(sandbox)
            until(lambda: pending(quotabot, config) == 0 and figures(quotabot, config) == (0, 1, 0))
            bot.end()  # its lease with it: `run` need not wait until that is over
        sandbox.post("contacts", {"userid": "yg01", "external_userid": customer, "tags": ["已实名"]})
        unread = figures(quotabot, config)
        done = quotabot("run", "progress", "--config", str(config), "--at", "2026-11-23T12:00")
        read = figures(quotabot, config)

    assert done.code == 0, done.err
    assert (unread, read) == ((0, 1, 0), (1, 0, 0))
