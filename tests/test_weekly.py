"""Who is told what at the end of a week, and what happens when the day is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

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

from bot.core.relations import RelationEvent, RelationKind
from bot.core.workdays import epoch_of
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.messages.message import as_text
from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.outbox import OutboxMessage
from bot.store.preferences import Way
from scheduler.planner import plan
from scheduler.runs import fire
from scheduler.timetable import Firing, firings, timetable
from scheduler.weekly import messages

# Friday 20 November: with 42 in 21 workdays, 15 are over and 6 are left.
FRIDAY = "2026-11-20T17:23"
DAYS = [date(2026, 11, day) for day in (20, 23, 24)]  # Friday, Monday, Tuesday
MONTHLY = QUOTA.replace("50", "42")
WEEKLY = '[[quotas]]\nid = "weekly"\nroles = ["客户经理"]\nperiod = "week"\ntarget = 5\n'
SCHEDULE = '[schedule]\nweekly = { at = "17:23", on = "last_workday_of_week" }\n'
DEPARTMENTS = "id,name,parent\n1,支行,\n11,一部,1\n12,二部,1\n13,空部,1\n"
ONE = "yg01,员工甲,11,客户经理,,,,"
BOSS = "boss,主管甲,11,主管,11,,,"
TEAM = (ONE, "yg02,员工乙,11,客户经理,,,,", "yg03,员工丙,12,客户经理,,,,")
ROBOT = '[[robots]]\nname = "south"\nwebhook_key = "k"\ndepartments = [11]\nposts = ["weekly"]\n'


@contextmanager
def branch(
    folder: Path, *roster: str, when: str = FRIDAY, more: str = "", quotas: str = MONTHLY
) -> Iterator[Services]:
    (folder / "departments.csv").write_text(DEPARTMENTS, encoding="utf-8")
    write_roster(folder, *roster)
    config = write_config(folder, quotas=quotas, more=SCHEDULE + more)
    with installation(config, FakeTime(at(when))) as services:
        yield services


def planned(services: Services, when: str = FRIDAY) -> dict[str, OutboxMessage]:
    """What the job says, by key."""
    return {message.key: message for message in plan(services, "weekly", at=at(when))}


def lines(services: Services, userid: str = "yg01", when: str = FRIDAY) -> list[str]:
    return planned(services, when)[f"weekly:{when[:10]}:{userid}"].content.splitlines()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param(ONE, True, id="under a quota"),
        pytest.param("yg01,员工甲,11,柜员,,,,", False, id="no quota asks for this role"),
        pytest.param("yg01,员工甲,11,客户经理,,,,0.01", False, id="exempt"),
        pytest.param("yg01,员工甲,11,客户经理,,2026-11-23,,", False, id="begins on Monday"),
        pytest.param("yg01,员工甲,11,客户经理,,,2026-11-19,", False, id="has left"),
        pytest.param("yg01,员工甲,11,客户经理,,,2026-11-20,", True, id="leaves today"),
        pytest.param("yg01,员工甲,13,柜员,13,,,", False, id="leads nobody"),
    ],
)
def test_a_week_goes_to_everybody_from_whom_something_is_asked(tmp_path: Path, line: str, told: bool) -> None:
    with branch(tmp_path, line) as services:
        assert list(planned(services)) == (["weekly:2026-11-20:yg01"] if told else [])


def test_nobody_on_leave_is_told(tmp_path: Path) -> None:
    with branch(tmp_path, *TEAM) as services:
        friday = Absence(userid="yg02", first=DAYS[0], last=DAYS[0])
        with services.store.transaction():
            services.store.contact_knowledge.put_absences([friday])

        assert list(planned(services)) == ["weekly:2026-11-20:yg01", "weekly:2026-11-20:yg03"]


def lose(services: Services, userid: str, moment: str) -> None:
    """Somebody added four days before is lost."""
    lost = at(moment)
    with services.store.transaction():
        for when, kind in (
            (lost - timedelta(days=4), RelationKind.ADDED),
            (lost, RelationKind.LOST_BY_CUSTOMER),
        ):
            event = RelationEvent(userid=userid, external_userid="wm-lost", at=epoch_of(when), kind=kind)
            services.store.ledger.append(event, origin="callback", recorded_at=0)
    derive(services)


def test_a_week_has_its_adds_and_losses_from_monday_on_and_what_is_enough(tmp_path: Path) -> None:
    with branch(tmp_path, ONE) as services:
        add_customers(services, "yg01", *[at("2026-11-15T23:59")] * 22)  # Sunday
        add_customers(services, "yg01", *[at("2026-11-16T00:00")] * 4, *[at("2026-11-20T17:23")] * 5)
        lose(services, "yg01", "2026-11-17T10:00")
        found = lines(services)

    # 32 count: without a keep period the lost one does, too; 10 are left for six workdays
    assert found[0] == "本周新增 9 位，下周每天 2 位就够"
    assert {
        "11-16 至 11-20：新增 9 位；1 位客户删除了您",
        "本月：32/42，进度正常",
        "还需：10 位，剩 6 个工作日",
    } <= set(found)


def test_what_is_enough_counts_own_workdays_only(tmp_path: Path) -> None:
    with branch(tmp_path, ONE) as services:
        leave = Absence(userid="yg01", first=date(2026, 11, 23), last=date(2026, 11, 25))
        add_customers(services, "yg01", *[at("2026-11-16T10:00")] * 27)
        with services.store.transaction():
            services.store.contact_knowledge.put_absences([leave])
        found = lines(services)

    # 42 × 18/21 = 36, so 9 are left, and 26, 27 and 30 November for them
    assert found[0] == "本周新增 27 位，下周每天 3 位就够"


@pytest.mark.parametrize("left_on", ["2026-11-20", "2026-11-22"], ids=["today", "at the weekend"])
def test_who_has_no_other_workday_is_told_nothing_of_a_dose(tmp_path: Path, left_on: str) -> None:
    with branch(tmp_path, f"yg01,员工甲,11,客户经理,,,{left_on},") as services:
        before = lines(services)[0]
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * 5)
        behind = lines(services)[0]
        add_customers(services, "yg01", *[at("2026-11-20T11:00")] * 40)

        assert (before, behind) == ("本周辛苦了", "本周新增 5 位，辛苦了")
        assert lines(services)[0] == "本周新增 45 位，已经够了"


def test_whose_last_day_is_that_of_the_period_is_told_nothing_of_a_dose(tmp_path: Path) -> None:
    friday = "2026-07-31T17:23"
    with branch(tmp_path, "yg01,员工甲,11,客户经理,,,2026-07-31,", when=friday) as services:
        assert lines(services, when=friday)[0] == "本周辛苦了"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        pytest.param("2026-11-25", "2026-11-26", False, id="on days to come"),
        pytest.param("2026-11-28", "2026-11-29", True, id="a weekend is no workday"),
        pytest.param("2026-12-01", "2026-12-04", True, id="after the period"),
    ],
)
def test_who_said_that_he_is_away_is_told_nothing_of_a_dose(
    tmp_path: Path, first: str, last: str, said: bool
) -> None:
    with branch(tmp_path, ONE) as services:
        add_customers(services, "yg01", *[at("2026-11-16T10:00")] * 27)
        days = date.fromisoformat(first), date.fromisoformat(last)
        services.store.preferences.add_leave("yg01", *days, at=epoch_of(at(FRIDAY)))
        found = lines(services)

    assert found[0] == ("本周新增 27 位，下周每天 3 位就够" if said else "本周新增 27 位，辛苦了")
    assert any("个工作日" in line for line in found) is said


@pytest.mark.parametrize(
    ("quotas", "adds", "when", "first"),
    [
        pytest.param(MONTHLY, 42, FRIDAY, "本周新增 42 位，已经够了", id="all is done"),
        pytest.param(WEEKLY, 0, FRIDAY, "下周每天 1 位就够", id="a week's quota begins anew on Monday"),
        pytest.param(
            MONTHLY + WEEKLY, 42, FRIDAY, "本周新增 42 位，下周每天 1 位就够", id="one done, one to come"
        ),
        pytest.param(MONTHLY, 5, "2026-07-31T17:23", "本周新增 5 位，下周每天 2 位就够", id="a new month"),
        pytest.param(
            MONTHLY + "ends_on = 2026-07-31\n",
            5,
            "2026-07-31T17:23",
            "本周新增 5 位，下周不用再加",
            id="nothing follows",
        ),
        pytest.param(MONTHLY, 5, FRIDAY, "本周新增 5 位，下周先商量怎么安排", id="37 in six days: no number"),
        pytest.param(
            MONTHLY, 6, FRIDAY, "本周新增 6 位，下周每天 6 位就够", id="36: three times the average"
        ),
    ],
)
def test_what_comes_is_worked_out_as_of_the_next_workday(
    tmp_path: Path, quotas: str, adds: int, when: str, first: str
) -> None:
    with branch(tmp_path, ONE, BOSS, quotas=quotas, when=when) as services:
        add_customers(services, "yg01", *[at(when) - timedelta(hours=4)] * adds)

        assert lines(services, when=when)[0] == first


def test_what_somebody_holds_of_long_ago_counts_for_a_quota_that_begins(tmp_path: Path) -> None:
    friday = "2026-07-31T17:23"
    held = MONTHLY.replace("cm-monthly", "held") + 'basis = "held"\nstarts_on = 2026-08-01\n'
    quotas = f"{MONTHLY}ends_on = 2026-07-31\n{held}"
    with branch(tmp_path, ONE, quotas=quotas, when=friday) as services:
        add_customers(services, "yg01", *[at("2026-01-05T10:00")] * 40)
        first, *_ = lines(services, when=friday)

    assert first == "下周每天 1 位就够"  # 2 more in August; without the 40 it would be 2 a day


def test_a_week_ends_on_its_make_up_saturday_and_what_follows_a_long_leave_is_not_next_week(
    tmp_path: Path,
) -> None:
    saturday = "2026-02-14T17:23"  # Spring Festival: off from the 15th to the 23rd
    with branch(tmp_path, ONE, when=saturday) as services:
        entries = [entry for entry in timetable(services.config) if entry.job == "weekly"]
        calendar = services.config.work_calendar()
        week = (epoch_of(at("2026-02-09T00:00")), epoch_of(at("2026-02-23T00:00")))
        fired = firings(entries, calendar=calendar, after=week[0], upto=week[1])
        add_customers(services, "yg01", *[at("2026-02-14T10:00")] * 30)
        found = lines(services, when=saturday)

    assert [calendar_day(one.fire_at) for one in fired] == [saturday]
    assert found[0].startswith("本周新增 30 位，之后每天 ")
    assert any(line.startswith("02-09 至 02-14：") for line in found)


def calendar_day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, at(FRIDAY).tzinfo):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("leader", "names", "added"),
    [
        pytest.param("boss,主管甲,1,主管,11,,,", {"员工甲", "员工乙"}, 7, id="his department"),
        pytest.param("boss,主管甲,1,主管,1,,,", {"员工甲", "员工乙", "员工丙"}, 7, id="and those below"),
        pytest.param("boss,主管甲,1,主管,12,,,", {"员工丙"}, 0, id="nobody else's"),
    ],
)
def test_a_leader_reads_of_his_own_people_only(
    tmp_path: Path, leader: str, names: set[str], added: int
) -> None:
    with branch(tmp_path, *TEAM, leader) as services:
        add_customers(services, "yg01", *[at("2026-11-12T10:00")] * 3, *[at("2026-11-17T10:00")] * 2)
        add_customers(services, "yg02", *[at("2026-11-17T10:00")] * 5)
        found = planned(services)["weekly:2026-11-20:boss"].content

    assert {name for name in ("员工甲", "员工乙", "员工丙", "主管甲") if name in found} == names
    assert (f"本周全队新增 {added} 位" in found.splitlines()[0]) is bool(added)
    assert ("进步最多：员工乙，近 7 天比前 7 天多 5 位" in found) is bool(added)


def test_nobody_about_whom_a_finding_is_confirmed_is_named_as_having_improved(tmp_path: Path) -> None:
    with branch(tmp_path, *TEAM, "boss,主管甲,1,主管,11,,,") as services:
        add_customers(services, "yg01", *[at("2026-11-17T10:00")] * 8)
        add_customers(services, "yg02", *[at("2026-11-17T10:00")] * 5)
        known = load_standings(services, at=at(FRIDAY))
        rows = tuple(replace(row, flags=("burst",)) if row.userid == "yg01" else row for row in known.rows)
        found = dict(messages(services, replace(known, rows=rows)))

    assert "进步最多：员工乙，近 7 天比前 7 天多 5 位" in as_text(found["boss"])


def test_a_leader_with_a_quota_gets_one_message_with_both(tmp_path: Path) -> None:
    with branch(tmp_path, *TEAM, "boss,主管甲,11,客户经理,11,,,") as services:
        add_customers(services, "boss", *[at("2026-11-16T10:00")] * 30)
        found = planned(services)
        own = found["weekly:2026-11-20:boss"].content

    assert len(found) == 4
    assert own.splitlines()[0] == "本周新增 30 位，下周每天 2 位就够"
    assert "全队 11-16 至 11-20：新增 0 位" in own


def test_a_robot_posts_the_week_into_its_group(tmp_path: Path) -> None:
    people = [f"yg0{n},员工{letter},11,客户经理,,,," for n, letter in enumerate("甲乙丙丁戊")]
    with branch(tmp_path, *people, more=ROBOT) as services:
        found = planned(services)
        key = "weekly:2026-11-20:robot:south"

        assert {key, f"{key}:picture"} < found.keys()
        assert "群周报" in found[key].content
        assert not [one for one in plan(services, "digest", at=at(FRIDAY)) if "robot" in one.key]


def test_a_dry_run_by_hand_prints_it_with_its_buttons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    with branch(tmp_path, ONE) as services:
        add_customers(services, "yg01", *[at("2026-11-16T10:00")] * 30)
    done = command_here(capsys, monkeypatch)(
        "run", "weekly", "--dry-run", "--at", FRIDAY, "--config", str(tmp_path / "config.toml")
    )

    assert done.code == 0, done.err
    assert "本周新增 30 位，下周每天 2 位就够" in done.out
    assert "［明细］" in done.out


def run(services: Services, when: str = FRIDAY) -> list[dict[str, Any]]:
    """Fire the job; what is in the outbox then."""
    fire(services, Firing("weekly", epoch_of(at(when))), now=at(when))
    return outbox_rows(services)


@pytest.mark.parametrize(
    ("taken", "withheld"),
    [
        pytest.param(2, {}, id="the last slot of the day"),
        pytest.param(3, {"per_day": 1}, id="full: dropped, because it speaks of this week"),
    ],
)
def test_a_week_that_finds_the_day_full_is_dropped_and_counted(
    tmp_path: Path, taken: int, withheld: dict[str, int]
) -> None:
    with branch(tmp_path, ONE) as services:
        assert all(services.store.unasked_messages.take("yg01", DAYS[0], room=3) for _ in range(taken))
        rows = run(services)
        again = run(services)

        assert services.store.unasked_messages.withheld() == withheld

    assert [row["key"] for row in rows] == ([] if withheld else ["weekly:2026-11-20:yg01"])
    assert again == rows


def test_a_leader_keeps_a_slot_for_the_digest_of_the_evening(tmp_path: Path) -> None:
    with branch(tmp_path, ONE, "boss,主管甲,1,主管,11,,,", more="[messages]\nper_day = 1\n") as services:
        rows = run(services)

    assert [row["to_userid"] for row in rows] == ["yg01"]


def test_the_week_is_not_told_to_people_who_are_muted(tmp_path: Path) -> None:
    with branch(tmp_path, ONE) as services:
        until = epoch_of(at("2026-11-23T12:10"))
        services.store.preferences.mute("yg01", until=until, since=0, way=Way.WORD)

        assert run(services) == []
        assert services.store.unasked_messages.withheld() == {"muted": 1}
