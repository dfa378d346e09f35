"""What a code under a statement turned out to be: its quotas are called as in the morning's message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders.messages import AFTERNOON, EVENING, MONTHLY, TOLD

from bot.core.status import Status
from bot.features.statements.message import answer_code, statement
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
        said = answer_code(language=language, at=at, given_at=AFTERNOON, name="员工甲", seen=seen)
        lines = as_text(said).splitlines()[2:-1]
        assert [line.partition(colon)[0] for line in lines] == labels


def test_the_statement_calls_nothing_enough_while_contacts_are_open() -> None:
    row = replace(MONTHLY, today_left=0)
    heads = [
        as_text(
            statement(language="zh-CN", rows=[one], added=3, code="ABCDEFGH12345678", at=AFTERNOON)
        ).splitlines()[0]
        for one in (row, replace(row, open=2), replace(row, open=2, status=Status.COVERED))
    ]

    assert heads == ["今天够了，已加 3 位", "今天已加 3 位", "今天够了，已加 3 位"]
