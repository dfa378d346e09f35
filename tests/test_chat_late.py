"""A word that waited over midnight: its days are those of when it was said, its figures those of now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from builders.chat import arrive, click_event, say
from builders.e2e import FakeTime, at
from builders.reviews import TUESDAY, branch, lost_contact

from bot.services import Services

SAID = at("2026-11-24T23:59")
ANSWERED = "2026-11-25T00:05"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, more="", when=TUESDAY) as opened:
        lost_contact(opened)
        opened.store.preferences.add_leave("li", date(2026, 11, 23), date(2026, 11, 27), at=0)
        yield opened


def say_late(
    services: Services, userid: str, text: str, *, said: datetime = SAID, then: str = ANSWERED
) -> list[str]:
    """Let *userid* say *text* while nobody answers, until *then*; the lines of the answer."""
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set(then)
    return say(services, userid, text, said=said)


def leaves(services: Services, userid: str) -> list[tuple[int, int]]:
    """First and last day of the month of each leave."""
    return [(one.first.day, one.last.day) for one in services.store.preferences.leaves().get(userid, ())]


@pytest.mark.parametrize(
    ("text", "days", "first"),
    [
        pytest.param("请假 明天", (25, 25), "好的，今天您休假，不打扰您", id="tomorrow is today by now"),
        pytest.param("请假 今天", (24, 24), "好的，11-24 周二 您休假，不打扰您", id="today"),
        pytest.param("我在休假", (24, 24), "好的，11-24 周二 您休假，不打扰您", id="on leave"),
        pytest.param(
            "请假 3天", (24, 26), "好的，11-24 周二 至 11-26 周四 您休假，不打扰您", id="so many days"
        ),
    ],
)
def test_leave_is_counted_from_the_day_on_which_it_was_said(
    services: Services, text: str, days: tuple[int, int], first: str
) -> None:
    said = say_late(services, "zhang", text)

    assert leaves(services, "zhang") == [days]
    assert said[0] == first
    assert said[-1] == "截至 11-25 周三 00:05:00 · 请假"


@pytest.mark.parametrize(
    ("text", "until"),
    [
        pytest.param("今天别提醒", "2026-11-25T00:00", id="today"),
        pytest.param("静音 一周", "2026-12-01T00:00", id="a week"),
        pytest.param("静音 明天", "2026-11-26T00:00", id="tomorrow"),
        pytest.param("静音", "2026-12-25T00:00", id="thirty days"),
    ],
)
def test_silence_is_counted_from_the_day_on_which_it_was_said(
    services: Services, text: str, until: str
) -> None:
    say_late(services, "zhang", text)

    assert services.store.preferences.mutes()["zhang"].until == int(at(until).timestamp())


def test_a_button_of_the_menu_is_of_the_day_on_which_it_was_pressed(services: Services) -> None:
    clock = services.clock
    assert isinstance(clock, FakeTime)
    clock.set(ANSWERED)

    arrive(services, click_event("zhang", "我在休假", at=int(SAID.timestamp())))

    assert leaves(services, "zhang") == [(24, 24)]


def test_back_at_work_from_the_day_on_which_it_was_said(services: Services) -> None:
    say_late(services, "li", "取消请假")

    assert leaves(services, "li") == [(23, 23)]


def test_help_of_yesterday_is_wished_anew_today(services: Services) -> None:
    first = say_late(services, "zhang", "请人帮忙")
    again = say_late(services, "zhang", "请人帮忙")
    today = say_late(services, "zhang", "请人帮忙", said=at("2026-11-25T00:04"))

    assert [said[0] for said in (first, again, today)] == [
        "已告诉您的主管：主管甲",
        "今天的请求已经记下，会转告您的主管",
        "已告诉您的主管：主管甲",
    ]
    assert services.store.preferences.help_wishes_of(["zhang"], since=SAID.date()) == [
        ("zhang", date(2026, 11, 24)),
        ("zhang", date(2026, 11, 25)),
    ]


def test_help_of_a_leader_is_marked_on_the_day_on_which_it_was_said(services: Services) -> None:
    say_late(services, "team", "我来帮 zhang")

    (mark,) = services.store.coaching.marks(since=SAID.date())
    assert (mark.day, mark.quota) == (date(2026, 11, 24), "cm-monthly")


def test_last_month_is_that_before_the_day_on_which_it_was_said(services: Services) -> None:
    then = "2026-12-01T00:05"
    november = say_late(services, "zhang", "明细 上月", said=at("2026-12-01T00:01"), then=then)
    october = say_late(services, "zhang", "明细 上月", said=at("2026-11-30T23:59"), then=then)

    assert (november[0], october[0]) == ("1 位客户，最近的在前", "这段时间没有新增客户")
