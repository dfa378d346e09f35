"""What no list shows: estimated from WeCom's figures where there are some, told with each comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.e2e import at
from builders.engagement import read
from builders.sync import Desk, desk

from bot.features.sync.report import load_sync_report

DAY = "2026-11-23T10:00"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, night="2026-11-23T02:17") as opened:
        opened.sync()
        yield opened


def go_to(one: Desk, moment: str) -> None:
    one.clock.moment = at(moment)
    one.world.clock.set(one.clock())


def morning(one: Desk, moment: str = "2026-11-24T06:11") -> None:
    """The figures of the last days are read."""
    go_to(one, moment)
    read(one)


def told(one: Desk, night: str = "2026-11-25T02:17") -> dict[str, int | None]:
    """What a comparison says that no list can show."""
    go_to(one, night)
    return load_sync_report(one.services.store, one.sync()).unverifiable


def by_member(one: Desk, cause: str) -> dict[str, int]:
    run = one.services.store.syncs.last()
    assert run is not None
    return {
        drift.userid: drift.number
        for drift in one.services.store.syncs.report_lines(run, cause)
        if drift.userid
    }


def test_without_figures_nobody_knows(one: Desk) -> None:
    assert told(one) == {"came_and_went": None, "unseen_losses": None}


def test_when_both_know_the_same_there_is_nothing(one: Desk) -> None:
    customer = one.happen("add", when=DAY)
    one.happen("del_by_customer", when="2026-11-23T11:00", external_userid=customer)
    morning(one)

    assert told(one) == {"came_and_went": 0, "unseen_losses": 0, "one_way": 1}


def test_losses_that_no_event_told_are_estimated_by_member(one: Desk) -> None:
    for userid in ("yg01", "yg01", "yg02"):
        customer = one.happen("add", userid, when=DAY)
        one.happen("del_by_customer", userid, when="2026-11-23T11:00", hears=False, external_userid=customer)
    morning(one)

    assert told(one) == {"came_and_went": 0, "unseen_losses": 3}
    assert by_member(one, "unseen_losses") == {"yg01": 2, "yg02": 1}


def test_who_came_and_went_between_two_comparisons_is_estimated(one: Desk) -> None:
    customer = one.happen("add", when=DAY, hears=False)
    one.happen("del_by_member", when="2026-11-23T11:00", hears=False, external_userid=customer)
    one.happen("add", when=DAY, hears=False)  # missed, but listed: this run makes it good
    morning(one)

    assert told(one) == {"came_and_went": 1, "unseen_losses": 0}
    assert by_member(one, "came_and_went") == {"yg01": 1}


def test_figures_that_were_read_before_the_last_comparison_are_not_told_again(one: Desk) -> None:
    customer = one.happen("add", when=DAY)
    one.happen("del_by_customer", when="2026-11-23T11:00", hears=False, external_userid=customer)
    morning(one)
    first = told(one)

    assert first["unseen_losses"] == 1
    assert told(one, "2026-11-26T02:17")["unseen_losses"] is None


def test_of_a_member_whose_list_was_not_read_nothing_is_estimated(one: Desk) -> None:
    customer = one.happen("add", "yg02", when=DAY)
    one.happen("del_by_customer", "yg02", when="2026-11-23T11:00", hears=False, external_userid=customer)
    one.happen("add", "yg01", when=DAY, hears=False)
    morning(one)
    one.world.change_person("yg01", visible=None, licensed=False)

    assert told(one) == {"came_and_went": 0, "unseen_losses": 1}


def test_the_sums_are_those_of_the_members(one: Desk) -> None:
    for userid in ("yg01", "yg02", "yg03"):
        customer = one.happen("add", userid, when=DAY)
        one.happen("del_by_customer", userid, when="2026-11-23T11:00", hears=False, external_userid=customer)
    morning(one)

    assert told(one)["unseen_losses"] == sum(by_member(one, "unseen_losses").values()) == 3
