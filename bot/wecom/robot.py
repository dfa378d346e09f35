"""Group robots [99110]: no token but a key in the address; 20 messages a minute; no deduplication."""

from __future__ import annotations

import base64
import hashlib

from bot.wecom.client import json_bytes

MARKDOWN_BYTES = 4096
IMAGE_BYTES = 2 * 1024 * 1024
# The robot is gone, disabled or not in its group: an administrator must act.
ROBOT_IS_OFF = frozenset({93000, 93001, 93004, 93006, 93008, 93019})
_ADDRESS = "robot:"  # no userid contains a colon


def address_of(name: str) -> str:
    """Return the receiver's address of messages to the robot *name*."""
    return f"{_ADDRESS}{name}"


def robot_of(address: str) -> str | None:
    """Return the robot's name, None if *address* is a member's userid."""
    return address.removeprefix(_ADDRESS) if address.startswith(_ADDRESS) else None


def markdown_body(content: str) -> bytes:
    """Return the request that posts markdown, at most MARKDOWN_BYTES."""
    return json_bytes({"msgtype": "markdown", "markdown": {"content": content}})


def image_body(png: bytes) -> bytes:
    """Return the request that posts a picture, at most IMAGE_BYTES."""
    image = {
        "base64": base64.b64encode(png).decode(),
        "md5": hashlib.md5(png, usedforsecurity=False).hexdigest(),  # WeCom checks the transfer by it
    }
    return json_bytes({"msgtype": "image", "image": image})
