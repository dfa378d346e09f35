"""What a leader of leaders learns by week and by word: his own people by name, the others as teams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.chat import arrive, say, text_event
from builders.e2e import FakeTime, add_customers, at, change, installation, write_config, write_roster
from builders.spreadsheet import read_back

from bot.features.chat import desk
from bot.features.standings import figures, pieces
from bot.features.standings.figures import keep_figures
from bot.features.teams import coaching
from bot.services import Services
from scheduler import whom as scheduled
from scheduler.planner import plan

DEPARTMENTS = "id,name,parent\n1,支行,\n11,南区一部,1\n12,柜面,1\n"
QUOTA = '[[quotas]]\nid = "cm-monthly"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 42\n'
MORE = '[messages]\nstyle = "text"\n[schedule]\nweekly = { at = "17:23", on = "last_workday_of_week" }\n'
# Friday 20 November: with 42 in 21 workdays 15 are over, so 30 are expected.
FRIDAY = at("2026-11-20T17:23")
NAMES = "甲乙丙丁戊"
ROSTER = (
    *(f"yg0{n},员工{name},11,客户经理,,,," for n, name in enumerate(NAMES, start=1)),
    "yg06,员工己,12,客户经理,,,,",
    "boss,主管甲,1,主管,1,,,",
    "chief,主管乙,11,主管,11,,,",
)
BELOW = [f"员工{name}" for name in NAMES]


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Services]:
    """Five people under chief, one with nobody between him and boss; the first and the last have adds."""
    (tmp_path / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(tmp_path, *ROSTER)
    with installation(write_config(tmp_path, quotas=QUOTA, more=MORE), FakeTime(FRIDAY)) as services:
        add_customers(services, "yg01", *[at("2026-11-17T10:00")] * 31)
        add_customers(services, "yg06", *[at("2026-11-17T10:00")] * 4)
        yield services


def week(services: Services, userid: str) -> list[str]:
    planned = plan(services, "weekly", at=FRIDAY)
    (content,) = [message.content for message in planned if message.to_userid == userid]
    return content.splitlines()


def named(lines: list[str]) -> list[str]:
    """Whom other leaders lead, by those of *lines* that name him."""
    return [name for name in BELOW if any(name in line for line in lines)]


def test_a_week_names_own_people_and_teams(bank: Services) -> None:
    said = week(bank, "boss")

    assert said[:7] == [
        "本周全队新增 35 位，下周先支持各团队",
        "全队 6 人：已够 0 · 正常 1 · 需帮助 5",
        "南区一部 5 人：达成率 14%，中位数 0%；需帮助 4",
        "下周先帮：员工己",
        "全队 11-16 至 11-20：新增 35 位",
        "达成率 13%（每人最多按 100% 计），中位数 0%，时间进度 71%",
        "进步最多：南区一部，近 7 天比前 7 天多 31 位",
    ]
    assert named(said) == []


def test_the_leader_of_a_team_reads_of_its_people(bank: Services) -> None:
    assert "下周先帮：员工乙、员工丙、员工丁" in week(bank, "chief")


def test_a_week_without_help_that_is_missing_names_the_team_that_improved(tmp_path: Path) -> None:
    (tmp_path / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(tmp_path, *ROSTER)
    with installation(write_config(tmp_path, quotas=QUOTA, more=MORE), FakeTime(FRIDAY)) as services:
        for n in range(1, 7):
            add_customers(services, f"yg0{n}", *[at("2026-11-17T10:00")] * 31)
        said = week(services, "boss")

    assert said[0] == "本周全队新增 186 位，照这样就够"
    assert "南区一部 5 人：达成率 73%，中位数 73%" in said
    assert "进步最多：南区一部，近 7 天比前 7 天多 155 位" in said
    assert named(said) == []


def test_who_is_away_on_the_next_workday_is_not_named_for_the_week_to_come(bank: Services) -> None:
    change(bank, "INSERT INTO absences VALUES ('yg02', '2026-11-20', '2026-11-20', '年假')")
    change(bank, "INSERT INTO absences VALUES ('yg03', '2026-11-23', '2026-11-24', '年假')")

    assert "下周先帮：员工乙、员工丁、员工戊" in week(bank, "chief")


def test_who_needs_help_is_named_if_own_and_counted_by_team_otherwise(bank: Services) -> None:
    said = say(bank, "boss", "需帮助")

    assert named(said) == []
    assert said[0] == "有 1 位可以帮一把，各团队另有 4 位"
    assert said[1].startswith("员工己 · 本月 4/42")
    assert said[2] == "南区一部 5 人（主管 主管乙）：需帮助 4"


def test_who_is_on_leave_is_counted_apart_by_the_word(bank: Services) -> None:
    change(bank, "INSERT INTO absences VALUES ('yg06', '2026-11-20', '2026-11-24', '年假')")
    said = say(bank, "boss", "需帮助")

    assert said[0] == "各团队有 4 位需帮助，先问问他们的主管需要什么"
    assert "另有 1 位今天休假，回来后再帮" in said


def test_an_export_has_rows_of_own_people_and_figures_of_teams(bank: Services) -> None:
    arrive(bank, text_event("boss", "导出", msgid="7"))
    stored = bank.store.attachments.get("export:7")
    assert stored is not None
    rows, teams = read_back(stored[1])
    cells = [value for sheet in (rows, teams) for _, value in sheet.cells.values()]

    assert named(cells) == []
    assert "员工己" in cells
    assert any("由其他主管带的人只有满 5 人的团队合计" in cell for cell in cells)
    assert teams.row(6) == ["cm-monthly", "2026-11", "11 南区一部", "5", "0.15", "0.0", "1.0"]


def test_on_an_export_stands_only_who_has_a_row(bank: Services) -> None:
    arrive(bank, text_event("boss", "导出", msgid="7"))

    on_it = [userid for userid in ("yg01", "yg02", "yg06") if bank.store.exports.of(userid, since=0)]
    assert on_it == ["yg06"]


@pytest.mark.parametrize(
    ("leader", "whom", "noted"),
    [
        pytest.param("boss", "yg06", True, id="his own"),
        pytest.param("boss", "chief", True, id="a leader below him"),
        pytest.param("boss", "yg01", False, id="another leader's"),
        pytest.param("chief", "yg01", True, id="that leader himself"),
        pytest.param("chief", "yg06", False, id="beside him"),
    ],
)
def test_nobody_is_marked_whom_the_leader_may_not_see_by_name(
    bank: Services, leader: str, whom: str, noted: bool
) -> None:
    assert coaching.coach(bank, leader, whom, at=FRIDAY) is noted


# --- teams whose contacts are too many to be read at once ---


@pytest.mark.parametrize("job", ["digest", "weekly"])
def test_of_a_large_team_the_same_is_told(bank: Services, monkeypatch: pytest.MonkeyPatch, job: str) -> None:
    whole = [(message.key, message.content) for message in plan(bank, job, at=FRIDAY)]
    monkeypatch.setattr(scheduled, "PIECE", 0)
    monkeypatch.setattr(pieces, "PIECE", 2)

    assert [(message.key, message.content) for message in plan(bank, job, at=FRIDAY)] == whole


@pytest.mark.parametrize("word", ["团队", "需帮助"])
def test_of_a_large_team_the_answer_says_of_when_its_figures_are(
    bank: Services, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    clock = bank.clock
    assert isinstance(clock, FakeTime)
    whole = say(bank, "boss", word)
    monkeypatch.setattr(desk, "PIECE", 0)
    monkeypatch.setattr(figures, "FEW", 1)
    computed = say(bank, "boss", word)
    keep_figures(bank)
    clock.pass_(60)
    kept = say(bank, "boss", word)
    clock.pass_(figures.OLDEST_S)
    too_old = say(bank, "boss", word)

    assert computed[:-1] == whole[:-1]
    assert kept[:-1] == [*whole[:-1], "下级团队的数字为 2026-11-20 17:23 算出。"]
    assert not any("算出" in line for line in too_old)


def test_the_export_of_a_large_team_says_of_when_its_figures_are(
    bank: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "PIECE", 0)
    monkeypatch.setattr(figures, "FEW", 1)
    keep_figures(bank)
    arrive(bank, text_event("boss", "导出", msgid="7"))
    stored = bank.store.attachments.get("export:7")
    assert stored is not None
    rows, teams = read_back(stored[1])

    cells = [value for sheet in (rows, teams) for _, value in sheet.cells.values()]
    assert "下级团队的数字为 2026-11-20 17:23 算出。" in cells
    assert teams.row(8) == ["cm-monthly", "2026-11", "11 南区一部", "5", "0.15", "0.0", "1.0"]
