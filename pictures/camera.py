"""Phones of the sandbox as a PNG: its own page, by a headless Chromium, cut to what is on it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PHONE, _EDGE = 342, 40  # CSS pixels: a phone with the gap beside it; what is left and right of all
_TALLEST = 2400
_WINDOW = 1440, 900
_DENSITY = 2
_COLOURS = 48  # as letters need; it halves the file
_TIMEOUT_S = 120


class CameraError(Exception):
    """No picture can be taken; the text says why."""


def take(url: str, *, language: str, path: Path, phones: int = 0, window: tuple[int, int] = _WINDOW) -> None:
    """Write the page at *url*, as a browser in *language* shows it, to *path*. Raises CameraError.

    *phones*: all that is on a page of so many phones beside one another; 0 for what a *window* of so many CSS
    pixels shows.
    """
    with tempfile.TemporaryDirectory(prefix="quotabot-pictures-") as name:
        shot = Path(name) / "shot.png"
        size = (phones * _PHONE + _EDGE, _TALLEST) if phones else window
        _browse(url, shot, size=size, language=language, profile=Path(name) / "profile")
        with Image.open(shot) as whole:
            picture = _cut(whole.convert("RGB")) if phones else whole.convert("RGB")
            picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _browse(url: str, shot: Path, *, size: tuple[int, int], language: str, profile: Path) -> None:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise CameraError(f"no browser found; install one of {', '.join(BROWSERS)}")
    command = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *("--hide-scrollbars", f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"),
        *(f"--force-device-scale-factor={_DENSITY}", f"--screenshot={shot}"),
        *(f"--accept-lang={language}", f"--lang={language}", url),
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
