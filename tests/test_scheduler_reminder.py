"""When a reminder offers help instead of a number: a dose far above the average, or three in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from builders.chat import say
from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster

from bot.features.notify.enqueue import key_of
from bot.features.standings.load import load_standings
from bot.services import Services
from bot.store.contact_knowledge import Absence
from bot.store.outbox import OutboxMessage
from scheduler.planner import plan

# Monday 23 November, the 16th of 21 workdays: 6 are left, today among them.
LATE = "2026-11-23T16:37"
MONTHLY = QUOTA.replace("50", "42")
WEEKLY = '[[quotas]]\nid = "weekly"\nroles = ["客户经理"]\nperiod = "week"\ntarget = 5\n'
DAILY = '[[quotas]]\nid = "daily"\nroles = ["客户经理"]\nperiod = "day"\ntarget = 3\n'
FULL, HALF = "yg01,员工甲,11,客户经理,,,,", "yg01,员工甲,11,客户经理,,,,0.5"
BOSS = "boss,主管甲,11,主管,11,,,"  # who would be told of a wish for help
LAST_THREE = (18, 19, 20)  # Wednesday to Friday
OFFER = "先商量怎么办"


def reminded(
    services: Services, days: Sequence[int], *, states: Mapping[int, str] | None = None, month: int = 11
) -> None:
    """Reminders of *days* in the outbox, sent if *states* says nothing else."""
    outbox = services.store.outbox
    for day in days:
        key = key_of("reminder", date(2026, month, day), "yg01")
        outbox.add(
            OutboxMessage(
                key=key,
                job="reminder",
                to_userid="yg01",
                content="x",
                msgtype="text",
                not_before=0,
                expires_at=9,
            ),
            created_at=0,
        )
        row = outbox.by_key(key)
        assert row is not None
        if (state := (states or {}).get(day, "sent")) != "pending":
            outbox.finish(row["seq"], state=state, now=0)


def absent(services: Services, first: int, last: int) -> None:
    leave = Absence(userid="yg01", first=date(2026, 11, first), last=date(2026, 11, last))
    with services.store.transaction():
        services.store.contact_knowledge.put_absences([leave])


def said(services: Services, when: str = LATE) -> list[str]:
    found = [message for message in plan(services, "reminder", at=at(when)) if message.job == "reminder"]
    assert len(found) <= 1
    return found[0].content.splitlines() if found else []


@pytest.mark.parametrize(
    ("line", "adds", "quotas", "offers"),
    [
        pytest.param(FULL, 6, MONTHLY, False, id="36 for 6 workdays: 6, three times the average of 2"),
        pytest.param(FULL, 5, MONTHLY, True, id="37 for 6 workdays: 7"),
        pytest.param(HALF, 3, MONTHLY, False, id="half a share: 18 for 6 workdays, 3 of an average of 1"),
        pytest.param(HALF, 2, MONTHLY, True, id="half a share: 19 for 6 workdays"),
        pytest.param(
            "yg01,员工甲,11,客户经理,,2026-11-16,,", 0, MONTHLY, False, id="began on the 16th: 22 in 11 days"
        ),
        pytest.param(FULL, 6, MONTHLY + DAILY, False, id="a day's quota beside it is never tight"),
        pytest.param(FULL, 5, MONTHLY + WEEKLY, True, id="one of two quotas is enough"),
    ],
)
def test_a_dose_above_three_times_the_average_offers_help(
    tmp_path: Path, line: str, adds: int, quotas: str, *, offers: bool
) -> None:
    write_roster(tmp_path, line, BOSS)
    with installation(write_config(tmp_path, quotas=quotas), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * adds)
        lines = said(services)

    assert lines
    assert (OFFER in lines[0]) is offers
    assert ("够" in lines[0]) is not offers


LAST, OPEN, RUSH = "今天是您本期最后一个工作日", "之后每个工作日", "不用赶"


@pytest.mark.parametrize(
    ("line", "adds", "leave", "when", "lasts", "stops"),
    [
        pytest.param(FULL, 20, None, LATE, False, True, id="five workdays are left"),
        pytest.param("yg01,员工甲,11,客户经理,,,2026-11-23,", 28, None, LATE, True, False, id="leaves today"),
        pytest.param(FULL, 36, None, "2026-11-30T16:37", True, False, id="the period ends today"),
        pytest.param(FULL, 28, (24, 30), LATE, True, False, id="on leave from tomorrow to its end"),
        pytest.param(FULL, 20, (24, 25), LATE, False, True, id="on leave, and back before its end"),
    ],
)
def test_nobody_without_another_workday_is_told_of_one(
    tmp_path: Path,
    line: str,
    adds: int,
    leave: tuple[int, int] | None,
    when: str,
    *,
    lasts: bool,
    stops: bool,
) -> None:
    write_roster(tmp_path, line, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(when))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * adds)
        if leave:
            absent(services, *leave)
        lines = said(services, when)

    assert tuple(any(text in one for one in lines) for text in (LAST, OPEN)) == (lasts, stops)
    assert "够" in lines[0]


@pytest.mark.parametrize(
    ("line", "rush"),
    [
        pytest.param(FULL, True, id="there are other days"),
        pytest.param("yg01,员工甲,11,客户经理,,,2026-11-23,", False, id="his last day"),
    ],
)
def test_no_rush_is_offered_only_while_there_are_other_days(tmp_path: Path, line: str, *, rush: bool) -> None:
    write_roster(tmp_path, line, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        lines = said(services)

    assert OFFER in lines[0]
    assert any(RUSH in one for one in lines) is rush


@pytest.mark.parametrize(
    ("days", "known"),
    [
        pytest.param((24, 30), False, id="from tomorrow to the end"),
        pytest.param((26, 26), False, id="one of the days"),
        pytest.param((16, 20), True, id="it is over"),
        pytest.param((28, 29), True, id="a weekend"),
    ],
)
def test_of_a_leave_said_by_word_nothing_is_known(
    tmp_path: Path, days: tuple[int, int], *, known: bool
) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * 20)
        services.store.preferences.add_leave("yg01", *(date(2026, 11, day) for day in days), at=0)
        lines = said(services)

    assert "够" in lines[0]
    assert any(OPEN in one or "剩" in one or LAST in one for one in lines) is known


def test_after_working_hours_a_preview_has_the_same_days(tmp_path: Path) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * 20)
        late, evening = said(services), said(services, "2026-11-23T19:30")

    assert [line for line in late if not line.startswith("截至")] == [
        line for line in evening if not line.startswith("截至")
    ]


def test_own_workdays_are_those_without_absences(tmp_path: Path) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        absent(services, 4, 6)
        found = load_standings(services, at=at(LATE))

        assert [(row.target, found.own_workdays(row)) for row in found.rows] == [(36, 18)]


@pytest.mark.parametrize(
    ("days", "states", "leave", "offers"),
    [
        pytest.param(LAST_THREE, {}, None, True, id="on each of the last three workdays"),
        pytest.param((19, 20), {}, None, False, id="on two"),
        pytest.param((17, 18, 20), {}, None, False, id="not on the day before yesterday"),
        pytest.param((17, 18, 19), {}, None, False, id="not on the last one"),
        pytest.param((16, 17, 18), {}, (19, 20), True, id="leave since: the three before it"),
        pytest.param((13, 16, 20), {}, (17, 19), True, id="leave between them"),
        pytest.param((12, 13, 20), {}, (17, 19), False, id="leave between them, and a day without one"),
        pytest.param(LAST_THREE, {20: "pending"}, None, True, id="one is still to be sent"),
        pytest.param(LAST_THREE, {19: "failed"}, None, False, id="one did not arrive"),
        pytest.param(LAST_THREE, {19: "expired"}, None, False, id="one missed its time"),
    ],
)
def test_three_in_a_row_offer_help(
    tmp_path: Path,
    days: tuple[int, ...],
    states: dict[int, str],
    leave: tuple[int, int] | None,
    *,
    offers: bool,
) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-10T10:00")] * 20)
        reminded(services, days, states=states)
        if leave:
            absent(services, *leave)
        (first, *_) = said(services)

    assert (OFFER in first) is offers


def test_leave_by_word_is_passed_over_too(tmp_path: Path) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-10T10:00")] * 20)
        reminded(services, (16, 17, 18))
        services.store.preferences.add_leave("yg01", date(2026, 11, 19), date(2026, 11, 20), at=0)
        (first, *_) = said(services)

    assert OFFER in first


def test_who_began_the_day_before_yesterday_has_no_three(tmp_path: Path) -> None:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,2026-11-19,,", BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        reminded(services, (18, 19, 20))
        (first, *_) = said(services)

    assert OFFER not in first


def test_from_the_fourth_on_each_offers_help_until_a_day_goes_without(tmp_path: Path) -> None:
    days = [date(2026, 11, 16) + timedelta(days=n) for n in range(5)]
    clock = FakeTime(at("2026-11-16T16:37"))
    write_roster(tmp_path, FULL, BOSS)
    offered = []
    with installation(write_config(tmp_path, quotas=MONTHLY), clock) as services:
        add_customers(services, "yg01", *[at("2026-11-10T10:00")] * 10)
        for day in days:
            when = f"{day}T16:37"
            clock.set(when)
            for message in plan(services, "reminder", at=at(when)):
                offered.append(OFFER in message.content)
                services.store.outbox.add(message, created_at=0)

    assert offered == [False, False, False, True, True]


def test_many_are_looked_up_by_day_and_not_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_roster(tmp_path, *(f"yg{n:02},员工{n},11,客户经理,,,," for n in range(1, 21)), BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        for n in range(1, 21):
            add_customers(services, f"yg{n:02}", *[at("2026-11-10T10:00")] * 20)
        reminded(services, LAST_THREE)
        asked: list[str] = []
        one = services.store.outbox.by_key
        monkeypatch.setattr(services.store.outbox, "by_key", lambda key: (asked.append(key), one(key))[1])
        found = list(plan(services, "reminder", at=at(LATE)))

    assert [OFFER in message.content for message in found] == [True] + [False] * 19
    assert asked == []


def test_who_has_no_leader_is_offered_no_help_that_nobody_would_give(tmp_path: Path) -> None:
    write_roster(tmp_path, FULL)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * 5)
        lines = said(services)

    assert lines[0] == "本月目标可能偏紧，尽力就好"
    assert "主管" not in "".join(lines)


def planned(services: Services, job: str, when: str) -> dict[str, list[str]]:
    """The lines of each message of *job*, by receiver."""
    found = [message for message in plan(services, job, at=at(when)) if message.job == job]
    return {message.to_userid: message.content.splitlines() for message in found}


MORNING, EVENING = "2026-11-30T09:07", "2026-11-30T17:48"


def test_a_dose_far_above_the_usual_is_named_by_no_message(tmp_path: Path) -> None:
    """The last workday, 22 of 50: 28 are no dose for a day."""
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path), FakeTime(at(MORNING))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * 22)
        (row,) = plan(services, "progress", at=at(MORNING))
        texts = [
            *planned(services, "reminder", "2026-11-30T16:37")["yg01"],
            *planned(services, "digest", EVENING)["boss"],
            *say(services, "yg01", "进度"),
        ]

    morning = row.content.splitlines()
    assert morning[0] == "本月目标可能偏紧，先商量怎么办"
    assert morning[-1] == "［请人帮忙］［明细］［今天别提醒］［我在休假］"
    assert any("目标可能偏紧，先谈一谈" in line for line in texts)
    assert not [line for line in (*morning, *texts) if "加 28" in line or "今天还需" in line or "够" in line]


def test_after_three_reminders_the_morning_names_no_number_either(tmp_path: Path) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path, quotas=MONTHLY), FakeTime(at(LATE))) as services:
        add_customers(services, "yg01", *[at("2026-11-16T10:00")] * 20)
        before = planned(services, "progress", "2026-11-23T09:07")["yg01"][0]
        reminded(services, LAST_THREE)
        after = planned(services, "progress", "2026-11-23T09:07")["yg01"][0]

    assert (before, OFFER in after) == ("今天加 4 位就够", True)


def test_a_large_dose_that_is_done_is_not_named_as_enough(tmp_path: Path) -> None:
    write_roster(tmp_path, FULL, BOSS)
    with installation(write_config(tmp_path), FakeTime(at("2026-11-27T12:00"))) as services:
        add_customers(services, "yg01", *[at("2026-11-20T10:00")] * 10, *[at("2026-11-27T10:00")] * 20)
        lines = planned(services, "progress", "2026-11-27T12:00")["yg01"]

    assert lines[0] == "今天不用再加"
