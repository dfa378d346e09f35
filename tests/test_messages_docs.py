"""docs/messages.md shows what is really sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders.messages import examples

from bot.messages.cards import as_card, card_text
from bot.messages.message import as_markdown, as_text

PAGE = (Path(__file__).parent.parent / "docs" / "messages.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^<!-- example: ([^\n]+) -->\n```[a-z]*\n(.*?)\n```$", re.MULTILINE | re.DOTALL)

EXPECTED = {
    f"{heading} ({language})": as_text(message)
    for language in ("zh-CN", "en")
    for heading, message in examples(language).items()
}
EXPECTED["progress, enough, as markdown (zh-CN)"] = as_markdown(examples("zh-CN")["progress, enough"])
EXPECTED |= {
    f"{heading}, as a card ({language})": card_text(card)
    for language in ("zh-CN", "en")
    for heading in (
        "progress",
        "reminder",
        "reminder, help",
        "digest",
        "digest, over teams",
        "weekly",
        "weekly, leader",
        "weekly, over teams",
        "weekly, both",
        "close",
        "leave",
    )
    if (card := as_card(examples(language)[heading], language=language, task_id="qb-1")) is not None
}


@pytest.mark.parametrize("example", EXPECTED)
def test_the_page_shows_the_message_as_it_is_written_today(example: str) -> None:
    shown = dict(BLOCK.findall(PAGE))

    assert shown.get(example) == EXPECTED[example]


def test_the_page_shows_each_example_once_and_no_other() -> None:
    assert sorted(name for name, _ in BLOCK.findall(PAGE)) == sorted(EXPECTED)
