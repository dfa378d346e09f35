"""Welcome messages of an app in the first 20 s: who may send, with which code, and the delivery."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.errors import ApiError
from sandbox.reading import check_contacts
from sandbox.welcome import Greeting, read_welcome
from sandbox.world import Call, World

_ACTIVE = 1


def send(world: World, *, query: Mapping[str, str], raw: bytes, call: Call) -> dict[str, object]:
    """Answer externalcontact/send_welcome_msg (92137). Raises ApiError."""
    with world.lock:
        check_contacts(world, query, call)
        code, content, attachments = read_welcome(raw)
        now = world.real()
        found = world.welcomes.peek(code, now=now)
        person = world.people.get(found.userid.lower())
        if person is None or person.status != _ACTIVE:
            raise ApiError(41054)
        world.welcomes.greet(
            Greeting(
                userid=found.userid,
                external_userid=found.external_userid,
                at=world.clock.now(),
                real_at=now,
                content=content,
                attachments=attachments,
            )
        )
        return {"errcode": 0, "errmsg": "ok"}
