"""Phones of the sandbox as a PNG: its own page, by a headless Chromium, cut to what is on it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PHONE, _EDGE = 342, 40  # CSS pixels: a phone with the gap beside it; what is left and right of all
_TALLEST = 2400
_DENSITY = 2
_COLOURS = 48  # as letters need; it halves the file
_TIMEOUT_S = 120


class CameraError(Exception):
    """No picture can be taken; the text says why."""


def take(html: str, *, phones: int, path: Path, height: int = 0) -> None:
    """Write *html*, a page of so many *phones* beside one another, to *path*. Raises CameraError.

    *height* (CSS pixels): a window of so much of the page, as somebody sees it; 0 for all that is on it.
    """
    with tempfile.TemporaryDirectory(prefix="quotabot-pictures-") as name:
        folder = Path(name)
        page, shot = folder / "page.html", folder / "shot.png"
        page.write_text(html, encoding="utf-8")
        size = phones * _PHONE + _EDGE, height or _TALLEST
        _browse(page, shot, size=size, profile=folder / "profile")
        with Image.open(shot) as whole:
            picture = whole.convert("RGB") if height else _cut(whole.convert("RGB"))
            picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _browse(page: Path, shot: Path, *, size: tuple[int, int], profile: Path) -> None:
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise CameraError(f"no browser found; install one of {', '.join(_BROWSERS)}")
    command = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *("--hide-scrollbars", f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"),
        *(f"--force-device-scale-factor={_DENSITY}", f"--screenshot={shot}", page.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode or not shot.exists():
        raise CameraError(f"the browser took no picture: {done.stderr.strip()[-400:]}")


def _cut(whole: Image.Image) -> Image.Image:
    """Leave the page's margin around what is on it."""
    desk = Image.new("RGB", whole.size, whole.getpixel((0, 0)))
    box = ImageChops.difference(whole, desk).getbbox()
    if box is None:
        raise CameraError("there is nothing on the page")
    margin = 16 * _DENSITY
    width, height = whole.size
    return whole.crop((0, 0, min(width, box[2] + margin), min(height, box[3] + margin)))
