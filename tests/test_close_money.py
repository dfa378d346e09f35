"""The message of the close never leaves money out: a sum, each effect with its quota, and the reasons."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from builders.e2e import QUOTA, at
from builders.messages import MISSED
from builders.reviews import ROSTER, branch, tell

from bot.core.money import Penalty
from bot.core.relations import RelationKind
from bot.features.close.message import ClosedLine, closed
from bot.messages.forms import forms_of
from scheduler.jobs import PREPARES
from scheduler.planner import plan

UNTIL, NOW = at("2026-12-15T18:00"), at("2026-12-08T08:42")


def quotas(*amounts: int) -> str:
    """A monthly quota for each amount."""
    return "".join(
        QUOTA.replace("cm-monthly", f"quota-{n}") + f"penalty = {{ flat = {amount} }}\n"
        for n, amount in enumerate(amounts, start=1)
    )


def told(folder: Path, *, rules: str, style: str, language: str = "en", more: str = "", **how: Any) -> str:
    """What zhang, with one add in November, is told of its close: the text of the first form that is sent."""
    setting = f'[locale]\nlanguage = "{language}"\n[messages]\nstyle = "{style}"\n{more}'
    with branch(folder, quotas=rules, more=setting, when=at("2026-12-01T08:42"), **how) as services:
        tell(services, "zhang", "wm-1", at("2026-11-04T10:00"), RelationKind.ADDED)
        when = at("2026-12-01T08:42")
        PREPARES["close"](services, when)
        texts = {message.to_userid: message for message in plan(services, "close", at=when)}
    return json.loads(texts["zhang"].forms)[0]["text"]


@pytest.mark.parametrize("style", ["card", "markdown", "text"])
def test_three_missed_quotas_say_each_amount_and_their_sum(tmp_path: Path, style: str) -> None:
    text = told(tmp_path, rules=quotas(300, 400, 1000), style=style)

    for words in (
        "quota-1 · November: −300 yuan",
        "quota-2 · November: −400 yuan",
        "quota-3 · November: −1,000 yuan",
        "−1,700 yuan",
    ):
        assert words in text


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_where_a_card_has_no_room_the_message_goes_as_text(language: str) -> None:
    lines = [
        ClosedLine(
            row=_missed(f"a-quota-with-a-very-long-name-{n}", 100 + n),
            verdicts=MISSED.verdicts,
            penalty_rule=Penalty(flat=100 + n),
        )
        for n in range(8)
    ]
    message = closed(language=language, lines=lines, until=UNTIL, at=NOW)
    forms = forms_of(message, style="card", language=language, task_id="qb-1")

    assert [form.msgtype for form in forms] == ["markdown", "text"]
    for form in forms:
        assert all(f"−{100 + n} " in form.text for n in range(8))
        assert "−828 " in form.text


def _missed(quota: str, penalty: int) -> Any:
    return replace(MISSED.row, quota=quota, penalty=penalty)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param("en", "−150 yuan, rule “300 yuan when missed”, prorated by 50 %;", id="English"),
        pytest.param("zh-CN", "按 50% 折算", id="Chinese"),
    ],
)
def test_a_prorated_amount_says_so(tmp_path: Path, language: str, words: str) -> None:
    half = ("zhang,员工甲,11,客户经理,,,,0.5", *ROSTER[1:])
    text = told(tmp_path, rules=quotas(300), style="text", language=language, roster=half)

    assert words in text


@pytest.mark.parametrize(
    ("cap", "language", "words"),
    [
        pytest.param(
            200, "en", "−200 yuan, rule “300 yuan when missed”, capped for the month;", id="in part"
        ),
        pytest.param(200, "zh-CN", "已按月度上限封顶", id="Chinese"),
        pytest.param(300, "en", "−300 yuan, rule “300 yuan when missed”; HR decides", id="not capped"),
    ],
)
def test_a_capped_amount_says_so(tmp_path: Path, cap: int, language: str, words: str) -> None:
    more = f"[money]\ncap_per_month = {cap}\n"
    text = told(tmp_path, rules=quotas(300), style="text", language=language, more=more)

    assert words in text


def test_an_amount_that_the_cap_left_nothing_of_is_named(tmp_path: Path) -> None:
    text = told(tmp_path, rules=quotas(300, 400), style="text", more="[money]\ncap_per_month = 300\n")

    assert "Effect on pay (estimate): −300 yuan in all, 2 items" in text
    assert "quota-2 · November: −0 yuan, rule “400 yuan when missed”, capped for the month" in text


def test_a_part_of_days_is_said_with_one_decimal() -> None:
    line = ClosedLine(
        row=_missed("q", 157), verdicts={}, penalty_rule=Penalty(flat=300), part=Fraction(11, 21)
    )
    message = closed(language="en", lines=[line], until=UNTIL, at=NOW)
    (form,) = forms_of(message, style="text", language="en", task_id="qb-1")

    assert "prorated by 52.4 %" in form.text
