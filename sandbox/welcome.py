"""externalcontact/send_welcome_msg (92137): codes that work once within 20 s, and the customers' messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.errors import WRONG_JSON, ApiError

CODE_S = 20.0  # real seconds from the event
TEXT_BYTES = 4000
_ATTACHMENTS = 9
# msgtype of an attachment: its fields with a limit in bytes
_KINDS: Mapping[str, Mapping[str, int]] = {
    "image": {},
    "link": {"title": 128, "desc": 512},
    "miniprogram": {"title": 64},
    "video": {},
    "file": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """A welcome message at the customer's side; *attachments* are their msgtypes. *at* is virtual."""

    userid: str
    external_userid: str
    at: float
    real_at: float
    content: str
    attachments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A welcome code: its two people, and when it was issued (real epoch s)."""

    userid: str
    external_userid: str
    issued: float


@dataclass(slots=True)
class WelcomeDesk:
    """Codes and greetings. Not thread-safe: the caller holds the world's lock."""

    greetings: list[Greeting] = field(default_factory=list)
    _codes: dict[str, Code] = field(default_factory=dict)
    _greeted: set[tuple[str, str]] = field(default_factory=set)

    def issue(self, code: str, *, userid: str, external_userid: str, now: float) -> None:
        """Store the *code* of an event made at *now* (real epoch s)."""
        self._codes.setdefault(code, Code(userid, external_userid, now))

    def has_greeted(self, userid: str, external_userid: str) -> bool:
        """Return whether the two had a welcome message; later events then bring no code."""
        return (userid.lower(), external_userid) in self._greeted

    def peek(self, code: str, *, now: float) -> Code:
        """Return the data of *code*. Raises ApiError: 41050 unknown or too old, 41051 they already talked."""
        found = self._codes.get(code)
        if found is None or now - found.issued > CODE_S:
            raise ApiError(41050)
        if self.has_greeted(found.userid, found.external_userid):
            raise ApiError(41051)
        return found

    def greet(self, greeting: Greeting) -> None:
        """Deliver a welcome message to the customer."""
        self.greetings.append(greeting)
        self._greeted.add((greeting.userid.lower(), greeting.external_userid))


def read_welcome(raw: bytes) -> tuple[str, str, tuple[str, ...]]:
    """Return code, text and kinds of attachments of a request. Raises ApiError for what WeCom refuses."""
    try:
        asked = json.loads(raw)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise ApiError(41049, stem=f"{WRONG_JSON}missing welcome_code")
    code, text = asked.get("welcome_code"), asked.get("text")
    if not isinstance(code, str) or not code:
        raise ApiError(41049)
    content = text.get("content") if isinstance(text, dict) else ""
    content = content if isinstance(content, str) else ""
    if len(content.encode()) > TEXT_BYTES:
        raise _too_long("text.content", TEXT_BYTES)
    attachments = asked.get("attachments") or []
    if not isinstance(attachments, list):
        raise ApiError(40058)
    if len(attachments) > _ATTACHMENTS:
        raise ApiError(41064)
    if not content and not attachments:
        raise ApiError(44004)
    return code, content, tuple(_kind_of(one) for one in attachments)


def _kind_of(attachment: object) -> str:
    kind = attachment.get("msgtype") if isinstance(attachment, dict) else None
    if not isinstance(attachment, dict) or not isinstance(kind, str) or kind not in _KINDS:
        raise ApiError(41065)
    part = attachment.get(kind)
    for name, most in _KINDS[kind].items():
        value = part.get(name, "") if isinstance(part, dict) else ""
        if isinstance(value, str) and len(value.encode()) > most:
            raise _too_long(f"{kind}.{name}", most)
    return kind


def _too_long(name: str, most: int) -> ApiError:
    return ApiError(40058, stem=f"{name} exceed max length {most}. invalid Request Parameter")
