"""`import roster` beside the configured roster: dated, kept over restarts, undone only by a newer line."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from builders.directory import bank, corp
from builders.e2e import FakeTime, Quotabot, at, command_here, installation, write_config, write_roster
from builders.imports import file, url_of
from builders.sandbox import make_world

from bot.app.bootstrap import refresh_directory
from bot.core.people import Membership, Person
from bot.features.imports.csv_import import Report, import_file
from bot.features.imports.roster import RosterLines
from bot.features.renames.rename import rename
from bot.features.standings.load import load_standings
from bot.services import Services

HEADER = "userid,name,department,role,leader_of,joined_on,left_on,share"
JIA, YI = "zhangsan,员工甲,1,客户经理,,,,", "lisi,员工乙,1,客户经理,,,,"
NOW, NEXT = "2026-11-16T10:00", "2026-11-17T10:00"


def opened(folder: Path, place: Path | str, when: str = NOW) -> AbstractContextManager[Services]:
    return installation(write_config(folder, store=url_of(place)), FakeTime(at(when)))


def imported(services: Services, *lines: str, skip_bad: bool = False, dry_run: bool = False) -> Report:
    path = file(services.config.directory.roster_path.parent, *lines, name="hr.csv")
    lines_ = RosterLines(services, path)
    return import_file(services, lines_, path, by="人事", skip_bad=skip_bad, dry_run=dry_run)


def person(services: Services, userid: str) -> Person:
    """As a report sees him."""
    return next(one for one in services.directory.people if one.userid == userid)


def values(report: Report) -> dict[str, object]:
    return {
        "new": [one.value for one in report.new.items],
        "changed": [one.value for one in report.changed.items],
        "missing": report.missing,
    }


def test_it_holds_from_today_on_over_every_start_and_nobody_is_removed(
    tmp_path: Path, place: Path | str
) -> None:
    write_roster(tmp_path, JIA, YI)
    with opened(tmp_path, place) as services:
        report = imported(
            services, HEADER, "ZhangSan,员工甲,2,理财经理,,,,0.5", "wangwu,员工丙,1,客户经理,,2026-11-09,,"
        )
        at_once = {row.userid for row in load_standings(services, at=at(NOW)).rows}
    with opened(tmp_path, place, NEXT) as services:  # reads the same roster.csv again
        recorded = services.store.members.all()
        held = person(services, "zhangsan")

    assert values(report) == {
        "new": ["wangwu"],
        "changed": ["zhangsan: department 1 → 2, role 客户经理 → 理财经理, share 1 → 0.5"],
        "missing": ["lisi"],
    }
    assert at_once == {"zhangsan", "lisi", "wangwu"}
    assert recorded["zhangsan"].memberships == (
        Membership(since=None, departments=(1,), role="客户经理"),
        Membership(since=date(2026, 11, 16), departments=(2,), role="理财经理", share=Fraction(1, 2)),
    )
    assert (recorded["zhangsan"].memberships[-1].share, held.memberships[-1].share) == (
        Fraction(1, 2),
        Fraction(1, 2),
    )
    assert recorded["wangwu"].joined_on == date(2026, 11, 9)
    assert recorded["lisi"].left_on is None


def test_a_newer_line_of_the_same_person_in_the_roster_file_holds_again_and_for_good(
    tmp_path: Path, place: Path | str
) -> None:
    write_roster(tmp_path, JIA, YI)
    with opened(tmp_path, place) as services:
        imported(services, HEADER, "zhangsan,员工甲,2,,,,,", "lisi,员工乙,2,,,,,")
        write_roster(tmp_path, "zhangsan,员工甲,3,,,,,", YI)
        refresh_directory(services)
        changed = {one.userid: one.memberships[0].departments for one in services.directory.people}
        write_roster(tmp_path, JIA)  # as it was at the import; lisi is missing
        refresh_directory(services)
        back = {one.userid: one.memberships[0].departments for one in services.directory.people}

    assert changed == {"zhangsan": (3,), "lisi": (2,)}
    assert back == {"zhangsan": (1,), "lisi": (2,)}


def test_a_running_service_takes_it_in(tmp_path: Path, place: Path | str) -> None:
    write_roster(tmp_path, JIA)
    with opened(tmp_path, place) as service, opened(tmp_path, place) as command:
        imported(command, HEADER, YI)
        refresh_directory(service)

        assert person(service, "lisi").name == "员工乙"


def test_a_column_that_the_file_does_not_have_stays_as_it_was(tmp_path: Path) -> None:
    write_roster(tmp_path, "zhangsan,员工甲,1,客户经理,1,2026-01-05,,0.5")
    with opened(tmp_path, tmp_path / "bot.db") as services:
        imported(services, "userid,department,left_on", "zhangsan,1,2026-11-30")
        left = person(services, "zhangsan")
        report = imported(services, "userid,department,left_on", "zhangsan,1,2026-01-04")

    assert (left.left_on, left.joined_on, left.memberships[-1].share) == (
        date(2026, 11, 30),
        date(2026, 1, 5),
        Fraction(1, 2),
    )
    assert (left.name, left.leader_of, left.memberships[0].role) == ("员工甲", (1,), "客户经理")
    assert [fault.allowed for fault in report.faults.items] == ["must not be before joined_on = 2026-01-05"]


@pytest.mark.parametrize(("skip_bad", "stored"), [(False, set()), (True, {"wangwu"})])
def test_bad_lines_and_people_who_stand_twice_are_named(
    tmp_path: Path, skip_bad: bool, stored: set[str]
) -> None:
    write_roster(tmp_path, JIA)
    with opened(tmp_path, tmp_path / "bot.db") as services:
        report = imported(
            services,
            "userid,department,share",
            *("wangwu,1,", "员工,1,", "lisi,,", "zhaoliu,x,2", "sunqi,1,", "SunQi,2,"),
            skip_bad=skip_bad,
        )
        found = set(services.store.roster_lines.all())

    assert [(fault.line, fault.column) for fault in report.faults.items] == [
        (3, "userid"),
        (4, "department"),
        (5, "department"),
        (5, "share"),
        (6, "userid"),
        (7, "userid"),
    ]
    assert (report.good, report.bad, report.stored, found) == (1, 5, skip_bad, stored)


def test_departments_are_those_of_the_departments_file(tmp_path: Path) -> None:
    write_roster(tmp_path, JIA)
    (tmp_path / "departments.csv").write_text("id,name,parent\n1,一部,\n", encoding="utf-8")
    with opened(tmp_path, tmp_path / "bot.db") as services:
        report = imported(services, "userid,department", "lisi,7")

    assert [fault.allowed for fault in report.faults.items] == ["the departments file has no department 7"]


def test_beside_wecom_it_says_what_wecom_does_not_know(tmp_path: Path, place: Path | str) -> None:
    with corp(make_world()[0]) as branch, bank(branch, tmp_path, store=place, when=NOW) as bot:
        bot.read(NOW)
        report = imported(bot.services, "userid,share,left_on", "yg01,0.5,", "nobody,1,")
        changed = person(bot.services, "yg01")

    assert [(one.line, one.value) for one in report.unknown_to_wecom.items] == [(3, "nobody")]
    assert (changed.memberships[-1].share, changed.in_range) == (Fraction(1, 2), True)


def test_what_was_imported_of_somebody_goes_with_him_when_his_userid_changes(
    tmp_path: Path, place: Path | str
) -> None:
    write_roster(tmp_path, JIA)
    with opened(tmp_path, place) as services:
        imported(services, HEADER, "lisi,员工乙,1,,,,,0.5")
        rename(services, [("lisi", "li.si")], "HR")
        late = imported(services, HEADER, "lisi,员工乙,1,,,,,0.2")

        assert person(services, "li.si").memberships[-1].share == Fraction(1, 5)
        assert [one.value for one in late.changed.items] == ["li.si: share 0.5 → 0.2"]
        assert "lisi" not in {one.userid for one in services.directory.people}


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    write_roster(tmp_path, JIA, YI)
    path, config = (
        file(tmp_path, HEADER, "zhangsan,员工甲,2,客户经理,,,,"),
        write_config(tmp_path, language="en"),
    )
    words = ("import", "roster", str(path), "--config", str(config))
    dry = quotabot(*words, "--dry-run", "--format", "json").json()
    done = quotabot(*words)

    assert (dry["dry_run"], dry["stored"], dry["good"], dry["missing"]) == (True, 0, 1, ["lisi"])
    assert dry["changed"] == {"count": 1, "listed": [{"line": 2, "value": "zhangsan: department 1 → 2"}]}
    assert done.out.splitlines() == [
        f"{path}: line 2 = zhangsan: department 1 → 2: changed",
        f"{path}: not in this file, and stay as they are: lisi",
        "roster: 1 good, 0 bad; stored 1 line(s)",
    ]


def test_a_service_that_runs_sees_whom_another_process_has_renamed(tmp_path: Path) -> None:
    write_roster(tmp_path, JIA)
    config, clock = write_config(tmp_path), FakeTime(at(NOW))
    with installation(config, clock) as service, installation(config, clock) as command:
        imported(command, HEADER, "wangwu,员工丙,1,客户经理,,,,")
        refresh_directory(service)
        before = {one.userid for one in service.directory.people}
        rename(command, [("wangwu", "wang.wu")], "人事")
        refresh_directory(service)

        assert before == {"zhangsan", "wangwu"}
        assert {one.userid for one in service.directory.people} == {"zhangsan", "wang.wu"}
