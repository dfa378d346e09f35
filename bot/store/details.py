"""WeCom's details of contacts: which are to be read, what was read, what the corp's tags are called.

All times are real epoch seconds.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.store.bounds import LAG_S
from bot.store.coordination import Marks
from bot.store.engine import Engine, SqlRow, TableGroup, row_of, value_of

CORP, RULE_GROUP = 1, 3  # kinds of tags, as WeCom numbers them [92114]; 2 is personal and never kept

_TAGS_READ, _TAGS_CHANGE = "tags_read", "tags_change"  # marks
Relation = tuple[str, str]  # userid, external_userid

_WHOLE_S = 3600.0
STUCK_TRIES = 5  # a contact that could not be read so often has no mere delay of WeCom's in its way


class ReadState(StrEnum):
    """What became of the wish to read a relation's details; a read one has no row any more."""

    WANTED = "wanted"
    ENDED = "ended"  # it ended before it could be read
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A relation to be read. *marks* tells whether it was wanted again since."""

    userid: str
    external_userid: str
    marks: int
    attempts: int
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a wish stands, for people and tests."""

    state: ReadState
    attempts: int
    next_try_at: int
    wanted_since: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A corp or rule-group tag."""

    id: str
    kind: int
    group: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRead:
    """What WeCom says of one employee's contact. *createtime* names the add it belongs to."""

    userid: str
    external_userid: str
    createtime: int
    customer_type: int
    add_way: int
    state: str = ""
    oper_userid: str = ""
    tags: tuple[str, ...] = ()
    unionid: str = ""
    mobiles_sha256: tuple[str, ...] = ()


