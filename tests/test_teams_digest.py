"""What leaders are told each evening: with what to help, what help brought, and teams one level up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import FakeTime, add_customers, at, change, installation, write_config, write_roster

from bot.services import Services
from scheduler.planner import plan

QUOTA = '[[quotas]]\nid = "cm-monthly"\nroles = ["客户经理"]\nperiod = "month"\ntarget = 42\n'
DEPARTMENTS = "id,name,parent\n1,支行,\n11,南区一部,1\n12,南区二部,1\n"
# Monday 23 November: 32 of 42 are expected, and two weeks ago a leader marked whom he helps.
EVENING = at("2026-11-23T17:48")
STAFF = [f"yg0{n},员工{n},11,客户经理,,,," for n in range(1, 6)] + ["yg06,员工6,12,客户经理,,,,"]
LEADERS = ("boss,主管甲,1,主管,1,,,", "chief,主管乙,11,主管,11,,,")


@contextmanager
def office(folder: Path, *roster: str) -> Iterator[Services]:
    (folder / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(folder, *roster)
    path = write_config(folder, quotas=QUOTA, more='[messages]\nstyle = "text"')
    with installation(path, FakeTime(EVENING)) as services:
        yield services


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Services]:
    """Six people without customers in two departments, one of them led by chief, all by boss."""
    with office(tmp_path, *STAFF, *LEADERS) as services:
        yield services


def told(bank: Services) -> dict[str, list[str]]:
    return {message.to_userid: message.content.splitlines() for message in plan(bank, "digest", at=EVENING)}


def mark(bank: Services, userid: str, day: int, *, leader: str = "chief", pace: int = 0) -> None:
    bank.store.coaching.mark(leader, userid, date(2026, 11, day), at=0)
    bank.store.coaching.note_pace(leader, userid, date(2026, 11, day), quota="cm-monthly", pace=pace)


def test_a_week_later_a_leader_learns_what_his_help_brought_and_his_leader_by_team(bank: Services) -> None:
    # 31 of 32 expected: on track; 4 of 32: pace 0.13; 20 November is more than a day ago
    add_customers(bank, "yg01", *[at("2026-11-20T10:00")] * 31)
    add_customers(bank, "yg02", *[at("2026-11-20T10:00")] * 4)
    for userid, day in (("yg01", 16), ("yg02", 16), ("yg03", 16), ("yg04", 20)):
        mark(bank, userid, day)
    said = told(bank)

    assert "上周您标记帮助 3 位：1 位已回到正常、1 位节奏回升" in said["chief"]
    assert said["boss"][:4] == [
        "先支持 1 个团队：南区一部",
        "南区一部 5 人：达成率 16%，中位数 0%；需帮助 4，已有人帮 3；上周帮 3 位，2 位好转",
        "员工6 · 本月 0/42：已确认 0，目标可能偏紧，先谈一谈，剩 6 个工作日",
        "全队 6 人：已够 0 · 正常 1 · 需帮助 5",
    ]
    assert "进步最多：南区一部，一周 +35 位" in said["boss"]
    assert "进步最多：员工1，一周 +31 位" in said["chief"]
    assert not [line for line in said["boss"] if "您标记帮助" in line]


def test_nobody_is_asked_to_help_somebody_who_has_left(tmp_path: Path) -> None:
    with office(tmp_path, "yg01,员工1,11,客户经理,,,2026-11-19,", STAFF[1], *LEADERS) as services:
        said = told(services)["chief"]

    assert "员工1" not in "\n".join(said)
    assert any("全队 1 人" in line for line in said)


def test_leave_that_is_just_over_is_said(bank: Services) -> None:
    change(bank, "INSERT INTO absences VALUES ('yg06', '2026-11-16', '2026-11-20', '年假')")

    (line,) = [line for line in told(bank)["boss"] if line.startswith("员工6")]
    assert line.endswith("；休假 5 个工作日刚回来，目标已按天折算为 32")


def test_appeals_of_his_people_are_counted(bank: Services) -> None:
    change(
        bank,
        """INSERT INTO reviews (kind, quota, period, userid, external_userid, added_at, opened_at)
           VALUES ('appeal', 'cm-monthly', '2026-11', 'yg06', 'wm1', 1, 2)""",
    )
    said = told(bank)

    assert "1 条申诉复核中" in said["boss"]
    assert "1 条申诉复核中" not in said["chief"]


def test_small_teams_are_in_the_sums_only(tmp_path: Path) -> None:
    staff = (*STAFF[:3], *(f"yg1{n},员工1{n},12,客户经理,,,," for n in range(2)))
    with office(tmp_path, *staff, *LEADERS, "two,主管丙,12,主管,12,,,") as services:
        said = told(services)["boss"]

    assert said[:3] == [
        "各团队有 5 位还没人帮，先问问他们的主管需要什么",
        "2 个不足 5 人的团队或小组不单列，只计入合计",
        "全队 5 人：已够 0 · 正常 0 · 需帮助 5",
    ]


def test_fewer_than_five_in_all_teams_are_in_no_sum(tmp_path: Path) -> None:
    with office(tmp_path, *STAFF[:4], STAFF[5], *LEADERS) as services:
        said = told(services)["boss"]

    assert said[0] == "今天先帮 1 位：员工6"
    assert said[1] == "1 个不足 5 人的团队不单列，也不计入合计"
    assert said[3] == "全队 1 人：已够 0 · 正常 0 · 需帮助 1"


def test_whose_people_are_all_in_a_small_team_is_told_nothing(tmp_path: Path) -> None:
    with office(tmp_path, *STAFF[:4], *LEADERS) as services:
        assert list(told(services)) == ["chief"]


def test_who_is_on_leave_today_is_counted_and_nobody_to_help_first(bank: Services) -> None:
    change(bank, "INSERT INTO absences VALUES ('yg01', '2026-11-23', '2026-11-24', '年假')")
    said = told(bank)["chief"]

    assert said[0] == "今天先帮 3 位：员工2、员工3、员工4"
    assert "另有 1 位" in said[4]
    assert not [line for line in said if "员工1" in line]
    assert "全队 5 人：已够 0 · 正常 0 · 需帮助 5" in said


@pytest.mark.parametrize(
    ("staff", "told_of"),
    [pytest.param(STAFF, True, id="five below"), pytest.param(STAFF[1:], False, id="four: no sum has them")],
)
def test_how_all_answered_is_told_where_all_may_stand_in_one_sum(
    tmp_path: Path, staff: list[str], told_of: bool
) -> None:
    with office(tmp_path, *staff, *LEADERS) as services:
        change(
            services,
            "INSERT INTO engagement_teams VALUES (1, '2026-11-22', 'aggregated', 6, 6025, NULL, 1, 6)",
        )
        said = told(services)["boss"]

    assert any("昨日回复率 60%" in line for line in said) is told_of
