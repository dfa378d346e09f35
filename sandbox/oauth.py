"""Login of members: in WeCom (91022), in another browser (98151), and who a code stands for (91023).

WeCom's client knows its member and answers at once. A browser here does not: the page asks who to continue
as, unless a phone of the sandbox has said so (`/phone/open`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox.people import Person
from sandbox.reading import check
from sandbox.world import Call, World

MEMBER = "sandbox_member"  # the cookie with the userid of the phone that opened a page
OUTSIDER = "outsider"  # somebody of WeChat, who is no member
_STATE = re.compile(r"[A-Za-z0-9]{0,128}")
_SCOPES = ("snsapi_base", "snsapi_privateinfo")
_LEFT = 5  # the status of somebody who left
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}


_Check = Callable[[World, Mapping[str, str]], None]


class _RefusedError(Exception):
    """A login that WeCom's page refuses; the text is shown there."""


def userinfo(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> dict[str, object]:  # noqa: ARG001 - as Read has it
    """Answer auth/getuserinfo: the userid as it is registered, or an openid. Raises ApiError."""
    with world.lock:
        check(world, query, call)
        userid = world.codes.spend(query.get("code", ""), now=world.real())
    if userid == OUTSIDER:
        return {"errcode": 0, "errmsg": "ok", "openid": "oSIMopenid01"}
    return {"errcode": 0, "errmsg": "ok", "userid": world.people[userid].userid}


def blueprint(world: World) -> Blueprint:
    """Return WeCom's two login pages, and the way from a phone to a page."""
    routes = Blueprint("oauth", __name__, template_folder="templates")

    @routes.after_request
    def guard(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @routes.get("/connect/oauth2/authorize")
    def in_wecom() -> Response | tuple[str, int]:
        return _answered(world, _check_in_wecom)

    @routes.get("/wwlogin/sso/login")
    def in_browser() -> Response | tuple[str, int]:
        return _answered(world, _check_in_browser)

    @routes.get("/phone/open")
    def from_phone() -> Response:
        """Open a page of the app as the member *as*: what a tap on a link in their phone does."""
        response = redirect(request.args.get("to", "/"))
        response.set_cookie(MEMBER, request.args.get("as", "").lower(), httponly=True, samesite="Lax")
        return response

    return routes


def _answered(world: World, check_query: _Check) -> Response | tuple[str, int]:
    """Check the address, then go on as the member of the phone or of the form, else ask."""
    query = request.args
    try:
        check_query(world, query)
    except _RefusedError as refusal:
        return render_template("login.html", refusal=str(refusal), people=[], query={}), 400
    chosen = query.get("as", request.cookies.get(MEMBER, "")).lower()
    with world.lock:
        people = [person for person in world.people.values() if person.status != _LEFT]
        if chosen == OUTSIDER or chosen in {person.key for person in people}:
            code = world.codes.issue(chosen, now=world.real())
            response = redirect(_with(query["redirect_uri"], code=code, state=query.get("state", "")))
            response.delete_cookie(MEMBER)  # the next page asks again, or is opened from a phone
            return response
    asked = {name: value for name, value in query.items() if name != "as"}
    return render_template(
        "login.html", refusal="", people=_sorted(people), query=asked, outsider=OUTSIDER
    ), 200


def _check_in_wecom(world: World, query: Mapping[str, str]) -> None:
    _check_both(world, query)
    if query.get("response_type") != "code":
        raise _RefusedError("response_type must be code")
    if query.get("scope") not in _SCOPES:
        raise _RefusedError(f"scope must be one of {', '.join(_SCOPES)}")


def _check_in_browser(world: World, query: Mapping[str, str]) -> None:
    _check_both(world, query)
    if query.get("login_type") != "CorpApp":
        raise _RefusedError("login_type must be CorpApp")
    if query.get("agentid") != str(world.app.agent_id):
        raise _RefusedError("agentid is not that of the app")


def _check_both(world: World, query: Mapping[str, str]) -> None:
    if query.get("appid") != world.app.corp_id:
        raise _RefusedError("40013: appid is not the corp's id")
    if not _STATE.fullmatch(query.get("state", "")):
        raise _RefusedError("state has other characters than a-z, A-Z, 0-9, or more than 128")
    target = urlsplit(query.get("redirect_uri", ""))
    if target.scheme not in ("http", "https") or not target.netloc:
        raise _RefusedError("50001: redirect_uri is no address")
    if world.api.redirect_domain and target.netloc != world.api.redirect_domain:
        raise _RefusedError("50001: redirect_uri is not under the app's trusted domain (可信域名)")


def _with(address: str, **more: str) -> str:
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _sorted(people: list[Person]) -> list[Person]:
    """Return leaders first, then the others, each by userid."""
    return sorted(people, key=lambda person: (not person.leader_of, person.key))
