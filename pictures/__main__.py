"""`python -m pictures [NAME…]`: makes the pictures of docs/images anew; needs a Chromium and a CJK font."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path
from time import sleep

import click
import requests

ROOT = Path(__file__).parent.parent
# The example messages stand beside the tests that keep them true; imports below need the path.
sys.path.insert(0, str(ROOT / "tests"))

from bot.app.demo import running  # noqa: E402
from bot.cli.tour import play  # noqa: E402
from bot.features.contacts.contact_list import number_contacts  # noqa: E402
from bot.features.reviews.decide import open_appeal  # noqa: E402
from pictures import sheets  # noqa: E402
from pictures.camera import CameraError, take  # noqa: E402
from pictures.office import Office  # noqa: E402
from pictures.scenes import SCENES  # noqa: E402

_LANGUAGES = ("zh-CN", "en")
_DEMO, _DAY = "demo", date(2026, 11, 17)
# Pages of the bot: whose, which, and how much of it a phone shows.
_PAGES = {"me": ("yg01", "/me", (390, 844)), "review": ("zg02", "/review", (390, 1000))}
_SHEET = "pages-"  # before the name of a page: its contact sheet
_SHEETS = tuple(f"{_SHEET}{page}" for page in sheets.PAGES)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted([*SCENES, *_PAGES, *_SHEETS, _DEMO])))
@click.option("--to", "folder", type=click.Path(path_type=Path), default=ROOT / "docs" / "images")
def main(names: tuple[str, ...], folder: Path) -> None:
    """Write the pictures of NAMES, or all, in both languages, and say how large they are."""
    for name in names or (*SCENES, *_PAGES, *_SHEETS, _DEMO):
        for language in _LANGUAGES:
            path = folder / f"{name}.{language}.png"
            try:
                _make(name, language, path)
            except CameraError as error:
                raise click.ClickException(str(error)) from error
            click.echo(f"{path.name}: {path.stat().st_size // 1024} KB")


def _make(name: str, language: str, path: Path) -> None:
    if name == _DEMO:
        _after_the_tour(language, path)
        return
    if name in _PAGES:
        _page(name, language, path)
        return
    if name in _SHEETS:
        sheets.make(name.removeprefix(_SHEET), language, _DAY, path)
        return
    shots = SCENES[name]
    begin = shots[0].at
    office = Office(language=language, day=begin.date(), begin=begin.timestamp())
    for shot in shots:
        office.play(shot)
    phones = [shot.userid for shot in shots]
    with office.page(*phones) as url:
        take(url, language=language, phones=len(phones), path=path)


def _page(name: str, language: str, path: Path) -> None:
    """A page of the bot on the phone of an employee or a reviewer, with one appeal to decide."""
    userid, where, window = _PAGES[name]
    with running(f"{_DAY}T10:30:00", language=language, speed=0.0) as demo:
        at = demo.services.clock.now()
        owner, lost = next(
            (owner, contact)
            for owner in (f"yg{number:02}" for number in range(1, 7))
            for contact in number_contacts(demo.services, owner, at=at)
            if contact.judged[0].verdict.outcome == "rejected"
        )
        said = {"zh-CN": "客户手滑删了我，当天又加回来了", "en": "A slip: they added me again that day"}[
            language
        ]
        open_appeal(demo.services, owner, lost.external_userid, text=said, at=at)
        page = f"{demo.bot_url}/login?next={where}"
        take(
            f"{demo.sandbox.url}/phone/open?as={userid}&to={page}",
            language=language,
            path=path,
            window=window,
        )


def _after_the_tour(language: str, path: Path) -> None:
    """The sandbox's page as somebody sees it who played a day of `quotabot demo`."""
    with running(f"{_DAY}T08:55:00", language=language, speed=0.0) as demo, redirect_stdout(StringIO()):
        play(demo, day=_DAY)
        # A first look: from then on the bot tells the page what it stored.
        while 'class="chip' not in requests.get(demo.sandbox.url, timeout=60).text:
            sleep(0.2)
        take(demo.sandbox.url, language=language, path=path)


if __name__ == "__main__":
    main()
