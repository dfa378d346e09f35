"""The morning message: its first line, its standings, its promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from builders.messages import BEHIND, COVERED, DAILY, EXEMPT, MET, MONTHLY, MORNING, QUIET

from bot.core.day import DayFacts
from bot.core.pending import Waiting
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.core.verdicts import Verdict
from bot.features.progress import progress
from bot.features.reminder.message import reminder
from bot.features.reminder.offer import offer_help
from bot.features.weekly import OwnWeek, weekly
from bot.messages.message import Message, as_body, as_markdown, as_text

MISSED = replace(MONTHLY, today_dose=0, today_left=0, workdays_left=0, status=Status.MISSED)
SUNDAY = replace(MONTHLY, today_dose=0, today_left=0)


def said(rows: Sequence[QuotaFigures], *, language: str = "zh-CN", facts: DayFacts = QUIET) -> list[str]:
    return as_text(progress(language=language, rows=rows, yesterday=facts, at=MORNING)).splitlines()


@pytest.mark.parametrize(
    ("rows", "chinese", "english"),
    [
        pytest.param([MONTHLY], "今天加 2 位就够", "Add 2 today, that is enough", id="a dose"),
        pytest.param(
            [replace(MONTHLY, today_left=1)],
            "今天加 2 位就够，已加 1 位",
            "Add 2 today, that is enough (1 added so far)",
            id="begun before the message: the dose stays the same all day",
        ),
        pytest.param(
            [replace(MONTHLY, today_left=0)],
            "今天的 2 位已经够了",
            "Your 2 for today are enough",
            id="dose done before the message",
        ),
        pytest.param(
            [replace(MONTHLY, today_dose=1, today_left=0)],
            "今天的 1 位已经够了",
            "Your 1 for today is enough",
            id="a dose of one done: English says is",
        ),
        pytest.param(
            [MONTHLY, DAILY],
            "今天加 5 位就够，已加 1 位",
            "Add 5 today, that is enough (1 added so far)",
            id="two quotas: the largest dose decides",
        ),
        pytest.param(
            [replace(MONTHLY, today_dose=6, today_left=1), DAILY],
            "今天加 5 位就够，已加 1 位",
            "Add 5 today, that is enough (1 added so far)",
            id="two quotas, the larger dose is nearly done: one more would not be enough for the other",
        ),
        pytest.param(
            [MONTHLY, replace(DAILY, today_left=0)],
            "今天加 2 位就够",
            "Add 2 today, that is enough",
            id="two quotas, the larger dose is done: the other one decides",
        ),
        pytest.param([MET], "已经够了，目标已完成", "Enough: your target is reached", id="met"),
        pytest.param(
            [replace(MET, today_dose=2, today_left=2)],
            "已经够了，目标已完成",
            "Enough: your target is reached",
            id="met by a late decision: the morning's dose asks no more",
        ),
        pytest.param([COVERED], "已经够了，确认后即完成", "Enough: done once confirmed", id="covered"),
        pytest.param(
            [MET, COVERED], "已经够了，确认后即完成", "Enough: done once confirmed", id="met, covered"
        ),
        pytest.param(
            [MET, EXEMPT], "已经够了，目标已完成", "Enough: your target is reached", id="met, exempt"
        ),
        pytest.param(
            [SUNDAY, MET],
            "今天不用再加",
            "Nothing to add today",
            id="no own workday today",
        ),
        pytest.param(
            [MISSED], "本期已结束，不用再加", "This period is over, nothing to add", id="after the end"
        ),
        pytest.param(
            [EXEMPT], "本期不考核，今天不加也够", "Nothing is asked, enough for today", id="only exempt rows"
        ),
    ],
)
def test_the_first_line_says_what_is_enough_today(
    rows: list[QuotaFigures], chinese: str, english: str
) -> None:
    assert said(rows)[0] == chinese
    assert said(rows, language="en")[0] == english


@pytest.mark.parametrize(
    ("row", "chinese", "english"),
    [
        pytest.param(
            MONTHLY,
            "本月 42/50：已确认 38，待确认 4，还需 8 位，剩 5 个工作日，进度正常",
            "This month 42/50: 38 confirmed, 4 pending, 8 to go, 5 workdays left, on track",
            id="on track",
        ),
        pytest.param(
            replace(BEHIND, pending=0),
            "本月 24/50：已确认 24，还需 22 位，剩 5 个工作日，可以稍快一点",
            "This month 24/50: 24 confirmed, 22 to go, 5 workdays left, a little more speed helps",
            id="behind, and no pending ones are not mentioned",
        ),
        pytest.param(
            replace(MONTHLY, workdays_left=1),
            "本月 42/50：已确认 38，待确认 4，还需 8 位，剩 1 个工作日，进度正常",
            "This month 42/50: 38 confirmed, 4 pending, 8 to go, 1 workday left, on track",
            id="one workday: English has a singular",
        ),
        pytest.param(
            replace(MONTHLY, workdays_left=0),
            "本月 42/50：已确认 38，待确认 4，还需 8 位，没有剩余工作日，进度正常",
            "This month 42/50: 38 confirmed, 4 pending, 8 to go, no workdays left, on track",
            id="after hours of the last workday",
        ),
        pytest.param(
            MET,
            "本月 51/50：已确认 51，已完成",
            "This month 51/50: 51 confirmed, done",
            id="met: nothing to go",
        ),
        pytest.param(
            COVERED,
            "本月 50/50：已确认 46，待确认 4，确认后即完成",
            "This month 50/50: 46 confirmed, 4 pending, done once confirmed",
            id="covered",
        ),
        pytest.param(
            MISSED,
            "本月 42/50：已确认 38，待确认 4，还需 8 位，本期已结束",
            "This month 42/50: 38 confirmed, 4 pending, 8 to go, this period is over",
            id="missed: no workdays",
        ),
        pytest.param(EXEMPT, "本月：不考核", "This month: nothing is asked", id="exempt: no figures"),
        pytest.param(
            DAILY,
            "今天 1/5：已确认 1，还需 4 位，进度正常",
            "Today 1/5: 1 confirmed, 4 to go, on track",
            id="a quota of one day has no other workdays",
        ),
    ],
)
def test_a_line_for_each_quota_says_where_one_stands(row: QuotaFigures, chinese: str, english: str) -> None:
    assert said([row])[1] == chinese
    assert said([row], language="en")[1] == english


@pytest.mark.parametrize(
    ("period", "first", "last", "chinese", "english"),
    [
        pytest.param("2026-11-24", (11, 24), (11, 24), "今天", "Today", id="day"),
        pytest.param("2026-W48", (11, 23), (11, 29), "本周", "This week", id="week"),
        pytest.param("2026-11", (11, 1), (11, 30), "本月", "This month", id="month"),
        pytest.param("2026-Q4", (10, 1), (12, 31), "本季度", "This quarter", id="quarter"),
        pytest.param("2026", (1, 1), (12, 31), "本年", "This year", id="year"),
        pytest.param(
            "2026-10", (10, 1), (10, 31), "2026-10 期", "Period 2026-10", id="a past month is not this one"
        ),
    ],
)
def test_the_period_is_named_as_people_say(
    period: str, first: tuple[int, int], last: tuple[int, int], chinese: str, english: str
) -> None:
    row = replace(MET, period=period, period_start=date(2026, *first), period_end=date(2026, *last))

    assert said([row])[1].startswith(f"{chinese} 51/50：")
    assert said([row], language="en")[1].startswith(f"{english} 51/50: ")


def test_quotas_of_different_periods_are_told_apart_by_these() -> None:
    lines = said([MONTHLY, DAILY])

    assert [line.split("：")[0] for line in lines[1:3]] == ["今天 1/5", "本月 42/50"]


def test_quotas_of_one_period_are_told_apart_by_their_ids() -> None:
    lines = said([MONTHLY, replace(MET, quota="vip<b>")])

    assert [line.split("：")[0] for line in lines[1:3]] == [
        "cm-monthly · 本月 42/50",
        "vip＜b＞ · 本月 51/50",
    ]


@pytest.mark.parametrize(
    ("facts", "chinese", "english"),
    [
        pytest.param((3, 0, 0), "昨天：新增 3 位", "Yesterday: 3 added", id="only adds"),
        pytest.param(
            (1, 1, 0),
            "昨天：新增 1 位；1 位客户删除了您",
            "Yesterday: 1 added; 1 customer removed you",
            id="lost by the customer",
        ),
        pytest.param(
            (0, 2, 3),
            "昨天：2 位客户删除了您；您删除了 3 位客户",
            "Yesterday: 2 customers removed you; you removed 3 customers",
            id="lost by both sides, nothing added",
        ),
    ],
)
def test_yesterday_is_told_by_what_happened(facts: tuple[int, int, int], chinese: str, english: str) -> None:
    added, by_customer, by_member = facts
    day = DayFacts(added=added, lost_by_customer=by_customer, lost_by_member=by_member)

    assert said([MONTHLY], facts=day)[2] == chinese
    assert said([MONTHLY], facts=day, language="en")[2] == english


def test_whom_the_lists_lack_is_told_without_saying_who_left_whom() -> None:
    day = DayFacts(added=0, lost_by_customer=0, lost_by_member=0, lost_unknown=2)

    assert said([MONTHLY], facts=day)[2] == "昨天：核对时发现 2 位客户已不在您的客户列表中"
    assert said([MONTHLY], facts=day, language="en")[2] == "Yesterday: 2 customers are no longer in your list"


def test_a_quiet_yesterday_and_an_unknown_kept_rate_are_left_out() -> None:
    assert said([replace(MONTHLY, kept_90=None)]) == [
        "今天加 2 位就够",
        "本月 42/50：已确认 38，待确认 4，还需 8 位，剩 5 个工作日，进度正常",
        "今天加够后不再提醒您。",
        "截至 11-24 周二 09:07 · 进度",
    ]


@pytest.mark.parametrize("hundredths", range(101))
def test_the_kept_rate_is_said_exactly(hundredths: int) -> None:
    row = replace(MONTHLY, kept_90=hundredths / 100)

    assert f"近 90 天客户留存 {hundredths}%" in said([row])


@pytest.mark.parametrize("row", [MET, COVERED, EXEMPT, SUNDAY, replace(MONTHLY, today_left=0)])
def test_who_has_nothing_left_to_do_is_promised_no_reminder(row: QuotaFigures) -> None:
    assert "今天不再提醒您。" in said([row])
    assert "No more reminders today." in said([row], language="en")


def test_markdown_makes_the_first_line_bold_what_is_reached_green_and_the_footer_grey() -> None:
    message = progress(language="zh-CN", rows=[COVERED], yesterday=QUIET, at=MORNING)

    assert as_markdown(message).splitlines() == [
        "**已经够了，确认后即完成**",
        '本月 50/50：已确认 46，待确认 4，<font color="info">确认后即完成</font>',
        "近 90 天客户留存 93%",
        "今天不再提醒您。",
        '<font color="comment">截至 11-24 周二 09:07 · 进度</font>',
    ]


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2026, 11, 24, 9, 7)  # noqa: DTZ001 -- the point of the test

    with pytest.raises(ValueError, match="zone"):
        progress(language="zh-CN", rows=[MONTHLY], yesterday=QUIET, at=naive)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        progress(language="zh-CN", rows=[], yesterday=QUIET, at=MORNING)


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="zh-CN, en, not 'fr'"):
        progress(language="fr", rows=[MONTHLY], yesterday=QUIET, at=MORNING)


def test_contacts_pending_under_two_quotas_are_said_quota_by_quota() -> None:
    """48 customers, 15 of them under both quotas, are no 63."""
    rows = [replace(MONTHLY, pending=48), replace(MONTHLY, quota="vip", pending=15)]
    message = progress(language="zh-CN", rows=rows, yesterday=QUIET, at=MORNING)
    assert message.card is not None
    card = as_text(Message((*message.card.body, message.lines[-1])))

    assert not [value for _, value in message.card.rows if "位" in value]
    for text in (card, as_text(message)):
        assert "63" not in text
        assert "待确认 48" in text
        assert "待确认 15" in text


VIP = replace(
    MONTHLY,
    target=20,
    counted=0,
    pending=12,
    open=12,
    to_add=20,
    today_dose=4,
    today_left=4,
    status=Status.BEHIND,
    kept_90=None,
)
UNTAGGED = Waiting(
    quota=VIP.quota,
    verdict=Verdict.TAGS,
    contacts=12,
    until_s=int(datetime(2026, 12, 8, tzinfo=MORNING.tzinfo).timestamp()),
    keep_days=7,
    missing=("贵宾",),
    open=True,
)


def messages_about(row: QuotaFigures) -> dict[str, Message]:
    rows, waiting = [row], [UNTAGGED]
    facts = DayFacts(added=12, lost_by_customer=0, lost_by_member=0, lost_unknown=0)
    about: dict[str, Any] = {"language": "zh-CN", "rows": rows, "at": MORNING, "waiting": waiting}
    week = OwnWeek(rows=rows, facts=facts, dose=5, waiting=waiting)
    return {
        "progress": progress(**about, yesterday=QUIET),
        "reminder": reminder(**about, today_is_workday=True),
        "offer": offer_help(**about, about=rows),
        "weekly": weekly(language="zh-CN", first=date(2026, 11, 23), at=MORNING, own=week),
    }


@pytest.mark.parametrize("name", ["progress", "reminder", "offer", "weekly"])
def test_twelve_customers_without_the_vip_tag_are_never_enough(name: str) -> None:
    """What they lack is said, and that they become rejected by themselves."""
    message = messages_about(VIP)[name]
    assert message.card is not None
    card = as_body(message.card.body, limit=160)

    for text in (as_text(message), card):
        assert "够" not in text
        assert "12 位缺“贵宾”标签，12-08 前补上才算，否则不计入" in text
    assert not [value for _, value in message.card.rows if "12" in value]


def test_the_first_line_says_what_is_to_go_and_what_is_open() -> None:
    found = messages_about(VIP)

    assert as_text(found["progress"]).splitlines()[:2] == [
        "今天还需 4 位，另有 12 位补齐才算",
        "本月 0/20：已确认 0，还需 20 位，剩 5 个工作日，另有 12 位补齐才算，可以稍快一点",
    ]
    assert as_text(found["reminder"]).splitlines()[0] == "今天还需 4 位，另有 12 位补齐才算"
    assert "下周每天还需 5 位" in as_text(found["weekly"]).splitlines()[0]


def test_an_add_lost_before_its_details_were_read_is_said_to_be_lost() -> None:
    row = replace(VIP, pending=3, open=1, to_add=18)
    waiting = [
        replace(UNTAGGED, verdict=Verdict.DETAILS, contacts=1, missing=()),
        replace(UNTAGGED, verdict=Verdict.DETAILS, contacts=2, missing=(), open=False),
    ]
    text = as_text(progress(language="zh-CN", rows=[row], yesterday=QUIET, at=MORNING, waiting=waiting))

    assert "本月 2/20：已确认 0，待确认 2，还需 18 位，剩 5 个工作日，另有 1 位补齐才算" in text
    assert "1 位没读到资料就流失了，到 12-08 不计入（不对可申诉）；2 位的资料还没有从企业微信读到" in text
