"""The job engagement: one member a call, each day three times, teams by one answer, no gap after a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from e2e_builders import at
from structlog.testing import CapturingLogger
from sync_builders import Desk, desk

from bot.bootstrap import token_keeper, wecom_client
from bot.core.engagement import Figures, Method, TeamRate
from bot.store.engagement import Asked, Reading
from sandbox.contacts import Chats
from sandbox.people import VisibleRange
from scheduler import engagement, runs
from scheduler.asking import StoppedError
from scheduler.digest import topmost
from scheduler.engagement import read_with
from scheduler.runs import LEASE_S, fire
from scheduler.table import Firing

MORNING = "2026-11-24T06:11"
YESTERDAY = date(2026, 11, 23)
API = "externalcontact/get_user_behavior_data"
CHATS = Chats(held=9, messages=30, opened=8, answered=6, minutes=60)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, night=MORNING) as opened:
        yield opened


def read(one: Desk, *, beat: Any = lambda: None) -> Reading:
    """Read now; waiting lets the clock go on."""
    one.world.clock.set(max(one.clock(), one.world.clock.now()))
    client = wecom_client(one.services.config)
    return read_with(
        one.services,
        client,
        token_keeper(one.services, client),
        at=one.clock.moment,
        beat=beat,
        progress=lambda *step: one.told.append(step),
        real_time=one.clock,
        pause=one.clock.pass_,
    )


def chat(one: Desk, userid: str, day: date = YESTERDAY, **numbers: int) -> None:
    one.world.chats[userid, day] = replace(Chats(), **numbers)


def asked(one: Desk) -> list[dict[str, Any]]:
    """Each call's question: whom, and from which day on to which."""
    found = []
    for call in one.calls(API):
        body = json.loads(call.request)
        first, last = (
            at("1970-01-01T08:00") + timedelta(seconds=body[name]) for name in ("start_time", "end_time")
        )
        found.append(
            {"userid": body["userid"], "partyid": body["partyid"], "days": (first.date(), last.date())}
        )
    return found


def of_members(one: Desk) -> list[str]:
    """Who was asked for alone."""
    return [call["userid"][0] for call in asked(one) if len(call["userid"]) == 1]


def kept(one: Desk, userid: str = "yg01", day: date = YESTERDAY) -> Figures | None:
    return one.services.store.engagement.of_day(day).get(userid)


def rows(one: Desk) -> list[tuple[str, date]]:
    return [(row.userid, row.day) for row in one.services.store.engagement.all()]


# --- members ---


def test_everybody_is_asked_alone_for_the_last_three_days(one: Desk) -> None:
    chat(one, "yg01", held=3, messages=7, opened=4, answered=3, minutes=30)
    chat(one, "yg02", held=5, messages=9)

    reading = read(one)

    members = [call for call in asked(one) if call["days"] != (YESTERDAY, YESTERDAY)]
    assert [call["userid"] for call in members] == [[userid] for userid in sorted(one.world.people)]
    assert {call["days"] for call in members} == {(date(2026, 11, 21), YESTERDAY)}
    assert (reading.last_day, reading.state) == (YESTERDAY, "done")
    assert kept(one) == Figures(
        chats=3, messages=7, reply_rate=7_500, first_reply_s=600, losses=0, applied=0, added=0
    )
    assert kept(one, "yg02") == Figures(chats=5, messages=9, losses=0, applied=0, added=0)


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


def test_two_processes_do_not_read_at_once(one: Desk) -> None:
    taken = one.services.store.leases.take(
        engagement.LEASE, holder="another", now=int(one.clock()), until=int(one.clock()) + 3600
    )

    with pytest.raises(StoppedError, match="another process"):
        read(one)

    assert taken
    assert one.calls(API) == []


# --- teams ---


