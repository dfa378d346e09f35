"""What is said of teams: one answer over all chats, or a median that says so; never a mean of percentages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders.e2e import at
from builders.engagement import MORNING, YESTERDAY, asked, chat, kept, read
from builders.sync import Desk, desk

from bot.core.engagement import Method, TeamRate
from bot.core.people import Departments
from bot.features.teams.digest import drop_lower
from sandbox.people import VisibleRange
from scheduler import engagement
from scheduler.planner import plan


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, night=MORNING) as opened:
        yield opened


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
def test_who_leads_one_department_and_what_is_below_leads_one(led: tuple[int, ...], top: list[int]) -> None:
    assert drop_lower(led, Departments(parents={11: 10, 12: 10})) == top


# --- what leaders are told ---


def digests(one: Desk, moment: str) -> dict[str, list[str]]:
    """The line about replies in each leader's message."""
    return {
        message.to_userid: [line for line in message.content.splitlines() if "回复" in line]
        for message in plan(one.services, "digest", at=at(moment))
    }


def answered(one: Desk) -> None:
    """All of 零售一部 answer every second chat after 10 minutes; 零售二部 answers all, at once."""
    for userid, person in one.world.people.items():
        first = 11 in person.departments
        chat(one, userid, held=2, opened=2, answered=1 if first else 2, minutes=10 if first else 0)


def test_leaders_are_told_how_their_team_answered_yesterday(one: Desk) -> None:
    answered(one)
    read(one)

    assert digests(one, "2026-11-24T17:48") == {
        "zg01": ["回复：昨日回复率 50%，首次回复 10 分钟"],
        "zg02": ["回复：昨日回复率 100%，首次回复 0 分钟"],
    }
    assert digests(one, "2026-11-25T17:48") == {"zg01": [], "zg02": []}


def test_who_leads_departments_side_by_side_is_told_a_median_that_says_so(one: Desk) -> None:
    answered(one)
    read(one)
    led = tuple(
        replace(person, leader_of=(11, 12)) if person.userid == "zg01" else person
        for person in one.services.directory.people
    )
    one.services.use(one.services.config, replace(one.services.directory, people=led, stamp=(1,)))

    (line,) = digests(one, "2026-11-24T17:48")["zg01"]
    assert line == "回复：昨日 75%（中位数）"
