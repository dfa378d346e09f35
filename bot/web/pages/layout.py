"""What all pages share: the language, the files beside them, and headers that keep everything else out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request
from markupsafe import Markup

from bot.messages.catalog import texts_in

_STATIC = Path(__file__).parents[1] / "static"
# Nothing from elsewhere, no script or style in a page, no frame around one.
_POLICY = (
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# A tag, or what a line must not end within: a date, an id or an option, a number with its unit.
_WHOLE = re.compile(
    r"<[^>]*>|[0-9A-Za-z_.:+]*-[0-9A-Za-z_.:+-]*[0-9A-Za-z_](?: \d\d:\d\d)?|\d[\d.,]* (?:[A-Za-z]+|[^\W\d])"
)
_LONGEST_WHOLE = 26  # characters: a moment in ISO 8601
_ONE_YEAR = "public, max-age=31536000, immutable"  # their address changes with their content


def routes(name: str, language: Callable[[], str]) -> Blueprint:
    """Return an empty set of pages in the *language* that holds when one is asked for.

    Their templates get `texts`, `language`, the filter `unbroken`, and `served`: the existing endpoints,
    `own.` and the name for a page of people. `here` returns the address of a path, `file` that of a file in
    bot/web/static. Addresses are relative, so that the bot may stand below a path of a proxy.
    """
    pages = Blueprint(name, __name__, template_folder="templates")

    @pages.app_context_processor
    def shared() -> dict[str, Any]:
        spoken = language()
        served = current_app.view_functions
        return {
            "texts": texts_in(spoken),
            "language": spoken,
            "here": here,
            "file": file,
            "served": served,
        }

    pages.add_app_template_filter(unbroken)

    @pages.after_request
    def guard(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = str(language())
        return response

    return pages


def files() -> Blueprint:
    """Return the route of the files beside the pages."""
    static = Blueprint("files", __name__, static_folder=str(_STATIC), static_url_path="/static")

    @static.get("/favicon.ico")
    def icon() -> Response:
        """Serve the icon under the name that browsers request by default."""
        return static.send_static_file("icon.svg")

    @static.after_request
    def guard(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = _ONE_YEAR if "v" in request.args else "no-cache"
        return response

    return static


def here(path: str) -> str:
    """Return the address of a *path* of ours (without a slash before it), relative to this request's."""
    return "../" * (request.path.count("/") - 1) + path or "."


def unbroken(html: str) -> Markup:
    """Return *html*, made by our templates, with dates, short ids and numbers with units on one line each.

    Browsers break a line behind any hyphen.
    """

    def kept(found: re.Match[str]) -> str:
        text = found[0]
        is_left = text.startswith("<") or len(text) > _LONGEST_WHOLE
        return text if is_left else f'<span class="nowrap">{text}</span>'

    return Markup(_WHOLE.sub(kept, html))  # noqa: S704 - the template escaped it


def file(name: str) -> str:
    """Return the relative address of a file of bot/web/static, with its content's mark."""
    return here(f"static/{name}?v={_mark(name)}")


def page_within(number: int, *, rows: int, a_page: int) -> tuple[int, int]:
    """Return the existing page nearest to *number*, and the number of pages for so many *rows*."""
    pages = max(1, -(-rows // a_page))
    return min(max(number, 1), pages), pages


@cache
def _mark(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
