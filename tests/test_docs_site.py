"""The pages as a site: `make docs` builds it in both languages, whole, and with nothing from other hosts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from builders.browser import NewPage, assert_accessible
from builders.docs import (
    AT_THE_ROOT,
    FENCE,
    LANGUAGES,
    ROOT,
    STILL_ENGLISH,
    languages_of,
    names,
    site,
    text_of,
)
from playwright.sync_api import Page, expect

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


def test_no_diagram_needs_a_program_to_be_seen() -> None:
    # Code hosts draw mermaid; the site would have to load a large script for it.
    kinds = {
        kind
        for name in site()
        for language in LANGUAGES
        for kind, _ in FENCE.findall(text_of(name, language))
    }

    assert "mermaid" not in kinds


class _Quiet(SimpleHTTPRequestHandler):
    """Serves the site and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(browser: object, built: tuple[Path, str]) -> Iterator[str]:
    """Return the address of the site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=built[0])) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def reader(served: str, new_page: NewPage, page_faults: list[str]) -> Iterator[Page]:
    """Return a page of the site's reader; addresses begin at the site."""
    missing: list[str] = []
    page = new_page(base_url=served)
    page.on("response", lambda response: missing.append(response.url) if response.status == 404 else None)
    yield page
    page.goto("about:blank")  # what the page still asks for is told now, not after this
    # The theme asks for a map of each language. There is one of both; the switch works without.
    assert {url.removeprefix(served) for url in missing} <= {"/zh-CN/sitemap.xml"}
    page_faults[:] = [fault for fault in page_faults if "404" not in fault]


@pytest.mark.parametrize(
    ("page", "words", "found"),
    [
        pytest.param("index", "keep period", "How the bot counts", id="en"),
        pytest.param("zh-CN/index", "校验码", "当日证明", id="zh-CN"),
        pytest.param("zh-CN/install", "企业可信IP", "正式安装", id="two scripts"),
    ],
)
def test_a_reader_finds_a_page_by_its_words(reader: Page, page: str, words: str, found: str) -> None:
    reader.goto(f"/{page}.html")
    field = reader.locator("[data-md-component=search-query]")
    field.press_sequentially(words)
    # The theme looks when a key goes up; a browser that is driven types Chinese without one.
    field.press("End")

    expect(reader.locator(".md-search-result__item", has_text=found).first).to_be_visible()


def test_the_switch_leads_to_the_same_page_in_the_other_language(reader: Page) -> None:
    reader.goto("/install.html")
    reader.locator(".md-select").hover()
    reader.get_by_role("link", name="中文").click()

    expect(reader).to_have_url(re.compile(r"/zh-CN/install\.html"))
    expect(reader.get_by_role("heading", level=1)).to_contain_text("正式安装")


@pytest.mark.parametrize("page", ["install", "zh-CN/commands"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_a_page(reader: Page, page: str, scheme: Literal["light", "dark"]) -> None:
    reader.emulate_media(color_scheme=scheme)
    reader.goto(f"/{page}.html")

    assert_accessible(reader)
