"""The Flask application: every path that the bot serves. Any WSGI server can run it."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue

from flask import Blueprint, Flask, Response, abort, jsonify, request, send_file
from werkzeug.datastructures import Headers, WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.routing import Rule

from bot.features.health import Health
from bot.features.metrics import metrics_text
from bot.store.engine import StoreError
from bot.web.receiver import PATH
from bot.web.request import GUARD, MAX_BODY, Direct, Request, headers_of
from bot.web.unknown_paths import UnknownPaths

# The store says within 3 s whether it took an event.
_REPLY_SECONDS = 10.0
_VERIFY_FILE = re.compile(r"WW_verify_[0-9A-Za-z]{1,64}\.txt")


def create_app(
    *,
    receive: Direct,
    health: Health,
    pages: Iterable[Blueprint],
    peer: Callable[[Request], str],
    verify_files: Path | None = None,
    metrics_token: str | None = None,
) -> Flask:
    """Build the application with every path.

    *receive*: the receiver of callbacks; a server may call it without Flask. *peer* names the caller for the
    log. *verify_files*: a folder of WW_verify_*.txt, served at the root.
    """
    app = Flask("quotabot", static_folder=None)
    for blueprint in pages:
        app.register_blueprint(blueprint)
    # A rule without methods takes all of them: the receiver itself refuses what is not GET or POST.
    app.url_map.add(Rule(PATH, endpoint="callback", strict_slashes=False, merge_slashes=False))

    @app.endpoint("callback")
    def callback() -> Response:
        return _replied(receive, _request())

    @app.get("/<name>")
    def verify_file(name: str) -> Response:
        if verify_files is None or not _VERIFY_FILE.fullmatch(name) or not (verify_files / name).is_file():
            abort(404)
        return send_file((verify_files / name).resolve(), mimetype="text/plain")

    _report_health(app, health, metrics_token)
    _guard(app)
    _log_unknown_paths(app, peer=peer)
    return app


def _report_health(app: Flask, health: Health, metrics_token: str | None) -> None:
    """Add the paths that say how the service is."""

    @app.get("/healthz")
    def alive() -> Response:
        return jsonify(status="alive")

    @app.get("/readyz")
    def ready() -> Response:
        report = health.report()
        answer = jsonify(report)
        answer.status_code = 200 if report["ready"] else 503
        return answer

    @app.get("/metrics")
    def metrics() -> Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given, known = f"{scheme.lower()} {token}", f"bearer {metrics_token}"
        if metrics_token and not hmac.compare_digest(given.encode(), known.encode()):
            raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
        return Response(metrics_text(health), mimetype="text/plain; version=0.0.4")


def _guard(app: Flask) -> None:
    """Add headers to every answer, and answer while the store is unreachable."""

    @app.after_request
    def guard(response: Response) -> Response:
        for name, value in GUARD:  # pages have their own, which allow our files and forms
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(StoreError)
    def store_is_away(_error: StoreError) -> tuple[str, int]:
        return "the store is away", 503


def _log_unknown_paths(app: Flask, *, peer: Callable[[Request], str]) -> None:
    known = [rule.rule for rule in app.url_map.iter_rules() if not rule.arguments]
    unknown = UnknownPaths(known)

    @app.after_request
    def note(response: Response) -> Response:
        # 405 is of verify_file, whose rule fits every name.
        if response.status_code in (404, 405) and request.path not in known:
            asked = _request(with_body=False)
            unknown.note(asked.path, query=asked.query, peer=peer(asked))
        return response


def _request(*, with_body: bool = True) -> Request:
    return Request(
        method=request.method,
        path=request.path,
        query=request.query_string.decode("latin-1"),
        body=_body() if with_body else b"",
        client=request.environ.get("REMOTE_ADDR", ""),
        forwarded=request.headers.get("X-Forwarded-For", ""),
    )


def _body() -> bytes:
    """Read the body, one byte past the limit at most. Abort with 400 if it broke off."""
    kept = b""
    while len(kept) <= MAX_BODY and (chunk := request.stream.read(MAX_BODY + 1 - len(kept))):
        kept += chunk
    # Some servers end the stream without a word when the client is gone.
    if len(kept) < min(request.content_length or 0, MAX_BODY + 1):
        abort(400)
    return kept


def _replied(receive: Direct, asked: Request) -> Response:
    """Call *receive* and wait for its reply, which comes from another thread."""
    replies: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
    receive(asked, lambda status, body: replies.put((status, body)))
    status, body = replies.get(timeout=_REPLY_SECONDS)
    response = Response(body, status)
    response.headers = Headers(headers_of(status, body))
    return response
