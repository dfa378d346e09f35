"""What all processes of an installation share: leases, the access token, marks. Times are real epoch s."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass

from bot.messages.sentences import packed
from bot.store.engine import SqlRow, TableGroup, told

PEOPLE = "people"  # the mark that changes with every change of people, their departments or their leave

TOKEN = "app"  # noqa: S105 - the name under which the app's token is shared


def own_name() -> str:
    """Return a name for this process as a holder of leases: host:pid and six random digits."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """The shared access token, or why there is none. An empty *token* is none."""

    token: str
    expires_at: int
    error: str
    errcode: int
    blocked_until: int

    def __repr__(self) -> str:
        return f"StoredToken(expires_at={self.expires_at}, errcode={self.errcode})"


class Leases(TableGroup):
    """Who may do what only one may do."""

    def take(self, name: str, *, holder: str, now: int, until: int) -> bool:
        """Take or prolong; False while another holds it."""
        return self._engine.apply("lease_take", name=name, holder=holder, now=now, until=until)

    def free(self, name: str, *, holder: str) -> None:
        """Give it back."""
        self._engine.run("lease_free", name=name, holder=holder)

    def get(self, name: str, *, now: int) -> SqlRow | None:
        """Return `holder` and `until_s` while somebody holds it."""
        return self._engine.one("lease_get", name=name, now=now)


class Tokens(TableGroup):
    """The access token of the app, one for all processes."""

    def get(self, name: str) -> StoredToken:
        """Return what is stored under *name*."""
        row = self._engine.one("token_get", name=name)
        return StoredToken(**told(row)) if row else StoredToken("", 0, "", 0, 0)

    def put(self, name: str, *, token: str, expires_at: int) -> None:
        """Store a new token; forget an earlier refusal."""
        self._engine.run("token_put", name=name, token=token, expires_at=expires_at)

    def block(self, name: str, *, error: str, errcode: int, until: int) -> None:
        """Note that WeCom refused to give a token: nobody asks again before *until*."""
        self._engine.run("token_block", name=name, error=packed(error), errcode=errcode, blocked_until=until)

    def void(self, name: str, *, token: str) -> None:
        """Forget this very token: it is no longer valid."""
        self._engine.run("token_void", name=name, token=token)

    def forget(self, name: str) -> None:
        """Forget token and refusal, as if nobody had asked yet."""
        self._engine.run("token_forget", name=name)


class Outages(TableGroup):
    """When events may have been lost: a later sync compares with WeCom's lists. Real epoch seconds."""

    def add(self, began_at: int, ended_at: int, *, reason: str, holder: str) -> None:
        """Note an outage, or the new end of a known one.

        *reason*: down (no receiver ran), refused (callbacks were answered 503) or silence (none came).
        """
        self._engine.run("outage_add", began_at=began_at, ended_at=ended_at, reason=reason, holder=holder)

    def since(self, since: int) -> list[SqlRow]:
        """Return those that ended at *since* or later, oldest first."""
        return self._engine.all("outages_since", since=since)

    def last(self, reason: str) -> SqlRow | None:
        """Return the newest of this *reason*."""
        return self._engine.one("outage_last", reason=reason)

    def drop(self, began_at: int, *, reason: str) -> None:
        """Forget an outage that turned out to be none."""
        self._engine.run("outage_drop", began_at=began_at, reason=reason)


class Marks(TableGroup):
    """Single values of the installation, by name."""

    def get(self, name: str) -> str | None:
        """Return the value, or None."""
        row = self._engine.one("mark_get", name=name)
        return None if row is None else str(row["value"])

    def put(self, name: str, value: str) -> None:
        """Set or replace."""
        self._engine.run("mark_put", name=name, value=value)

    def first(self, name: str, value: str) -> str:
        """Set once for good; the value that holds."""
        self._engine.run("mark_first", name=name, value=value)
        return self.get(name) or value

    def clear(self, name: str) -> None:
        """Forget."""
        self._engine.run("mark_clear", name=name)

    def renew(self, name: str) -> None:
        """Give it a value that it never had: processes that cached what follows from it read again."""
        self.put(name, uuid.uuid4().hex)
