"""The Flask application: pages, health, metrics, verification files; the receiver stands beside it."""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, jsonify, request, send_file

from bot.features.health import Health, metrics_text

_VERIFY_FILE = re.compile(r"WW_verify_[0-9A-Za-z]{1,64}\.txt")


def create_app(
    *,
    health: Health,
    pages: Blueprint,
    verify_files: Path | None = None,
    metrics_token: str | None = None,
) -> Flask:
    """Everything but the receiver. *verify_files*: a folder of WW_verify_*.txt, served at the root."""
    app = Flask("quotabot", static_folder=None)
    app.register_blueprint(pages)

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
        given = request.headers.get("Authorization", "")
        if metrics_token and not hmac.compare_digest(given.encode(), f"Bearer {metrics_token}".encode()):
            abort(401)
        return Response(metrics_text(health), mimetype="text/plain; version=0.0.4")

    @app.get("/<name>")
    def verify_file(name: str) -> Response:
        if verify_files is None or not _VERIFY_FILE.fullmatch(name) or not (verify_files / name).is_file():
            abort(404)
        return send_file((verify_files / name).resolve(), mimetype="text/plain")

    return app
