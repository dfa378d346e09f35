"""Pages that people open on a phone: they work without scripts and take nothing from elsewhere.

A page is a file here that adds its paths, a template, and its texts in the table `pages`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from bot.web.pages import about, layout, verify
from bot.web.pages.verify import CheckCode
from bot.web.peer import Peer


def blueprint(*, language: Callable[[], str], check_code: CheckCode, peer: Peer) -> Blueprint:
    """Return all pages, in the *language* that holds when one is asked for."""
    routes = layout.routes(language)
    about.add(routes)
    verify.add(routes, check_code=check_code, peer=peer)
    return routes
