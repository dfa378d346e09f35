"""The pages of the documentation: which there are, in which languages, and what stands on them.

A page has a name, such as `words` or `examples/README`. English stands in NAME.md, Chinese in NAME.zh-CN.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
ENGLISH, CHINESE = LANGUAGES = ("en", "zh-CN")
# Pages outside docs/: readers look for them at the root.
AT_THE_ROOT = ("README", "CONTRIBUTING")
# Pages that are being written in Chinese. It only shrinks.
STILL_ENGLISH = frozenset[str]()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")


def path_of(name: str, language: str = ENGLISH) -> Path:
    """Return the file of a page."""
    suffix = ".md" if language == ENGLISH else f".{language}.md"
    return (ROOT if name in AT_THE_ROOT else DOCS) / f"{name}{suffix}"


def names() -> list[str]:
    """Return the names of all pages, in whatever language they are."""
    files = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    return sorted({*AT_THE_ROOT, *(re.sub(r"(\.zh-CN)?\.md$", "", file) for file in files)})


def text_of(name: str, language: str = ENGLISH) -> str:
    """Return a page as it is written."""
    return path_of(name, language).read_text(encoding="utf-8")


def languages_of(name: str) -> list[str]:
    """Return the languages in which a page is there."""
    return [language for language in LANGUAGES if path_of(name, language).exists()]


def pairs() -> list[str]:
    """Return the pages that are there in both languages."""
    return [name for name in names() if languages_of(name) == list(LANGUAGES)]


def prose(text: str) -> str:
    """Return *text* without its code blocks."""
    return FENCE.sub("", text)


def headings(text: str) -> list[str]:
    """Return the headings of *text* with their signs: `## Install`."""
    return re.findall(r"^#+ .+$", prose(text), re.MULTILINE)


def section(name: str, heading: str, language: str) -> str:
    """Return what stands below the English *heading* of the second level, in the page of *language*."""
    parts = {one: re.split(r"^## .+\n", text_of(name, one), flags=re.MULTILINE)[1:] for one in LANGUAGES}
    number = re.findall(r"^## (.+)$", text_of(name), re.MULTILINE).index(heading)
    return parts[language][number]


def pictures(text: str) -> list[str]:
    """Return the addresses of the pictures of *text*, in order."""
    return _PICTURE.findall(prose(text))


def rows(text: str) -> list[list[str]]:
    """Return the cells of each line of the tables in *text*, without headings."""
    lines = prose(text).splitlines()
    cells = [
        [cell.strip() for cell in line.strip().strip("|").replace("\\|", "¦").split(" | ")]
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("|") and not line.startswith("| ---") and not after.startswith("| ---")
    ]
    return [[cell.replace("¦", "|") for cell in row] for row in cells]


def site() -> list[str]:
    """Return the names of the pages in the navigation of the site, in order."""

    def files(part: object) -> list[str]:
        if isinstance(part, dict):
            part = [*part.values()]
        return [part] if isinstance(part, str) else [file for one in part or () for file in files(one)]

    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    return [file.removesuffix(".md") for file in files(yaml.safe_load(text))]