class DetailReads(TableGroup):
    """Wishes to read, and what was read."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._marks = Marks(engine)
        self._since = 0  # no relation that may be read is due since an earlier time
        self._whole_at = 0.0
        self._local = threading.local()

    def want(self, userid: str, external_userid: str, *, now: int) -> None:
        """Have a relation read, first at *now*; noted when this thread's transaction is committed."""
        self._wanted()[(userid, external_userid)] = now

    def mark_wanted(self) -> None:
        """Note what this thread's transaction wants; in one order, so that no two wait for each other."""
        rows = [
            {"userid": userid, "external_userid": external_userid, "now": at, "due": at}
            for (userid, external_userid), at in sorted(self._wanted().items())
        ]
        self._engine.run_many("reads_want", rows)
        self._wanted().clear()

    def wanted(self) -> dict[Relation, int]:
        """Return the requests of this thread's transaction so far, as a savepoint."""
        return dict(self._wanted())

    def forget_wanted(self, before: Mapping[Relation, int] | None = None) -> None:
        """Forget the requests since the savepoint *before*, after a rollback."""
        self._local.wanted = dict(before or {})

    def _wanted(self) -> dict[Relation, int]:
        wanted: dict[Relation, int] | None = getattr(self._local, "wanted", None)
        if wanted is None:
            wanted = self._local.wanted = {}
        return wanted

    def due(self, *, now: int, batch: int) -> list[Read]:
        """Return relations that may be read now; it begins at the time up to which all are read.

        That is looked for anew each hour and when the clock went back.
        """
        if self._since > now or time.monotonic() >= self._whole_at:
            self._since, self._whole_at = 0, time.monotonic() + _WHOLE_S
        rows = self._engine.all("reads_due", since=self._since, now=now, batch=batch)
        self._since = max(0, (rows[0]["next_try_at"] if rows else now) - int(LAG_S))
        return [value_of(Read, row) for row in rows]

    def of_customer(self, external_userid: str) -> list[Read]:
        """Return every unread relation of one customer, due or not."""
        return [Read(**row) for row in self._engine.all("reads_of_customer", external_userid=external_userid)]

    def has(self, userid: str, external_userid: str, *, createtime: int) -> bool:
        """Return whether the details of this very add were read."""
        found = self._engine.one(
            "details_has", userid=userid, external_userid=external_userid, createtime=createtime
        )
        return found is not None

    def put(self, contacts: Iterable[ContactRead], *, read_at: int) -> None:
        """Store what was read; call it inside a transaction."""
        rows = [{**contact_row(contact), "read_at": read_at} for contact in contacts]
        self._engine.run_many("details_put", rows)
        userids = sorted({row["userid"] for row in rows})
        self._engine.run("figures_mark", userids=json.dumps(userids), customers="[]")

    def take_listed_tags(self, userid: str, *, before: int) -> None:
        """Take the tags of the list of *userid* for contacts read before *before* (real epoch s)."""
        self._engine.run("details_take_tags", userid=userid, before=before)

    def done(self, read: Read) -> bool:
        """Remove a fulfilled wish; False when the relation was wanted again meanwhile."""
        return self._engine.apply("reads_done", **_named(read))

    def later(self, read: Read, *, attempts: int, next_try_at: int, error: str) -> None:
        """Note a failed read; *attempts* says how often, this one included if it counts."""
        self._engine.run(
            "reads_later", **_named(read), attempts=attempts, next_try_at=next_try_at, error=error
        )

    def end(self, read: Read, *, state: ReadState, error: str) -> None:
        """End a wish that cannot be fulfilled: it is not tried again unless it is wanted again."""
        self._engine.run("reads_end", **_named(read), state=state.value, error=error)

    def wish(self, userid: str, external_userid: str) -> Wish | None:
        """Return the wish to read a relation; None when there is none, or it is fulfilled."""
        row = self._engine.one("reads_get", userid=userid, external_userid=external_userid)
        return None if row is None else value_of(Wish, row)

    def pending(self) -> int:
        """Return how many relations are to be read."""
        return self._engine.number("reads_pending") or 0

    def untried(self) -> int:
        """Return how many relations were not tried since they were wanted last."""
        return self._engine.number("reads_untried") or 0

    def stuck(self, *, attempts: int) -> list[tuple[str, int]]:
        """Return the errors of those tried *attempts* times or more, with numbers; commonest first."""
        rows = self._engine.all("reads_stuck", attempts=attempts)
        return [(row["error"], row["relations"]) for row in rows]

    def put_tags(self, tags: Sequence[Tag]) -> None:
        """Store names of tags that were seen on contacts; call it inside a transaction."""
        unique = {tag.id: tag for tag in tags}
        rows = [row_of(tag, group_name=tag.group) for _, tag in sorted(unique.items())]
        self._engine.run_many("tags_put", rows)

    def want_tags(self) -> None:
        """Have the corp's list of tags read again."""
        self._marks.put(_TAGS_CHANGE, uuid.uuid4().hex)

    def tags_change(self) -> str:
        """Return a name of the newest change. Take it before reading, and store it with what was read."""
        return self._marks.get(_TAGS_CHANGE) or ""

    def tags_due(self, *, now: int, every_s: int) -> bool:
        """Return whether to read the list: never read, changed since the last reading began, or too old."""
        known = self._marks.get(_TAGS_READ)
        if known is None:
            return True
        read_at, change = json.loads(known)
        return bool(not 0 <= now - read_at < every_s or change != self.tags_change())

    def replace_corp_tags(
        self, tags: Sequence[Tag], *, read_at: int, change: str, keep_others: bool = False
    ) -> None:
        """Replace the corp's tags by its list at *read_at*, which shows *change*; others lose their names.

        *keep_others*: not all of the list could be read, so other tags keep the names that are known.
        Call it inside a transaction.
        """
        if not keep_others:
            self._engine.run("tags_clear_corp")
        self.put_tags(tags)
        self._marks.put(_TAGS_READ, json.dumps([read_at, change]))


def contact_row(contact: ContactRead) -> SqlRow:
    """Return *contact* as a row of the tables that hold WeCom's details."""
    mobiles = " ".join(sorted(contact.mobiles_sha256))
    return row_of(contact, tags=json.dumps(sorted(contact.tags)), mobile_sha256=mobiles)


def contact_from(row: SqlRow) -> ContactRead:
    """Return the contact of such a row."""
    mobiles = row["mobile_sha256"].split()
    return value_of(ContactRead, row, tags=json.loads(row["tags"]), mobiles_sha256=mobiles)


def _named(read: Read) -> SqlRow:
    return {"userid": read.userid, "external_userid": read.external_userid, "marks": read.marks}
