"""The job engagement: one member a call, each day three times, and no gap after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import at
from builders.engagement import API, MORNING, YESTERDAY, asked, chat, kept, of_members, read, rows
from builders.sync import Desk, desk
from structlog.testing import CapturingLogger

from bot.core.engagement import ChatFigures
from bot.store.engagement import Asked
from bot.wecom.asker import StoppedError
from scheduler import engagement, runs
from scheduler.runs import LEASE_S, fire
from scheduler.timetable import Firing


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, night=MORNING) as opened:
        yield opened


# --- members ---


def test_everybody_is_asked_alone_for_the_last_three_days(one: Desk) -> None:
    chat(one, "yg01", held=3, messages=7, opened=4, answered=3, minutes=30)
    chat(one, "yg02", held=5, messages=9)

    reading = read(one)

    members = [call for call in asked(one) if call["days"] != (YESTERDAY, YESTERDAY)]
    assert [call["userid"] for call in members] == [[userid] for userid in sorted(one.world.people)]
    assert {call["days"] for call in members} == {(date(2026, 11, 21), YESTERDAY)}
    assert (reading.last_day, reading.state) == (YESTERDAY, "done")
    assert kept(one) == ChatFigures(
        chats=3, messages=7, reply_rate=7_500, first_reply_s=600, losses=0, applied=0, added=0
    )
    assert kept(one, "yg02") == ChatFigures(chats=5, messages=9, losses=0, applied=0, added=0)


def test_the_figures_are_those_of_the_member_and_not_of_all(one: Desk) -> None:
    for _ in range(3):
        one.happen("add", "yg01", when="2026-11-23T10:00")
    left = one.happen("add", "yg02", when="2026-11-23T10:00")
    one.happen("del_by_customer", "yg02", when="2026-11-23T11:00", external_userid=left)

    read(one)

    found = {userid: kept(one, userid) for userid in ("yg01", "yg02", "yg03")}
    assert {userid: (f.added, f.losses) for userid, f in found.items() if f} == {
        "yg01": (3, 0),
        "yg02": (1, 1),
        "yg03": (0, 0),
    }


def test_who_has_not_the_function_is_not_asked_and_who_has_no_licence_is_named(one: Desk) -> None:
    one.world.contacts.out_of_scope.add("yg01")
    one.world.change_person("yg02", visible=False, licensed=None)
    one.world.change_person("yg03", visible=None, licensed=False)

    read(one)

    known = one.services.store.engagement
    assert {"yg01", "yg02"}.isdisjoint(of_members(one))
    assert "701008" in known.members(Asked.UNKNOWN)["yg03"]
    assert known.members(Asked.UNKNOWN).keys() == {"yg03"}
    assert {"yg01", "yg02", "yg03"}.isdisjoint(known.of_day(YESTERDAY))
    assert "yg04" in known.of_day(YESTERDAY)


def test_run_again_it_reads_again_and_adds_no_row(one: Desk) -> None:
    chat(one, "yg01", held=1)
    read(one)
    before = rows(one)
    chat(one, "yg01", held=2)

    read(one)

    assert rows(one) == before
    assert len(before) == 3 * len(one.world.people)
    figures = kept(one)
    assert figures is not None
    assert figures.chats == 2


def test_a_day_is_read_on_three_mornings_and_stays_as_it_was_then(one: Desk) -> None:
    seen = []
    for held in (1, 2, 3, 4):
        chat(one, "yg01", held=held)
        read(one)
        figures = kept(one)
        seen.append(figures.chats if figures else None)
        one.next_night()

    assert seen == [1, 2, 3, 3]


def test_before_six_yesterday_is_left_alone(tmp_path: Path) -> None:
    with desk(tmp_path, night="2026-11-24T02:00") as one:
        chat(one, "yg01", YESTERDAY, held=5)
        chat(one, "yg01", date(2026, 11, 20), held=4)

        reading = read(one)

        assert reading.last_day == date(2026, 11, 22)
        assert kept(one) is None
        assert asked(one)[0]["days"] == (date(2026, 11, 20), date(2026, 11, 22))


def test_what_nobody_read_for_a_week_is_made_up_for_in_the_same_call(one: Desk) -> None:
    read(one)
    calls = len(one.calls(API))
    for _ in range(7):
        one.next_night()
    chat(one, "yg01", date(2026, 11, 25), held=6)

    read(one)

    assert asked(one)[calls]["days"] == (date(2026, 11, 22), date(2026, 11, 30))
    figures = kept(one, day=date(2026, 11, 25))
    assert figures is not None
    assert figures.chats == 6
    assert len(one.calls(API)) == 2 * calls


# --- cut off ---


class KilledError(Exception):
    """The process is gone."""


def dies_at(number: int) -> Any:
    """A beat after which the process is gone, at its call of that number."""
    beats = iter(range(number))

    def beat() -> None:
        if next(beats, None) is None:
            raise KilledError

    return beat


@pytest.mark.parametrize("number", [1, 4, 15, 17])
def test_a_killed_reading_goes_on_and_asks_nobody_twice(one: Desk, number: int) -> None:
    with pytest.raises(KilledError):
        read(one, beat=dies_at(number))
    one.clock.pass_(60)

    read(one)

    calls = [(tuple(call["userid"]), call["days"]) for call in asked(one)]
    assert len(calls) == len(set(calls)) == len(one.world.people) + 3
    assert len(rows(one)) == 3 * len(one.world.people)
    assert one.services.store.engagement.teams(YESTERDAY).keys() == {10, 11, 12}


def test_on_postgresql_it_goes_on_as_well(tmp_path: Path, postgres_url: str) -> None:
    with desk(tmp_path, night=MORNING, store=postgres_url) as one:
        for number in (3, 12):
            with pytest.raises(KilledError):
                read(one, beat=dies_at(number))

        read(one)

        assert len(one.calls(API)) == len(one.world.people) + 3
        assert len(rows(one)) == 3 * len(one.world.people)


def test_what_was_cut_off_yesterday_is_not_gone_on_with(one: Desk) -> None:
    with pytest.raises(KilledError):
        read(one, beat=dies_at(4))
    one.next_night()

    reading = read(one)

    assert reading.last_day == YESTERDAY + timedelta(days=1)
    assert {userid for userid, day in rows(one) if day == YESTERDAY} == set(one.world.people)


def test_what_fails_for_everybody_stops_it_and_it_goes_on_later(one: Desk) -> None:
    one.world.faults.arm({"read_error": {"errcode": 40058, "times": 5}, "read_after": 4})
    with pytest.raises(StoppedError, match="40058"):
        read(one)
    unfinished = one.services.store.engagement.unfinished()

    read(one)

    assert unfinished is not None
    assert "40058" in unfinished.error
    assert one.services.store.engagement.members(Asked.UNKNOWN) == {}
    assert len(rows(one)) == 3 * len(one.world.people)


def test_one_call_that_fails_for_good_costs_one_member(one: Desk) -> None:
    one.world.faults.arm({"read_error": {"errcode": 40058, "times": 1}, "read_after": 2})

    read(one)

    assert one.services.store.engagement.members(Asked.UNKNOWN).keys() == {"yg02"}
    assert len(rows(one)) == 3 * (len(one.world.people) - 1)


def test_without_the_list_of_who_has_the_function_nothing_is_read(one: Desk) -> None:
    one.world.faults.arm({"read_error": {"errcode": 48002}})

    with pytest.raises(StoppedError, match="可调用接口的应用"):
        read(one)

    assert one.calls(API) == []
    assert one.services.store.engagement.unfinished() is None


@pytest.mark.parametrize("errcode", [-1, 45009, 42001])
def test_what_passes_is_asked_again(one: Desk, errcode: int) -> None:
    one.world.faults.arm({"read_error": {"errcode": errcode, "times": 1}, "read_after": 3})

    read(one)

    assert one.services.store.engagement.members(Asked.UNKNOWN) == {}
    assert len(rows(one)) == 3 * len(one.world.people)


def test_a_limit_of_wecom_is_waited_for_and_not_run_into_again(tmp_path: Path) -> None:
    with desk(tmp_path, night=MORNING, reads_per_minute=6) as one:
        began = one.clock()

        read(one)

        refused = [call for call in one.calls(API) if call.errcode == 45009]
        assert len(refused) == 2  # 17 calls, six a minute
        assert one.clock() - began >= 2 * 60
        assert len(rows(one)) == 3 * len(one.world.people)


def test_two_processes_do_not_read_at_once(one: Desk) -> None:
    taken = one.services.store.leases.take(
        engagement.LEASE, holder="another", now=int(one.clock()), until=int(one.clock()) + 3600
    )

    with pytest.raises(StoppedError, match="another process"):
        read(one)

    assert taken
    assert one.calls(API) == []


# --- by the timetable ---

FIRING = Firing("engagement", int(at(MORNING).timestamp()))


def test_by_the_timetable_it_reads_and_tells_nobody(one: Desk) -> None:
    fire(one.services, FIRING, now=one.clock.now())

    row = one.services.store.runs.get(FIRING.job, FIRING.fire_at)
    assert row is not None
    assert (row["state"], row["messages"]) == ("done", 0)
    assert len(rows(one)) == 3 * len(one.world.people)


def test_what_stops_a_firing_is_told_and_whoever_comes_next_goes_on(
    one: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = CapturingLogger()
    monkeypatch.setattr(runs, "log", told)
    one.world.faults.arm({"read_error": {"errcode": 60020}, "read_after": 6})
    fire(one.services, FIRING, now=one.clock.now())
    one.clock.pass_(LEASE_S + 1)

    fire(one.services, FIRING, now=one.clock.now())

    (line,) = [call for call in told.calls if call.args == ("job stopped",)]
    assert "企业可信IP" in line.kwargs["reason"]
    row = one.services.store.runs.get(FIRING.job, FIRING.fire_at)
    assert row is not None
    assert row["state"] == "done"
    assert len([call for call in asked(one) if call["userid"] == ["yg01"]]) == 1


def test_a_service_that_ends_stops_it(one: Desk) -> None:
    one.services.ending.set()

    fire(one.services, FIRING, now=one.clock.now())

    assert one.calls(API) == []
    assert rows(one) == []
