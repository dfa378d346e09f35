"""The tour of `quotabot demo --tour`: which jobs end its day, and when nothing is on its way any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import FakeTime, at, installation, write_config, write_roster

from bot.cli.tour import all_sent, evening
from bot.config import load
from bot.store.outbox import OutboxMessage

WEEKLY = '[schedule]\nweekly = { at = "17:23", on = "last_workday_of_week" }'


@pytest.mark.parametrize(
    ("day", "more", "jobs"),
    [
        pytest.param(date(2026, 11, 19), WEEKLY, ["reminder", "digest"], id="a Thursday"),
        pytest.param(date(2026, 11, 20), WEEKLY, ["reminder", "weekly", "digest"], id="a Friday"),
        pytest.param(date(2026, 9, 30), WEEKLY, ["reminder", "weekly", "digest"], id="before a holiday"),
        pytest.param(date(2026, 11, 20), "", ["reminder", "weekly", "digest"], id="a Friday by default"),
    ],
)
def test_the_week_is_a_chapter_on_its_last_workday_only(
    tmp_path: Path, day: date, more: str, jobs: list[str]
) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    config = load(write_config(tmp_path, more=more), environ={})

    told = evening(config, day)

    assert [job for _, job in told] == jobs
    assert told == sorted(told)  # the clock only goes forward


def test_what_waits_for_another_day_keeps_the_tour_from_nothing(tmp_path: Path) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    now = at("2026-11-20T17:23")
    later = OutboxMessage(
        key="weekly:2026-11-23:yg01",
        job="weekly",
        to_userid="yg01",
        content="本周",
        msgtype="text",
        not_before=int(at("2026-11-23T08:31").timestamp()),
        expires_at=int(at("2026-11-23T18:00").timestamp()),
    )
    with installation(write_config(tmp_path), FakeTime(now)) as services:
        outbox = services.store.outbox
        states = [all_sent(services)]
        outbox.add(later, created_at=0)
        states.append(all_sent(services))
        outbox.add(
            replace(later, key="weekly:2026-11-20:yg01", not_before=int(now.timestamp())), created_at=0
        )
        states.append(all_sent(services))

    assert states == [True, True, False]
