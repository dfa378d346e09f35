"""A real browser for tests of pages: Debian's Chromium, driven by Playwright. Without it they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
PATIENCE_MS = 60_000  # no measure of speed: a busy machine may take its time
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
_OWN_HOSTS = {"127.0.0.1", "localhost", ""}
_AXE = Path(__file__).parents[1] / "axe-core" / "axe.min.js"
_MISSING = "SKIPPED: no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)"

_BROKEN = r"""() => {
  const tokens = /[0-9A-Za-z_.:+]*-[0-9A-Za-z_.:+-]*[0-9A-Za-z_]|\d[\d.,]* (?=\p{L})\p{L}/gu, found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (!parentElement.checkVisibility()) continue;
    for (const { 0: token, index } of data.replace(/\u00a0/g, " ").matchAll(tokens)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + token.length);
      const lines = new Set([...range.getClientRects()].filter((one) => one.width > 1).map((one) => one.top));
      if (token.length <= 26 && lines.size > 1) found.push(token);
    }
  }
  return found;
}"""

NewPage = Callable[..., "Page"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole session. Playwright's own download is never used."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(_MISSING)
    from playwright.sync_api import expect, sync_playwright  # sessions without a browser do not wait for it

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS])
        yield started
        started.close()


@pytest.fixture
def page_faults() -> list[str]:
    """What went wrong on the pages of this test. A test that expects a fault removes it from the list."""
    return []


@pytest.fixture
def new_page(browser: Browser, page_faults: list[str]) -> Iterator[NewPage]:
    """Opens pages, each of another visitor: `new_page(locale="en-US", color_scheme="dark", viewport=PHONE)`.

    At its end the test fails on an error in the console and on a request to another host.
    """
    opened: list[BrowserContext] = []

    def make(**options: object) -> Page:
        context = browser.new_context(**({"locale": "zh-CN", "viewport": DESKTOP} | options))
        opened.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.route("**/*", lambda route: _answer(route, page_faults))
        page = context.new_page()
        page.on("console", lambda message: _hear(message, page_faults))
        page.on("pageerror", lambda error: page_faults.append(f"script: {error}"))
        return page

    yield make
    for context in opened:
        context.close()
    assert page_faults == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page of a Chinese visitor at a desktop."""
    return new_page()


def assert_accessible(page: Page) -> None:
    """Fail on what axe-core calls serious or critical on *page* as it is now."""
    # Playwright evaluates past the page's Content-Security-Policy, so the page needs no exception for tests.
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    assert [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ] == []


def broken_tokens(page: Page) -> list[str]:
    """Dates, short ids and options, numbers with their unit: those of *page* that stand on two lines."""
    found: list[str] = page.evaluate(_BROKEN)
    return found


def _answer(route: Route, faults: list[str]) -> None:
    """Let a request to this machine pass; note and refuse any other."""
    if (urlsplit(route.request.url).hostname or "") in _OWN_HOSTS:
        route.continue_()
        return
    faults.append(f"request to another host: {route.request.url}")
    route.abort()


def _hear(message: ConsoleMessage, faults: list[str]) -> None:
    if message.type in ("error", "warning"):
        faults.append(f"console {message.type}: {message.text}")
