"""The page of `quotabot demo` in a real browser, against the real bot: what a newcomer sees and presses.

One demo for all tests of this file: its clock only goes forward, and each test leaves the switches off.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from builders.browser import DESKTOP, PHONE, NewPage, assert_accessible
from builders.e2e import COMMAND, ROOT, until
from playwright.sync_api import Locator, Page, expect

START_S = 180
ENGLISH = {"locale": "en-US"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo's page. Nobody has opened it: its clock stands, and it has no language yet."""
    out = tmp_path_factory.mktemp("demo") / "out"
    with (
        out.open("w") as file,
        subprocess.Popen(
            [*COMMAND, "demo", "--date", "2026-11-18"],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "LC_ALL": "en_US.UTF-8"},
        ) as process,
    ):
        try:
            until(lambda: "Ctrl-C ends both" in said(out) or process.poll() is not None, within_s=START_S)
            (address,) = re.findall(r"Open this page: +(\S+)", said(out))
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_S)
    assert "Traceback" not in said(out)


def said(out: Path) -> str:
    return out.read_text(encoding="utf-8")


@pytest.fixture
def opened(browser: object, demo: str, new_page: NewPage) -> Page:
    """The page, as an English visitor sees it, once the bot speaks English, too."""
    page = new_page(**ENGLISH)
    page.goto(demo)
    bot_speaks(page, "Mine")
    return page


def bot_speaks(page: Page, word: str) -> None:
    """Wait until the app's menu has *word*: the bot speaks a chosen language a moment after the page does."""
    expect(phone(page, "yg12").get_by_role("navigation")).to_contain_text(word)


