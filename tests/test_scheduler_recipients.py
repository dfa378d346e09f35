"""Who is told what: each job's receivers, one message a person, named after job, day and person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster

from bot.services import Services
from bot.store.outbox import OutboxMessage
from scheduler.planner import plan

# Monday 23 November: with 42 in 21 workdays, 32 are expected of the day and 30 of those before it.
NOON = "2026-11-23T12:00"
LATE = "2026-11-23T16:37"
MONTHLY = QUOTA.replace("50", "42")
WEEKLY = '[[quotas]]\nid = "weekly"\nroles = ["客户经理"]\nperiod = "week"\ntarget = 5\n'
DEPARTMENTS = "id,name,parent\n1,支行,\n11,一部,1\n111,一部一组,11\n12,二部,1\n13,空部,1\n"


def planned(
    folder: Path, job: str, *roster: str, when: str = NOON, adds: dict[str, int] | None = None, **config: Any
) -> list[OutboxMessage]:
    """What *job* would say at *when*; *adds*: so many customers of 20 November each."""
    (folder / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(folder, *roster)
    path = write_config(folder, **{"quotas": MONTHLY, **config})
    with installation(path, FakeTime(at(when))) as services:
        for userid, number in (adds or {}).items():
            add_customers(services, userid, *[at("2026-11-20T10:00")] * number)
        return list(plan(services, job, at=at(when)))


def receivers(*arguments: object, **options: object) -> list[str]:
    return [message.to_userid for message in planned(*arguments, **options)]  # type: ignore[arg-type]  # as planned


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param("yg01,员工甲,11,客户经理,,,,", True, id="under a quota"),
        pytest.param("yg01,员工甲,11,柜员,,,,", False, id="no quota asks for this role"),
        pytest.param("yg01,员工甲,11,客户经理,,,,0.01", False, id="the share makes the target 0: exempt"),
        pytest.param("yg01,员工甲,11,客户经理,,2026-11-24,,", False, id="begins tomorrow"),
        pytest.param("yg01,员工甲,11,客户经理,,2026-11-23,,", True, id="begins today"),
        pytest.param("yg01,员工甲,11,客户经理,,,2026-11-20,", False, id="has left"),
        pytest.param("yg01,员工甲,11,客户经理,,,2026-11-23,", True, id="leaves today"),
        pytest.param("yg01,员工甲,11,客户经理,11,,,", True, id="a leader who is an employee too"),
    ],
)
def test_progress_goes_to_everybody_from_whom_something_is_asked(
    tmp_path: Path, line: str, told: bool
) -> None:
    assert receivers(tmp_path, "progress", line) == (["yg01"] if told else [])


def test_progress_reaches_him_who_has_reached_everything(tmp_path: Path) -> None:
    assert receivers(tmp_path, "progress", "yg01,员工甲,11,客户经理,,,,", adds={"yg01": 42}) == ["yg01"]


def test_all_quotas_of_a_person_stand_in_one_message(tmp_path: Path) -> None:
    found = planned(tmp_path, "progress", "yg01,员工甲,11,客户经理,,,,", quotas=MONTHLY + WEEKLY)

    assert [message.key for message in found] == ["progress:2026-11-23:yg01"]
    assert "本月" in found[0].content
    assert "本周" in found[0].content


@pytest.mark.parametrize(
    ("number", "told"),
    [
        pytest.param(0, True, id="nothing yet"),
        pytest.param(28, True, id="pace 28/32 is below 0.9 and two fewer than Friday asked"),
        pytest.param(29, False, id="29/32 is printed as 0.91"),
        pytest.param(42, False, id="done"),
    ],
)
def test_a_reminder_goes_only_to_him_who_is_behind(tmp_path: Path, number: int, told: bool) -> None:
    found = receivers(
        tmp_path,
        "reminder",
        "yg01,员工甲,11,客户经理,,,,",
        when=LATE,
        adds={"yg01": number} if number else {},
    )

    assert found == (["yg01"] if told else [])


def test_nobody_is_reminded_who_did_his_dose_of_today(tmp_path: Path) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,", "yg02,员工乙,11,客户经理,,,,")
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        # 42 are left for six workdays: a dose of 7 makes a day
        add_customers(services, "yg01", *[at("2026-11-23T10:00")] * 7)
        add_customers(services, "yg02", *[at("2026-11-23T10:00")] * 6)
        found = [message.key for message in plan(services, "reminder", at=at(LATE))]

    assert found == ["statement:2026-11-23:yg01", "reminder:2026-11-23:yg02"]


LEADERS = (
    "yg01,员工甲,11,客户经理,,,,",
    "yg02,员工乙,111,客户经理,,,,",
    "yg03,员工丙,12,客户经理,,,,",
)


@pytest.mark.parametrize(
    ("leader", "names"),
    [
        pytest.param(
            "boss,主管甲,11,主管,11,,,", {"员工甲", "员工乙"}, id="his department and what is below it"
        ),
        pytest.param("boss,主管甲,111,主管,111,,,", {"员工乙"}, id="not what is above"),
        pytest.param("boss,主管甲,1,主管,1,,,", {"员工甲", "员工乙", "员工丙"}, id="the top sees all"),
        pytest.param("boss,主管甲,1,主管,111;12,,,", {"员工乙", "员工丙"}, id="two departments"),
        pytest.param("boss,主管甲,12,客户经理,12,,,", {"员工丙"}, id="himself excluded"),
        pytest.param("boss,主管甲,1,主管,11,,2026-11-20,", None, id="a leader who has left"),
        pytest.param("boss,主管甲,1,主管,13,,,", None, id="nobody is there"),
        pytest.param("boss,主管甲,13,客户经理,13,,,", None, id="only himself is there"),
    ],
)
def test_a_digest_tells_a_leader_about_his_own_people_only(
    tmp_path: Path, leader: str, names: set[str] | None
) -> None:
    found = planned(tmp_path, "digest", *LEADERS, leader, when="2026-11-23T17:48")

    assert [message.to_userid for message in found] == ([] if names is None else ["boss"])
    everybody = {"员工甲", "员工乙", "员工丙", "主管甲"}
    assert {name for name in everybody if found and name in found[0].content} == (names or set())


def test_a_digest_is_not_about_who_has_left_or_is_still_to_begin(tmp_path: Path) -> None:
    roster = (
        "yg01,员工甲,11,客户经理,,,2026-11-20,",
        "yg02,员工乙,11,客户经理,,2026-11-24,,",
        "yg03,员工丙,11,客户经理,,,2026-11-23,",
        "boss,主管甲,11,主管,11,,,",
    )

    (found,) = planned(tmp_path, "digest", *roster)

    assert [name for name in ("员工甲", "员工乙", "员工丙") if name in found.content] == ["员工丙"]
    assert "\n全队：1\n" in found.content


def test_a_leader_who_is_an_employee_gets_both(tmp_path: Path) -> None:
    roster = (*LEADERS, "boss,主管甲,11,客户经理,11,,,")

    assert "boss" in receivers(tmp_path, "progress", *roster)
    assert receivers(tmp_path, "digest", *roster, when="2026-11-23T17:48") == ["boss"]


def test_a_digest_of_each_leader_has_its_own_key(tmp_path: Path) -> None:
    roster = (*LEADERS, "boss,主管甲,1,主管,1,,,", "chief,主管乙,12,主管,12,,,")
    found = planned(tmp_path, "digest", *roster, when="2026-11-23T17:48")

    assert [message.key for message in found] == ["digest:2026-11-23:boss", "digest:2026-11-23:chief"]


def test_a_message_may_go_until_working_hours_are_over(tmp_path: Path) -> None:
    (message,) = planned(tmp_path, "progress", LEADERS[0], when="2026-11-23T09:07")

    assert message.not_before == int(at("2026-11-23T09:07").timestamp())
    assert message.expires_at == int(at("2026-11-23T18:00").timestamp())


@pytest.mark.parametrize(
    ("language", "word"),
    [pytest.param("zh-CN", "本月"), pytest.param("en", "This month")],
    ids=["zh-CN", "en"],
)
def test_texts_are_in_the_configured_language(tmp_path: Path, language: str, word: str) -> None:
    (message,) = planned(
        tmp_path,
        "progress",
        LEADERS[0],
        more=f'[locale]\nlanguage = "{language}"\n[messages]\nstyle = "text"',
    )

    assert word in message.content
    assert message.msgtype == "text"


def test_planning_goes_on_after_a_person_in_the_order_of_userids(tmp_path: Path) -> None:
    write_roster(tmp_path, *reversed(LEADERS))
    with installation(write_config(tmp_path), FakeTime(at(NOON))) as services:
        assert _order(services, after="") == ["yg01", "yg02", "yg03"]
        assert _order(services, after="yg01") == ["yg02", "yg03"]


def _order(services: Services, *, after: str) -> list[str]:
    return [message.to_userid for message in plan(services, "progress", at=at(NOON), after=after)]
