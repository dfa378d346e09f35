"""Cards for tests: an installation beside a sandbox with a callback address, cards sent, buttons pressed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.features.notify import enqueue
from bot.services import Services
from bot.store.outbox import OutboxMessage
from builders.delivery import Post, post
from builders.messages import examples
from handlers.inbox import work_off
from sandbox.events import compose


@contextmanager
def office_with_cards(folder: Path, place: Path | str = "") -> Iterator[Post]:
    """A `post` whose app has a callback address, as cards with buttons need one; nobody listens there."""
    with post(folder, place) as opened:
        opened.world.callback_url = "http://127.0.0.1:1/callback"
        yield opened


def a_card(
    services: Services, userid: str = "yg01", *, job: str = "progress", kind: str = ""
) -> OutboxMessage:
    """The row of an example message; *kind* is the heading of the example if it is not *job*."""
    message = examples("zh-CN")[kind or job]
    return enqueue.build_unasked(services, job, userid, message, at=services.clock.now())


def put_card(office: Post, userid: str = "yg01", *, job: str = "progress", kind: str = "") -> str:
    """Store a card to be sent; its key."""
    row = a_card(office.services, userid, job=job, kind=kind)
    assert office.services.store.outbox.add(row, created_at=int(office.clock()))
    return row.key


def press(office: Post, key: str, userid: str = "yg01", **more: Any) -> bytes:
    """Somebody presses a button on his phone; the event as it would be called back."""
    (event,) = compose(office.world, {"kind": "click", "userid": userid, "key": key, **more})
    return event.xml


def receive(services: Services, *bodies: bytes) -> None:
    """Bring events the way they come: into the inbox, and worked off."""
    rows = [{"hash": hashlib.sha256(body).hexdigest(), "body": body, "received_at": 0} for body in bodies]
    with services.store.transaction():
        services.store.engine.run_many("inbox_add", rows)
    work_off(services)


def buttons(office: Post, userid: str = "yg01", n: int = 0) -> list[tuple[str, bool]]:
    """The buttons that somebody sees on his n-th message, and whether they are alive."""
    with office.world.lock:
        message = office.world.mailbox.messages[userid][n]
    return [(button.text, button.enabled) for button in message.buttons]


def updates(office: Post) -> list[int | None]:
    """What was answered to each change of a card."""
    with office.world.lock:
        calls = [call for call in office.world.calls if call.path == "message/update_template_card"]
    return [call.errcode for call in calls]
