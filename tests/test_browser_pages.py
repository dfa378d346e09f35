"""The pages in a real browser: read, appealed from, decided on, by phone and at a desk, without scripts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from builders.browser import DESKTOP, PHONE, NewPage, assert_accessible, broken_tokens
from builders.delivery import give_up
from builders.e2e import QUOTA, add_customers, at, outbox_rows
from builders.pages import NOON, RULES, beside_wecom
from builders.reviews import BURST_RULE, branch, burst, morning, tell
from builders.service import running
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from bot.core.relations import RelationKind
from bot.features.access.session import Sessions
from bot.features.contacts.contact_list import number_contacts
from bot.features.preferences import preferences
from bot.features.reviews.decide import open_appeal
from bot.messages.catalog import texts_in
from bot.services import Services
from bot.web.pages.door import SESSION_COOKIE

REVIEWERS = '[review]\nreviewers = ["zg01", "zg02"]\n'
ADMINS = '[admins]\nuserids = ["zg01"]\n'
WIDE = {"width": 1920, "height": 1080}
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
    more = f'{REVIEWERS}{ADMINS}{BURST_RULE}[locale]\nlanguage = "{language}"\n'
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


@pytest.mark.parametrize(
    ("userid", "path"), [("yg01", "/me"), ("zg01", "/team"), ("zg02", "/review"), ("zg01", "/admin")]
)
def test_no_line_ends_within_a_date_an_id_or_a_number_and_its_unit(
    bank: Bank, new_page: NewPage, userid: str, path: str
) -> None:
    services = bank.services
    open_appeal(services, "yg01", "wm-lost", text="柜台误删", at=NOON)
    with services.store.transaction():
        preferences.on_leave(services, "yg02", at=NOON, first=NOON.date(), last=date(2026, 12, 4))
    give_up(services, "a", at=NOON)
    page = new_page(viewport=NARROW)
    bank.open(page, userid, path)
    for width in (320, 344, 360, 390):
        page.set_viewport_size({"width": width, "height": 700})

        assert broken_tokens(page) == [], width


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
    expect(mine.locator(".meter")).to_have_attribute("aria-label", re.compile("/50"))
    mine.reload()
    expect(mine.locator(".meter")).to_have_attribute("aria-label", re.compile("/45"))  # 19 of 21 workdays
    assert_accessible(mine)


def test_a_question_is_answered_on_the_page(bank: Bank, new_page: NewPage) -> None:
    services = bank.services
    burst(services, "yg02", begin=at("2026-11-24T10:00"))
    morning(services, at("2026-11-25T09:07"))
    page = new_page(viewport=NARROW)
    bank.open(page, "yg02")
    field = page.locator("#questions textarea")
    expect(field).to_have_accessible_description(re.compile("16"))
    assert_accessible(page)
    assert overflow(page) == 0
    field.fill("那天支行有活动")
    page.locator("#questions button").press("Enter")

    expect(page.locator("#said")).to_be_visible()
    expect(page.locator("#questions")).to_have_count(0)
    assert [finding.answer for finding in services.store.findings.open()] == ["那天支行有活动"]


# --- a leader's file ---


def table_of(page: Page) -> list[list[str]]:
    """What the list of people shows, without the quota."""
    rows = page.locator("#people tbody tr")
    return [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in rows.all()]


def downloaded(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f"#people button[value={button}]").click()
    return Path(download.value.path()).read_bytes()


def test_an_export_has_the_rows_of_the_page(bank: Bank, new_page: NewPage) -> None:
    page = new_page(accept_downloads=True)
    bank.open(page, "zg01", "/team")
    page.locator("#people thead a").nth(3).click()  # sorted by a figure, from the server
    page.wait_for_url("**/team?*sort=*")
    shown = table_of(page)

    text = downloaded(page, "csv").decode("utf-8-sig")
    book = CalamineWorkbook.from_filelike(io.BytesIO(downloaded(page, "xlsx")))
    sheet = book.get_sheet_by_index(0).to_python()

    assert len(shown) == 6
    for rows in (list(csv.reader(io.StringIO(text))), sheet):
        assert people_in(rows, bank.services) == [(row[0], int(row[1]), int(row[4])) for row in shown]


def people_in(rows: Sequence[Sequence[object]], services: Services) -> list[tuple[object, int, int]]:
    """Name, target and counted of each person in the *rows* of a file, below the row with the heads."""
    texts = texts_in(services.language).table("tables.columns")
    heads = [str(texts[key]) for key in ("name", "target", "counted")]
    first = next(number for number, row in enumerate(rows) if set(heads) <= set(row))
    name, target, counted = (list(rows[first]).index(head) for head in heads)
    return [
        (row[name], int(str(row[target]).split(".")[0]), int(str(row[counted]).split(".")[0]))
        for row in rows[first + 1 :]
        if row[name]
    ]


# --- on paper ---


def test_paper_has_what_the_page_says_and_nothing_to_press(bank: Bank, new_page: NewPage) -> None:
    services = bank.services
    (lost,) = (one for one in number_contacts(services, "yg01", at=NOON) if one.external_userid == "wm-lost")
    open_appeal(services, "yg01", lost.external_userid, text="柜台误删", at=NOON)
    give_up(services, "a", at=NOON)
    whose = {"/me": "yg01", "/team": "zg01", "/review": "zg02", "/admin": "zg01"}
    said = {"/me": "…lost", "/team": "员工甲", "/review": "柜台误删", "/admin": "message:a"}
    for path, userid in whose.items():
        page = new_page(color_scheme="dark", viewport={"width": 680, "height": 960})
        bank.open(page, userid, path)
        expect(page.locator("h1")).to_be_visible()
        page.emulate_media(media="print")

        expect(page.locator("main").get_by_text(said[path]).first).to_be_visible()
        for control in page.locator("button, input, textarea, select, nav, .button").all():
            expect(control).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert overflow(page) == 0
        assert len(page.pdf(prefer_css_page_size=True)) > 1000


LONG_ID = "customer-managers-of-the-whole-south-branch-and-all-its-villages"
LONG_NAMES = (
    f"yg-{'x' * 50},{'阿卜杜热合曼·麦麦提依明·' * 3},11,客户经理,,,,",
    f"zg,{'Wolfeschlegelsteinhausenbergerdorff ' * 2},11,主管,11,,,",
    "head,行长,1,主管,1,,,",
)


@pytest.mark.parametrize(("userid", "path"), [("zg", "/team"), ("zg", "/review"), ("head", "/review")])
def test_long_names_fit_a_phone_and_paper(
    browser: object, tmp_path: Path, new_page: NewPage, userid: str, path: str
) -> None:
    long_one = f"yg-{'x' * 50}"
    quotas = RULES.replace("cm-monthly", LONG_ID) + QUOTA.replace("cm-monthly", "vip")
    with branch(tmp_path, when=NOON, more="", quotas=quotas, roster=LONG_NAMES) as services:
        tell(services, long_one, "wm-lost", at("2026-11-04T11:00"), RelationKind.ADDED)
        tell(services, long_one, "wm-lost", at("2026-11-06T10:00"), RelationKind.LOST_BY_CUSTOMER)
        open_appeal(services, long_one, "wm-lost", text="x" * 300, at=NOON)
        with services.store.transaction():
            preferences.on_leave(services, long_one, at=NOON, first=NOON.date(), last=date(2026, 12, 4))
        with running(services) as site:
            page = new_page(viewport=NARROW)
            address = f"http://127.0.0.1:{site.port}"
            session = Sessions(services).begin(userid)
            page.context.add_cookies([{"name": SESSION_COOKIE, "value": session, "url": address}])
            page.goto(address + path)
            expect(page.locator("h1")).to_be_visible()
            assert overflow(page) == 0
            expect(page.locator("header form button")).to_have_text(re.compile("退出"))
            page.set_viewport_size({"width": 680, "height": 960})
            page.emulate_media(media="print")
            assert overflow(page) == 0


# --- an administrator ---


def test_an_administrator_retries_a_dead_letter(bank: Bank, new_page: NewPage) -> None:
    give_up(bank.services, "a", at=at("2026-11-25T09:07"))
    page = new_page(viewport=PHONE)
    bank.open(page, "zg01", "/admin")
    assert_accessible(page)
    page.locator("#dead input[name=id]").check()
    page.locator("#dead button").click()

    expect(page.locator("#said")).to_contain_text("message:a")
    expect(page.locator("#dead input[name=id]")).to_have_count(0)
    expect(page.locator("#audit tbody")).to_contain_text("retry")
    assert [row["state"] for row in outbox_rows(bank.services)] == ["pending"]
    page.locator("#audit form button").click()
    expect(page.locator("#said")).to_be_visible()


@pytest.mark.parametrize("path", ["/team", "/review", "/admin"])
def test_pages_of_leaders_fit_every_width(bank: Bank, new_page: NewPage, path: str) -> None:
    for size in (NARROW, PHONE, WIDE):
        page = new_page(viewport=size, color_scheme="dark")
        bank.open(page, "zg01", path)
        expect(page.locator("h1")).to_be_visible()
        assert_accessible(page)
        assert overflow(page) == 0, size


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
