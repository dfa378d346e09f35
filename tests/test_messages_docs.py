"""docs/examples/messages.md shows what is really sent, each message once, in the language of the page."""

from __future__ import annotations

import pytest
from builders.docs import FENCE, LANGUAGES, headings, text_of
from builders.message_page import NAME, TITLES, page
from builders.messages import examples

from bot.messages.cards import as_card, card_text
from bot.messages.message import as_markdown, as_text

CARDS = (
    *("progress", "reminder", "reminder, help", "digest", "digest, over teams", "weekly"),
    *("weekly, leader", "weekly, over teams", "weekly, both", "close", "leave"),
)


def expected(language: str) -> list[str]:
    """Return every text that the page has to show."""
    messages = examples(language)
    cards = [as_card(messages[heading], language=language, task_id="qb-1") for heading in CARDS]
    return [
        *(as_text(message) for message in messages.values()),
        *(card_text(card) for card in cards if card is not None),
        as_markdown(messages["progress, enough"]),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_each_message_as_it_is_written_today_and_no_other(language: str) -> None:
    shown = [block.removesuffix("\n") for _, block in FENCE.findall(text_of(NAME, language))]

    assert sorted(shown) == sorted(expected(language))
    assert len(shown) == len(examples(language)) + len(CARDS) + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_message_has_its_title(language: str) -> None:
    titles = [heading.removeprefix("## ") for heading in headings(text_of(NAME, language))[1:]]

    assert titles == [TITLES[heading][LANGUAGES.index(language)] for heading in examples(language)]
    # After a change: PYTHONPATH=tests .venv/bin/python -m builders.message_page
    assert text_of(NAME, language) == page(language)
