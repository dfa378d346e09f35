"""The directory read from WeCom: whole or not at all, dated by day, the roster beside it; on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from builders.directory import Bank, Corp, bank, corp
from builders.e2e import add_customers, at, write_roster
from builders.sandbox import make_world

from bot.app.bootstrap import open_services, refresh_directory
from bot.config import load
from bot.config.roster import RosterError
from bot.core.people import Membership, Person
from bot.features.people.refresh import LEASE, read_directory
from bot.features.standings.load import load_standings
from bot.store.address_book import READ_AT, EntryState
from bot.store.troubles import Part
from bot.wecom.errors import AnswerError
from sandbox.switches import ApiSwitches

FIRST = "2026-11-02T02:17"
SECOND = "2026-11-12T02:17"
THIRD = "2026-11-13T02:17"


@pytest.fixture
def branch() -> Iterator[Corp]:
    world, _ = make_world()
    with corp(world) as found:
        found.act("tag", id=4, name="理财经理", users=["yg02"], departments=[])
        yield found


@pytest.fixture
def opened(branch: Corp, tmp_path: Path, place: Path | str) -> Iterator[Bank]:
    with bank(branch, tmp_path, store=place, when=FIRST) as found:
        yield found


def people(bank: Bank) -> dict[str, Person]:
    return bank.services.store.members.all()


def states(bank: Bank) -> dict[str, EntryState]:
    return {userid: entry.state for userid, entry in bank.services.store.address_book.all().items()}


def role_on(bank: Bank, userid: str, day: date) -> str | None:
    return people(bank)[userid].membership_on(day).role


def test_members_appear_with_departments_roles_and_leaders(opened: Bank) -> None:
    outcome = opened.read(FIRST)

    found = people(opened)
    assert (outcome.people, outcome.unknown, outcome.left) == (14, 0, 0)
    assert role_on(opened, "yg01", date(2026, 11, 2)) == "客户经理"
    assert role_on(opened, "yg02", date(2026, 11, 2)) == "理财经理"
    assert role_on(opened, "zg01", date(2026, 11, 2)) is None
    assert found["zg01"].leader_of == (11,)
    assert (found["yg12"].joined_on, found["yg12"].name) == (None, "员工丑")
    tree = opened.services.directory.departments
    assert (tree.names[11], tree.at_or_below(11, 10)) == ("零售一部", True)


def test_the_first_reading_holds_for_all_time_before(opened: Bank) -> None:
    opened.read(FIRST)

    row = opened.row("yg01", "2026-11-02T18:00")
    assert row is not None
    assert (row.department, row.role, row.target) == (11, "客户经理", 50)


def test_who_moves_in_mid_month_has_the_new_department_from_that_day_on(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("change", userid="yg01", departments=[12], position="柜员")
    opened.read(SECOND)

    yg01 = people(opened)["yg01"]
    assert [yg01.membership_on(date(2026, 11, day)).departments[0] for day in (1, 11, 12)] == [11, 11, 12]
    row = opened.row("yg01", "2026-11-30T18:00")
    assert row is not None
    assert row.target == 19  # customer manager on 8 of November's 21 working days: 50 x 8 / 21


def test_tags_reach_departments_below_the_tagged_one(opened: Bank) -> None:
    opened.corp.act("department", id=13, name="零售三部", parent=12)
    opened.corp.act("change", userid="yg12", departments=[13])
    opened.corp.act("tag", id=4, name="理财经理", users=[], departments=[12])

    opened.read(FIRST)

    roles = {userid: role_on(opened, userid, date(2026, 11, 2)) for userid in ("yg01", "yg08", "yg12")}
    assert roles == {"yg01": "客户经理", "yg08": "理财经理", "yg12": "理财经理"}


def test_who_is_out_of_range_is_unknown_and_stays_as_he_was(opened: Bank) -> None:
    opened.read(FIRST)
    add_customers(opened.services, "yg12", at("2026-11-05T10:00"))
    before = opened.row("yg12", "2026-11-20T18:00")

    opened.corp.act("range", departments=[11])
    outcome = opened.read(SECOND)

    assert (outcome.people, outcome.unknown, outcome.left) == (7, 7, 0)
    assert states(opened)["yg12"] is EntryState.UNKNOWN
    assert opened.row("yg12", "2026-11-20T18:00") == before
    assert opened.services.directory.departments.at_or_below(12, 10)


def test_departments_that_the_app_may_not_see_any_more_are_not_taken_away(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("range", departments=[11], users=["yg12"])
    opened.read(SECOND)

    assert states(opened)["yg12"] is EntryState.PRESENT
    assert people(opened)["yg12"].membership_on(date(2026, 11, 12)).departments == (12,)


def test_nobody_writes_to_who_is_out_of_range_until_he_is_back(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("range", departments=[11])
    opened.read(SECOND)
    away = load_standings(opened.services, at=at("2026-11-12T09:07"))
    opened.corp.act("range", departments=[10])
    opened.read(THIRD)
    back = load_standings(opened.services, at=at("2026-11-13T09:07"))

    assert not away.works_on("yg12", date(2026, 11, 12))
    assert back.works_on("yg12", date(2026, 11, 13))


def test_nobody_writes_to_who_is_disabled_and_he_stays_under_his_quota(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("change", userid="yg01", status=2)
    opened.read(SECOND)

    now = load_standings(opened.services, at=at("2026-11-12T09:07"))
    assert not now.works_on("yg01", date(2026, 11, 12))
    assert now.by_person["yg01"][0].target == 50


def test_who_left_has_left_on_the_day_it_became_known(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("leave", userid="yg01")
    opened.read(SECOND)
    opened.read(THIRD)

    assert states(opened)["yg01"] is EntryState.LEFT
    assert people(opened)["yg01"].left_on == date(2026, 11, 12)
    row = opened.row("yg01", "2026-11-30T18:00")
    assert row is not None
    assert row.target == 21  # 9 of November's 21 working days: 21.4


def test_a_member_whom_wecom_calls_left_is_left(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("change", userid="yg01", status=5)
    opened.read(SECOND)

    assert people(opened)["yg01"].left_on == date(2026, 11, 12)


def test_who_comes_back_is_there_again(opened: Bank) -> None:
    opened.read(FIRST)
    opened.corp.act("leave", userid="yg01")
    opened.read(SECOND)
    opened.corp.act("join", userid="yg01", name="员工甲", departments=[12], position="客户经理")
    opened.read(THIRD)

    assert states(opened)["yg01"] is EntryState.PRESENT
    assert people(opened)["yg01"].left_on is None
    assert people(opened)["yg01"].membership_on(date(2026, 11, 13)).departments == (12,)


def test_many_who_are_gone_at_once_are_not_believed_to_have_left(tmp_path: Path) -> None:
    world, _ = make_world(api=ApiSwitches(hidden_member=60111))
    with corp(world) as branch, bank(branch, tmp_path, store=tmp_path / "bot.db", when=FIRST) as opened:
        opened.read(FIRST)
        branch.act("range", departments=[11])

        outcomes = [opened.read(SECOND), opened.read(THIRD)]

        assert [(one.unknown, one.left, one.doubted) for one in outcomes] == [(7, 0, 7), (7, 0, 7)]
        assert people(opened)["yg12"].left_on is None


@pytest.mark.parametrize("after", [0, 2, 6, 7], ids=lambda number: f"after {number} calls")
def test_a_failing_call_changes_nothing(opened: Bank, after: int) -> None:
    opened.read(FIRST)
    before = (people(opened), opened.services.store.address_book.all(), opened.services.directory)
    opened.corp.act("change", userid="yg01", departments=[12])
    opened.corp.act("leave", userid="yg02")
    opened.corp.world.faults.arm({"read_error": {"errcode": 48002, "times": 99}, "read_after": after})

    with pytest.raises(AnswerError):
        opened.read(SECOND)

    store = opened.services.store
    assert (people(opened), store.address_book.all(), opened.services.directory) == before
    assert store.address_book.some(["yg01", "nobody"]) == {"yg01": before[1]["yg01"]}
    assert store.marks.get(READ_AT) == str(int(at(FIRST).timestamp()))
    trouble = store.troubles.get(Part.DIRECTORY)
    assert trouble is not None
    assert (trouble.errcode, "48002" in trouble.text) == (48002, True)


def test_a_reading_that_succeeds_takes_the_note_of_the_failed_one_away(opened: Bank) -> None:
    opened.corp.world.faults.arm({"read_error": {"errcode": 48002}})
    with pytest.raises(AnswerError):
        opened.read(FIRST)

    opened.read(FIRST)

    assert opened.services.store.troubles.get(Part.DIRECTORY) is None


def test_only_one_process_reads_at_a_time(opened: Bank) -> None:
    store, now = opened.services.store, int(opened.services.store.now())
    store.leases.take(LEASE, holder="another", now=now, until=now + 60)

    outcome = read_directory(opened.services, book=opened.corp.book, at=at(FIRST))

    assert outcome is None
    assert people(opened) == {}


def test_another_process_goes_on_with_what_was_read(opened: Bank) -> None:
    before = opened.services.directory
    opened.read(FIRST)
    opened.services.use(opened.services.config, before)

    refresh_directory(opened.services)

    assert len(opened.services.directory.people) == 14


def test_reading_the_same_again_adds_no_day(opened: Bank) -> None:
    for when in (FIRST, SECOND, THIRD):
        opened.read(when)

    assert {len(person.memberships) for person in people(opened).values()} == {1}


def test_the_roster_says_what_wecom_does_not_know(branch: Corp, tmp_path: Path, place: Path | str) -> None:
    write_roster(
        tmp_path,
        "yg01,别名,99,大堂经理,12;13,2026-11-09,2026-11-20,0.5",
        "stranger,,,,,,,",
    )
    with bank(branch, tmp_path, store=place, when=FIRST) as opened:
        opened.read(FIRST)

        found = people(opened)
        yg01, plain = found["yg01"], found["zg01"]
        assert (yg01.name, yg01.memberships[0].departments) == ("员工甲", (11,))
        assert (yg01.memberships[0].role, yg01.leader_of) == ("大堂经理", (12, 13))
        assert (yg01.joined_on, yg01.left_on) == (date(2026, 11, 9), date(2026, 11, 20))
        assert yg01.memberships[-1].share == Fraction(1, 2)
        assert (plain.leader_of, plain.memberships[-1].share) == ((11,), 1)
        assert "stranger" not in found


def test_a_left_on_of_the_roster_wins_over_the_day_it_became_known(
    branch: Corp, tmp_path: Path, place: Path | str
) -> None:
    write_roster(tmp_path, "yg01,,,,,,2026-11-06,")
    with bank(branch, tmp_path, store=place, when=FIRST) as opened:
        opened.read(FIRST)
        branch.act("leave", userid="yg01")
        opened.read(SECOND)

        assert people(opened)["yg01"].left_on == date(2026, 11, 6)


def test_beside_wecom_a_roster_may_be_missing_unless_it_is_named(branch: Corp, tmp_path: Path) -> None:
    with bank(branch, tmp_path, store=tmp_path / "bot.db", when=FIRST) as opened:
        assert opened.services.directory.people == ()

    named = 'roster = "people.csv"\n'  # in [directory], which stands last before the quotas
    config = (tmp_path / "config.toml").read_text(encoding="utf-8")
    changed = config.replace('source = "wecom"\n', f'source = "wecom"\n{named}')
    (tmp_path / "config.toml").write_text(changed, encoding="utf-8")
    named_config = load(tmp_path / "config.toml", environ={})
    with open_services(named_config) as services:  # the people it knew stand in
        fault = services.directory.files.fault
    (tmp_path / "bot.db").rename(tmp_path / "another.db")
    with pytest.raises(RosterError, match=r"people\.csv"), open_services(named_config):
        pass

    assert "people.csv" in fault


def test_who_comes_from_a_roster_keeps_his_past_when_wecom_takes_over(opened: Bank) -> None:
    """A bank that began with source "csv": what was recorded by day stays."""
    recorded = Person(
        userid="yg01",
        name="员工甲",
        memberships=(Membership(since=None, departments=(12,), role="柜员"),),
        joined_on=date(2026, 3, 2),
    )
    with opened.services.store.transaction():
        opened.services.store.members.put([recorded], read_on=date(2026, 10, 1))

    opened.read(SECOND)

    yg01 = people(opened)["yg01"]
    assert [yg01.membership_on(date(2026, 11, day)).role for day in (11, 12)] == ["柜员", "客户经理"]
