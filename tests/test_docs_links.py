"""The pages hold together: links and pictures exist, files they name exist, both READMEs say the same."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.docs import CHINESE, LANGUAGES, STILL_ENGLISH, path_of, text_of

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OWN_FILE = re.compile(r"`((?:bot|handlers|scheduler|sandbox|bench|pictures|tests|docs)/[\w./-]*)`")
MAX_PICTURE = 400 * 1024
TO_COME = {path for name in STILL_ENGLISH if not (path := path_of(name, CHINESE)).exists()}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def fences(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def anchors(page: Path) -> set[str]:
    """The anchors of its headings, as GitHub makes them, and those that it writes itself."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    written = re.findall(r'<a id="([\w-]+)"></a>', prose(page))
    return {*written, *(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)}


def local_links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in LINK.findall(prose(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path if path else page), anchor


def is_still_to_come(path: Path) -> bool:
    """Return whether *path* is a Chinese page that is being written, beside its English one."""
    return path.resolve() in TO_COME


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_points_to_something(page: Path) -> None:
    broken = [
        f"{path}#{anchor}"
        for path, anchor in local_links(page)
        if not is_still_to_come(path) and (not path.exists() or (anchor and anchor not in anchors(path)))
    ]

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_of_ours_that_a_page_names_exists(page: Path) -> None:
    named = set(OWN_FILE.findall(page.read_text(encoding="utf-8")))

    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set[Path](), [READMES[0].resolve()]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        found = {path.resolve() for path, _ in local_links(page) if not is_still_to_come(path)}
        waiting += sorted(path for path in found - seen if path.suffix == ".md")

    assert [name(page) for page in PAGES if page.resolve() not in seen] == []


@pytest.mark.parametrize("page", READMES, ids=name)
def test_the_first_screen_has_the_two_commands_and_what_debian_needs(page: Path) -> None:
    first_screen = "\n".join(page.read_text(encoding="utf-8").splitlines()[:16])

    assert re.findall(r"^make (\w+)", first_screen, re.MULTILINE) == ["demo", "test"]
    assert "apt-get install python3-venv make" in first_screen
    assert "3.11" in first_screen


def test_both_readmes_have_the_same_sections_and_code() -> None:
    english, chinese = READMES
    levels = [re.findall(r"^(#+) ", prose(page), re.MULTILINE) for page in READMES]

    assert levels[0] == levels[1]
    assert fences(english, "toml") == fences(chinese, "toml")
    assert fences(english, "csv") == fences(chinese, "csv")
    assert fences(english, "nginx") == fences(chinese, "nginx")
    assert len(fences(english, "mermaid")) == len(fences(chinese, "mermaid"))


@pytest.mark.parametrize("page", READMES, ids=name)
def test_make_targets_that_a_readme_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make (\w+)", page.read_text(encoding="utf-8"), re.MULTILINE))

    assert named
    assert named <= targets


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").iterdir()), ids=name)
def test_pictures_are_small_and_shown_somewhere(picture: Path) -> None:
    shown = {path.resolve() for page in PAGES for path, _ in local_links(page)}

    assert picture.stat().st_size < MAX_PICTURE
    assert picture.resolve() in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_dependency_has_its_reason(language: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    decisions = text_of("decisions", language)
    rows = "\n".join(line for line in decisions.splitlines() if line.startswith("| `"))

    names = [re.split(r"[<>=\[]", line)[0] for line in lines]

    assert [library for library in names if f"`{library}`" not in rows] == []
