"""The directory as WeCom's lists say it: departments, members, tags; members to be read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from bot.core.people import Departments
from bot.store.engine import SqlRow, TableGroup, row_of, value_of

# Marks: when everything was read (epoch s), what differs after each change, why the last try read nothing.
READ_AT, CHANGED = "directory_read_at", "directory_changed"


class EntryState(StrEnum):
    """present: WeCom shows them; unknown: it does not, nor does it say that they left; left: it does."""

    PRESENT = "present"
    UNKNOWN = "unknown"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A member as WeCom shows them, or showed them last. Userids in lower case, own department first.

    *tags*: those of the member and of their departments. *state_since*: the local day on which the state
    became known. *listed*: a complete reading had them; *listed_on*: since which day, None for the first
    reading of all. *arrived_on*: the day of an event of their arrival; *joined_on*: one a person confirmed.
    """

    userid: str
    name: str
    departments: tuple[int, ...]
    leads: tuple[int, ...] = ()
    position: str = ""
    status: int = 1
    direct_leader: str = ""
    tags: tuple[int, ...] = ()
    state: EntryState = EntryState.PRESENT
    state_since: date
    listed: bool = False
    listed_on: date | None = None
    arrived_on: date | None = None
    joined_on: date | None = None
    read_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A member to be read again, since an event at *wanted_since* (epoch s) said so."""

    userid: str
    wanted_since: int
    arrived_on: date | None
    attempts: int


class StoredBook(TableGroup):
    """Rows of these tables. Call the changing methods inside a transaction."""

    def all(self) -> dict[str, Entry]:
        """Return everybody who was ever seen, by userid."""
        return {row["userid"]: _entry(row) for row in self._engine.all("book_all")}

    def some(self, userids: Iterable[str]) -> dict[str, Entry]:
        """Return those of *userids* that were ever seen, by userid."""
        rows = self._engine.all("book_of", userids=json.dumps(list(userids)))
        return {row["userid"]: _entry(row) for row in rows}

    def joiners(self) -> list[Entry]:
        """Return people without a first day who came after the first reading, by a list and by an event."""
        return [_entry(row) for row in self._engine.all("book_joiners")]

    def put(self, entries: Iterable[Entry]) -> None:
        """Store members as they are now."""
        self._engine.run_many("book_put", [_row(entry) for entry in entries])

    def states(self) -> dict[EntryState, int]:
        """Return how many members are in each state."""
        people = {row["state"]: int(row["people"]) for row in self._engine.all("book_states")}
        return {state: people.get(state.value, 0) for state in EntryState}

    def departments(self) -> Departments:
        """Return the tree, with departments that have gone out of range since."""
        rows = self._engine.all("departments_all")
        parents = {row["id"]: row["parent"] for row in rows if row["parent"]}
        return Departments(parents, {row["id"]: row["name"] for row in rows})

    def put_departments(self, departments: Iterable[tuple[int, str, int]], *, read_on: date) -> None:
        """Store departments (id, name, parent id or 0)."""
        self._engine.run_many(
            "departments_put",
            [
                {"id": number, "name": name, "parent": parent, "read_on": read_on.isoformat()}
                for number, name, parent in departments
            ],
        )

    def tags(self) -> dict[int, str]:
        """Return the names of all tags by id."""
        return {row["id"]: row["name"] for row in self._engine.all("member_tags_all")}

    def put_tags(self, tags: Mapping[int, str]) -> None:
        """Replace all tags."""
        self._engine.run("member_tags_clear")
        self._engine.run_many("member_tags_put", [{"id": key, "name": name} for key, name in tags.items()])

    def want(self, userid: str, *, since: int, arrived_on: date | None = None) -> None:
        """Have a member read again, for an event at *since* (epoch s): changed, or came on *arrived_on*."""
        day = None if arrived_on is None else arrived_on.isoformat()
        self._engine.run("member_read_want", userid=userid, wanted_since=since, arrived_on=day)

    def due(self, *, now: int, batch: int) -> list[Wanted]:
        """Return members to read now, those who wait longest first."""
        rows = self._engine.all("member_reads_due", now=now, batch=batch)
        return [value_of(Wanted, row) for row in rows]

    def wanted(self) -> dict[str, Wanted]:
        """Return everybody who is still to be read again."""
        return {row["userid"]: value_of(Wanted, row) for row in self._engine.all("member_reads_all")}

    def done(self, wanted: Iterable[Wanted]) -> None:
        """Note that these members were read."""
        self._engine.run_many("member_read_done", list(map(row_of, wanted)))

    def later(self, wanted: Wanted, *, next_try_at: int, error: str) -> None:
        """Note a failed read, to be tried again at *next_try_at* (epoch s)."""
        self._engine.run(
            "member_read_later",
            userid=wanted.userid,
            attempts=wanted.attempts + 1,
            next_try_at=next_try_at,
            error=error,
        )


def joined_ids(ids: Iterable[int]) -> str:
    """Return the ids of departments as one text."""
    return ";".join(str(number) for number in ids)


@lru_cache(maxsize=4096)  # many people share their departments
def split_ids(text: str) -> tuple[int, ...]:
    """Return the ids in such a text."""
    return tuple(int(part) for part in text.split(";") if part)


def _entry(row: SqlRow) -> Entry:
    return value_of(
        Entry,
        row,
        departments=split_ids(row["departments"]),
        leads=split_ids(row["leads"]),
        tags=split_ids(row["tags"]),
        listed=row["listed_on"] is not None,
        listed_on=row["listed_on"] or None,
    )


def _row(entry: Entry) -> SqlRow:
    row = row_of(
        entry,
        departments=joined_ids(entry.departments),
        leads=joined_ids(entry.leads),
        tags=joined_ids(entry.tags),
    )
    return {**row, "listed_on": (row["listed_on"] or "") if entry.listed else None}
