"""Text from outside, made harmless for stores and XML parsers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.text import cleaned, cleaned_json


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("客户经理\t李\r\n", "客户经理\t李\r\n", id="tabs and line ends stay"),
        pytest.param("a\x00b", "a\ufffdb", id="the sign that PostgreSQL refuses"),
        pytest.param("\x1b[31m\x7f", "\ufffd[31m\x7f", id="the beginning of a terminal's command"),
        pytest.param("\ud83d", "\ufffd", id="half a surrogate"),
        pytest.param("\U0001f600", "\U0001f600", id="a whole sign above U+FFFF"),
        pytest.param("\ufffe\uffff", "\ufffd\ufffd", id="no characters at all"),
    ],
)
def test_each_forbidden_character_is_replaced(text: str, clean: str) -> None:
    assert cleaned(text) == clean


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        pytest.param("a\x00", "a\ufffd", id="a text"),
        pytest.param(["a\x00", ["\x01"]], ["a\ufffd", ["\ufffd"]], id="lists at any depth"),
        pytest.param({"k\x00": {"n": "\x02"}}, {"k\ufffd": {"n": "\ufffd"}}, id="keys and values"),
        pytest.param([0, 1.5, True, None], [0, 1.5, True, None], id="other values stay"),
    ],
)
def test_all_texts_of_an_answer_are_cleaned(value: Any, clean: Any) -> None:
    assert cleaned_json(value) == clean
