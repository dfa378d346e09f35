"""Who is asking: the session in the cookie, the rights of its person, and the form's token.

`Door.opens(page)` stands above each function that answers for a page of one's own:

    @routes.get("/me")
    @door.opens(Page.ME)
    def me(visitor: Visitor) -> str: ...
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from bot.features.access.rules import Page
from bot.features.access.session import NOTE_S, Session, Sessions
from bot.features.access.visitor import Visitor, find_visitor, whom_to_ask
from bot.services import Services
from bot.web.pages.layout import here

SESSION_COOKIE = "quotabot_session"
LOGIN_COOKIE = "quotabot_login"
SAID_COOKIE = "quotabot_said"
TOKEN = "token"  # noqa: S105 - the name of the field with the token of a form
MAX_FORM_BYTES = 64 * 1024

View = Callable[..., ResponseReturnValue]


class Door:
    """The way into the pages of people who logged in."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.sessions = Sessions(services)

    def opens(self, page: Page) -> Callable[[View], View]:
        """Return a decorator: the function is called with the visitor if they may open *page*, else refused.

        Without a session it leads to the login and back. A form without its session's token is refused.
        """

        def guarded_by_page(view: View) -> View:
            @wraps(view)
            def guarded(**values: Any) -> ResponseReturnValue:
                if (visitor := self.visitor()) is None:
                    return redirect(here(f"login?{urlencode({'next': _back_to(page)})}"))
                if page not in visitor.pages:
                    return self.refuse(visitor)
                if request.method == "POST" and not is_own_form(visitor.session):
                    return refused_form()
                g.said = self.sessions.read_note(request.cookies.get(SAID_COOKIE, ""))
                response = make_response(view(visitor, **values))
                if g.said and request.method == "GET":
                    response.delete_cookie(SAID_COOKIE)
                return response

            return guarded

        return guarded_by_page

    def visitor(self) -> Visitor | None:
        """Return who has the session of this request, for the templates too; None without a valid one."""
        session = self.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
        g.visitor = None if session is None else find_visitor(self._services, session)
        found: Visitor | None = g.visitor
        return found

    def refuse(self, visitor: Visitor) -> ResponseReturnValue:
        """Return the page that says why *visitor* may not see this one, and whom to ask."""
        why = "page" if visitor.pages else "stranger"
        names = whom_to_ask(self._services, visitor.userid)
        return render_template("refused.html", why=why, names=names), HTTPStatus.FORBIDDEN

    def done(self, path: str, lines: Sequence[str]) -> ResponseReturnValue:
        """Lead to a *path* of ours after a form was taken, so that reloading repeats nothing.

        The page there says *lines*, what came of it.
        """
        response = redirect(here(path), code=HTTPStatus.SEE_OTHER)
        self.put(response, SAID_COOKIE, self.sessions.note(lines), lasts_s=NOTE_S)
        return response

    def is_secure(self) -> bool:
        """Say whether people come by https only, so that cookies need never travel without it."""
        return self._services.config.server.page("/").startswith("https://")

    def put(self, response: Response, name: str, value: str, *, lasts_s: int) -> None:
        """Set a cookie that scripts cannot read and that other sites' forms do not send."""
        response.set_cookie(
            name, value, max_age=lasts_s, httponly=True, secure=self.is_secure(), samesite="Lax"
        )


def _back_to(page: Page) -> str:
    """Return where to come back to after a login: the address asked for; after a form its page."""
    return request.full_path.rstrip("?") if request.method == "GET" else f"/{page.value}"


def refused_form() -> ResponseReturnValue:
    """Return the page for a form that was not made in this session."""
    return render_template("refused.html", why="form", names=[]), HTTPStatus.FORBIDDEN


def is_own_form(session: Session) -> bool:
    """Say whether the form that was sent has the token of *session*."""
    request.max_content_length = MAX_FORM_BYTES
    return secrets.compare_digest(request.form.get(TOKEN, "").encode(), session.token.encode())
