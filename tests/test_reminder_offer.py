"""A reminder that offers help: no number, which target it is about, and the way to help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders.messages import AFTERNOON, BEHIND, DAILY, MONTHLY

from bot.core.progress import QuotaFigures
from bot.core.status import Status, is_tight
from bot.features.reminder.offer import offer_help
from bot.messages.cards import as_card
from bot.messages.message import as_text

OTHER = replace(BEHIND, quota="held")
TODAY = replace(DAILY, status=Status.BEHIND)


def said(rows: Sequence[QuotaFigures], *about: QuotaFigures, language: str = "zh-CN") -> list[str]:
    return as_text(offer_help(language=language, rows=rows, about=about, at=AFTERNOON)).splitlines()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_offer_has_no_number_but_the_time(language: str) -> None:
    lines = said([BEHIND], BEHIND, language=language)

    assert re.search(r"\d\d-\d\d", lines[-1])
    assert not [line for line in lines[:-1] if re.search(r"\d", line)]


@pytest.mark.parametrize(
    ("rows", "about", "first", "named"),
    [
        pytest.param([BEHIND], [BEHIND], "本月目标可能偏紧，先商量怎么办", None, id="his only quota"),
        pytest.param(
            [TODAY, BEHIND], [BEHIND], "本月目标可能偏紧，先商量怎么办", "说的是：本月", id="one of two"
        ),
        pytest.param(
            [TODAY, BEHIND], [TODAY], "今天的目标可能偏紧，先商量怎么办", "说的是：今天", id="the other"
        ),
        pytest.param(
            [TODAY, BEHIND],
            [TODAY, BEHIND],
            "目标可能偏紧，先商量怎么办",
            "说的是：今天、本月",
            id="two of different periods",
        ),
        pytest.param(
            [BEHIND, OTHER],
            [OTHER],
            "本月目标可能偏紧，先商量怎么办",
            "说的是：held · 本月",
            id="two of one period are told apart by their ids",
        ),
    ],
)
def test_an_offer_names_what_it_is_about(
    rows: list[QuotaFigures], about: list[QuotaFigures], first: str, named: str | None
) -> None:
    lines = said(rows, *about)

    assert lines[0] == first
    assert [line for line in lines if line.startswith("说的是")] == ([named] if named else [])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("rows", [[BEHIND], [BEHIND, OTHER], [BEHIND, TODAY]], ids=["one", "two", "kinds"])
def test_the_card_has_the_button_first_and_says_who_sees_it(rows: list[QuotaFigures], language: str) -> None:
    message = offer_help(language=language, rows=rows, about=rows, at=AFTERNOON)
    card = as_card(message, language=language, task_id="qb-1")

    assert card is not None
    assert [one["key"] for one in card["button_list"]] == ["help", "list"]  # type: ignore[attr-defined]  # JSON
    assert "…" not in str(card)
    assert ("只有您的主管会看到" if language == "zh-CN" else "tells your leader only") in str(card)


@pytest.mark.parametrize(
    ("language", "line"),
    [("zh-CN", "和主管一起看看怎么安排。"), ("en", "See with your leader what can be done.")],
)
def test_on_the_last_day_nobody_is_told_that_there_is_no_rush(language: str, line: str) -> None:
    message = offer_help(language=language, rows=[BEHIND], about=[BEHIND], at=AFTERNOON, is_last_day=True)

    assert as_text(message).splitlines()[1] == line


@pytest.mark.parametrize(
    ("language", "is_last_day", "told"),
    [
        pytest.param("zh-CN", False, ["本月目标可能偏紧，尽力就好", "今天不用赶。"], id="Chinese"),
        pytest.param("zh-CN", True, ["本月目标可能偏紧，尽力就好"], id="his last day"),
        pytest.param(
            "en",
            False,
            ["This month's target may be tight: just do what you can", "No need to rush today."],
            id="English",
        ),
    ],
)
def test_who_has_nobody_to_ask_is_not_sent_to_anybody(
    language: str, is_last_day: bool, told: list[str]
) -> None:
    message = offer_help(
        language=language,
        rows=[BEHIND],
        about=[BEHIND],
        at=AFTERNOON,
        is_last_day=is_last_day,
        has_helper=False,
    )
    card = as_card(message, language=language, task_id="qb-1")

    assert as_text(message).splitlines()[:-2] == told
    assert card is not None
    assert [one["key"] for one in card["button_list"]] == ["list"]  # type: ignore[attr-defined]  # JSON
    assert "主管" not in str(card)
    assert "leader" not in str(card)


def test_an_offer_about_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        said([MONTHLY])


@pytest.mark.parametrize(
    ("dose", "target", "own", "tight"),
    [
        pytest.param(7, 42, 21, True, id="2 a day on average, 7 today"),
        pytest.param(6, 42, 21, False, id="three times the average is not above it"),
        pytest.param(4, 21, 21, True, id="half the share: half the target, the same workdays"),
        pytest.param(3, 21, 21, False, id="half the share, three times"),
        pytest.param(7, 22, 11, True, id="half the workdays"),
        pytest.param(1, 5, 1, False, id="a day's quota never is"),
        pytest.param(1, 3, 21, False, id="one is the least that a day can ask"),
        pytest.param(2, 3, 21, True, id="two are much for a small target"),
        pytest.param(0, 0, 0, False, id="nothing is asked"),
    ],
)
def test_a_dose_is_tight_above_three_times_the_average(
    dose: int, target: int, own: int, *, tight: bool
) -> None:
    assert is_tight(dose, target=target, own=own) is tight
