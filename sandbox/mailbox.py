"""The phones: each member's messages, and those that WeCom dropped silently."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.bodies import Body
from sandbox.cards import Button, buttons_of
from sandbox.errors import ApiError
from sandbox.limits import Window
from sandbox.switches import ApiSwitches

_CHINA = ZoneInfo("Asia/Shanghai")
_PER_SEAT = 200
_DEFAULT_INTERVAL = 1800
_MAX_INTERVAL = 14_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one member. *at* is virtual, *real_at* real epoch seconds.

    Of a card, *raw* is the request; *card*, *buttons* and *content* are what the phone shows now.
    """

    to: str
    at: float
    real_at: float
    msgtype: str
    content: str
    msgid: str
    cut: bool = False
    duplicate_of: str | None = None
    raw: object = None
    task_id: str = ""
    card: object = None
    buttons: tuple[Button, ...] = ()
    updates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a member wrote to the app. *at* virtual, *real_at* real epoch seconds."""

    userid: str
    at: float
    real_at: float
    content: str


@dataclass(slots=True)
class _Pace:
    minute: Window = field(default_factory=lambda: Window(seconds=60))
    hour: Window = field(default_factory=lambda: Window(seconds=3600))


class Mailbox:
    """Messages, drops and duplicates. Not thread-safe: the caller holds the world's lock."""

    def __init__(self) -> None:
        self.messages: dict[str, list[Message]] = {}
        self.said: dict[str, list[Said]] = {}
        self.dropped: list[Message] = []
        self.duplicates: list[Message] = []
        self._paces: dict[str, _Pace] = {}
        self._accepted: dict[str, tuple[float, str]] = {}
        self._sent_on: dict[str, int] = {}
        self._msgids = 0

    def say(self, userid: str, content: str, *, at: float, real_at: float) -> None:
        """Keep what a member wrote, for their own phone."""
        key = userid.lower()
        self.said.setdefault(key, []).append(Said(userid=key, at=at, real_at=real_at, content=content))

    def rename(self, userid: str, new_userid: str) -> None:
        """Move a member's phone to their new userid, both in lower case; its messages stay."""
        messages, said = self.messages.pop(userid, []), self.said.pop(userid, [])
        if messages:
            self.messages[new_userid] = [replace(message, to=new_userid) for message in messages]
        if said:
            self.said[new_userid] = [replace(one, userid=new_userid) for one in said]
        if (pace := self._paces.pop(userid, None)) is not None:
            self._paces[new_userid] = pace

    def next_msgid(self) -> str:
        """Return a new msgid of this sandbox."""
        self._msgids += 1
        return f"SIMmsg_{self._msgids:016d}"

    def check_daily_cap(self, receivers: int, *, now: float, switches: ApiSwitches) -> None:
        """Raise ApiError 45009 if *receivers* more would exceed cap x 200 on this day of China (90236)."""
        sent = self._sent_on.get(_day(now), 0)
        if switches.account_cap and sent + receivers > switches.account_cap * _PER_SEAT:
            raise ApiError(45009)

    def earlier(
        self, request: dict[str, object], raw: bytes, *, now: float, switches: ApiSwitches
    ) -> str | None:
        """Return the msgid of the same accepted request, if *request* asks for the duplicate check.

        The interval is the request's, 1800 s by default, at most 14,400 s, counted from the accepted one.
        """
        if request.get("enable_duplicate_check") != 1:
            return None
        found = self._accepted.get(_fingerprint(request, raw, switches))
        interval = request.get("duplicate_check_interval", _DEFAULT_INTERVAL)
        seconds = min(interval, _MAX_INTERVAL) if isinstance(interval, int) else _DEFAULT_INTERVAL
        return found[1] if found and now - found[0] < seconds else None

    def remember(
        self, request: dict[str, object], raw: bytes, *, msgid: str, now: float, switches: ApiSwitches
    ) -> None:
        """Store an accepted request for later duplicate checks."""
        self._accepted[_fingerprint(request, raw, switches)] = (now, msgid)

    def deliver(
        self,
        receivers: Iterable[str],
        body: Body,
        *,
        msgid: str,
        at: float,
        now: float,
        switches: ApiSwitches,
    ) -> tuple[list[str], list[str]]:
        """Put *body* on the phones of *receivers*; return those reached and those dropped over the pace."""
        delivered: list[str] = []
        dropped: list[str] = []
        for userid in receivers:
            message = _message(userid, body, msgid=msgid, at=at, now=now)
            self._sent_on[_day(now)] = self._sent_on.get(_day(now), 0) + 1
            if self._has_room(userid, now=now, switches=switches):
                self.messages.setdefault(userid, []).append(message)
                delivered.append(userid)
            else:
                self.dropped.append(message)
                dropped.append(userid)
        return delivered, dropped

    def note_duplicate(
        self, receivers: Iterable[str], body: Body, *, msgid: str, original: str, at: float, now: float
    ) -> None:
        """Record that *body* was not delivered because *original* was the same request."""
        self.duplicates += [
            _message(userid, body, msgid=msgid, at=at, now=now, duplicate_of=original) for userid in receivers
        ]

    def holders(self, msgid: str) -> list[str]:
        """Return the userids with the message *msgid* on the phone."""
        return [userid for userid in self.messages if self._place(userid, msgid) is not None]

    def card(self, userid: str, msgid: str) -> Message:
        """Return the message as *userid* sees it. Raises KeyError if they do not have it."""
        place = self._place(userid, msgid)
        if place is None:
            raise KeyError(msgid)
        return self.messages[userid][place]

    def put_back(self, message: Message) -> None:
        """Replace the member's message of the same msgid with *message*."""
        place = self._place(message.to, message.msgid)
        if place is not None:
            self.messages[message.to][place] = message

    def _place(self, userid: str, msgid: str) -> int | None:
        found = (n for n, message in enumerate(self.messages.get(userid, ())) if message.msgid == msgid)
        return next(found, None)

    def _has_room(self, userid: str, *, now: float, switches: ApiSwitches) -> bool:
        pace = self._paces.setdefault(userid, _Pace())
        aligned = switches.window == "clock"
        room = pace.minute.has_room(now, limit=switches.member_per_minute, aligned=aligned)
        room = pace.hour.has_room(now, limit=switches.member_per_hour, aligned=aligned) and room
        if room:
            pace.minute.add(now)
            pace.hour.add(now)
        return room


def _message(
    userid: str, body: Body, *, msgid: str, at: float, now: float, duplicate_of: str | None = None
) -> Message:
    is_card = body.msgtype == "template_card"
    return Message(
        to=userid,
        at=at,
        real_at=now,
        msgtype=body.msgtype,
        content=body.content,
        msgid=msgid,
        cut=body.cut,
        duplicate_of=duplicate_of,
        raw=body.raw,
        task_id=body.task_id,
        card=body.raw if is_card else None,
        buttons=buttons_of(body.raw) if is_card else (),
    )


def _fingerprint(request: dict[str, object], raw: bytes, switches: ApiSwitches) -> str:
    parsed = json.dumps(request, sort_keys=True, ensure_ascii=False).encode(errors="surrogatepass")
    return hashlib.sha256(raw if switches.duplicate_compare == "raw" else parsed).hexdigest()


def _day(now: float) -> str:
    return datetime.fromtimestamp(now, _CHINA).date().isoformat()
