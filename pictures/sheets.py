"""Contact sheets of the bot's pages: phone and desk, light and dark, on one picture for each language."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bot.app.demo import Demo, running
from bot.features.contacts.contact_list import number_contacts
from bot.features.preferences import preferences
from bot.features.reviews.decide import open_appeal
from bot.services import Services
from bot.store.outbox import OutboxMessage
from pictures.camera import BROWSERS, CameraError

# Whose page is shown, and the path to it.
PAGES: Mapping[str, tuple[str, str]] = {
    "me": ("yg01", "/me"),
    "team": ("zg01", "/team"),
    "review": ("zg02", "/review"),
    "admin": ("zg01", "/admin"),
}
_PHONE, _DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 844}
_SCHEMES = ("light", "dark")
_GAP, _HEIGHT = 16, 844
_COLOURS = 128  # letters and charts in two schemes
_SAID = {"zh-CN": "客户手滑删了我，当天又加回来了", "en": "A slip: they added me again that day"}


@contextmanager
def bank(language: str, day: date) -> Iterator[Demo]:
    """A demo at half past ten, with an appeal, leave to confirm and a dead letter."""
    with running(f"{day}T10:30:00", language=language, speed=0.0) as demo:
        services, at = demo.services, demo.services.clock.now()
        owner, lost = next(
            (owner, contact)
            for owner in (f"yg{number:02}" for number in range(1, 7))
            for contact in number_contacts(services, owner, at=at)
            if contact.judged[0].verdict.outcome == "rejected"
        )
        open_appeal(services, owner, lost.external_userid, text=_SAID[language], at=at)
        with services.store.transaction():
            preferences.on_leave(services, "yg07", at=at, first=day, last=day)
        _give_up(services, "yg05", at=int(at.timestamp()))
        yield demo


def _give_up(services: Services, userid: str, *, at: int) -> None:
    """Let a message to *userid* be a dead letter: they may not see the app."""
    key = f"welcome-back:{userid}"
    message = OutboxMessage(
        key=key, job="progress", to_userid=userid, content="-", msgtype="text", not_before=0, expires_at=2**31
    )
    services.store.outbox.add(message, created_at=at)
    row = services.store.outbox.by_key(key)
    if row is not None:
        services.store.outbox.finish(row["seq"], state="failed", now=at, error="81013 invaliduser")


def make(name: str, language: str, day: date, path: Path) -> None:
    """Write the sheet of the page *name* to *path*. Raises CameraError."""
    userid, where = PAGES[name]
    with bank(language, day) as demo, _browser() as browser, tempfile.TemporaryDirectory() as folder:
        shots = []
        for size in (_PHONE, _DESK):
            for scheme in _SCHEMES:
                page = browser.new_context(viewport=size, color_scheme=scheme, locale=language).new_page()
                page.goto(f"{demo.sandbox.url}/phone/open?as={userid}&to={demo.bot_url}/login?next={where}")
                shots.append(_shot(page, Path(folder) / f"{len(shots)}.png", whole=size is _PHONE))
        _sheet(shots).save(path, optimize=True)


@contextmanager
def _browser() -> Iterator[Browser]:
    program = next((found for one in BROWSERS if (found := shutil.which(one))), None)
    if program is None:
        raise CameraError(f"no browser found; install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _shot(page: Page, path: Path, *, whole: bool) -> Image.Image:
    """Return what *page* shows; of a phone two screens."""
    if whole:
        page.set_viewport_size({"width": _PHONE["width"], "height": 2 * _HEIGHT + _GAP})
    page.screenshot(path=path)
    with Image.open(path) as image:
        return image.convert("RGB")


def _sheet(shots: list[Image.Image]) -> Image.Image:
    """Return phones beside one another, and desks below one another at their right."""
    phones, desks = shots[:2], shots[2:]
    width = sum(one.width + _GAP for one in phones) + desks[0].width
    height = max(one.height for one in phones)
    sheet = Image.new("RGB", (width, height), "#808890")
    left = 0
    for phone in phones:
        sheet.paste(phone, (left, 0))
        left += phone.width + _GAP
    for number, desk in enumerate(desks):
        sheet.paste(desk, (left, number * (_HEIGHT + _GAP)))
    small = sheet.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.LANCZOS)
    return small.quantize(_COLOURS, dither=Image.Dither.NONE)
