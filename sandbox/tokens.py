"""gettoken: one token for one secret, the same until it expires (91039), and its errors."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass

from sandbox.errors import ApiError
from sandbox.limits import Window
from sandbox.people import App
from sandbox.switches import ApiSwitches

_HOUR = 3600


@dataclass(slots=True)
class _Token:
    text: str
    expires_at: float
    revoked: bool = False


class TokenDesk:
    """The tokens. Not thread-safe: the caller holds the world's lock. *now* is real epoch seconds."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._issued: dict[str, _Token] = {}
        self._current: _Token | None = None
        self._wrong: dict[str, deque[float]] = {}
        self._blocked_until: dict[str, float] = {}
        self._calls = Window(seconds=60)
        self.calls = 0
        self.issued = 0

    def issue(
        self, *, corp_id: str | None, secret: str | None, ip: str, now: float, switches: ApiSwitches
    ) -> tuple[str, int]:
        """Return the token and its expires_in.

        Raises ApiError: 41004, 41002 for missing fields, 40013, 40001, and 45009 for too many calls.
        """
        self.calls += 1
        self._count(now, limit=switches.gettoken_per_minute)
        if not secret:
            raise ApiError(41004)  # without any field the answer is 41004, not 41002 (observed)
        if not corp_id:
            raise ApiError(41002)
        if corp_id != self._app.corp_id:
            raise ApiError(40013)
        if not secrets.compare_digest(secret.encode(), self._app.secret.encode()):
            self._note_wrong(ip, now=now, limit=switches.wrong_secret_limit)
            raise ApiError(40001)
        token = self._valid(now) or self._new(now + switches.expires_in)
        left = token.expires_at - now if switches.expires_in_answer == "remaining" else switches.expires_in
        return token.text, int(left)

    def check(self, text: str | None, *, now: float) -> None:
        """Raise ApiError 41001, 40014 or 42001 unless *text* is a valid token."""
        if not text:
            raise ApiError(41001)
        token = self._issued.get(text)
        if token is None or token.revoked:
            raise ApiError(40014)
        if now >= token.expires_at:
            raise ApiError(42001)

    def check_address(self, ip: str, *, now: float) -> None:
        """Raise ApiError 45009 while *ip* is blocked for wrong secrets (note under 45009)."""
        if now < self._blocked_until.get(ip, 0):
            raise ApiError(45009)

    def revoke(self) -> None:
        """Invalidate every token so far (40014), as the platform may at any time."""
        for token in self._issued.values():
            token.revoked = True
        self._current = None

    def expire(self, now: float) -> None:
        """Expire every token so far (42001)."""
        for token in self._issued.values():
            token.expires_at = min(token.expires_at, now)

    def _valid(self, now: float) -> _Token | None:
        return self._current if self._current and now < self._current.expires_at else None

    def _new(self, expires_at: float) -> _Token:
        self.issued += 1
        text = f"SIMTOKEN_app{self._app.agent_id}_{self.issued:04d}_{secrets.token_urlsafe(120)}"
        self._current = self._issued[text] = _Token(text, expires_at)
        return self._current

    def _count(self, now: float, *, limit: int) -> None:
        if not self._calls.has_room(now, limit=limit):
            raise ApiError(45009)
        self._calls.add(now)

    def _note_wrong(self, ip: str, *, now: float, limit: int) -> None:
        times = self._wrong.setdefault(ip, deque())
        times.append(now)
        while times[0] <= now - _HOUR:
            times.popleft()
        if limit and len(times) >= limit:
            self._blocked_until[ip] = now + _HOUR
