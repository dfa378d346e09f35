"""Chat requests without an answer; files that go with an answer; who is in which export."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.logs.ref import current_ref
from bot.store.bounds import Floor
from bot.store.engine import Engine, TableGroup, row_of, value_of
from bot.store.preferences import Way

_LOOK_S = 5.0
_FORGOTTEN_S = 3 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What a member said: a text that they sent, or a button's command. *said_at*: epoch s.

    *msgid* names the message or the press of the button: it is answered once. *ref*: its callback.
    """

    msgid: str
    userid: str
    text: str
    said_at: int
    way: Way = Way.WORD
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file with somebody's figures that went to *by*; *at* in epoch s."""

    id: str
    by: str
    at: int


class ChatInbox(TableGroup):
    """Each method is one statement, safe alone or inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._floor = Floor(engine, "words", look_s=_LOOK_S)

    def put(self, request: ChatRequest) -> bool:
        """Store what was said; False when this message is known, answered or not."""
        return self._engine.apply("word_add", **row_of(replace(request, ref=request.ref or current_ref())))

    def open(self, *, batch: int) -> list[ChatRequest]:
        """Return requests without an answer, oldest first, claimed or not."""
        return [
            value_of(ChatRequest, row)
            for row in self._engine.all("words_open", after=self._floor.floor(), batch=batch)
        ]

    def is_free(self, *, now: int) -> bool:
        """Return whether there is a request that nobody has claimed at *now* (real epoch s)."""
        return self._engine.one("words_free", after=self._floor.floor(), now=now) is not None

    def claim(self, claim: str, *, now: int, until: int, batch: int) -> list[ChatRequest]:
        """Claim requests that nobody has claimed, oldest first; they are this *claim*'s *until* then.

        Call it inside a transaction. Real epoch seconds; *claim* is a name that nobody else gives.
        """
        span = {"after": self._floor.floor(), "now": now, "until": until}
        rows = self._engine.all("words_claim", claim=claim, batch=batch, **span)
        requests = [value_of(ChatRequest, row) for row in rows]
        return sorted(requests, key=lambda request: (request.said_at, request.msgid))

    def hold(self, claim: str, *, until: int) -> frozenset[str]:
        """Prolong *claim* *until* then (real epoch s). Return what it still has, by msgid."""
        after = self._floor.floor()
        self._engine.run("words_hold", claim=claim, after=after, until=until)
        return frozenset(row["msgid"] for row in self._engine.all("words_held", claim=claim, after=after))

    def give_back(self, claim: str) -> None:
        """Let others take what *claim* has and did not answer."""
        self._engine.run("words_give_back", claim=claim, after=self._floor.floor())

    def finish(self, msgid: str, *, claim: str) -> bool:
        """Mark a request as answered and forget its text; False if it is not *claim*'s, or was answered."""
        return self._engine.apply("word_done", msgid=msgid, claim=claim)


class Attachments(TableGroup):
    """Files that wait to be sent with a message."""

    def put(self, id: str, *, filename: str, body: bytes, at: int) -> None:  # noqa: A002 - as in the row
        """Store a file until its message is sent; what never was is forgotten after days. *at*: epoch s."""
        self._engine.run("attachments_drop_before", made_at=at - _FORGOTTEN_S)
        self._engine.run("attachment_put", id=id, filename=filename, body=body, made_at=at)

    def get(self, id: str) -> tuple[str, bytes] | None:  # noqa: A002 - as in the row
        """Return name and content; None when the file is gone."""
        row = self._engine.one("attachment_get", id=id)
        return None if row is None else (row["filename"], bytes(row["body"]))

    def drop(self, id: str) -> None:  # noqa: A002 - as in the row
        """Forget it."""
        self._engine.run("attachment_drop", id=id)


class Exports(TableGroup):
    """Who is in which export, so that they can see it."""

    def add(self, id: str, userids: Iterable[str], *, by: str, at: int) -> None:  # noqa: A002 - as in the row
        """Note *userids* as in an export for *by*; call it inside a transaction. *at* in epoch s."""
        rows = [{"id": id, "userid": userid, "by_userid": by, "at": at} for userid in userids]
        self._engine.run_many("export_add", rows)

    def of(self, userid: str, *, since: int) -> list[Export]:
        """Return the exports with *userid* in them from *since* (epoch s) on, oldest first."""
        rows = self._engine.all("exports_of", userid=userid, since=since)
        return [value_of(Export, row, by=row["by_userid"]) for row in rows]
