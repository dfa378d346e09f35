"""The late message: what is still enough today, and that stopping is fine too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders.messages import AFTERNOON, BEHIND, COVERED, DAILY, EXEMPT, MET, MONTHLY

from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.reminder.message import list_to_remind, reminder
from bot.messages.cards import as_card
from bot.messages.message import as_text

DAILY_BEHIND = replace(DAILY, status=Status.BEHIND)


def said(
    rows: Sequence[QuotaFigures], *, language: str = "zh-CN", today_is_workday: bool = True
) -> list[str]:
    message = reminder(language=language, rows=rows, at=AFTERNOON, today_is_workday=today_is_workday)
    return as_text(message).splitlines()


def test_a_reminder_in_full() -> None:
    assert said([BEHIND]) == [
        "今天再加 2 位就够，已加 4 位",
        "本月 28/50：已确认 24，待确认 4，剩 4 个工作日（不含今天）",
        "今天到此为止也可以：之后每个工作日 6 位",
        "今天只提醒这一次，下班后不打扰。",
        "截至 11-24 周二 16:37 · 提醒",
    ]
    assert said([BEHIND], language="en") == [
        "Add 2 more today, that is enough (4 added so far)",
        "This month 28/50: 24 confirmed, 4 pending, 4 workdays after today",
        "You may stop here today: 6 on each workday from then on",
        "Today's only reminder; nothing comes after work.",
        "As of Tue 11-24 16:37 · reminder",
    ]


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        pytest.param(
            [replace(BEHIND, today_left=6)], "今天再加 6 位就够", id="nothing added yet is not rubbed in"
        ),
        pytest.param(
            [replace(BEHIND, today_left=7)],
            "今天再加 7 位就够",
            id="more left than the dose: already is not negative",
        ),
        pytest.param(
            [BEHIND, DAILY_BEHIND], "今天再加 4 位就够，已加 1 位", id="the most that is left decides"
        ),
        pytest.param(
            [BEHIND, DAILY],
            "今天再加 2 位就够，已加 4 位",
            id="a quota on track asks nothing in the afternoon",
        ),
    ],
)
def test_the_first_line_says_what_is_still_enough(rows: list[QuotaFigures], first: str) -> None:
    assert said(rows)[0] == first


@pytest.mark.parametrize(
    ("left", "to_add", "today_is_workday", "line"),
    [
        pytest.param(
            5, 22, True, "今天到此为止也可以：之后每个工作日 6 位", id="22 on 4 workdays, rounded up"
        ),
        pytest.param(5, 20, True, "今天到此为止也可以：之后每个工作日 5 位", id="20 on 4 workdays, exactly"),
        pytest.param(4, 22, False, "今天到此为止也可以：之后每个工作日 6 位", id="today is not among the 4"),
        pytest.param(2, 22, True, "今天到此为止也可以：之后每个工作日 22 位", id="all on the last workday"),
    ],
)
def test_stopping_is_fine_and_the_later_dose_is_said(
    left: int, to_add: int, today_is_workday: bool, line: str
) -> None:
    row = replace(BEHIND, workdays_left=left, to_add=to_add)

    assert said([row], today_is_workday=today_is_workday)[2] == line


def test_on_the_last_workday_nothing_is_put_off() -> None:
    row = replace(BEHIND, workdays_left=1)

    assert said([row])[1:3] == [
        "本月 28/50：已确认 24，待确认 4，今天是您本期最后一个工作日",
        "今天只提醒这一次，下班后不打扰。",
    ]


def test_in_english_the_last_workday_is_his_own() -> None:
    row = replace(BEHIND, workdays_left=1)

    assert said([row], language="en")[1].endswith(", today is your last workday in it")


def test_of_days_on_which_he_may_be_away_nothing_is_said() -> None:
    message = reminder(language="zh-CN", rows=[BEHIND], at=AFTERNOON, today_is_workday=True, may_be_away=True)

    assert as_text(message).splitlines()[1:3] == [
        "本月 28/50：已确认 24，待确认 4",
        "今天只提醒这一次，下班后不打扰。",
    ]


def test_nothing_is_put_off_while_one_quota_ends_today() -> None:
    assert said([BEHIND, DAILY_BEHIND])[1:] == [
        "本月 28/50：已确认 24，待确认 4，剩 4 个工作日（不含今天）",
        "今天 1/5：已确认 1",
        "今天只提醒这一次，下班后不打扰。",
        "截至 11-24 周二 16:37 · 提醒",
    ]


def test_one_workday_after_today_is_singular_in_english() -> None:
    row = replace(BEHIND, workdays_left=2)

    assert said([row], language="en")[1].endswith(", 1 workday after today")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(MONTHLY, id="on track"),
        pytest.param(MET, id="met"),
        pytest.param(replace(MET, today_left=1), id="met by a contact that came back, not by today's adds"),
        pytest.param(COVERED, id="covered"),
        pytest.param(replace(COVERED, today_left=1), id="covered by a contact that came back"),
        pytest.param(EXEMPT, id="exempt"),
        pytest.param(replace(BEHIND, today_left=0), id="behind, but today's dose is done"),
    ],
)
def test_nobody_else_is_reminded(row: QuotaFigures) -> None:
    assert list_to_remind([row]) == ()
    with pytest.raises(ValueError, match="behind"):
        said([row])


def test_a_reminder_is_about_the_quotas_that_are_behind() -> None:
    assert list_to_remind([MET, BEHIND, DAILY]) == (BEHIND,)


@pytest.mark.parametrize(
    ("has_helper", "buttons"), [(True, ["help", "list", "mute"]), (False, ["list", "mute"])]
)
@pytest.mark.parametrize(("language", "words"), [("zh-CN", "请人帮忙"), ("en", "Get help")])
def test_help_is_on_the_card_only_where_somebody_would_get_it(
    has_helper: bool, buttons: list[str], language: str, words: str
) -> None:
    message = reminder(
        language=language, rows=[BEHIND], at=AFTERNOON, today_is_workday=True, has_helper=has_helper
    )
    card = as_card(message, language=language, task_id="qb-1")

    assert card is not None
    assert [one["key"] for one in card["button_list"]] == buttons  # type: ignore[attr-defined]  # JSON
    assert (words in str(card)) is has_helper
