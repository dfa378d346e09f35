"""`quotas diff` names changes of `[integrity]`, `[ledger]` and `[money]`, and from which day each holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, Quotabot, at, command_here, installation, write_config, write_roster

BURST = "[integrity]\nburst = { adds = 15, minutes = 10 }\n"


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    monkeypatch.setattr("bot.app.bootstrap.RealClock", lambda: FakeTime(at("2026-11-25T10:00")))
    return command_here(capsys, monkeypatch)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        pytest.param(
            "[money]\ncap_per_month = 1000\n",
            "[money]\ncap_per_month = 500\n",
            "money.cap_per_month: 1000 → 500, for months from 2026-12 on",
            id="the cap",
        ),
        pytest.param(
            "",
            "[ledger]\nregain_days = 0\n",
            "ledger.regain_days: 3 → 0, for losses from 2026-11-26 on",
            id="regain",
        ),
        pytest.param(
            BURST,
            BURST.replace("15", "20"),
            "question about many adds at once: 15 in 10 minutes → 20 in 10 minutes, "
            "for adds from 2026-11-26 on",
            id="integrity",
        ),
        pytest.param(BURST, BURST, "the file changes nothing", id="nothing"),
    ],
)
def test_a_changed_section_is_named_with_its_day(
    tmp_path: Path, quotabot: Quotabot, before: str, after: str, line: str
) -> None:
    english = '[locale]\nlanguage = "en"\n'
    write_roster(tmp_path, "zhang,员工甲,1,客户经理,,,,")
    path = write_config(tmp_path, quotas=QUOTA, more=english + before)
    with installation(path, FakeTime(at("2026-11-02T10:00"))):
        write_config(tmp_path, quotas=QUOTA, more=english + after)
        said = quotabot("quotas", "diff", "--config", str(path))
        plain = quotabot("quotas", "diff", "--format", "json", "--config", str(path)).json()

    assert said.out.splitlines() == [line]
    assert plain["changes"] == []
    assert [section["sentence"] for section in plain["sections"]] == ([line] if "→" in line else [])
