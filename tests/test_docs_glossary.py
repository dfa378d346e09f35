"""docs/glossary.md has the words of the domain in both languages; the code uses them as names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from builders.docs import LANGUAGES, ROOT, STILL_ENGLISH, names, path_of, rows, text_of

PRODUCT = ("bot", "handlers", "scheduler")
# Coined words of earlier versions. Each has a plain successor in the glossary or in the tree.
COINED = frozenset(
    (
        *("acts", "asking", "board", "bootstrapping", "changing", "chart", "chinese", "closing"),
        *("drift", "english", "frozen", "helpers", "keeping", "knowing", "language", "leading"),
        *("led_teams", "leniency", "listening", "manager", "managing", "naming", "narrow"),
        *("only_one", "over_teams", "peace", "proving", "quieting", "reaching", "reviewing"),
        *("shared", "table", "telling", "templates", "utils", "wordbook", "wording", "words"),
    )
)
# The same for classes; `Row` and `Message` of the store say which row and which message they are.
COINED_CLASSES = frozenset(
    (
        *("Board", "Chart", "Compared", "Drift", "Frame", "Frozen", "Heard", "Keeper", "Keeping"),
        *("Kind", "Knowing", "Knowledge", "Leading", "LedTeam", "LedTeams", "Leniency", "Listed"),
        *("Looked", "Outcome", "OverTeams", "Peace", "Place", "Proving", "Reach", "Row", "Said"),
        *("Standing", "State", "Told", "Word", "Words"),
    )
)
# Words that would say the same as one of the glossary. Pages that are still to be rewritten are left out.
SYNONYMS = {
    "chat command": r"\bchat words?\b",
    "digest": r"\bbriefings?\b",
    "finding": r"\banomal\w+|\bsuspicio(?:n|ns)\b",
    "outage": r"\bdowntimes?\b",
    "reminder": r"\bnudges?\b",
    "relation": r"\brelationships?\b",
    "verdict": r"\bjudge?ments?\b",
    "主管简报": "(?<!群)日报",  # the robot's post to a group is another thing
    "复核": "审核",
    "核对": "对账",
    "指标": "考核项",
    "团队": "领导",
}
# A target is one figure of a quota and has no name of its own.
WITHOUT_A_NAME = frozenset({"target"})


WORDS, CHINESE = (rows(text_of("glossary", language)) for language in ("en", "zh-CN"))
# Folders and files of bot/features/ with names from everyday language; docs/design.md says what each does.
PLAIN = frozenset(
    (
        *("access", "admin", "backup", "callers", "delivery", "health", "metrics", "dead", "status"),
        *("watch", "live", "rollout", "imports", "notify", "people", "preferences", "privacy"),
        *("purge", "renames", "robots", "rules", "simulate", "weekly", "welcome"),
    )
)


def stems(word: str) -> set[str]:
    """Return *word* as a name may have it: in one or several, with or without its blanks."""
    names = {word.replace(" ", "_"), word.replace(" ", ""), *word.split()[:1], *word.split()[-1:]}
    return {name.lower().removesuffix("s").removesuffix("y") for name in names} - {"", "rule"}


def modules() -> Iterator[Path]:
    for room in PRODUCT:
        yield from (ROOT / room).rglob("*.py")


@cache
def names_of_the_code() -> set[str]:
    """Return every class of the product and every table of its schema."""
    found = set()
    for module in modules():
        tree = ast.parse(module.read_text(encoding="utf-8"))
        found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for step in (ROOT / "bot" / "store" / "schema").glob("*.sql"):
        found |= set(re.findall(r"create table (\w+)", step.read_text(encoding="utf-8"), re.IGNORECASE))
    return found


def test_there_are_thirty_words_each_once_with_one_sentence() -> None:
    assert len({row[0] for row in WORDS}) == len(WORDS) == 30
    for _, chinese, english, _ in WORDS:
        assert re.fullmatch(r"[\u4e00-\u9fff]+", chinese)
        assert re.fullmatch(r"[A-Z][^.]+\.", english)


def test_the_chinese_page_has_the_same_words_each_with_one_sentence() -> None:
    assert [row[:2] for row in CHINESE] == [[chinese, word] for word, chinese, *_ in WORDS]
    for _, _, meaning, _ in CHINESE:
        assert re.fullmatch(r"[^。]*[\u4e00-\u9fff][^。]*。", meaning)


@pytest.mark.parametrize("row", WORDS, ids=lambda row: row[0])
def test_the_names_beside_a_word_exist(row: list[str]) -> None:
    names = re.findall(r"`([^`]+)`", row[-1])
    known = names_of_the_code()

    assert names
    assert [name for name in names if not ((ROOT / name).exists() if "/" in name else name in known)] == []


def test_the_names_beside_a_word_contain_it() -> None:
    other = {row[0] for row in WORDS if not any(stem in row[-1].lower() for stem in stems(row[0]))}

    assert other == WITHOUT_A_NAME


def test_every_feature_is_a_word_of_the_page() -> None:
    features = {path.stem for path in (ROOT / "bot" / "features").iterdir() if not path.name.startswith("__")}
    named = {
        match
        for row in WORDS
        for match in re.findall(r"`bot/features/(\w+)(?:/|\.py)`", row[-1])
        if any(stem in match for stem in stems(row[0]))
    }

    assert PLAIN & named == set()
    assert features - PLAIN - named == set()
    assert features >= PLAIN


def test_no_module_has_a_coined_word_for_a_name() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in modules() if path.stem in COINED}
    folders = {path.parent.name for path in modules()}

    assert found == set()
    assert folders & COINED == set()


def test_no_class_has_a_coined_word_or_one_with_two_meanings_for_a_name() -> None:
    assert names_of_the_code() & COINED_CLASSES == set()


def read_by_people() -> Iterator[tuple[str, str]]:
    """Yield every page that has its two languages, the texts and the code, each with its name."""
    pages = [
        path_of(name, language) for name in names() if name not in STILL_ENGLISH for language in LANGUAGES
    ]
    texts = [(ROOT / "bot" / "locales" / "zh-CN.toml"), *modules()]
    for path in [*pages, *texts]:
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_a_thing_has_one_word() -> None:
    found = [
        (name, other.group())
        for name, text in read_by_people()
        for synonym in SYNONYMS.values()
        for other in re.finditer(synonym, text, re.IGNORECASE)
    ]

    assert set(SYNONYMS) <= {word for row in WORDS for word in row[:2]}
    assert found == []
