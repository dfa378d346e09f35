"""What of a changed file would harm somebody is not adopted into the running period."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster
from builders.reviews import tell

from bot.app.bootstrap import open_services, refresh_directory
from bot.config import load
from bot.core.relations import RelationKind
from bot.features.rules.changes import QuotaChange, adopt, find_pending_changes
from bot.features.standings.load import load_standings
from bot.services import Services

WHEN = at("2026-11-25T10:00")
NEXT_MONTH = at("2026-12-03T10:00")
REWARD = "reward = { per_extra = 10, cap = 500 }\n"
ROSTER = (
    "zhang,员工甲,11,客户经理,,,,",
    "li,员工乙,11,客户经理,,,,",
    "teller,员工丁,12,柜员,,,,",
)


@contextmanager
def changed(
    folder: Path,
    before: str,
    after: str,
    *,
    roster: tuple[str, ...] = ROSTER,
    since_the_16th: tuple[str, ...] = (),
) -> Iterator[Services]:
    """An installation with the quotas *before* since the 2nd, and a file with those *after* on the 25th."""
    clock = FakeTime(at("2026-11-02T08:00"))
    write_roster(folder, *roster)
    with installation(write_config(folder, quotas=before), clock) as services:
        clock.set("2026-11-16T08:00")
        if since_the_16th:
            write_roster(folder, *since_the_16th)
            refresh_directory(services)
        clock.moment = WHEN
        services.use(load(write_config(folder, quotas=after), environ={}), services.directory)
        yield services


def pending(services: Services) -> QuotaChange:
    (change,) = find_pending_changes(services, at=WHEN)
    return change


def keys(services: Services) -> tuple[list[str], list[str]]:
    """What may hold at once and what waits."""
    change = pending(services)
    return [one.key for one in change.adoptable], [one.key for one in change.waiting]


def test_a_scope_that_takes_in_the_rest_of_somebodys_month_asks_more_and_waits(tmp_path: Path) -> None:
    """zhang went from department 11 to 12 in the middle of the month."""
    before = '[[quotas]]\nid = "q"\ndepartments = [11]\nperiod = "month"\ntarget = 50\n'
    with changed(
        tmp_path,
        before,
        before.replace("[11]", "[11, 12]"),
        roster=ROSTER[:2],
        since_the_16th=(ROSTER[0].replace(",11,", ",12,"), ROSTER[1]),
    ) as services:
        targets = {row.userid: row.target for row in load_standings(services, at=WHEN).rows}
        found = keys(services)

    assert targets == {"li": 50, "zhang": 24}
    assert found == ([], ["departments"])


@pytest.mark.parametrize(
    ("reward", "waits"),
    [
        pytest.param("", False, id="nothing could be earned"),
        pytest.param(REWARD, True, id="something could be earned"),
    ],
)
def test_who_falls_out_of_a_quota_loses_no_reward(tmp_path: Path, reward: str, *, waits: bool) -> None:
    before = QUOTA.replace('["客户经理"]', '["客户经理", "柜员"]') + reward
    with changed(tmp_path, before, QUOTA + reward) as services:
        adoptable, waiting = keys(services)

    assert (adoptable, waiting) == (([], ["roles"]) if waits else (["roles"], []))


@pytest.mark.parametrize(
    ("reward", "waits"),
    [
        pytest.param("", False, id="nothing could be earned"),
        pytest.param(REWARD, True, id="something could be earned"),
    ],
)
def test_of_whom_nothing_more_would_be_asked_loses_no_reward(
    tmp_path: Path, reward: str, *, waits: bool
) -> None:
    """With a tenth of the work a lower target is none, and without a target nothing is earned."""
    roster = (ROSTER[0] + "0.1", ROSTER[1])
    before, after = (QUOTA.replace("50", str(target)) + reward for target in (10, 3))
    with changed(tmp_path, before, after, roster=roster) as services:
        targets = {row.userid: row.target for row in load_standings(services, at=WHEN).rows}
        adoptable, waiting = keys(services)

    assert targets == {"li": 10, "zhang": 1}
    assert (adoptable, waiting) == (([], ["target"]) if waits else (["target"], []))


def test_two_keys_that_harm_nobody_alone_are_not_both_adopted_when_together_they_do(tmp_path: Path) -> None:
    """By each of them li comes nearer to the first place of zhang; by both li would take it."""
    reward = "reward = { top = [500], min_attainment = 0 }\n[quotas.counting]\n"
    before = QUOTA + reward + "keep_days = 7\n"
    after = QUOTA + reward + 'first_add = "any"\n'
    with changed(tmp_path, before, after) as services:
        add_customers(services, "zhang", *(at(f"2026-11-{day:02d}T10:00") for day in range(2, 7)))
        for number in range(3):  # lost after two days: they count without a keep period
            tell(services, "li", f"wm-lost-{number}", at("2026-11-03T10:00"), RelationKind.ADDED)
            tell(services, "li", f"wm-lost-{number}", at("2026-11-05T10:00"), RelationKind.LOST_BY_CUSTOMER)
        for number in range(3):  # of an earlier month, lost and added again: they count as re-adds
            tell(services, "li", f"wm-again-{number}", at("2026-10-03T10:00"), RelationKind.ADDED)
            tell(services, "li", f"wm-again-{number}", at("2026-10-20T10:00"), RelationKind.LOST_BY_CUSTOMER)
            tell(services, "li", f"wm-again-{number}", at("2026-11-03T10:00"), RelationKind.ADDED)
        adoptable, waiting = keys(services)
        adopt(services, find_pending_changes(services, at=WHEN), by="人力资源部", now=5, at=WHEN)
        rows = {
            row.userid: (row.counted, row.reward)
            for row in load_standings(services, at=WHEN, money=True).rows
        }
        newest = services.store.rule_versions.all()["cm-monthly"][-1]
        (asked,) = services.config.core_quotas()

    assert (len(adoptable), len(waiting)) == (1, 1)
    assert {*adoptable, *waiting} == {"counting.first_add", "counting.keep_days"}
    assert rows == {"zhang": (5, 500), "li": (3, 0)}
    # all of it is on record for the next month, whatever the file says by then
    assert (newest.since, newest.quota) == (date(2026, 12, 1), asked)


def test_a_longer_period_begins_with_the_first_whole_one_after_the_running(tmp_path: Path) -> None:
    with changed(tmp_path, QUOTA, QUOTA.replace('"month"', '"quarter"')) as services:
        change = pending(services)

    assert (change.running.name, change.following.name) == ("2026-11", "2027-Q1")
    assert [one.key for one in change.waiting] == ["period"]


def test_before_anything_was_recorded_the_file_holds_as_it_is(tmp_path: Path) -> None:
    write_roster(tmp_path, *ROSTER)
    config = load(write_config(tmp_path, quotas=QUOTA), environ={})
    with open_services(config, clock=FakeTime(WHEN)) as services:
        found = find_pending_changes(services, at=WHEN)

    assert found == []


def test_adopting_what_helps_records_what_waits_as_well(tmp_path: Path) -> None:
    """The lower target of one quota holds at once; the higher one of the other from the next month on."""
    other = QUOTA.replace("cm-monthly", "cm-other")
    after = QUOTA.replace("50", "40") + other.replace("50", "60")
    with changed(tmp_path, QUOTA + other, after) as services:
        adopt(services, find_pending_changes(services, at=WHEN), by="人力资源部", now=5, at=WHEN)
        left = [
            (one.quota, [key.key for key in one.waiting]) for one in find_pending_changes(services, at=WHEN)
        ]
        targets = {
            when.month: {(row.quota, row.target) for row in load_standings(services, at=when).rows}
            for when in (WHEN, NEXT_MONTH)
        }
        recorded = {
            name: [
                (version.since.isoformat(), version.quota and version.quota.target) for version in versions
            ]
            for name, versions in services.store.rule_versions.all().items()
        }

    assert left == [("cm-other", ["target"])]
    assert targets == {11: {("cm-monthly", 40), ("cm-other", 50)}, 12: {("cm-monthly", 40), ("cm-other", 60)}}
    assert recorded["cm-other"][-1] == ("2026-12-01", 60)
