"""In a pilot nobody reads of money, whatever tells them of rules and results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster

from bot.config import load
from bot.features.rules.announce import build_announcements
from bot.features.rules.changes import find_pending_changes
from bot.services import Services
from scheduler.jobs import PREPARES
from scheduler.planner import plan

CLOSE = at("2026-12-01T08:42")
MONEY = ("绩效", "元", "300")
MISSED = QUOTA + "penalty = { flat = 300 }\n"
PILOT = '[rollout]\nmode = "pilot"\ndepartments = [11]\n'


@contextmanager
def branch(folder: Path, quotas: str, *, more: str) -> Iterator[Services]:
    write_roster(folder, "zhang,员工甲,11,客户经理,,,,", "away,员工乙,11,客户经理,,,,0.001")
    path = write_config(folder, quotas=quotas, more=more + '[messages]\nstyle = "text"\n')
    with installation(path, FakeTime(CLOSE)) as services:
        add_customers(services, "zhang", at("2026-11-03T10:00"))
        yield services


def about_money(text: str) -> bool:
    return any(word in text for word in MONEY)


@pytest.mark.parametrize(("more", "shown"), [("", True), (PILOT, False)], ids=["on", "pilot"])
def test_a_result_names_what_is_deducted_only_when_money_counts(
    tmp_path: Path, more: str, *, shown: bool
) -> None:
    with branch(tmp_path, MISSED, more=more) as services:
        PREPARES["close"](services, CLOSE)
        told = {message.to_userid: message.content for message in plan(services, "close", at=CLOSE)}

    assert set(told) == {"zhang"}  # of whom nothing is asked is told no result
    assert "1/50" in told["zhang"]
    assert about_money(told["zhang"]) is shown


@pytest.mark.parametrize(("more", "shown"), [("", True), (PILOT, False)], ids=["on", "pilot"])
def test_changed_rules_are_told_with_money_only_when_it_counts(
    tmp_path: Path, more: str, *, shown: bool
) -> None:
    when = at("2026-12-02T10:00")
    with branch(tmp_path, QUOTA, more=more) as services:
        path = write_config(tmp_path, quotas=MISSED.replace("50", "40"), more=more)
        services.use(load(path, environ={}), services.directory)
        told = [
            one.content
            for one in build_announcements(services, find_pending_changes(services, at=when), at=when)
        ]
        only_money = load(write_config(tmp_path, quotas=MISSED, more=more), environ={})
        services.use(only_money, services.directory)
        then = build_announcements(services, find_pending_changes(services, at=when), at=when)

    assert told
    assert all("50 → 40" in text for text in told)
    assert [about_money(text) for text in told] == [shown] * len(told)
    assert bool(then) is shown  # a change of money alone is no news in a pilot