def test_a_teams_rate_is_one_answer_over_all_chats_and_no_mean(one: Desk) -> None:
    for userid in one.world.people:
        chat(one, userid)
    chat(one, "yg01", held=1, opened=1, answered=1, minutes=10)
    chat(one, "yg02", held=9, opened=9, answered=3, minutes=90)

    read(one)

    teams = one.services.store.engagement.teams(YESTERDAY)
    assert teams[10] == TeamRate(
        method=Method.AGGREGATED, people=len(one.world.people), reply_rate=4_000, first_reply_s=1_500
    )
    assert [kept(one, userid).reply_rate for userid in ("yg01", "yg02")] == [10_000, 3_333]  # type: ignore[union-attr]  # read


def test_one_call_a_team_for_those_who_could_be_read(one: Desk) -> None:
    one.world.change_person("yg01", visible=None, licensed=False)
    for userid in one.world.people:
        chat(one, userid, opened=2, answered=1, minutes=5)

    read(one)

    calls = [call for call in asked(one) if call["days"] == (YESTERDAY, YESTERDAY)]
    assert [len(call["userid"]) for call in calls] == [
        rate.people for _, rate in sorted(one.services.store.engagement.teams(YESTERDAY).items())
    ]
    assert not any("yg01" in call["userid"] for call in calls)


def test_without_chats_nothing_is_said_of_a_team(one: Desk) -> None:
    for userid in one.world.people:
        chat(one, userid, held=2)

    read(one)

    assert one.services.store.engagement.teams(YESTERDAY) == {}


@pytest.mark.parametrize("below", [False, True])
def test_more_than_wecom_takes_by_name_are_asked_for_as_departments(
    one: Desk, monkeypatch: pytest.MonkeyPatch, below: bool
) -> None:
    monkeypatch.setattr(engagement, "MOST_USERIDS", 5)
    one.world.api = replace(one.world.api, behavior_party_below=below)
    for userid in one.world.people:
        chat(one, userid, held=2, opened=4, answered=3, minutes=6)

    read(one)

    calls = [call for call in asked(one) if call["partyid"]]
    assert [call["partyid"] for call in calls] == [[10, 11, 12], [11], [12]]
    teams = one.services.store.engagement.teams(YESTERDAY)
    assert {rate.method for rate in teams.values()} == {Method.AGGREGATED}
    assert teams[10].reply_rate == 7_500


def test_an_answer_about_others_than_the_team_is_not_taken(
    one: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engagement, "MOST_USERIDS", 5)
    for number, userid in enumerate(sorted(one.world.people)):
        chat(one, userid, held=2, opened=10, answered=number % 5, minutes=10 * (number % 5))
    # WeCom takes somebody for a member of 零售一部 whom the roster has elsewhere.
    person = one.world.people["zg02"]
    one.world.people["zg02"] = replace(person, departments=(11, 12))

    read(one)

    teams = one.services.store.engagement.teams(YESTERDAY)
    assert teams[11].method is Method.MEDIAN
    assert teams[10].method is Method.AGGREGATED


def test_departments_that_wecom_does_not_know_are_medians(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engagement, "MOST_USERIDS", 5)
    for userid in one.world.people:
        chat(one, userid, held=2, opened=4, answered=2, minutes=6)
    # Everybody is in the visible range by name: no department is.
    one.world.visible_range = VisibleRange(users=tuple(one.world.people))

    read(one)

    teams = one.services.store.engagement.teams(YESTERDAY)
    assert {rate.method for rate in teams.values()} == {Method.MEDIAN}
    assert teams[10].reply_rate == 5_000


@pytest.mark.parametrize(
    ("led", "top"),
    [
        pytest.param((11,), [11], id="one"),
        pytest.param((10, 11), [10], id="one below the other"),
        pytest.param((11, 12), [11, 12], id="side by side"),
    ],
)
def test_who_leads_one_department_and_what_is_below_leads_one(
    one: Desk, led: tuple[int, ...], top: list[int]
) -> None:
    assert topmost(led, one.services.directory.departments) == top


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
