"""The pages in a real browser: read, appealed from, decided on, by phone and at a desk, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders.browser import DESKTOP, PHONE, NewPage, assert_accessible
from builders.e2e import add_customers, at
from builders.pages import beside_wecom
from builders.reviews import tell
from builders.service import running
from playwright.sync_api import Page, expect

from bot.core.relations import RelationKind
from bot.services import Services
from bot.web.pages.door import SESSION_COOKIE

REVIEWERS = '[review]\nreviewers = ["zg01", "zg02"]\n'
NARROW = {"width": 320, "height": 700}


@dataclass(frozen=True)
class Bank:
    """The bot and WeCom, each at its address."""

    bot: str
    wecom: str
    services: Services

    def open(self, page: Page, userid: str, path: str = "/me") -> None:
        """Open a page from the phone of *userid*."""
        page.goto(f"{self.wecom}/phone/open?as={userid}&to={self.bot}/login?next={path}")


@pytest.fixture(params=["zh-CN", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bank(browser: object, tmp_path: Path, language: str) -> Iterator[Bank]:
    more = f'{REVIEWERS}[locale]\nlanguage = "{language}"\n'
    with beside_wecom(tmp_path, more=more) as (services, wecom):
        add_customers(services, "yg01", *(at(f"2026-11-{day:02}T10:00") for day in (3, 4, 5, 24)))
        tell(services, "yg01", "wm-lost", at("2026-11-04T11:00"), RelationKind.ADDED)
        tell(services, "yg01", "wm-lost", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        with running(services) as site:
            yield Bank(f"http://127.0.0.1:{site.port}", wecom.url, services)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_own_figures_are_for_every_eye_and_every_width(bank: Bank, new_page: NewPage, scheme: str) -> None:
    for size in (PHONE, DESKTOP, NARROW):
        page = new_page(viewport=size, color_scheme=scheme)
        bank.open(page, "yg01")

        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("[data-chart] canvas")).to_be_visible()
        assert_accessible(page)
        assert overflow(page) == 0


def test_an_appeal_goes_from_the_page_to_the_reviewer_and_back(bank: Bank, new_page: NewPage) -> None:
    mine, theirs = new_page(viewport=PHONE), new_page()
    bank.open(mine, "yg01")
    item = mine.locator("#contact-wm-lost")
    item.locator("summary").click()
    item.locator("textarea").fill("柜台误删")
    item.locator("button").click()
    expect(mine.locator("#said")).to_be_visible()

    bank.open(theirs, "zg02", "/review")
    assert_accessible(theirs)
    expect(theirs.locator("blockquote")).to_have_text("柜台误删")
    theirs.locator("input[value=accept]").check()
    theirs.locator("#reason").fill("有录音")
    theirs.get_by_role("button").last.click()
    expect(theirs.locator("ul.bare li").first).to_contain_text("3 → 4")
    assert_accessible(theirs)
    theirs.locator("main button").click()
    expect(theirs.locator("#said")).to_contain_text("appeal:1")

    mine.reload()
    expect(item).to_contain_text("有录音")
    assert overflow(mine) == 0


def test_leave_is_noted_and_confirmed(bank: Bank, new_page: NewPage) -> None:
    mine, leader = new_page(viewport=PHONE), new_page(viewport=PHONE)
    bank.open(mine, "yg01")
    mine.locator("#leave-first").fill("2026-11-26")
    mine.locator("#leave-last").fill("2026-11-27")
    mine.locator("#leave-last").press("Enter")
    expect(mine.locator("#said")).to_be_visible()

    bank.open(leader, "zg01", "/review")
    expect(leader.locator("input[name=leave]")).to_be_checked()
    leader.locator("main form button").last.click()

    expect(leader.locator("#said")).to_contain_text("员工甲")
    assert len(bank.services.store.contact_knowledge.absences()["yg01"]) == 2


def test_without_scripts_everything_but_the_chart_is_there(bank: Bank, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False, viewport=PHONE)
    bank.open(page, "yg01")
    page.locator("figure summary").click()
    expect(page.locator("figure table tbody tr")).to_have_count(25)
    page.locator("#wishes button[name=today]").click()

    expect(page.locator("#said")).to_be_visible()
    assert bank.services.store.preferences.mute_of("yg01") is not None


def test_the_keyboard_reaches_the_content_first(bank: Bank, new_page: NewPage) -> None:
    page = new_page()
    bank.open(page, "zg01", "/review")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")

    assert page.url.endswith("#main")


def test_strangers_and_forged_cookies_stay_outside(
    bank: Bank, new_page: NewPage, page_faults: list[str]
) -> None:
    page = new_page()
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": "forged.cookie", "url": bank.bot}])
    page.goto(f"{bank.bot}/me")
    expect(page.locator("h1")).to_contain_text("Continue as")
    page.get_by_text("outsider").click()
    expect(page.locator("h1")).not_to_contain_text("Continue as")
    assert_accessible(page)
    bank.open(page, "yg02", "/review")
    expect(page.locator("h1")).to_be_visible()
    assert_accessible(page)

    assert all("403" in fault for fault in page_faults)
    assert len(page_faults) == 2
    page_faults.clear()
