"""`quotas adopt` twice: each adoption is told, and a message that was not sent yet is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import QUOTA, Quotabot, at, change, command_here, outbox_rows, write_config
from test_rules_changes import COUNTING, WHEN, changed

from bot.config import load
from bot.features.rules.announce import adopt_and_announce
from bot.services import Services

LATER = at("2026-11-25T15:00")
NEXT_DAY = at("2026-11-26T15:00")


def adopt_file(services: Services, quotas: str, *, when: object = LATER) -> int:
    """Adopt a file with *quotas*; the number of planned messages."""
    path = write_config(services.config.file.parent, quotas=quotas)
    services.use(load(path, environ={}), services.directory)
    _, planned = adopt_and_announce(services, by="人力资源部", at=when)  # type: ignore[arg-type]
    return planned


def told(services: Services, userid: str = "zhang") -> list[tuple[str, str, list[str]]]:
    """Key, state and the lines about rules of each message to *userid*."""
    return [
        (
            row["key"],
            row["state"],
            [line for line in row["content"].splitlines() if "：" in line and "→" in line],
        )
        for row in outbox_rows(services)
        if row["to_userid"] == userid
    ]


def test_an_unsent_message_is_replaced_by_one_that_says_all(tmp_path: Path) -> None:
    first = QUOTA.replace("50", "45") + COUNTING + "keep_days = 7\n"
    second = QUOTA.replace("50", "40") + COUNTING + "keep_days = 7\n"
    with changed(tmp_path, QUOTA, first) as services:
        adopt_and_announce(services, by="人力资源部", at=WHEN)
        places = services.store.unasked_messages.counts(WHEN.date())
        planned = adopt_file(services, second)
        rows = told(services)
        places_after = services.store.unasked_messages.counts(WHEN.date())

    assert planned == 2
    assert rows == [
        (
            "rules:2026-11-25:zhang",
            "dropped",
            ["cm-monthly（2026-11 起）目标：50 → 45", "cm-monthly（2026-12 起）留存天数：无 → 7"],
        ),
        (
            "rules:2:2026-11-25:zhang",
            "pending",
            ["cm-monthly（2026-11 起）目标：50 → 40", "cm-monthly（2026-12 起）留存天数：无 → 7"],
        ),
    ]
    assert places == places_after


def test_after_a_sent_message_the_second_adoption_is_told_from_there(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "45")) as services:
        adopt_and_announce(services, by="人力资源部", at=WHEN)
        change(services, "UPDATE outbox SET state = 'sent'")
        adopt_file(services, QUOTA.replace("50", "40"))
        rows = told(services)

    assert rows == [
        ("rules:2026-11-25:zhang", "sent", ["cm-monthly（2026-11 起）目标：50 → 45"]),
        ("rules:2:2026-11-25:zhang", "pending", ["cm-monthly（2026-11 起）目标：45 → 40"]),
    ]


@pytest.mark.parametrize("when", [LATER, NEXT_DAY], ids=["the same day", "the next day"])
def test_another_quota_adopted_later_loses_nothing_of_the_first(tmp_path: Path, when: object) -> None:
    other = QUOTA.replace("cm-monthly", "cm-other")
    with changed(tmp_path, QUOTA + other, QUOTA.replace("50", "45") + other) as services:
        adopt_and_announce(services, by="人力资源部", at=WHEN)
        adopt_file(services, QUOTA.replace("50", "45") + other.replace("50", "30"), when=when)
        *_, (_, state, lines) = told(services)

    assert state == "pending"
    assert lines == ["cm-monthly（2026-11 起）目标：50 → 45", "cm-other（2026-11 起）目标：50 → 30"]


def test_adopting_the_same_file_again_tells_nothing(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "45")) as services:
        adopt_and_announce(services, by="人力资源部", at=WHEN)
        planned = adopt_file(services, QUOTA.replace("50", "45"))
        rows = told(services)

    assert planned == 0
    assert [(key, state) for key, state, _ in rows] == [("rules:2026-11-25:zhang", "pending")]


def test_the_command_tells_each_adoption_of_a_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    with changed(tmp_path, QUOTA, QUOTA.replace("50", "45")) as services:
        config = str(services.config.file)
        planned = []
        for target in ("45", "40"):
            write_config(tmp_path, quotas=QUOTA.replace("50", target))
            done = quotabot("quotas", "adopt", "--by", "HR", "--config", config)
            planned.append(done.err.splitlines()[-1])
            change(services, "UPDATE outbox SET state = 'sent'")

    assert planned == ["已安排 2 条消息", "已安排 2 条消息"]
