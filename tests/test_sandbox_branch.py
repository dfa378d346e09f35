"""The made-up branch is the same for the same seed, and its month looks like working life."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from builders.examples import tried
from hypothesis import given
from hypothesis import strategies as st

from sandbox.branch import employees, make_branch, write_files
from sandbox.history import CHINA, history
from sandbox.workdays import WorkCalendar

UNTIL = datetime(2026, 11, 23, 8, 30, tzinfo=CHINA)


def month(seed: int = 7, until: datetime = UNTIL, calendar: WorkCalendar | None = None):
    return history(make_branch(seed=seed, today=until.date()), until=until, calendar=calendar)


def moment(spec) -> datetime:
    return datetime.fromtimestamp(spec["at"], CHINA)


def test_the_same_seed_gives_the_same_branch_and_month() -> None:
    assert make_branch(seed=7, today=UNTIL.date()) == make_branch(seed=7, today=UNTIL.date())
    assert month() == month()


def test_another_seed_gives_another() -> None:
    one, other = (make_branch(seed=seed, today=UNTIL.date()).app for seed in (7, 8))

    assert one.corp_id != other.corp_id
    assert one.secret != other.secret
    assert month(7) != month(8)


def test_the_ids_have_the_shapes_of_wecom() -> None:
    app = make_branch(seed=7, today=UNTIL.date()).app

    assert re.fullmatch(r"ww[0-9a-f]{16}", app.corp_id)
    assert re.fullmatch(r"[A-Za-z0-9]{43}", app.callback_aes_key)
    assert re.fullmatch(r"[A-Za-z0-9]{1,32}", app.callback_token)
    assert all(re.fullmatch(r"w[mo][A-Za-z0-9_-]{30}", spec["external_userid"]) for spec in month())


def test_there_are_twelve_employees_and_two_leaders_in_two_departments() -> None:
    branch = make_branch(seed=7, today=UNTIL.date())

    assert len(employees(branch)) == 12
    assert Counter(person.departments for person in employees(branch)) == {(11,): 6, (12,): 6}
    assert [person.leader_of for person in branch.people if person.leader_of] == [(11,), (12,)]
    assert {department.parent for department in branch.departments} == {None, 10}
    assert all(re.fullmatch(r"(员工|主管).", person.name) for person in branch.people)


def test_the_month_is_worked_in_working_hours_of_workdays() -> None:
    calendar = WorkCalendar(
        days_off=frozenset({date(2026, 11, 11)}), workdays=frozenset({date(2026, 11, 14)})
    )
    adds = [moment(spec) for spec in month(calendar=calendar) if spec["kind"] == "add"]

    assert all(calendar.is_workday(at.date()) for at in adds)
    assert date(2026, 11, 14) in {at.date() for at in adds}
    assert min(at.time() for at in adds) >= time(9, 0)
    assert max(at.time() for at in adds) <= time(18, 0)


@tried(25)
@given(
    seed=st.integers(0, 10_000),
    until=st.datetimes(datetime(2025, 1, 2), datetime(2027, 12, 31)),  # noqa: DTZ001 - given a zone below
)
def test_any_month_is_told_in_order_and_ends_before_its_end(seed: int, until: datetime) -> None:
    end = until.replace(tzinfo=CHINA)
    specs = month(seed, end)

    times = [spec["at"] for spec in specs]
    assert times == sorted(times)
    assert times[-1] < end.timestamp()
    # An end comes late (a customer lost after twelve days), a beginning never before the month.
    assert min(times) >= (end - timedelta(days=31)).timestamp() - 86_400
    assert 200 < len(specs) < 1000


@pytest.mark.parametrize("seed", range(1, 6))
def test_some_are_ahead_some_behind_and_one_has_met_fifty(seed: int) -> None:
    branch = make_branch(seed=seed, today=UNTIL.date())
    adds = Counter(
        spec["userid"]
        for spec in history(branch, until=UNTIL)
        if spec["kind"] == "add" and moment(spec).month == 11
    )
    expected = 50 * 15 / 21
    full_time = [
        person.userid for person in employees(branch) if person.share == "1" and not person.joined_on
    ]

    assert adds["yg03"] >= 50
    assert sum(adds[userid] > expected * 1.05 for userid in full_time) >= 2
    assert sum(adds[userid] < expected * 0.8 for userid in full_time) >= 2
    assert 400 <= len(history(branch, until=UNTIL)) <= 650


def test_the_month_holds_what_every_month_holds() -> None:
    specs = month()
    kinds = Counter(spec["kind"] for spec in specs)
    adds = [(spec["userid"], spec["external_userid"]) for spec in specs if spec["kind"] == "add"]
    seconds = Counter((spec["userid"], spec["at"]) for spec in specs if spec["kind"] == "add")

    assert kinds["transfer"] == 1
    assert all(kinds[kind] >= 3 for kind in ("half_add", "edit", "del_by_member", "del_by_customer"))
    assert sum(times > 1 for times in Counter(adds).values()) == 6  # three slips, three returns
    assert max(seconds.values()) == 2  # two different customers in one second


def test_the_new_joiner_wins_nobody_before_joining() -> None:
    branch = make_branch(seed=7, today=UNTIL.date())
    (joiner,) = [person for person in branch.people if person.joined_on]
    own = [moment(spec).date() for spec in history(branch, until=UNTIL) if spec["userid"] == joiner.userid]

    assert joiner.joined_on
    assert own
    assert min(own) >= joiner.joined_on
    assert WorkCalendar().is_workday(joiner.joined_on)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        history(make_branch(seed=7, today=UNTIL.date()), until=UNTIL.replace(tzinfo=None))


def test_the_files_are_those_that_the_bot_reads(tmp_path: Path) -> None:
    branch = make_branch(seed=7, today=UNTIL.date())

    roster, departments = write_files(branch, tmp_path / "new")

    with roster.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    header = roster.read_text(encoding="utf-8").splitlines()[0]
    assert header == "userid,name,department,role,leader_of,joined_on,left_on,share"
    assert len(lines) == 14
    assert lines[0]["name"] == "员工甲"
    assert [line["share"] for line in lines if line["share"]] == ["0.5"]
    assert [line["leader_of"] for line in lines if line["leader_of"]] == ["11", "12"]
    assert departments.read_text(encoding="utf-8").splitlines()[:2] == ["id,name,parent", "10,示范支行,"]
