"""What people type is understood, whatever the spaces, widths and case; what is no word is none."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.chat.commands import Command, ParsedCommand, parse_command
from bot.features.chat.dates import days_in

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param("进度", Command.PROGRESS, id="as it is"),
        pytest.param("  进 度 \n", Command.PROGRESS, id="spaces"),
        pytest.param("进度。", Command.PROGRESS, id="a full stop"),
        pytest.param("ＰＲＯＧＲＥＳＳ", Command.PROGRESS, id="full width"),
        pytest.param("Progress!", Command.PROGRESS, id="a capital and a mark"),
        pytest.param("“进度”", Command.PROGRESS, id="quoted as in the help"),
        pytest.param("进\u200b度", Command.PROGRESS, id="something invisible"),
        pytest.param("排名", Command.RANK, id="rank"),
        pytest.param("取消　静音", Command.UNMUTE, id="a wide space"),
        pytest.param("今天别提醒", Command.MUTE_TODAY, id="as a button says it"),
        pytest.param("我在休假", Command.LEAVE_TODAY, id="as another button says it"),
        pytest.param("请人帮忙", Command.WANT_HELP, id="as a third one says it"),
        pytest.param("规则", Command.RULES, id="rules"),
        pytest.param("隐私", Command.PRIVACY, id="privacy"),
        pytest.param("帮助？", Command.HELP, id="help with a question mark"),
        pytest.param("？", Command.HELP, id="a question mark alone"),
        pytest.param("团队", Command.TEAM, id="team"),
        pytest.param("需帮助", Command.NEEDS_HELP, id="who needs help"),
        pytest.param("落后", Command.NEEDS_HELP, id="the same, said harshly"),
        pytest.param("needs help", Command.NEEDS_HELP, id="without the hyphen"),
        pytest.param("Needs-Help", Command.NEEDS_HELP, id="with it"),
        pytest.param("导出", Command.EXPORT, id="export"),
        pytest.param("LEAVE END", Command.BACK, id="no leave until the day End"),
        pytest.param("进度～", Command.PROGRESS, id="a wide tilde"),
        pytest.param("【进度】", Command.PROGRESS, id="in brackets"),
        pytest.param("进度👍🏻", Command.PROGRESS, id="with a thumb"),
        pytest.param("進度", Command.PROGRESS, id="traditional characters"),
        pytest.param("需要幫助", Command.NEEDS_HELP, id="more of them"),
    ],
)
def test_a_word_alone(text: str, word: Command) -> None:
    assert parse_command(text) == ParsedCommand(command=word)


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        pytest.param("明细", Command.LIST, "", id="nothing behind"),
        pytest.param("明细2", Command.LIST, "2", id="no space"),
        pytest.param("为什么 ３", Command.WHY, "3", id="a wide number"),
        pytest.param("为 什 么：x7K2", Command.WHY, "x7K2", id="the end of an id keeps its case"),
        pytest.param("Why 3?", Command.WHY, "3?", id="english"),
        pytest.param("why3", Command.WHY, "3", id="english without a space"),
        pytest.param("申诉 3 客户在柜面误删。", Command.APPEAL, "3 客户在柜面误删", id="an appeal"),
        pytest.param("静音 12-01", Command.MUTE, "12-01", id="mute until"),
        pytest.param("确认请假 zhang 12-01", Command.CONFIRM_LEAVE, "zhang 12-01", id="leave confirmed"),
        pytest.param("Confirm leave zhang", Command.CONFIRM_LEAVE, "zhang", id="the same without a hyphen"),
        pytest.param(
            "確認請假 zhang", Command.CONFIRM_LEAVE, "zhang", id="the same in traditional characters"
        ),
        pytest.param("请假12月1日到12月3日", Command.LEAVE, "12月1日到12月3日", id="leave"),
        pytest.param("leave 12-01 12-03", Command.LEAVE, "12-01 12-03", id="leave in english"),
        pytest.param("回答 那天有活动", Command.ANSWER, "那天有活动", id="an answer"),
        pytest.param("明细～", Command.LIST, "", id="a wide tilde"),
        pytest.param("［明细］", Command.LIST, "", id="as a card shows it"),
        pytest.param("👉 [明细 2]", Command.LIST, "2", id="a hand and brackets"),
        pytest.param("為什麼 ３？", Command.WHY, "3?", id="traditional characters"),
        pytest.param("請假 明天", Command.LEAVE, "明天", id="leave in traditional characters"),
        pytest.param("校验码 7K3M-9Q2P", Command.VERIFY, "7K3M-9Q2P", id="the line of a statement"),
        pytest.param("Code 7K3M-9Q2P", Command.VERIFY, "7K3M-9Q2P", id="the same in english"),
        pytest.param(
            "申诉 ３ 误删，当天又加回（柜面）！",
            Command.APPEAL,
            "3 误删，当天又加回（柜面）",
            id="an appeal keeps its punctuation",
        ),
        pytest.param("申訴：x7k2 請再看", Command.APPEAL, "x7k2 請再看", id="and its characters"),
    ],
)
def test_a_word_with_more(text: str, word: Command, rest: str) -> None:
    assert parse_command(text) == ParsedCommand(command=word, rest=rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "。",
        "进度条",
        "你好",
        "whyever",
        "listing 3",
        "muted",
        "hello",
        "progress report",
        "请勿打扰",
        "🙂",
        "(",
        "进度123",
        "我要请假 明天",
    ],
)
def test_anything_else_is_no_word(text: str) -> None:
    assert parse_command(text) is None


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    found = parse_command(text)

    assert found is None or found.command in Command
    assert days_in(text, today=TODAY) is None or len(days_in(text, today=TODAY) or ()) <= len(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        pytest.param("", (), id="none"),
        pytest.param("12-01", (date(2026, 12, 1),), id="month and day"),
        pytest.param("12/1", (date(2026, 12, 1),), id="with a slash"),
        pytest.param("12.1", (date(2026, 12, 1),), id="with a point"),
        pytest.param("12月1日", (date(2026, 12, 1),), id="in chinese"),
        pytest.param("2026-12-01", (date(2026, 12, 1),), id="with the year"),
        pytest.param("2027年1月4号", (date(2027, 1, 4),), id="with the year, in chinese"),
        pytest.param("1-5", (date(2027, 1, 5),), id="january is next year's"),
        pytest.param("11-20", (date(2026, 11, 20),), id="a few days ago"),
        pytest.param("12-01 12-03", (date(2026, 12, 1), date(2026, 12, 3)), id="two days"),
        pytest.param("12-01 到 12-03", (date(2026, 12, 1), date(2026, 12, 3)), id="from one to the other"),
        pytest.param("12-01~12-03", (date(2026, 12, 1), date(2026, 12, 3)), id="a tilde"),
        pytest.param("12.1-12.3", (date(2026, 12, 1), date(2026, 12, 3)), id="a hyphen"),
        pytest.param("12月1日至3日", (date(2026, 12, 1), date(2026, 12, 3)), id="the month said once"),
        pytest.param("12-01 to 12-03", (date(2026, 12, 1), date(2026, 12, 3)), id="in english"),
        pytest.param("28日", (date(2026, 11, 28),), id="a day of this month"),
        pytest.param("3号", (date(2026, 12, 3),), id="a day that this month has behind it"),
        pytest.param("30日到2日", (date(2026, 11, 30), date(2026, 12, 2)), id="into the next month"),
        pytest.param("12月3日到1日", (date(2026, 12, 3), date(2026, 12, 1)), id="backwards stays backwards"),
        pytest.param("今天", (TODAY,), id="today"),
        pytest.param("明天到后天", (date(2026, 11, 25), date(2026, 11, 26)), id="tomorrow and after"),
        pytest.param("until Tomorrow", (date(2026, 11, 25),), id="tomorrow in english"),
        pytest.param("3天", (TODAY, date(2026, 11, 26)), id="three days"),
        pytest.param("1 day", (TODAY, TODAY), id="one day"),
        pytest.param("两天", (TODAY, date(2026, 11, 25)), id="two days in characters"),
        pytest.param("一周", (TODAY, date(2026, 11, 30)), id="a week"),
        pytest.param("2个星期", (TODAY, date(2026, 12, 7)), id="two weeks"),
        pytest.param("for 2 weeks", (TODAY, date(2026, 12, 7)), id="two weeks in english"),
    ],
)
def test_days_as_people_write_them(text: str, days: tuple[date, ...]) -> None:
    assert days_in(text, today=TODAY) == days


@pytest.mark.parametrize(
    "text", ["13-01", "2-30", "32日", "下周", "12-01 x", "0天", "end", "2026-13-01", "31日"]
)
def test_what_is_no_day(text: str) -> None:
    assert days_in(text, today=TODAY) is None
