"""What all pages share: the language, the style, and the headers that keep everything else out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response
from markupsafe import Markup

from bot.messages.catalog import texts_in

_TEMPLATES = Path(__file__).parent / "templates"


def routes(language: Callable[[], str]) -> Blueprint:
    """Return an empty set of pages; their templates get `texts`, `language` and `style`."""
    pages = Blueprint("pages", __name__, template_folder="templates")
    # In the page and not beside it: one request, and no file that an old page finds changed.
    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    headers = _headers(style)

    @pages.context_processor
    def shared() -> dict[str, Any]:
        spoken = language()
        return {"texts": texts_in(spoken), "language": spoken, "style": Markup(style)}  # noqa: S704 - our own file

    @pages.after_request
    def guard(response: Response) -> Response:
        response.headers.update(headers)
        response.headers["Content-Language"] = str(language())
        return response

    return pages


def _headers(style: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
