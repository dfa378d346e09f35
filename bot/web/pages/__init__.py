"""Pages that people open on a phone or at a desk: they take nothing from elsewhere, and work without scripts.

A page is a file here that adds its paths, a template, and its texts in the table `pages`. `verify` and
`about` are for anybody; the others ask `door` who is asking. `bot.features.access.rules` says who may.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from bot.services import Services
from bot.store.engine import StoreError
from bot.web.pages import about, admin, layout, login, me, review, team, verify
from bot.web.pages.door import Door
from bot.web.pages.verify import CheckCode
from bot.web.peer import Peer

log = structlog.get_logger(__name__)


def blueprints(
    *, language: Callable[[], str], check_code: CheckCode, peer: Peer
) -> tuple[Blueprint, Blueprint]:
    """Return the files of all pages, and the pages for anybody, in the *language* of the moment."""
    routes = layout.routes("pages", language)
    routes.app_errorhandler(NotFound)(_say_nothing_here)
    routes.app_errorhandler(InternalServerError)(_say_broken)
    about.add(routes)
    verify.add(routes, check_code=check_code, peer=peer)
    return layout.files(), routes


def _say_nothing_here(error: HTTPException) -> ResponseReturnValue:
    return _said("nothing", error)


def _say_broken(error: HTTPException) -> ResponseReturnValue:
    return _said("broken", error)


def _said(why: str, error: HTTPException) -> ResponseReturnValue:
    """Return *error* as a page for people who look; programs get the bare answer."""
    if request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return error
    response = make_response(render_template("refused.html", why=why, names=[]), error.code)
    response.headers.update(layout.HEADERS)
    return response


def own_pages(services: Services) -> Blueprint:
    """Return the pages of people who logged in, and the login."""
    routes, door = layout.routes("own", lambda: services.language), Door(services)
    login.add(routes, services=services, door=door)
    me.add(routes, services=services, door=door)
    team.add(routes, services=services, door=door)
    review.add(routes, services=services, door=door)
    admin.add(routes, services=services, door=door)

    @routes.errorhandler(StoreError)
    def store_is_away(error: StoreError) -> ResponseReturnValue:
        log.warning("a page could not ask the store", path=request.path, reason=str(error))
        return render_template("refused.html", why="away", names=[]), HTTPStatus.SERVICE_UNAVAILABLE

    return routes
