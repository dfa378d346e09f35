"""The texts of the page in two languages, and the language of a visitor."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Request

LANGUAGES = ("zh-CN", "en")
COOKIE = "sandbox_language"
_FOLDER = Path(__file__).parent / "locales"

Texts = dict[str, Any]


@cache
def texts_in(language: str) -> Texts:
    """Return the texts of *language*, one of LANGUAGES, as nested tables. Callers change nothing in them."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def language_of(request: Request) -> str:
    """Return the language that a visitor chose, else the first one of their browser that there is."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    wanted = request.accept_languages.best_match(["zh", "zh-CN", "zh-TW", "zh-HK", "en", "en-US", "en-GB"])
    return "en" if wanted and wanted.startswith("en") else "zh-CN"
