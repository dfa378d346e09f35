"""/login, /login/done, /logout: the way to WeCom and back [91022, 98151]."""

from __future__ import annotations

import threading
from http import HTTPStatus

import structlog
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from bot.features.access.rules import home_of
from bot.features.access.session import LOGIN_S, SESSION_S, Session
from bot.features.access.visitor import Visitor, find_visitor
from bot.services import Services
from bot.web.pages.door import LOGIN_COOKIE, SESSION_COOKIE, Door, is_own_form, refused_form
from bot.wecom.errors import WeComError
from bot.wecom.login import LoginRequest, StaleCodeError, read_userid

log = structlog.get_logger(__name__)

DONE = "/login/done"
LOGINS_AT_ONCE = 4  # of a process, so that a slow WeCom keeps no thread from other pages


def add(routes: Blueprint, *, services: Services, door: Door) -> None:
    """Put the paths among *routes*."""
    turns = threading.BoundedSemaphore(LOGINS_AT_ONCE)

    @routes.get("/login")
    def login() -> ResponseReturnValue:
        began, cookie = door.sessions.begin_login(request.args.get("next", ""))
        asked = LoginRequest(redirect_uri=_return_address(services), state=began.state)
        user_agent = request.headers.get("User-Agent", "")
        response = redirect(asked.address(services.config.wecom, user_agent=user_agent))
        door.put(response, LOGIN_COOKIE, cookie, lasts_s=LOGIN_S)
        return response

    @routes.get(DONE)
    def login_done() -> ResponseReturnValue:
        began = door.sessions.login(
            request.cookies.get(LOGIN_COOKIE, ""), state=request.args.get("state", "")
        )
        code = request.args.get("code", "")
        if began is None or not code:
            return _stale(door)
        if not turns.acquire(blocking=False):
            return _failed("away", HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            with services.reads() as reads:
                userid = read_userid(reads, code)
        except StaleCodeError:
            return _stale(door)
        except WeComError as error:
            log.warning("WeCom could not say who logs in", reason=str(error))
            return _failed("away", HTTPStatus.SERVICE_UNAVAILABLE)
        finally:
            turns.release()
        return _entered(services, door, userid, back_to=began.back_to)

    @routes.post("/logout")
    def logout() -> ResponseReturnValue:
        visitor = door.visitor()
        if visitor is not None:
            if not is_own_form(visitor.session):
                return refused_form()
            door.sessions.end(visitor.session)
        response = redirect("logged-out", code=HTTPStatus.SEE_OTHER)
        response.delete_cookie(SESSION_COOKIE)
        return response

    @routes.get("/logged-out")
    def logged_out() -> str:
        return render_template("login.html", why="out")


def _return_address(services: Services) -> str:
    """Return where WeCom sends browsers back to: below public_url, else where this request came to."""
    return services.config.server.page(DONE) or request.url_root.rstrip("/") + DONE


def _entered(services: Services, door: Door, userid: str | None, *, back_to: str) -> ResponseReturnValue:
    """Begin the session of *userid*, or say that they have no page here."""
    if userid is None:
        return _failed("outside", HTTPStatus.FORBIDDEN)
    userid = services.store.renames.current(userid)
    visitor = find_visitor(services, Session(userid=userid, since=0, round=0, token=""))
    if not visitor.pages:
        return door.refuse(visitor)
    response = redirect(_home(back_to, visitor))
    door.put(response, SESSION_COOKIE, door.sessions.begin(userid), lasts_s=SESSION_S)
    response.delete_cookie(LOGIN_COOKIE)
    return response


def _home(back_to: str, visitor: Visitor) -> str:
    """Return the address to go on to, relative to DONE."""
    return f"..{back_to or '/' + home_of(visitor.pages).value}"


def _stale(door: Door) -> ResponseReturnValue:
    """Say that the login is over. Who is in already goes on: phones load the way back twice at times."""
    visitor = door.visitor()
    if visitor is not None and visitor.pages:
        return redirect(_home("", visitor))
    return _failed("stale", HTTPStatus.BAD_REQUEST)


def _failed(why: str, status: HTTPStatus) -> ResponseReturnValue:
    return render_template("login.html", why=why), status