def press(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def phone(page: Page, userid: str) -> Locator:
    return page.locator(f"#{userid}")


def newest_event(page: Page) -> Locator:
    return page.locator("#steps li").first


def scan(page: Page, name: str) -> None:
    page.get_by_label("Whose code").select_option(label=name)
    press(page, "Scan and add")


def switch(page: Page, name: str) -> None:
    page.get_by_role("switch", name=name, exact=True).click()


@pytest.mark.lasting
def test_the_first_visitor_is_shown_round(opened: Page) -> None:
    page, tour = opened, opened.locator(".tour")
    press(tour, "Start")
    expect(tour).to_contain_text("Step 1 of 8")
    expect(tour).to_be_focused()
    press(tour, "Next")
    press(tour, "Move the clock to 09:07")
    for userid in ("yg01", "yg12"):  # in the language of the first visitor's browser
        expect(phone(page, userid).locator(".template_card").first).to_contain_text("progress")
    press(tour, "Next")
    press(tour, "Scan the code of 员工甲")
    expect(page.locator("#contacts")).to_contain_text("Contact")
    press(tour, "Next")
    expect(newest_event(page)).to_contain_text("won a customer")
    expect(newest_event(page)).to_contain_text("added ·")
    expect(newest_event(page).locator(".chip")).to_have_text("Pending")
    press(tour, "Next")
    press(tour, "Let the customer delete 员工甲 and return")
    expect(page.locator("#chat-customer")).to_contain_text("You deleted 员工甲")
    press(tour, "Next")
    press(tour, "Ask for the progress of 员工甲")
    expect(phone(page, "yg01").locator(".bubble.own")).to_have_text("progress")
    expect(phone(page, "yg01").locator(".bubble.markdown").last).to_contain_text("1 added so far")
    press(tour, "Next")
    press(tour, "Switch it on and scan again")
    expect(newest_event(page)).to_contain_text("delivered 3 times")
    expect(page.locator("[data-effect=double]")).to_have_text("Events: 1. Deliveries: 3. Each counts once.")
    switch(page, "Send three times")
    press(tour, "Next")
    press(tour, "Move the clock to 16:37")
    expect(page.locator("#now")).to_contain_text("16:37")
    press(tour, "Finish")

    expect(tour).to_have_count(0)
    expect(page.get_by_role("button", name="Tour", exact=True)).to_be_visible()


def test_a_customer_who_scans_a_code_is_in_the_next_progress(opened: Page) -> None:
    page = opened
    cards = phone(page, "yg04").locator(".bubble").filter(has_text="· progress")
    next_morning(page, cards)
    before = month_of(cards)
    scan(page, "员工丁")
    expect(newest_event(page)).to_contain_text("员工丁 won a customer")
    expect(newest_event(page)).to_contain_text("added ·")
    next_morning(page, cards)

    assert month_of(cards) == before + 1


def next_morning(page: Page, cards: Locator) -> None:
    """Go to 09:07 of the next working day and wait for one more message."""
    count = cards.count()
    press(page, "Next workday")
    press(page, "To 09:07, progress")
    expect(cards).to_have_count(count + 1)


def month_of(cards: Locator) -> int:
    """How many of the month's target the newest message counts, as a card or as text."""
    found = re.search(r"month\s*(\d+)/50", cards.last.inner_text(), re.IGNORECASE)
    assert found
    return int(found[1])


def test_the_clock_does_not_run_back_and_says_so(opened: Page) -> None:
    page, now = opened, opened.locator("#now time")
    press(page, "To 17:48, leaders")
    expect(page.locator("#now")).to_contain_text("17:48")
    day = str(now.get_attribute("datetime"))[:10]
    press(page, "To 09:07, progress")

    expect(page.locator("#note")).to_contain_text("Time cannot run back")
    assert str(now.get_attribute("datetime"))[:10] == day
    press(page, "Go to 09:07 on the next workday")
    expect(page.locator("#now")).to_contain_text("09:07")
    assert str(now.get_attribute("datetime"))[:10] > day


def test_a_card_opens_the_page_of_its_reader(opened: Page) -> None:
    with opened.context.expect_page() as new:
        phone(opened, "yg02").get_by_role("link", name="Details").last.click()

    expect(new.value.locator("body")).to_contain_text("员工乙")  # logged in by the phone, without a question
    assert new.value.url.partition("#")[0].endswith("/me")


def test_the_menu_of_a_phone_asks_the_bot(opened: Page) -> None:
    phone_of = phone(opened, "yg11")
    menu = phone_of.get_by_role("navigation")
    menu.get_by_text("Mine").press("Enter")
    press(menu, "Rank")

    expect(phone_of.locator(".bubble.markdown").last).to_contain_text("place")
    expect(menu.locator("details[open]")).to_have_count(0)


def test_an_administrator_opens_their_page_from_a_phone(opened: Page, demo: str) -> None:
    switches = opened.request.get(urljoin(demo, "/sandbox/switches")).text()
    (bot,) = re.findall(r'"callback_url": ?"([^"]+)"', switches)
    opened.goto(urljoin(demo, f"/phone/open?as=zg01&to={urljoin(bot, '/admin')}"))

    expect(opened.get_by_role("link", name="Admin")).to_have_attribute("aria-current", "page")
    expect(opened.locator("#audit")).to_be_visible()
    assert_accessible(opened)


def test_the_bot_speaks_the_language_that_is_chosen(opened: Page) -> None:
    page, phone_of = opened, opened.locator("#yg12")
    press(page, "中文")
    bot_speaks(page, "我的")
    phone_of.get_by_role("button", name="帮助", exact=True).click()
    expect(phone_of.locator(".bubble.own").last).to_have_text("帮助")
    expect(phone_of.locator(".bubble").last).to_have_attribute("lang", "zh-CN")
    expect(phone_of.locator(".bubble:not(.own)").last).to_contain_text("进度")
    press(page, "English")


@pytest.mark.lasting
def test_each_fault_changes_what_happens(opened: Page) -> None:
    page = opened
    switch(page, "Lose callbacks")
    scan(page, "员工戊")
    expect(page.locator("[data-effect=drop]")).to_contain_text("Events lost: 1.")
    expect(newest_event(page)).to_contain_text("Never received, nothing stored")
    expect(newest_event(page)).to_contain_text("In none until the comparison finds it")
    switch(page, "Lose callbacks")
    switch(page, "Change the order")
    scan(page, "员工己")
    scan(page, "员工庚")
    switch(page, "Slow answers")
    page.get_by_role("button", name="Revoke the token Do it now").click()
    press(phone(page, "yg08"), "progress")
    expect(page.locator("[data-effect=token]")).to_contain_text("New tokens: 1.")
    expect(page.locator("[data-effect=slow]")).not_to_contain_text("Slow calls: 0")
    expect(phone(page, "yg08").locator(".bubble.markdown").last).to_be_visible()
    expect(page.locator("[data-effect=reorder]")).to_contain_text("Events overtaken by a later one: 1.")
    press(page, "All off")
    switch(page, "Lists fail")
    press(page, "To 02:17, the comparison")
    expect(page.locator("[data-effect=lists]")).not_to_contain_text("Failed: 0.")
    switch(page, "Lists fail")
    # After each of these the bot holds back for a while, so the next one needs another call.
    for name, key, userid in (
        ("System busy, -1", "busy", "yg09"),
        ("Too many calls, 45009", "often", "yg10"),
    ):
        switch(page, name)
        press(phone(page, userid), "progress")
        expect(page.locator(f"[data-effect={key}]")).not_to_contain_text("Refused: 0.")
        switch(page, name)
    switch(page, "Address refused, 60020")
    scan(page, "员工子")
    expect(page.locator("[data-effect=address]")).not_to_contain_text("Refused: 0.")
    press(page, "All off")
    expect(page.locator('[role=switch][aria-checked="true"]')).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "language", "scheme"),
    [
        pytest.param("zh-CN", "zh-CN", "dark", id="Chinese, dark"),
        pytest.param("en-GB", "en", "light", id="English, light"),
    ],
)
def test_everybody_can_use_the_page_on_a_phone_and_at_a_desk(
    demo: str, new_page: NewPage, locale: str, language: str, scheme: str
) -> None:
    page = new_page(locale=locale, color_scheme=scheme)
    page.goto(demo)
    for viewport in (DESKTOP, PHONE):
        page.set_viewport_size(viewport)

        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        assert_accessible(page)
    assert page.locator("html").get_attribute("lang") == language


def test_the_page_works_without_scripts(demo: str, new_page: NewPage) -> None:
    page = new_page(**ENGLISH, java_script_enabled=False)
    page.goto(demo)
    scan(page, "员工丙")

    expect(page.locator("#contacts")).to_contain_text("员工丙")
