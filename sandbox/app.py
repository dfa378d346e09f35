"""The web application: WeCom's API under /cgi-bin/, the controls under /sandbox/, the page at /."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Protocol

from flask import Blueprint, Flask, Response, request

from sandbox import (
    behavior,
    contact_control,
    control,
    directory,
    group_control,
    groups,
    listing,
    media,
    menus,
    oauth,
    page,
    reading,
    sending,
    updating,
    welcoming,
)
from sandbox.bodies import NotPlayedError
from sandbox.callbacks import CallbackSender
from sandbox.errors import ApiError, error_body
from sandbox.world import Call, World

_MAX_BODY = 24 * 1024 * 1024  # WeCom accepts files of 20 MB

_HALF = re.compile("[\ud800-\udfff]")

Body = Mapping[str, object]

# A refused reading call still answers with its list, empty (seen in real answers).
_EMPTY: Mapping[str, Body] = {
    "department/list": {"department": []},
    "department/simplelist": {"department_id": []},
    "user/simplelist": {"userlist": []},
    "user/list": {"userlist": []},
    "tag/list": {"taglist": []},
    "tag/get": {"userlist": [], "partylist": []},
    "externalcontact/get": {"follow_user": []},
    "externalcontact/get_corp_tag_list": {"tag_group": []},
    "externalcontact/get_follow_user_list": {"follow_user": []},
    "externalcontact/list": {"external_userid": []},
    "externalcontact/batch/get_by_user": {"external_contact_list": []},
}


class _SeveredError(Exception):
    """A connection to close without an answer."""


def create_app(world: World, *, sender: CallbackSender | None = None) -> Flask:
    """Return the WSGI application for *world*; a missing *sender* is created."""
    app = Flask("sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # Flask types the base class only
    calls_out = sender or CallbackSender(world)
    app.register_blueprint(_api(world))
    app.register_blueprint(control.blueprint(world, calls_out))
    app.register_blueprint(contact_control.blueprint(world))
    app.register_blueprint(group_control.blueprint(world))
    app.register_blueprint(page.blueprint(world, calls_out))
    app.register_blueprint(media.blueprint(world))
    app.register_blueprint(oauth.blueprint(world))
    return app


def _api(world: World) -> Blueprint:
    api = Blueprint("api", __name__, url_prefix="/cgi-bin")

    @api.route("/gettoken", methods=["GET", "POST"])
    def gettoken() -> Response:
        return _answered(world, "gettoken", "GET", lambda call: _gettoken(world, call))

    posts: dict[str, Callable[[Call], Body]] = {
        "message/send": lambda call: _message(world, call, sending.send),
        "message/update_template_card": lambda call: _message(world, call, updating.update),
        "media/upload": lambda call: _media_upload(world, call),
        "externalcontact/send_welcome_msg": lambda call: _welcome(world, call),
        "webhook/send": lambda call: _webhook(world, call),
    }
    for path, work in posts.items():
        _add(api, world, path, work, method="POST")
    reads = {path: ("GET", directory.answering(read)) for path, read in directory.READS.items()}
    reads |= {
        "user/list_id": ("POST", directory.answering(directory.forbidden)),
        "auth/getuserinfo": ("GET", oauth.userinfo),
        "menu/create": ("POST", menus.create),
        "menu/get": ("GET", menus.get),
        "menu/delete": ("GET", menus.delete),
        "externalcontact/get": ("GET", reading.contact),
        "externalcontact/get_corp_tag_list": ("POST", reading.corp_tag_list),
        # looked up at each call, so that a test can replace WeCom's answer
        "externalcontact/get_follow_user_list": (
            "GET",
            lambda world, **asked: listing.follow_users(world, **asked),
        ),
        "externalcontact/list": ("GET", lambda world, **asked: listing.customers(world, **asked)),
        "externalcontact/batch/get_by_user": (
            "POST",
            lambda world, **asked: listing.by_users(world, **asked),
        ),
        "externalcontact/get_user_behavior_data": ("POST", behavior.answer),
    }
    for path, (method, read) in reads.items():
        _add_read(api, world, path, read, method=method)
    return api


def _add_read(api: Blueprint, world: World, path: str, read: reading.Read, *, method: str) -> None:
    _add(api, world, path, lambda call: _read(world, call, read), method=method)


def _add(api: Blueprint, world: World, path: str, work: Callable[[Call], Body], *, method: str) -> None:
    def answer() -> Response:
        return _answered(world, path, method, work)

    api.add_url_rule(f"/{path}", path, answer, methods=["GET", "POST"])


def _read(world: World, call: Call, read: reading.Read) -> Body:
    """Answer a reading call: its faults, the limit on parallel calls, the answer."""
    raw = request.get_data()
    call.bytes, call.sha256 = len(raw), hashlib.sha256(raw).hexdigest()
    # without the token: people and tests read the log of calls
    call.request = raw.decode(errors="replace") or json.dumps(
        {name: value for name, value in request.args.items() if name != "access_token"}
    )
    plan = world.faults.for_read(call.path)
    call.faults = plan.names
    with _in_flight(world, call.path) as in_flight:
        world.stopping.wait(plan.delay)
        if world.faults.concurrency and in_flight > world.faults.concurrency:
            raise ApiError(45033)
        for errcode in (plan.lists_errcode, plan.read_errcode):
            if errcode is not None:
                raise ApiError(errcode)
        return read(world, query=request.args, raw=raw, call=call)


def _gettoken(world: World, call: Call) -> Body:
    errcode = world.faults.for_token()
    if errcode is not None:
        call.faults = ["token_error"]
        raise ApiError(errcode)
    with world.lock:
        now = world.real()
        world.tokens.check_address(call.ip, now=now)
        token, expires_in = world.tokens.issue(
            corp_id=request.args.get("corpid"),
            secret=request.args.get("corpsecret"),
            ip=call.ip,
            now=now,
            switches=world.api,
        )
        if world.faults.is_token_dead():
            call.faults = ["dead_token"]
            world.tokens.revoke()
        sending.check_trusted(world, call.ip)
    return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": expires_in}


def _media_upload(world: World, call: Call) -> Body:
    call.bytes = request.content_length or 0
    plan = world.faults.for_read(call.path)
    call.faults = plan.names
    with _in_flight(world, call.path):
        world.stopping.wait(plan.delay)
        if plan.read_errcode is not None:
            raise ApiError(plan.read_errcode)
        return media.upload(
            world,
            token=request.args.get("access_token"),
            kind=request.args.get("type", ""),
            file=_uploaded(),
            call=call,
        )


def _uploaded() -> tuple[str, bytes] | None:
    """Return name and content of the field `media`; close its temporary file."""
    file = request.files.get("media")
    if file is None or not file.filename:
        return None
    with closing(file):
        return file.filename, file.read()


class _Taking(Protocol):
    """A function that accepts a message or a card update."""

    def __call__(self, world: World, *, token: str | None, raw: bytes, call: Call) -> dict[str, object]: ...


def _message(world: World, call: Call, take: _Taking) -> Body:
    raw = request.get_data()
    call.bytes, call.sha256 = len(raw), hashlib.sha256(raw).hexdigest()
    call.request = raw.decode(errors="replace")
    plan = world.faults.for_send()
    call.faults = plan.names
    with _in_flight(world, call.path) as in_flight:
        if plan.hang_before is not None:
            world.stopping.wait(plan.hang_before)
            raise _SeveredError
        if plan.status is not None:
            raise _StatusError(plan.status)
        world.stopping.wait(plan.delay)
        if world.faults.concurrency and in_flight > world.faults.concurrency:
            raise ApiError(45033)
        if plan.errcode is not None:
            raise ApiError(plan.errcode)
        # Only the query counts: a token in a header or the body counts as missing (90664).
        answer = take(world, token=request.args.get("access_token"), raw=raw, call=call)
        if plan.hang_after is not None:
            world.stopping.wait(plan.hang_after)
        if plan.hang_after is not None or plan.close_after:
            raise _SeveredError
    return answer


def _welcome(world: World, call: Call) -> Body:
    raw = request.get_data()
    call.bytes, call.sha256 = len(raw), hashlib.sha256(raw).hexdigest()
    call.request = raw.decode(errors="replace")
    plan = world.faults.for_welcome()
    call.faults = plan.names
    with _in_flight(world, call.path) as in_flight:
        world.stopping.wait(plan.delay)
        if world.faults.concurrency and in_flight > world.faults.concurrency:
            raise ApiError(45033)
        if plan.errcode is not None:
            raise ApiError(plan.errcode)
        return welcoming.send(world, query=request.args, raw=raw, call=call)


def _webhook(world: World, call: Call) -> Body:
    """Accept a post of a group robot; its key is the only credential (99110)."""
    raw = request.get_data()
    call.bytes, call.sha256 = len(raw), hashlib.sha256(raw).hexdigest()
    plan = world.faults.for_send()
    call.faults = plan.names
    world.stopping.wait(plan.delay)
    if plan.errcode is not None:
        raise ApiError(plan.errcode)
    key = request.args.get("key", "")
    with world.lock:
        answer = groups.post(
            world.robots,
            key=key,
            raw=raw,
            at=world.clock.now(),
            now=world.real(),
            per_minute=world.api.robot_per_minute,
        )
    if plan.close_after:
        raise _SeveredError
    return answer


class _StatusError(Exception):
    """A bare HTTP status from a proxy in front of WeCom."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@contextmanager
