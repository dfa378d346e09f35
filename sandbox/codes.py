"""Login codes (91023): each is spent once, within five minutes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sandbox.errors import ApiError

CODE_S = 300


@dataclass(slots=True)
class _Code:
    userid: str
    expires_at: float
    is_used: bool = False


class CodeDesk:
    """The codes. Not thread-safe: the caller holds the world's lock. *now* is real epoch seconds."""

    def __init__(self) -> None:
        self._issued: dict[str, _Code] = {}

    def issue(self, userid: str, *, now: float) -> str:
        """Return a new code for *userid*."""
        self._issued = {text: code for text, code in self._issued.items() if now < code.expires_at + CODE_S}
        text = f"SIMCODE_{secrets.token_urlsafe(48)}"
        self._issued[text] = _Code(userid, now + CODE_S)
        return text

    def spend(self, text: str, *, now: float) -> str:
        """Return whose code it is.

        Raises ApiError: 41008 missing, 40029 unknown, 42022 used, 42003 expired.
        """
        if not text:
            raise ApiError(41008)
        if (code := self._issued.get(text)) is None:
            raise ApiError(40029)
        if code.is_used:
            raise ApiError(42022)
        if now >= code.expires_at:
            raise ApiError(42003)
        code.is_used = True
        return code.userid
