"""The web face of the sandbox: WeCom's API under /cgi-bin/, the controls under /sandbox/, the page at /."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from flask import Blueprint, Flask, Response, request

from sandbox import control, directory, page, sending
from sandbox.bodies import NotPlayedError
from sandbox.callbacks import CallbackSender
from sandbox.errors import ApiError, error_body
from sandbox.world import Call, World

_MAX_BODY = 4 * 1024 * 1024

Body = Mapping[str, object]


class _SeveredError(Exception):
    """The connection is to be broken without an answer."""


def create_app(world: World, *, sender: CallbackSender | None = None) -> Flask:
    """Return the WSGI application for *world*; *sender* is made if none is given."""
    app = Flask("sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # Flask types the base class only
    calls_out = sender or CallbackSender(world)
    app.register_blueprint(_api(world))
    app.register_blueprint(control.blueprint(world, calls_out))
    app.register_blueprint(page.blueprint(world, calls_out))
    return app


def _api(world: World) -> Blueprint:
    api = Blueprint("api", __name__, url_prefix="/cgi-bin")

    @api.route("/gettoken", methods=["GET", "POST"])
    def gettoken() -> Response:
        return _answered(world, "gettoken", "GET", lambda call: _gettoken(world, call))

    @api.route("/message/send", methods=["GET", "POST"])
    def message_send() -> Response:
        return _answered(world, "message/send", "POST", lambda call: _message_send(world, call))

    for path, read in directory.READS.items():
        _add_read(api, world, path, read)
    _add_read(api, world, "user/list_id", directory.forbidden, method="POST")
    return api


def _add_read(
    api: Blueprint,
    world: World,
    path: str,
    read: Callable[[World, Mapping[str, str]], Body],
    method: str = "GET",
) -> None:
    """One read of the directory: faults, token and address first, then what it says."""

    def work(call: Call) -> Body:
        errcode = world.faults.for_read()
        if errcode is not None:
            call.faults = ["read_error"]
            raise ApiError(errcode)
        with world.lock:
            sending.check_access(world, token=request.args.get("access_token"), ip=call.ip)
            return {"errcode": 0, "errmsg": "ok", **read(world, request.args)}

    def answer() -> Response:
        return _answered(world, path, method, work)

    api.add_url_rule(f"/{path}", path, answer, methods=["GET", "POST"])


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
        sending.check_trusted(world, call.ip)
    return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": expires_in}


def _message_send(world: World, call: Call) -> Body:
    raw = request.get_data()
    call.bytes, call.sha256 = len(raw), hashlib.sha256(raw).hexdigest()
    call.request = raw.decode(errors="replace")
    plan = world.faults.for_send()
    call.faults = plan.names
    with _in_flight(world) as in_flight:
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
        # Only the query counts: a token in a header or the body is a missing one (90664).
        answer = sending.send(world, token=request.args.get("access_token"), raw=raw, call=call)
        if plan.hang_after is not None:
            world.stopping.wait(plan.hang_after)
        if plan.hang_after is not None or plan.close_after:
            raise _SeveredError
    return answer


class _StatusError(Exception):
    """Something in front of WeCom answers with a bare HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@contextmanager
def _in_flight(world: World) -> Iterator[int]:
    with world.lock:
        world.sends_in_flight += 1
        number = world.sends_in_flight
    try:
        yield number
    finally:
        with world.lock:
            world.sends_in_flight -= 1


def _answered(world: World, path: str, method: str, work: Callable[[Call], Body]) -> Response:
    """Run *work*, turn what it raises into WeCom's answer, and write the log line."""
    call = world.new_call(path, ip=request.remote_addr or "")
    began = time.monotonic()
    try:
        if request.method != method:
            raise ApiError(43001 if method == "GET" else 43002)
        response = _json(work(call))
        call.errcode = 0
    except ApiError as error:
        call.errcode = error.errcode
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
    return response


def _refusal(error: ApiError, *, ip: str, now: float) -> Response:
    body = error_body(error, ip=ip, now=now)
    response = _json(body)
    response.headers["Error-Code"] = str(error.errcode)
    response.headers["Error-Msg"] = str(body["errmsg"])
    return response


def _json(body: Body) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type="application/json; charset=UTF-8")


def _sever() -> Response:
    """Break the connection of this request; the response is for a server that offers no socket (tests)."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=504)
