"""Leave that a file takes back: by its kind, in any writing, in the order of the lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.imports import branch, file, imported, row

HEADER = "userid,from,to,kind"


@pytest.mark.parametrize("kind", ["Cancelled", "cancelled", "CANCELLED", "取消", " 取消 ", '" cancelled"'])
def test_a_line_that_calls_off_is_no_leave_in_any_writing(tmp_path: Path, kind: str) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        imported(services, "absences", file(tmp_path, HEADER, "lisi,2026-11-02,2026-11-04,年假"))
        report = imported(services, "absences", file(tmp_path, HEADER, f"lisi,2026-11-02,2026-11-04,{kind}"))
        absences, target = services.store.contact_knowledge.absences(), row(services, "lisi").target

    assert (report.good, report.bad, report.stored) == (1, 0, True)
    assert absences == {}
    assert target == 50


@pytest.mark.parametrize("kind", ["", "年假", "cancelled flight", "取消航班", "canceled-", "Cancel"])
def test_any_other_kind_is_leave(tmp_path: Path, kind: str) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        imported(services, "absences", file(tmp_path, HEADER, f"lisi,2026-11-02,2026-11-02,{kind}"))

        assert [day.day for day in services.store.contact_knowledge.absences()["lisi"]] == [2]


def test_lines_hold_in_their_order(tmp_path: Path) -> None:
    first, second = "lisi,2026-11-02,2026-11-02", "lisi,2026-11-03,2026-11-03"
    lines = (f"{first},年假", f"{first},取消", f"{second},取消", f"{second},年假", f"{first},取消")
    with branch(tmp_path, tmp_path / "bot.db") as services:
        imported(services, "absences", file(tmp_path, HEADER, *lines))

        assert [day.day for day in services.store.contact_knowledge.absences()["lisi"]] == [3]


def test_calling_off_concerns_the_person_and_days_of_its_line_alone(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        leave = [
            f"{who},2026-11-{day:02d},2026-11-{day:02d},年假"
            for who in ("lisi", "zhangsan")
            for day in (2, 3)
        ]
        imported(services, "absences", file(tmp_path, HEADER, *leave))
        imported(services, "absences", file(tmp_path, HEADER, "lisi,2026-11-02,2026-11-02,取消"))
        left = services.store.contact_knowledge.absences()

    assert {who: sorted(day.day for day in days) for who, days in left.items()} == {
        "lisi": [3],
        "zhangsan": [2, 3],
    }


@pytest.mark.parametrize(
    ("last", "good"),
    [pytest.param("2029-11-23", 1, id="three years"), pytest.param("2029-11-24", 0, id="a day more")],
)
def test_the_longest_leave_is_three_years(tmp_path: Path, last: str, good: int) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        path = file(tmp_path, HEADER, f"lisi,2026-11-24,{last},产假")
        report = imported(services, "absences", path, dry_run=True)

    assert (report.good, report.bad) == (good, 1 - good)


def test_leave_of_a_former_userid_is_the_new_one_s(tmp_path: Path) -> None:
    with branch(tmp_path, tmp_path / "bot.db") as services:
        with services.store.transaction():
            services.store.renames.put("li.old", "lisi", at=0, by="hr")
        report = imported(services, "absences", file(tmp_path, HEADER, "Li.Old,2026-11-02,2026-11-02,年假"))

        assert (report.good, list(services.store.contact_knowledge.absences())) == (1, ["lisi"])
