"""A message that may wait names days: it must still be true on the day on which somebody reads it."""

from __future__ import annotations

import re

import pytest
from builders.answers import answers
from builders.messages import examples

from bot.core.quiet_hours import WAITS
from bot.messages.message import as_text

RELATIVE = {
    "zh-CN": re.compile("今天|昨天|明天|今日|本日|本周|本月|本季|本年|下周|下月|下期|本期"),
    "en": re.compile(
        r"\b(to(day|morrow)|yesterday|(this|next) (week|month|quarter|year|period))\b", re.IGNORECASE
    ),
}
# The first words of the examples of each kind that may wait.
EXAMPLES = {
    "close": ("close",),
    "decided": ("decided", "leave, confirmed"),
    "rules": ("rules", "rules changed"),
    "help": ("help wanted, leader",),
    "leave": ("leave",),
    "question": ("question",),
    "review": ("review",),
    "admin": ("admin",),
}


def texts_of(kind: str, language: str) -> dict[str, str]:
    of_answers = {
        name: message
        for name, message in answers(language).items()
        if name.startswith("rules changed") or name == "help wanted, leader"
    }
    return {
        name: as_text(message)
        for name, message in {**examples(language), **of_answers}.items()
        if name.startswith(EXAMPLES[kind])
    }


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("kind", sorted(WAITS))
def test_what_may_wait_never_speaks_of_the_day_on_which_it_was_written(kind: str, language: str) -> None:
    texts = texts_of(kind, language)

    assert texts
    assert {
        name: found.group() for name, text in texts.items() if (found := RELATIVE[language].search(text))
    } == {}
