"""`quotabot verify`: what anybody learns of a code, and what only few see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import FakeTime, Quotabot, add_customers, at, command_here
from builders.reviews import branch

from bot.features.standings.load import load_standings
from bot.features.statements.proof import issue, statement_of
from bot.features.statements.rules import shown_code
from bot.services import Services

NOW = at("2026-11-23T18:05")


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: FakeTime(NOW))
    with branch(tmp_path, when=NOW) as services:
        add_customers(services, "zhang", at("2026-11-23T10:00"))
        yield services


@pytest.fixture
def quotabot(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, services: Services
) -> Quotabot:
    typed = command_here(capsys, monkeypatch)
    return lambda *arguments: typed("verify", *arguments, "--config", str(services.config.file))


@pytest.fixture
def code(services: Services) -> str:
    return shown_code(
        issue(services, [statement_of(load_standings(services, at=NOW), "zhang")])["zhang"].code
    )


def test_anybody_learns_that_it_is_genuine_and_no_figure(quotabot: Quotabot, code: str) -> None:
    done = quotabot(code)

    assert done.code == 0
    assert done.out.splitlines()[:2] == [
        "校验码有效，2026-11-23 18:05 由本应用发出",
        "数字只有本人和他的主管能看到。",
    ]
    assert "员工甲" not in done.out


def test_his_leader_sees_the_figures(quotabot: Quotabot, code: str) -> None:
    done = quotabot(code, "--by", "team")

    assert "员工甲 2026-11-23：当天新增 1 位" in done.out
    assert "本月：目标 50，已确认 0，待确认 1" in done.out


def test_whose_userid_changed_is_called_by_name(quotabot: Quotabot, services: Services, code: str) -> None:
    with services.store.transaction():
        services.store.renames.put("zhang", "li", at=0, by="hr")

    assert "员工乙 2026-11-23：当天新增 1 位" in quotabot(code, "--by", "team").out


def test_a_wrong_code_fails(quotabot: Quotabot, code: str) -> None:
    done = quotabot(code[:-1] + ("0" if code[-1] != "0" else "1"))

    assert done.code == 1
    assert done.out.startswith("没有发出过这个校验码")


def test_for_programs(quotabot: Quotabot, code: str) -> None:
    genuine, wrong = (
        quotabot(code, "--by", "zhang", "--format", "json").json(),
        quotabot("x", "--format", "json"),
    )

    assert genuine == {
        "genuine": True,
        "at": "2026-11-23T18:05:00+08:00",
        "too_many_tries": False,
        "statement": {
            "userid": "zhang",
            "at": "2026-11-23T18:05:00+08:00",
            "day": "2026-11-23",
            "added": 1,
            "figures": [
                {"quota": "cm-monthly", "period": "2026-11", "target": 50, "counted": 0, "pending": 1}
            ],
        },
    }
    assert wrong.json() == {"genuine": False, "at": None, "too_many_tries": False, "statement": None}


def test_after_ten_wrong_ones_it_looks_at_none(quotabot: Quotabot, code: str) -> None:
    for _ in range(10):
        quotabot("0000-0000-0000-0000")

    done = quotabot(code)

    assert (done.code, done.out.splitlines()[0]) == (1, "试得太多了，请一小时后再试")
