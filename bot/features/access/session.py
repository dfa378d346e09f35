"""Sessions: signed values for cookies. Whoever changes one makes it worthless.

The only file that uses itsdangerous. Times are real epoch seconds, whatever the service's clock says.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from bot.features.access.rules import own_path
from bot.services import Services

SESSION_S = 8 * 3600
LOGIN_S = 600  # for a login page that lies open
NOTE_S = 60
_KEY_BYTES = 32
_KEY = "session_key"  # the mark with the key that signs; made once
_LINES, _LINE = 6, 200  # of a note: a cookie has room for four kilobytes
_SESSION, _LOGIN, _NOTE = "session", "login", "note"  # one signature is never good for the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person who logged in at *since*. *round*: how often they had logged out before.

    *token* goes into each form of the session, and comes back with it: no other site can know it.
    """

    userid: str
    since: int
    round: int
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that began at *since* in this browser: the *state* that comes back, and where to go then."""

    state: str
    back_to: str
    since: int


class Sessions:
    """What is signed with the installation's key, which all processes share."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def begin_login(self, back_to: str) -> tuple[Login, str]:
        """Return a new login, and its value for a cookie. *back_to*: foreign addresses are left out."""
        login = Login(state=secrets.token_hex(16), back_to=own_path(back_to), since=self._now())
        return login, self._signed(_LOGIN, asdict(login))

    def login(self, cookie: str, *, state: str) -> Login | None:
        """Return the login of this *cookie* if it began lately, and *state* is its own; else None."""
        values = self._read(_LOGIN, cookie, lasts_s=LOGIN_S)
        if values is None or not secrets.compare_digest(str(values["state"]).encode(), state.encode()):
            return None
        return Login(**values)

    def begin(self, userid: str) -> str:
        """Return the value for the cookie of a new session of *userid* (lower case)."""
        session = Session(
            userid=userid,
            since=self._now(),
            round=self._services.store.logouts.count(userid),
            token=secrets.token_urlsafe(_KEY_BYTES),
        )
        return self._signed(_SESSION, asdict(session))

    def find(self, cookie: str) -> Session | None:
        """Return the session of *cookie*; None for a forged one, one that is over or was logged out of."""
        values = self._read(_SESSION, cookie, lasts_s=SESSION_S)
        if values is None:
            return None
        session = Session(**values)
        return session if session.round == self._services.store.logouts.count(session.userid) else None

    def end(self, session: Session) -> None:
        """End this session and every other one of this person."""
        self._services.store.logouts.add(session.userid)

    def note(self, lines: Sequence[str]) -> str:
        """Return the value for a cookie that carries *lines* to the next page, cut where they are long."""
        cut = [line[:_LINE] for line in lines][:_LINES]
        return self._signed(_NOTE, {"lines": cut, "since": self._now()})

    def read_note(self, cookie: str) -> list[str]:
        """Return the lines of a note; none for one that is old or forged."""
        values = self._read(_NOTE, cookie, lasts_s=NOTE_S) if cookie else None
        return list(values["lines"]) if values else []

    def _now(self) -> int:
        return int(self._services.store.now())

    def _signed(self, use: str, values: dict[str, Any]) -> str:
        return str(self._serializer(use).dumps(values))

    def _read(self, use: str, cookie: str, *, lasts_s: int) -> dict[str, Any] | None:
        try:
            values: dict[str, Any] = self._serializer(use).loads(cookie)
        except BadData:
            return None
        return values if 0 <= self._now() - values["since"] < lasts_s else None

    def _serializer(self, use: str) -> URLSafeSerializer:
        marks = self._services.store.marks
        key = marks.get(_KEY) or marks.first(_KEY, secrets.token_hex(_KEY_BYTES))
        return URLSafeSerializer(key, salt=use)
