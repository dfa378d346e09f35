"""Both languages say the same things."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from string import Formatter

import pytest
from messages_builders import BEHIND, MONTHLY, MORNING, QUIET

from bot.core.periods import PeriodKind
from bot.core.progress import Status
from bot.messages import as_text, progress, reminder
from bot.messages.chinese import CHINESE
from bot.messages.english import ENGLISH
from bot.messages.phrases import Phrase, Texts

PHRASES = [field.name for field in fields(Texts) if isinstance(getattr(ENGLISH, field.name), Phrase)]


def places(form: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(form) if name is not None}


@pytest.mark.parametrize("key", PHRASES)
def test_the_places_of_a_phrase_are_the_same_in_each_form_and_language(key: str) -> None:
    forms = [
        form
        for phrase in (getattr(CHINESE, key), getattr(ENGLISH, key))
        for form in (phrase.other, phrase.one)
        if form is not None
    ]

    assert all(places(form) == places(forms[0]) for form in forms)


@pytest.mark.parametrize("texts", [CHINESE, ENGLISH], ids=["zh-CN", "en"])
def test_every_status_and_period_has_its_own_word(texts: Texts) -> None:
    assert set(texts.status) == set(Status)
    assert set(texts.this_period) == set(PeriodKind)
    assert len(set(texts.status.values())) == len(Status)
    assert len(set(texts.this_period.values())) == len(PeriodKind)


def test_no_phrase_is_the_same_in_both_languages_but_for_layout() -> None:
    same = [key for key in PHRASES if getattr(CHINESE, key) == getattr(ENGLISH, key)]

    assert same == ["quota_label", "helped_person"]


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
    assert ENGLISH.workdays_left.say(n=n) == said


def test_words_in_braces_are_said_and_not_filled() -> None:
    assert ENGLISH.helped_person.say(name="{details}", details="x") == "{details} · x"


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
