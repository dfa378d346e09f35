"""Both languages say the same things."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from builders.messages import BEHIND, MONTHLY, MORNING, QUIET

from bot.core.periods import PeriodKind
from bot.core.status import Status
from bot.features.progress import progress
from bot.features.reminder.message import reminder
from bot.messages.catalog import Texts, texts_in
from bot.messages.message import as_text

CHINESE, ENGLISH = texts_in("zh-CN"), texts_in("en")


@pytest.mark.parametrize("texts", [CHINESE, ENGLISH], ids=["zh-CN", "en"])
def test_every_status_and_period_has_its_own_word(texts: Texts) -> None:
    status, this_period = texts.table("progress.status"), texts.table("progress.this_period")

    assert set(status) == set(Status)
    assert set(this_period) == set(PeriodKind)
    assert len(set(status.values())) == len(Status)
    assert len(set(this_period.values())) == len(PeriodKind)


def test_no_text_is_the_same_in_both_languages_but_for_layout() -> None:
    progress_of = CHINESE.tree["progress"], ENGLISH.tree["progress"]
    assert isinstance(progress_of[0], Mapping)
    assert isinstance(progress_of[1], Mapping)
    same = [key for key, text in progress_of[0].items() if text == progress_of[1][key]]

    assert same == ["quota_label", "helped_person", "team_separator"]


@pytest.mark.parametrize(
    ("n", "said"),
    [
        pytest.param(0, "0 workdays left", id="none is many in English"),
        pytest.param(1, "1 workday left", id="one"),
        pytest.param(2, "2 workdays left", id="two"),
        pytest.param(21, "21 workdays left", id="a one at the end is no singular"),
    ],
)
def test_english_plurals(n: int, said: str) -> None:
    assert ENGLISH["progress.workdays_left"].say(n=n) == said


def test_words_in_braces_are_said_and_not_filled() -> None:
    assert ENGLISH["progress.helped_person"].say(name="{details}", details="x") == "{details} · x"


@pytest.mark.parametrize(
    ("days", "chinese", "english"),
    [
        pytest.param(-1, "11-23 周一", "Mon 11-23", id="Monday"),
        pytest.param(4, "11-28 周六", "Sat 11-28", id="Saturday, a make-up day perhaps"),
        pytest.param(5, "11-29 周日", "Sun 11-29", id="Sunday"),
    ],
)
def test_the_footer_says_day_weekday_and_time_of_the_figures(days: int, chinese: str, english: str) -> None:
    at = MORNING + timedelta(days=days)

    last = [
        as_text(progress(language=language, rows=[MONTHLY], yesterday=QUIET, at=at)).splitlines()[-1]
        for language in ("zh-CN", "en")
    ]

    assert last == [f"截至 {chinese} 09:07 · 进度", f"As of {english} 09:07 · progress"]


def test_two_kinds_of_message_of_one_minute_differ_in_their_footer() -> None:
    morning = progress(language="zh-CN", rows=[BEHIND], yesterday=QUIET, at=MORNING)
    late = reminder(language="zh-CN", rows=[BEHIND], at=MORNING, today_is_workday=True)

    assert as_text(morning).splitlines()[-1] != as_text(late).splitlines()[-1]
