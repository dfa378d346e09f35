"""Every message, byte for byte as it was: as a card, as markdown and as text, in both languages.

Where a text is changed on purpose, write the snapshots anew and read the difference before you commit it:

    REWRITE_SNAPSHOTS=1 python -m pytest tests/test_messages_snapshot.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.answers import answers
from builders.messages import a_group, examples

from bot.features.chat.menu import menu
from bot.features.robots.message import group_picture
from bot.messages.cards import as_card
from bot.messages.message import Message, as_markdown, as_text

SNAPSHOTS = Path(__file__).parent / "snapshots"
WHOLE = 1_000_000  # nothing gives way: every line is in the snapshot


def sections(language: str) -> Iterator[str]:
    """Each message under its heading, in all its faces."""
    named: dict[str, Message] = {
        **examples(language),
        **{f"answer: {k}": v for k, v in answers(language).items()},
    }
    for heading, message in named.items():
        card = as_card(message, language=language, task_id="qb-1", link="https://quota.example.com/about")
        yield f"## {heading}"
        if card is not None:
            yield json.dumps(card, ensure_ascii=False, indent=1)
        yield as_markdown(message, limit=WHOLE)
        yield as_text(message)
        if message.record is not None:
            yield f"record: {as_text(message.record)}"
    yield "## picture of a group"
    yield json.dumps(
        json.loads(group_picture(a_group(), language=language).to_json()), ensure_ascii=False, indent=1
    )
    yield "## menu"
    yield json.dumps(menu(language=language), ensure_ascii=False, indent=1)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_message_is_as_it_was(language: str) -> None:
    written = "\n\n".join(sections(language)) + "\n"
    file = SNAPSHOTS / f"messages.{language}.txt"
    if os.environ.get("REWRITE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(written, encoding="utf-8")

    assert written == file.read_text(encoding="utf-8")
