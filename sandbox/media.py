"""media/upload (90253), and the download of uploaded files for people."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from sandbox.errors import ApiError
from sandbox.sending import check_access
from sandbox.shelf import Media
from sandbox.world import Call, World

_SMALLEST = 5  # bytes; a file must be larger
LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}


def upload(
    world: World, *, token: str | None, kind: str, file: tuple[str, bytes] | None, call: Call
) -> dict[str, object]:
    """Accept one *file* (name, content) and return WeCom's answer. Raises ApiError.

    WeCom's choice of the size code is UNCONFIRMED: the table names 40006 and 45001.
    """
    with world.lock:
        check_access(world, token=token, ip=call.ip)
        if kind not in LARGEST:
            raise ApiError(40004)
        if file is None:
            raise ApiError(41005)
        filename, body = file
        if len(body) <= _SMALLEST:
            raise ApiError(44001 if not body else 40006)
        if len(body) > LARGEST[kind]:
            raise ApiError(45001)
        now = world.real()
        media_id = world.media.put(Media(kind=kind, filename=filename, body=body, real_at=now))
        # in WeCom's own sample errmsg is empty and created_at is a text
        return {
            "errcode": 0,
            "errmsg": "",
            "type": kind,
            "media_id": media_id,
            "created_at": str(int(now)),
        }


def blueprint(world: World) -> Blueprint:
    """Return the route with which a phone's owner opens a file."""
    routes = Blueprint("media", __name__, url_prefix="/sandbox")

    @routes.get("/media/<media_id>")
    def media(media_id: str) -> Response:
        with world.lock:
            found = world.media.files.get(media_id)
        if found is None:
            abort(404)
        headers = {"Content-Disposition": f'attachment; filename="{found.filename}"'}
        return Response(found.body, mimetype="application/octet-stream", headers=headers)

    return routes
