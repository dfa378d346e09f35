"""docs/troubleshooting quotes what the program prints, in both languages; each quotation is still printed."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from builders.docs import LANGUAGES, languages_of, names, text_of

from bot.wecom.errors import _REMEDY

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "handlers", "scheduler")
SECTIONS = {
    "en": ("Clock, store, files", "Setting up and deploying", "What WeCom sends and answers"),
    "zh-CN": ("时钟、数据、文件", "安装与部署", "企业微信发来和返回的"),
}
CODES = {"en": "WeCom's codes", "zh-CN": "企业微信的错误码"}
# Words of WeCom, of other programs, of an older version, or put together at run time.
NOT_OURS = {
    "not allow to access from your ip",  # WeCom's
    "no live upstreams",  # nginx's
    "database or disk is full",  # SQLite's
    "max_fails",
    "event … (event/location) failed",
    "WeCom answered 40001",
    "WeCom answered -1",
    "HTTP 502",
    "no whole answer from WeCom within 10 s",
    "60003",
    "�",
}


def rows_of(language: str, title: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = text_of("troubleshooting", language).partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    return [line.strip("|").strip().split(" | ") for line in lines[1:]]


ROWS = [
    (language, row)
    for language, titles in SECTIONS.items()
    for title in titles
    for row in rows_of(language, title)
]


@cache
def printed() -> str:
    """Return every text of the program, one a line; `…` stands for what is filled in."""
    found = list[str]()
    for room in PRODUCT:
        for path in (ROOT / room).rglob("*.py"):
            found += texts_in(ast.parse(path.read_text(encoding="utf-8")))
    for path in (ROOT / "bot" / "locales").glob("*.toml"):
        found += [re.sub(r"\{\w+\}", "…", text) for text in leaves(tomllib.loads(path.read_text("utf-8")))]
    return "\n".join(found)


def texts_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)


def is_printed(quoted: str) -> bool:
    """Return whether a text of the program has these words; `…` at an end may stand for nothing."""
    return quoted.strip("… ") in printed()


@pytest.mark.parametrize(
    ("language", "row"), ROWS, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_what_a_row_says_is_printed(language: str, row: list[str]) -> None:
    quoted = re.findall(r"`([^`]+)`", row[0])

    for chinese in re.findall(r"（([^）`]*[\u4e00-\u9fff][^）`]*)）", row[0]):  # what a command prints
        quoted += chinese.split("；")

    assert quoted
    assert [text for text in quoted if text not in NOT_OURS and not is_printed(text)] == []
    assert len(row) == 3


def test_both_languages_have_the_same_rows() -> None:
    numbers = [[len(rows_of(language, title)) for title in SECTIONS[language]] for language in LANGUAGES]

    assert numbers[0] == numbers[1]
    assert sum(numbers[0]) >= 50


# What may be an error code of WeCom; numbers of its documents begin with 9 or 10.
CODE = re.compile(r"(?<![\d_-])(?<!\d[.,])(?:[4-68]\d{4}|93\d{3}|[37]0\d{4})(?![\d_-]|[.,]\d)")


def codes_in(text: str) -> set[int]:
    return {int(code) for code in CODE.findall(text)}


@cache
def known_codes() -> set[int]:
    files = [path for room in (*PRODUCT, "sandbox") for path in (ROOT / room).rglob("*.py")]
    return codes_in("\n".join(path.read_text(encoding="utf-8") for path in files))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_with_a_remedy_is_told(language: str) -> None:
    told = codes_in(" ".join(row[0] for row in rows_of(language, CODES[language])))

    assert set(_REMEDY) - told == set()


@pytest.mark.parametrize("name", names())
def test_every_code_that_a_page_names_is_known_to_the_program_or_the_sandbox(name: str) -> None:
    told = codes_in("\n".join(text_of(name, language) for language in languages_of(name)))

    assert told - known_codes() == set()


def test_both_languages_tell_the_same_codes() -> None:
    told = [
        re.findall(r"\b\d{5,6}\b", " ".join(row[0] for row in rows_of(one, CODES[one]))) for one in LANGUAGES
    ]

    assert told[0] == told[1]
