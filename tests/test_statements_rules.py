"""The code under a statement: one for each statement and key, typed anyhow, and never for another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.statements.rules import (
    Figure,
    Statement,
    code_of,
    is_code_of,
    read_code,
    read_statement,
    shown_code,
)

KEY = b"k" * 32
FIGURE = Figure(quota="cm-monthly", period="2026-11", target=50, counted=38, pending=4)
TOLD = Statement(userid="zhangsan", at=1_795_411_200, day="2026-11-23", added=2, figures=(FIGURE,))


def test_a_code_has_eighty_bits_in_groups_of_four() -> None:
    code = code_of(TOLD.written(), key=KEY)

    assert len(code) == 16
    assert shown_code(code) == "-".join(code[start : start + 4] for start in (0, 4, 8, 12))


def test_the_code_is_hmac_sha256_cut_to_eighty_bits() -> None:
    # The published HMAC-SHA256 of this text and key begins f7bc83f4 30538424 b132: in base 32 these signs.
    code = code_of("The quick brown fox jumps over the lazy dog", key=b"key")

    assert code == "YYY87X1GAE229C9J"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(TOLD, userid="zhangsam"), id="somebody else"),
        pytest.param(replace(TOLD, at=TOLD.at + 1), id="another second"),
        pytest.param(replace(TOLD, added=3), id="one more added"),
        pytest.param(replace(TOLD, figures=(replace(FIGURE, counted=39),)), id="one more counted"),
        pytest.param(replace(TOLD, figures=()), id="no quota"),
    ],
)
def test_whatever_differs_has_another_code(other: Statement) -> None:
    code = code_of(TOLD.written(), key=KEY)

    assert is_code_of(code, TOLD.written(), key=KEY)
    assert not is_code_of(code, other.written(), key=KEY)


def test_another_key_gives_another_code() -> None:
    assert not is_code_of(code_of(TOLD.written(), key=KEY), TOLD.written(), key=b"l" * 32)


@pytest.mark.parametrize(
    "typed",
    [
        "YYY87X1GAE229C9J",
        "yyy8-7x1g-ae22-9c9j",
        " YYY8 7X1G AE22 9C9J\n",
        "ＹＹＹ８－７Ｘ１Ｇ－ＡＥ２２－９Ｃ９Ｊ",
        "YYY8–7XIG—AE22·9C9J",
        "yyy8_7xlg_ae22_9c9j",
        "**校验码 YYY8-7X1G-AE22-9C9J**",
        "Code YYY8-7X1G-AE22-9C9J",
    ],
)
def test_a_code_is_read_however_it_was_typed(typed: str) -> None:
    assert read_code(typed) == "YYY87X1GAE229C9J"


@pytest.mark.parametrize(
    "typed", ["", "YYY8", "YYY87X1GAE229C9", "YYY87X1GAE229C9JJ", "UYY87X1GAE229C9J", "好" * 16]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


FIGURES = st.builds(
    Figure,
    quota=st.text(max_size=8),
    period=st.sampled_from(("2026-11", "2026-W48")),
    target=st.integers(0, 999),
    counted=st.integers(0, 999),
    pending=st.integers(0, 999),
)
STATEMENTS = st.builds(
    Statement,
    userid=st.text(max_size=8),
    at=st.integers(0, 2**33),
    day=st.dates().map(str),
    added=st.integers(0, 99),
    figures=st.lists(FIGURES, max_size=3).map(tuple),
)


@given(STATEMENTS, STATEMENTS)
def test_a_written_statement_says_all_and_nothing_else(one: Statement, other: Statement) -> None:
    assert read_statement(one.written()) == one
    assert (one.written() == other.written()) is (one == other)


@given(st.binary(min_size=1, max_size=40), st.text(max_size=20))
def test_a_shown_code_is_read_as_itself(key: bytes, text: str) -> None:
    code = code_of(text, key=key)

    assert read_code(shown_code(code)) == code
