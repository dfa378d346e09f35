"""The first day of a bank with a month of customers: from a configuration file to the first right message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from builders.chat import say
from builders.e2e import QUOTA, at, command_here, outbox_rows
from builders.sync import Desk, desk

from bot.app import starter
from bot.app.bootstrap import begin_record, open_sender
from bot.app.starter import Answers
from bot.config import load
from bot.core.workdays import epoch_of
from bot.features.health import Health
from bot.features.outages.catch_up import begin_if_due
from bot.features.standings.load import load_standings
from bot.store.sync import WHOLE
from scheduler.runs import tick, tick_lasting

DAY = "2026-11-24"
ADMIN = "yg19"
LACKS = "客户名单还没有核对完，数字可能偏低"


def write_by_init(folder: Path, *, app: dict[str, Any], api_url: str, quotas: str, **_: object) -> Path:
    """Write the file as `quotabot init` does, and change what a bank changes: its quota, then the mode."""
    path = folder / "config.toml"
    answers = Answers(
        language="zh-CN",
        source="csv",
        corp_id=app["corp_id"],
        agent_id=app["agent_id"],
        secret=app["secret"],
        public_url="https://quota.example.com",
        admins=(ADMIN,),
        target=50,
    )
    starter.write(path, answers, environ={})
    for name in ("callback_token", "callback_aes_key"):  # the sandbox's console has its own
        (folder / starter.SECRETS / name).write_text(app[name], encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert load(path, environ={}).rollout.mode == "shadow"
    text = re.sub(r'mode = "shadow"', 'mode = "on"', text)
    text = re.sub(r"\[\[quotas\]\].*?(?=\[rollout\])", f"{quotas}\n", text, flags=re.DOTALL)
    text = text.replace("[server]", f'api_base_url = "{api_url}"\n[server]')
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(params=["by hand", "by init"])
def stage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """WeCom has a month of customers; the bot starts at 08:20 with a configuration file alone."""
    if request.param == "by init":
        monkeypatch.setattr("builders.sync.write_config", write_by_init)
    more = f'[admins]\nuserids = ["{ADMIN}"]\n'
    with desk(tmp_path, night=f"{DAY}T08:20", quotas=QUOTA, more=more) as one:
        one.services.store.marks.clear(WHOLE)
        sent = requests.post(f"{one.sandbox.url}/sandbox/history", json={"drop_rate": 1.0}, timeout=120)
        assert sent.ok, sent.text
        begin_record(one.services, now=one.services.clock.now())
        yield one


def pass_by(stage: Desk, *times: str, compares: bool = True) -> None:
    """What the threads of the service do at these times, delivery included."""
    for text in times:
        stage.clock.set(f"{DAY}T{text}")
        begin_if_due(stage.services)
        tick(stage.services)
        if compares:
            tick_lasting(stage.services)
        with open_sender(stage.services) as (sender, _):
            while sender.step() < 0.1:
                pass


def read_by_all(stage: Desk) -> dict[str, list[str]]:
    """What has arrived on the phones, by userid."""
    with stage.world.lock:
        return {
            userid: [message.content for message in messages]
            for userid, messages in stage.world.mailbox.messages.items()
        }


def in_wecom(stage: Desk) -> Counter[str]:
    """How many customers of November everybody has, as WeCom itself lists them."""
    first = epoch_of(at("2026-11-01T00:00"))
    with stage.world.lock:
        return Counter(
            contact.userid.lower() for contact in stage.world.contacts.all() if contact.createtime >= first
        )


def ready(stage: Desk) -> set[str]:
    report = Health(stage.services.store, probe=lambda: None, real_time=stage.clock).report()
    return {part["part"] for part in report["degraded"]}


def test_nobody_reads_a_wrong_number_on_the_first_day(
    stage: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = in_wecom(stage)
    asker = max(right, key=right.__getitem__)

    # Before the comparison, and while WeCom refuses the lists, only administrators are told anything.
    pass_by(stage, "08:20", "08:45", compares=False)
    stage.world.faults.arm({"read_error": {"errcode": 48002, "times": 10_000}})
    pass_by(stage, "09:07", "09:08", "09:20")
    early, answer = read_by_all(stage), say(stage.services, asker, "进度")
    status = command_here(capsys, monkeypatch)("status", "--config", str(stage.services.config.file))
    broken = ready(stage)

    # After the comparison the morning's message goes by itself, with the figures of WeCom's lists.
    stage.world.faults.clear()
    pass_by(stage, "09:40", "09:41", "09:42", "10:05", "10:06")
    late = read_by_all(stage)
    rows = {row.userid: row for row in load_standings(stage.services, at=stage.clock.moment).rows}

    assert {userid for userid, texts in early.items() if texts} <= {ADMIN}
    assert answer[0] == LACKS
    assert answer[1].startswith("本月 0/")  # what it knows; no judgement, no code
    assert not [line for line in answer if "偏紧" in line or "校验码" in line]
    assert "complete" in broken
    assert "数据    还没有与企业微信的名单完整核对过" in status.out
    assert "complete" not in ready(stage)
    assert {userid: row.gross for userid, row in rows.items()} == {userid: right[userid] for userid in rows}
    mornings = {row["to_userid"]: row for row in outbox_rows(stage.services) if row["job"] == "progress"}
    assert len(mornings) > 5
    assert mornings.keys() <= rows.keys()
    for userid, row in mornings.items():
        assert f"本月 {right[userid]}/{rows[userid].target}：" in row["content"]
        assert late[userid][-1] == row["content"]
        assert len(late[userid]) == (2 if userid == asker else 1)
