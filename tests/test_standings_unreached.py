"""A target that nobody reached on record is told by `quotabot check`."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import (
    QUOTA,
    FakeTime,
    add_customers,
    at,
    command_here,
    installation,
    outbox_rows,
    write_config,
    write_roster,
)

from bot.features.standings.unreached import list_unreached

KEPT = "counting = { keep_days = 7 }\n"


def branch(folder: Path, *, target: int, when: str = "2026-11-24T10:00", kept: str = KEPT) -> Path:
    """zhang added one in September, three in October and four in November; li nothing."""
    write_roster(folder, "zhang,员工甲,1,客户经理,,,,", "li,员工乙,1,客户经理,,,,")
    path = write_config(folder, quotas=QUOTA.replace("50", str(target)) + kept)
    with installation(path, FakeTime(at(when))) as services:
        add_customers(services, "zhang", at("2026-09-15T10:00"))
        add_customers(services, "zhang", *(at(f"2026-10-{day}T10:00") for day in (12, 13, 14)))
        add_customers(services, "zhang", *(at(f"2026-11-{day:02d}T10:00") for day in (2, 3, 4, 5)))
    return path


@pytest.mark.parametrize(
    ("target", "when", "periods"),
    [
        pytest.param(3, "2026-11-24T10:00", None, id="reached once, in October"),
        pytest.param(4, "2026-11-24T10:00", ("2026-10",), id="September is no whole month, November runs"),
        pytest.param(4, "2026-12-24T10:00", None, id="reached in November"),
        pytest.param(5, "2026-12-24T10:00", ("2026-10", "2026-11"), id="never"),
        pytest.param(4, "2026-10-24T10:00", None, id="no whole month yet"),
        pytest.param(0, "2026-12-24T10:00", None, id="nothing is asked"),
    ],
)
def test_only_whole_periods_in_which_something_was_asked_are_looked_at(
    tmp_path: Path, target: int, when: str, periods: tuple[str, ...] | None
) -> None:
    with installation(branch(tmp_path, target=target, when=when), FakeTime(at(when))) as services:
        found = list_unreached(services)

    assert [one.periods for one in found] == ([] if periods is None else [periods])


def test_the_check_says_who_came_nearest_and_leaves_the_store_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = branch(tmp_path, target=40)
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: FakeTime(at("2026-11-24T10:00")))
    done = command_here(capsys, monkeypatch)("check", "--config", str(path))
    with installation(path, FakeTime(at("2026-11-24T10:00"))) as services:
        planned = outbox_rows(services)

    assert done.code == 0
    assert 'quotas[0].target（指标 "cm-monthly"） = 40：2026' in done.err
    assert "2026-10 没有人达到（最好的是 2026-10 的 3/40）" in done.err
    assert planned == []


def test_without_a_store_the_check_makes_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    path = write_config(tmp_path, quotas=QUOTA + KEPT)
    done = command_here(capsys, monkeypatch)("check", "--config", str(path))

    assert done.code == 0
    assert not list(tmp_path.glob("*.db"))
