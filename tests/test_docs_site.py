"""The pages as a site: `make docs` builds it in both languages, whole, and with nothing from other hosts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from builders.docs import AT_THE_ROOT, LANGUAGES, ROOT, STILL_ENGLISH, languages_of, names, site

# Attributes by which a browser fetches something at once.
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class _Loaded(HTMLParser):
    """Collects what a browser loads with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if (
            tag in LOADS
            and (address := told.get(LOADS[tag]))
            and told.get("rel") not in {"canonical", "alternate"}
        ):
            self.found.append(address)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder of the site, and what building it said."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stderr


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(site()) == [name for name in names() if name not in AT_THE_ROOT]


def test_building_warns_of_nothing(built: tuple[Path, str]) -> None:
    warnings = [line for line in built[1].splitlines() if "WARNING" in line]
    # English pages stand in for Chinese ones that are being written; these show English pictures.
    to_come = tuple(f"'{name}.md'" for name in STILL_ENGLISH if len(languages_of(name)) == 1)

    assert [line for line in warnings if not any(page in line for page in to_come)] == []


def test_both_languages_have_all_pages(built: tuple[Path, str]) -> None:
    folder, _ = built
    pages = [re.sub(r"README$", "index", name) for name in site()]

    for language in LANGUAGES:
        place = folder if language == "en" else folder / language
        assert [page for page in pages if not (place / f"{page}.html").exists()] == []


def test_nothing_comes_from_other_hosts(built: tuple[Path, str]) -> None:
    folder, _ = built
    loaded = _Loaded()
    for page in folder.rglob("*.html"):
        loaded.feed(page.read_text(encoding="utf-8"))
    styles = "\n".join(style.read_text(encoding="utf-8") for style in folder.rglob("*.css"))
    loaded.found += re.findall(r"url\(\s*[\"']?(?!data:)([^\"')]+)", styles)

    assert loaded.found
    assert [address for address in loaded.found if re.match(r"(?:https?:)?//", address)] == []