def _in_flight(world: World, path: str) -> Iterator[int]:
    with world.lock:
        world.in_flight[path] += 1
        number = world.in_flight[path]
    try:
        yield number
    finally:
        with world.lock:
            world.in_flight[path] -= 1


def _answered(world: World, path: str, method: str, work: Callable[[Call], Body]) -> Response:
    """Run *work*, convert its exceptions into WeCom's answer, and complete the log line."""
    call = world.new_call(path, ip=request.remote_addr or "")
    began = time.monotonic()
    is_gateway, drip = world.faults.for_any()
    try:
        if is_gateway:
            call.status, call.faults = 200, ["gateway"]
            return _json({"message": "no Route matched with those values"})
        if request.method != method:
            raise ApiError(43001 if method == "GET" else 43002)
        response = _json(work(call))
        call.errcode = 0
    except ApiError as error:
        call.errcode = error.errcode
        error.extra = error.extra or dict(_EMPTY.get(path, {}))
        response = _refusal(error, ip=call.ip, now=world.real())
    except _StatusError as error:
        response = Response("<html><body>Bad Gateway</body></html>", status=error.status)
    except NotPlayedError as error:
        response = Response(f"the sandbox does not play msgtype {error}\n", status=501, mimetype="text/plain")
    except _SeveredError:
        call.ms = round((time.monotonic() - began) * 1000, 1)
        return _sever()
    call.status = response.status_code
    call.ms = round((time.monotonic() - began) * 1000, 1)
    if drip is not None:
        call.faults = [*call.faults, "drip"]
        _drip(response, world, drip)
    return response


def _drip(response: Response, world: World, seconds: float) -> None:
    """Let the answer come byte by byte."""
    body = response.get_data()

    def parts() -> Iterator[bytes]:
        for place in range(len(body)):
            if world.stopping.wait(seconds):
                return
            yield body[place : place + 1]

    response.response = parts()
    response.headers["Content-Length"] = str(len(body))


def _refusal(error: ApiError, *, ip: str, now: float) -> Response:
    body = error_body(error, ip=ip, now=now)
    response = _json(body)
    response.headers["Error-Code"] = str(error.errcode)
    response.headers["Error-Msg"] = str(body["errmsg"])
    return response


def _json(body: Body) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    # Half an emoji, as WeCom gives it: UTF-8 has no bytes for it, JSON has.
    text = _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return Response(text, content_type="application/json; charset=UTF-8")


def _sever() -> Response:
    """Break the connection of this request; the response is for servers without a socket (tests)."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=504)
