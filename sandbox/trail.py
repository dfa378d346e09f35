"""The way of the newest events: event → fact → verdict → message.

The event is what the sandbox sent, the message what it delivered. Fact and verdict are what the bot says of
itself: the demo posts them to `/sandbox/beside`, because the sandbox reads nothing of the bot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.callbacks import CallbackSender, SentEvent
from sandbox.history import CHINA
from sandbox.world import World

SHOWN = 6
_OWN_WORDS = ("text", "click")  # about the app: they make no fact
_CONTACT = ("add", "half_add", "edit", "del_by_customer", "del_by_member", "transfer", "transfer_fail")
_PREVIEW = 24  # characters of a message
_MARKUP = re.compile(r"</?font[^>]*>|\*\*|^[#>]+ ", re.MULTILINE)

Report = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event on its way. *facts*, *verdict*: from the bot, None while it has said nothing of it."""

    event: SentEvent
    at: str
    name: str
    customer: str
    facts: tuple[str, ...] | None
    verdict: Mapping[str, Any] | None
    message: tuple[str, str] | None

    @property
    def is_of_app(self) -> bool:
        """Return whether the event is a member's own word or press."""
        return self.event.kind in _OWN_WORDS


def steps(world: World, sender: CallbackSender) -> list[Step]:
    """Return the newest events with what became of them, the newest first."""
    with world.lock:
        newest = [one for one in sender.sent_since(0) if one.kind in (*_CONTACT, *_OWN_WORDS)][-SHOWN:]
        known = {
            (one["userid"], one["external_userid"]): one for one in (world.beside or {}).get("contacts", ())
        }
        return [_step(world, one, known) for one in reversed(newest)]


def wanted(world: World, sender: CallbackSender) -> list[list[str]]:
    """Return the relations of these events: (userid in lower case, external_userid), each once."""
    with world.lock:
        newest = [one for one in sender.sent_since(0) if one.kind in _CONTACT][-SHOWN:]
    return [list(pair) for pair in dict.fromkeys((one.userid.lower(), one.external_userid) for one in newest)]


def _step(world: World, event: SentEvent, known: Mapping[tuple[str, str], Report]) -> Step:
    key = event.userid.lower()
    person, said = world.people.get(key), known.get((key, event.external_userid))
    facts = None
    if said is not None:
        own = [one for one in said["facts"] if one["at_s"] == event.at]
        facts = tuple(f"{one['kind']} · {_clock(one['at_s'])[6:]} · {one['source']}" for one in own)
    return Step(
        event=event,
        at=_clock(event.at),
        name=person.name if person else event.userid,
        customer=event.external_userid[-4:],
        facts=facts,
        verdict=said and said["verdict"],
        message=_message(world, key, event),
    )


def _message(world: World, key: str, event: SentEvent) -> tuple[str, str] | None:
    """Return time and beginning of the first message to this person after the event."""
    for message in world.mailbox.messages.get(key, ()):
        if message.real_at >= event.real_at:
            text = " ".join(_MARKUP.sub("", message.content).split())
            return _clock(message.at), text[:_PREVIEW] + ("…" if len(text) > _PREVIEW else "")
    return None


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, CHINA):%m-%d %H:%M:%S}"
