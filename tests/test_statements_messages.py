"""What a code under a statement turned out to be: its quotas are called as in the morning's message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders.messages import AFTERNOON, EVENING, TOLD

from bot.features.statements.message import looked_at
from bot.features.statements.rules import Figure
from bot.messages.message import as_text

(MONTH,) = TOLD.figures
LATER = EVENING + timedelta(days=20)  # in December


@pytest.mark.parametrize(
    ("figures", "at", "chinese", "english"),
    [
        pytest.param([MONTH], EVENING, ["本月"], ["This month"], id="one quota: its period"),
        pytest.param([MONTH], LATER, ["2026-11 期"], ["Period 2026-11"], id="in a later month"),
        pytest.param(
            [MONTH, replace(MONTH, quota="daily", period="2026-11-24")],
            EVENING,
            ["本月", "今天"],
            ["This month", "Today"],
            id="two, told apart by their periods",
        ),
        pytest.param(
            [MONTH, replace(MONTH, quota="held")],
            EVENING,
            ["cm-monthly · 本月", "held · 本月"],
            ["cm-monthly · This month", "held · This month"],
            id="two of one period, told apart by their ids",
        ),
    ],
)
def test_figures_are_named_by_their_period_in_words(
    figures: list[Figure], at: datetime, chinese: list[str], english: list[str]
) -> None:
    seen = replace(TOLD, figures=tuple(figures))

    for language, colon, labels in (("zh-CN", "：", chinese), ("en", ": ", english)):
        said = looked_at(language=language, at=at, given_at=AFTERNOON, name="员工甲", seen=seen)
        lines = as_text(said).splitlines()[2:-1]
        assert [line.partition(colon)[0] for line in lines] == labels
