"""Group robots (99110): webhook/send with its limits, and the groups' messages."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.errors import WRONG_JSON, ApiError
from sandbox.limits import Window

TEXT_BYTES = 5120  # the documents say 2048, the servers accept more
MARKDOWN_BYTES = 4096
IMAGE_BYTES = 2 * 1024 * 1024
_BLOCK_S = 60.0
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

KEY = "0f4c2a10-5a5d-4b1e-9d55-000000000012"  # of the initial robot; made up


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message in a group. *at* virtual, *real_at* real; *image* is base64, empty without one."""

    at: float
    real_at: float
    msgtype: str
    content: str
    image: str = ""


@dataclass(slots=True, kw_only=True)
class Robot:
    """A robot and its group. *errcode*: the answer to every call, 0 if it works."""

    key: str
    group: str
    errcode: int = 0
    posts: list[Post] = field(default_factory=list)
    minute: Window = field(default_factory=lambda: Window(seconds=60))
    blocked_until: float = 0.0


def first_robots() -> dict[str, Robot]:
    """Return the initial robots by key."""
    return {KEY: Robot(key=KEY, group="支行工作群")}


def post(
    robots: Mapping[str, Robot], *, key: str, raw: bytes, at: float, now: float, per_minute: int
) -> dict[str, object]:
    """Accept one message for the robot of *key*. Raises ApiError; the caller holds the world's lock.

    *at* is virtual, *now* real; *per_minute* 0 is no limit.
    """
    robot = robots.get(key)
    if robot is None:
        raise ApiError(93000)
    if robot.errcode:
        raise ApiError(robot.errcode)
    if now < robot.blocked_until:
        raise ApiError(45009)
    if not robot.minute.has_room(now, limit=per_minute):
        robot.blocked_until = now + _BLOCK_S
        raise ApiError(45009)
    msgtype, content, image = _read(raw)
    robot.minute.add(now)
    robot.posts.append(Post(at=at, real_at=now, msgtype=msgtype, content=content, image=image))
    return {"errcode": 0, "errmsg": "ok"}


def _read(raw: bytes) -> tuple[str, str, str]:
    """Return msgtype, text and picture (base64). Raises ApiError."""
    try:
        asked = json.loads(raw)
    except (ValueError, RecursionError):
        raise ApiError(40008, stem=f"{WRONG_JSON}invalid message type") from None
    msgtype = asked.get("msgtype") if isinstance(asked, dict) else None
    part = asked.get(msgtype) if isinstance(asked, dict) and isinstance(msgtype, str) else None
    if msgtype not in ("text", "markdown", "markdown_v2", "image"):
        raise ApiError(40008)
    part = part if isinstance(part, dict) else {}
    if msgtype == "image":
        return "image", "", _image(part)
    content = part.get("content")
    if not isinstance(content, str) or not content:
        raise ApiError(44004)
    most = TEXT_BYTES if msgtype == "text" else MARKDOWN_BYTES
    if len(content.encode()) > most:
        raise ApiError(40058, stem=f"{msgtype}.content exceed max length {most}. invalid Request Parameter")
    return str(msgtype), content, ""


def _image(part: Mapping[str, object]) -> str:
    given = part.get("base64")
    try:
        data = base64.b64decode(str(given or ""), validate=True)
    except binascii.Error:
        raise ApiError(40035) from None
    if not data:
        raise ApiError(93017)
    if len(data) > IMAGE_BYTES:
        raise ApiError(93018)
    if part.get("md5") != hashlib.md5(data, usedforsecurity=False).hexdigest():
        raise ApiError(301019)
    if not data.startswith(_PICTURES):
        raise ApiError(40123)
    return str(given)
