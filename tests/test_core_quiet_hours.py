"""When somebody may be told what he did not ask for: never while he wants silence, is away, or is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.core.people import Membership, Person
from bot.core.quiet_hours import FIRST, NO_WISH, WAITS, QuietHours, QuietWish, Silence, kind_of, slots_for
from bot.core.rollout import Mode, RolloutScope
from bot.core.workdays import WorkCalendar

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar(zone=CHINA, country="CN", opens=time(8, 30), closes=time(18))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


NOON = at("2026-11-24T12:00")  # a Tuesday


def person(**changes: object) -> Person:
    now = Membership(since=None, departments=(1,), role=None)
    return Person(userid="jia", name="员工甲", memberships=(now,), **changes)  # type: ignore[arg-type]  # a builder


def peace(who: Person | None = None, wish: QuietWish = NO_WISH) -> QuietHours:
    return QuietHours(people={"jia": who or person()}, wishes={"jia": wish}, calendar=CALENDAR)


def until(text: str) -> QuietWish:
    return QuietWish(muted_until=int(at(text).timestamp()))


def away(first: int, last: int) -> QuietWish:
    return QuietWish(leaves=((date(2026, 11, first), date(2026, 11, last)),))


@pytest.mark.parametrize(
    ("quiet", "why"),
    [
        pytest.param(peace(), None, id="nothing in the way"),
        pytest.param(peace(person(left_on=date(2026, 11, 23))), Silence.GONE, id="left yesterday"),
        pytest.param(peace(person(joined_on=date(2026, 11, 25))), Silence.GONE, id="comes tomorrow"),
        pytest.param(peace(person(in_range=False)), Silence.GONE, id="the app does not see him"),
        pytest.param(
            peace(person(absences=frozenset({date(2026, 11, 24)}))), Silence.LEAVE, id="leave, imported"
        ),
        pytest.param(peace(wish=away(24, 24)), Silence.LEAVE, id="leave, by word"),
        pytest.param(peace(wish=away(25, 27)), None, id="leave from tomorrow"),
        pytest.param(peace(wish=until("2026-11-24T12:01")), Silence.MUTED, id="muted for a minute"),
        pytest.param(peace(wish=until("2026-11-24T12:00")), None, id="not muted any more"),
    ],
)
def test_why_somebody_is_not_told(quiet: QuietHours, why: Silence | None) -> None:
    assert quiet.silence("jia", NOON) is why


def test_of_somebody_outside_the_roster_only_his_own_wish_counts() -> None:
    quiet = QuietHours(people={}, wishes={"admin": away(24, 24)}, calendar=CALENDAR)

    assert quiet.silence("admin", NOON) is Silence.LEAVE
    assert quiet.silence("other", NOON) is None


@pytest.mark.parametrize(
    ("quiet", "moment", "time_of_telling"),
    [
        pytest.param(peace(), "2026-11-24T12:00", "2026-11-24T12:00", id="now"),
        pytest.param(peace(), "2026-11-24T07:00", "2026-11-24T08:30", id="before work"),
        pytest.param(peace(), "2026-11-24T18:00", "2026-11-25T08:30", id="after work"),
        pytest.param(peace(), "2026-11-27T20:00", "2026-11-30T08:30", id="before the weekend"),
        pytest.param(
            peace(wish=until("2026-11-24T14:20")),
            "2026-11-24T12:00",
            "2026-11-24T14:20",
            id="muted till later",
        ),
        pytest.param(
            peace(wish=until("2026-11-25T00:00")), "2026-11-24T12:00", "2026-11-25T08:30", id="muted today"
        ),
        pytest.param(peace(wish=away(24, 26)), "2026-11-24T12:00", "2026-11-27T08:30", id="on leave"),
        pytest.param(
            peace(person(left_on=date(2026, 11, 23))), "2026-11-24T12:00", None, id="gone: never again"
        ),
    ],
)
def test_the_next_time_at_which_he_may_be_told(
    quiet: QuietHours, moment: str, time_of_telling: str | None
) -> None:
    wanted = None if time_of_telling is None else at(time_of_telling)

    assert quiet.next_time("jia", at(moment)) == wanted


def test_before_the_rollout_comes_there_is_no_next_time() -> None:
    pilot = RolloutScope(mode=Mode.PILOT, pilot=(2,))
    outside, inside = (
        QuietHours(people={"jia": person()}, wishes={}, calendar=CALENDAR, rollout=scope)
        for scope in (pilot, replace(pilot, pilot=(1,)))
    )

    assert outside.next_time("jia", NOON) is None
    assert inside.next_time("jia", NOON) == NOON


@pytest.mark.parametrize(
    ("kind", "expected", "room"),
    [
        pytest.param("progress", {"reminder", "digest"}, 3, id="nothing comes before progress"),
        pytest.param("reminder", {"progress", "digest", "weekly"}, 2, id="progress may still come"),
        pytest.param("digest", {"reminder", "weekly"}, 2, id="the reminder comes before the digest"),
        pytest.param("weekly", {"reminder", "digest"}, 1, id="both come before the week"),
        pytest.param("close", {"progress", "reminder", "digest", "weekly"}, -1, id="all come before results"),
        pytest.param("leave", {"progress", "reminder"}, 1, id="leave takes what is left"),
        pytest.param("help", set(), 3, id="nothing else is to come"),
        pytest.param("something new", {"digest"}, 2, id="a kind that the table does not name"),
    ],
)
def test_the_first_kinds_keep_their_slots_in_order(kind: str, expected: set[str], room: int) -> None:
    assert slots_for(kind, per_day=3, expected=expected) == room


def test_the_table_of_kinds() -> None:
    assert FIRST == ("progress", "reminder", "digest", "weekly", "close")
    assert {"leave", "help", "question", "review"} <= set(WAITS)
    assert kind_of("decided:appeal:12") == "decided"


@pytest.mark.parametrize("minute", [0, 30])
def test_whole_and_half_hours_are_left_to_others(minute: int) -> None:
    moment = at("2026-11-24T09:00").replace(minute=minute)

    moved = {peace().apart(moment, f"progress:{number}") - moment for number in range(50)}

    assert {60 <= shift.seconds < 300 for shift in moved} == {True}
    assert len(moved) > 25
    assert peace().apart(at("2026-11-24T17:59"), "x") == at("2026-11-24T17:59")


def test_working_hours_end_on_their_own_day_in_the_banks_zone() -> None:
    assert peace().closing(date(2026, 11, 24)) == int(at("2026-11-24T18:00").timestamp())
