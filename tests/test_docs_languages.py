"""English and Chinese have the same pages, and the same in them; together they stay short."""

from __future__ import annotations

import re

import pytest
from builders.docs import (
    CHINESE,
    FENCE,
    LANGUAGES,
    STILL_ENGLISH,
    headings,
    languages_of,
    names,
    pairs,
    path_of,
    pictures,
    prose,
    rows,
    text_of,
)

# Characters of all pages in both languages, but for generated ones and examples: fewer than the English pages
# alone had before there were Chinese ones (296,268).
MOST_CHARACTERS = 296_000
GENERATED = ("data-map", "examples/")
# What a block holds is the same in both languages; of other kinds only their number is.
SAME = ("sh", "console", "csv", "json", "yaml", "ini", "nginx")
# Names that a program reads: keys, paths, options, codes. What it prints may be in the page's language.
SPAN = re.compile(r"`([!-_a-~]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def commands(text: str) -> list[str]:
    """Return the blocks that are typed or read by programs, without comments and quoted words."""
    blocks = [block for kind, block in FENCE.findall(text) if kind in SAME]
    return [re.sub(r'"[^"\n]*[^\x00-\x7f\n][^"\n]*"|"[A-Z a-z,]+"', '"…"', plain(block)) for block in blocks]


def plain(block: str) -> str:
    return re.sub(r"[ \t]*(?<![\w/.])# .*$", "", block, flags=re.MULTILINE)


def test_every_page_is_there_in_both_languages() -> None:
    missing = {name for name in names() if languages_of(name) != list(LANGUAGES)}

    assert missing - STILL_ENGLISH == set()
    assert [name for name in missing if languages_of(name) == [CHINESE]] == []


@pytest.mark.parametrize("name", [name for name in pairs() if name not in {"README", "data-map"}])
def test_each_begins_with_the_way_to_the_other_language(name: str) -> None:
    files = [path_of(name, language).name for language in LANGUAGES]

    assert text_of(name).split("\n\n")[1] == f"[中文]({files[1]})"
    assert text_of(name, CHINESE).split("\n\n")[1] == f"[English]({files[0]})"


@pytest.mark.parametrize("name", pairs())
def test_both_have_the_same_headings(name: str) -> None:
    levels = [
        [re.sub(r"^(#+ (?:`[^`]+`)?).*$", r"\1", heading) for heading in headings(text_of(name, language))]
        for language in LANGUAGES
    ]

    assert levels[0] == levels[1]


@pytest.mark.parametrize("name", pairs())
def test_both_have_the_same_commands_and_as_many_other_blocks(name: str) -> None:
    english, chinese = (text_of(name, language) for language in LANGUAGES)

    assert commands(english) == commands(chinese)
    assert [kind for kind, _ in FENCE.findall(english)] == [kind for kind, _ in FENCE.findall(chinese)]


@pytest.mark.parametrize("name", pairs())
def test_both_have_the_same_tables(name: str) -> None:
    widths = [[len(row) for row in rows(text_of(name, language))] for language in LANGUAGES]

    assert widths[0] == widths[1]


@pytest.mark.parametrize("name", pairs())
def test_both_name_the_same_keys_commands_and_codes(name: str) -> None:
    named = [set(SPAN.findall(prose(text_of(name, language)))) for language in LANGUAGES]

    assert named[0] == named[1]


@pytest.mark.parametrize("name", pairs())
def test_each_shows_the_pictures_of_its_language(name: str) -> None:
    shown = [pictures(text_of(name, language)) for language in LANGUAGES]

    assert [picture.replace(".en.", ".zh-CN.") for picture in shown[0]] == shown[1]
    assert [picture for picture in shown[1] if ".en." in picture] == []


@pytest.mark.parametrize("name", pairs())
def test_a_chinese_page_leads_to_chinese_pages(name: str) -> None:
    here = path_of(name, CHINESE)
    text = prose(text_of(name, CHINESE)).replace(f"[English]({here.name.replace('.zh-CN', '')})", "")
    pages = [target.partition("#")[0] for target in LINK.findall(text) if "://" not in target]

    english = [page for page in pages if page.endswith(".md") and not page.endswith(".zh-CN.md")]
    assert [page for page in english if not page.endswith("CHANGELOG.md")] == []


def test_measured_figures_are_the_same_in_both_languages() -> None:
    figures = [
        [
            sorted(re.findall(r"\d(?:[\d.,]*\d)?", " ".join(row)))
            for row in rows(text_of("performance", language))
        ]
        for language in LANGUAGES
    ]

    assert len(figures[0]) > 20
    assert figures[0] == figures[1]


def test_together_they_stay_short() -> None:
    counted = [name for name in pairs() if not name.startswith(GENERATED)]

    assert sum(len(text_of(name, language)) for name in counted for language in LANGUAGES) <= MOST_CHARACTERS
