"""The ledger: facts about relations, appended once and kept for good; adds are derived from it."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from bot.core.contacts import Contact
from bot.core.relations import Add, RelationEvent, RelationKind, Slip
from bot.core.sync import ORIGIN
from bot.store.bounds import Bound
from bot.store.engine import Engine, SqlRow, TableGroup, row_of

RELATION = "relation"  # the scope "one relation" in the table of what must be derived anew
_NO_SLIPS = "[]"
_new = tuple.__new__
NOTHING_KNOWN = Contact("", "", 0, 0)[7:]  # the fields of a contact from `known_since` on
_SET_ASIDE = "set_aside"  # the scope of a relation that could not be derived


_Fact = tuple[RelationEvent, str, int]  # with its origin, and when it was recorded


@dataclass(slots=True)
class Stretch:
    """One relation as it stands in the store: its set of facts, and the adds kept of it."""

    facts: list[RelationEvent] = field(default_factory=list)
    kept: list[Add] = field(default_factory=list)


class Noted(NamedTuple):
    """What a transaction has to store at its end: the number of *facts*, the relations that it *touched*."""

    facts: int
    touched: frozenset[str]


NOTHING = Noted(0, frozenset())


class Ledger(TableGroup):
    """Facts in, adds out. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.bound = Bound(engine, "dirty", scope=RELATION)
        self._local = threading.local()

    def append(self, event: RelationEvent, *, origin: str, recorded_at: int) -> bool:
        """Store a fact; its relation is marked for deriving with the commit. False when it was known already.

        A fact about a changed userid is kept under the new one. *origin* is callback, sync or import;
        *recorded_at* in epoch s.
        """
        renamed = self._engine.one("rename_of", userid=event.userid) or {"userid": event.userid}
        row = row_of(event, origin=origin, recorded_at=recorded_at, **renamed)
        is_new = self._engine.apply("ledger_append", **row)
        if is_new:
            self._touched().add(f"{row['userid']} {event.external_userid}")
        return is_new

    def append_all(self, events: Iterable[RelationEvent], *, origin: str, recorded_at: int) -> None:
        """Store many facts, as `append` stores one; each relation is marked, also if nothing is new."""
        self._store([(event, origin, recorded_at) for event in events])

    def note(self, event: RelationEvent, *, origin: str, recorded_at: int) -> None:
        """Store a fact as `append` does, but with all others of this transaction, at its end."""
        self._noted().append((event, origin, recorded_at))

    def store_noted(self) -> None:
        """Store what this thread's transaction noted."""
        if noted := self._noted():
            self._store(noted)
            noted.clear()

    def forget_noted(self, before: Noted = NOTHING) -> None:
        """Forget what this thread noted since the savepoint *before*, after a rollback."""
        del self._noted()[before.facts :]
        self._touched().intersection_update(before.touched)

    def noted(self) -> Noted:
        """Return what this thread noted so far, as a savepoint."""
        return Noted(len(self._noted()), frozenset(self._touched()))

    def _noted(self) -> list[_Fact]:
        noted: list[_Fact] | None = getattr(self._local, "noted", None)
        if noted is None:
            noted = self._local.noted = []
        return noted

    def _store(self, facts: Iterable[_Fact]) -> None:
        facts = list(facts)
        userids = json.dumps(sorted({event.userid for event, _, _ in facts}), ensure_ascii=False)
        renamed = {
            row["old_userid"]: row["userid"] for row in self._engine.all("renames_of", userids=userids)
        }
        by_key: dict[tuple[object, ...], SqlRow] = {}
        for event, origin, recorded_at in facts:
            row: SqlRow = {
                "userid": renamed.get(event.userid, event.userid),
                "external_userid": event.external_userid,
                "at": event.at,
                "kind": event.kind.value,
                "origin": origin,
                "state": event.state,
                "recorded_at": recorded_at,
            }
            same = by_key.setdefault((row["userid"], row["external_userid"], row["at"], row["kind"]), row)
            if same is not row:  # one fact told twice: what ledger_append keeps of it
                same["state"] = max(same["state"], row["state"])
                same["origin"] = (
                    "callback" if "callback" in (same["origin"], row["origin"]) else same["origin"]
                )
        # in one order, so that no two processes wait for each other
        rows = sorted(by_key.values(), key=itemgetter("userid", "external_userid", "at", "kind"))
        self._engine.run_many("ledger_append_all", rows)
        self._touched().update(f"{row['userid']} {row['external_userid']}" for row in rows)

    def touch(self, userid: str, customers: Iterable[str]) -> None:
        """Have these relations derived anew, as after a new fact."""
        self._touched().update(f"{userid} {external_userid}" for external_userid in customers)

    def mark_touched(self) -> None:
        """Mark what this thread's transaction touched; in one order, so that no two wait for each other."""
        if touched := self._touched():
            self._engine.run_many("dirty_mark", [{"scope": RELATION, "key": key} for key in sorted(touched)])
            touched.clear()

    def _touched(self) -> set[str]:
        touched: set[str] | None = getattr(self._local, "touched", None)
        if touched is None:
            touched = self._local.touched = set()
        return touched

    def take_touched(self) -> list[tuple[str, str]]:
        """Return what this thread's transaction touched; it is not marked with the commit then."""
        self.store_noted()
        touched = [(userid, customer) for userid, customer in (key.split(" ", 1) for key in self._touched())]
        self._touched().clear()
        return touched

    def mark(self, relations: Iterable[tuple[str, str]]) -> None:
        """Lock these relations: a process that adds a fact to one waits with its mark for our commit."""
        if not self._engine.has_one_writer:
            self._engine.run_many("dirty_mark", _marks(relations))

    def unmark(self, relations: Iterable[tuple[str, str]]) -> None:
        """Note that these relations are derived; call it in the transaction that marked them."""
        self._engine.run_many("dirty_clear", _marks(relations))

    def waits(self, userid: str, external_userid: str) -> bool:
        """Return whether this relation is to be derived."""
        return self._engine.one("dirty_has", scope=RELATION, key=f"{userid} {external_userid}") is not None

    def mark_all(self) -> None:
        """Have everything derived anew (a changed [ledger], or a replay)."""
        self._engine.run("dirty_mark_all_relations")

    def take_dirty(self, *, batch: int) -> list[tuple[str, str]]:
        """Claim relations to derive: (userid, external_userid). Call it inside a transaction."""
        rows = list[SqlRow]()
        if numbers := self.bound.missing():
            rows = self._engine.all(
                "dirty_take_among", scope=RELATION, numbers=json.dumps(numbers), batch=batch
            )
        if len(rows) < batch:
            after = self.bound.after()
            rows += self._engine.all("dirty_take", scope=RELATION, after=after, batch=batch - len(rows))
        self.bound.passed(sorted(row["seq"] for row in rows))
        return [(userid, external) for userid, external in (row["key"].split(" ", 1) for row in rows)]

    def has_dirty(self) -> bool:
        """Return whether there may be a relation to derive that this process has not seen yet."""
        after = self.bound.after()
        return self.bound.misses or (
            self._engine.one("dirty_first_open", scope=RELATION, after=after) is not None
        )

    def dirty(self) -> int:
        """Return how many relations are still to be derived."""
        return self._engine.number("dirty_count", scope=RELATION) or 0

    def set_aside(self, userid: str, external_userid: str) -> None:
        """Note that this relation could not be derived; its adds stay as they were."""
        key = f"{userid} {external_userid}"
        if self._engine.one("dirty_has", scope=_SET_ASIDE, key=key) is None:
            self._engine.run_many("dirty_mark", [{"scope": _SET_ASIDE, "key": key}])

    def take_back(self, relations: Iterable[tuple[str, str]]) -> None:
        """Forget that any of these relations could not be derived."""
        if self.count_set_aside():
            self._engine.run_many("dirty_clear", _marks(relations, scope=_SET_ASIDE))

    def count_set_aside(self) -> int:
        """Return how many relations could not be derived."""
        return self._engine.number("dirty_count_set_aside", scope=_SET_ASIDE) or 0

    def retry_set_aside(self) -> None:
        """Have the relations that could not be derived, derived once more."""
        self._engine.run("dirty_again", scope=RELATION, set_aside=_SET_ASIDE)

    def relation(self, userid: str, external_userid: str) -> list[RelationEvent]:
        """Return the facts of one relation."""
        rows = self._engine.all("ledger_relation", userid=userid, external_userid=external_userid)
        return [_event(row) for row in rows]

    def of_member(self, userid: str) -> dict[str, list[RelationEvent]]:
        """Return the facts of all relations of one employee, by customer."""
        facts: dict[str, list[RelationEvent]] = {}
        for row in self._engine.all("ledger_of_member", userid=userid):
            facts.setdefault(row["external_userid"], []).append(_event(row))
        return facts

    def with_customers(self) -> list[str]:
        """Return the userids with a living relation, as far as it is derived."""
        return [row["userid"] for row in self._engine.all("ledger_living")]

    def told(self, userid: str, external_userid: str) -> list[tuple[RelationEvent, str]]:
        """Return the facts of one relation, each with its origin, by time."""
        rows = self._engine.all("ledger_relation", userid=userid, external_userid=external_userid)
        return [(_event(row), row["origin"]) for row in rows]

    def told_of(self, userid: str, *, upto: int) -> dict[str, list[tuple[RelationEvent, str]]]:
        """Return the facts of one employee up to *upto* (epoch s) with origins, by customer, by time."""
        facts: dict[str, list[tuple[RelationEvent, str]]] = {}
        for row in self._engine.all("ledger_of_person", userid=userid, upto=upto):
            facts.setdefault(row["external_userid"], []).append((_event(row), row["origin"]))
        return facts

    def first_at(self) -> int | None:
        """Return when the first fact of all happened, in epoch s; None in an empty ledger."""
        return self._engine.number("ledger_first")

    def found_since(self, since: int, *, origin: str) -> int:
        """Return how many facts of an *origin* are later than *since* (epoch s); reads the whole ledger."""
        return self._engine.number("ledger_found_since", origin=origin, since=since) or 0

    def relations(self) -> list[tuple[str, str]]:
        """Return every relation with facts or adds: (userid, external_userid)."""
        rows = [*self._engine.all("ledger_relations"), *self._engine.all("adds_relations")]
        return sorted({(row["userid"], row["external_userid"]) for row in rows})

    def count_relations(self) -> int:
        """Return how many relations have facts."""
        return self._engine.number("ledger_relations_count") or 0

    def stretch(self, after: tuple[str, str], *, batch: int) -> dict[tuple[str, str], Stretch]:
        """Return the next *batch* relations after one of them (in the order of their key), with all of each.

        Facts and adds are read one after the other: others may have written in between.
        """
        userid, external_userid = after
        rows = self._engine.all(
            "relations_after", userid=userid, external_userid=external_userid, batch=batch
        )
        if not rows:
            return {}
        stretches = {(row["userid"], row["external_userid"]): Stretch() for row in rows}
        span = {
            "userid": userid,
            "external_userid": external_userid,
            "last_userid": rows[-1]["userid"],
            "last_external_userid": rows[-1]["external_userid"],
        }
        for row in self._engine.all("ledger_between", **span):
            stretches.setdefault((row["userid"], row["external_userid"]), Stretch()).facts.append(_event(row))
        for row in self._engine.all("adds_between", **span):
            stretches.setdefault((row["userid"], row["external_userid"]), Stretch()).kept.append(_add(row))
        return stretches

    def kept_adds(self, userid: str, external_userid: str) -> tuple[Add, ...]:
        """Return the stored adds of one relation, for comparing with a recount."""
        rows = self._engine.all("adds_of_relation", userid=userid, external_userid=external_userid)
        return tuple(_add(row) for row in rows)

    def of_relations(self, relations: Collection[tuple[str, str]]) -> dict[tuple[str, str], Stretch]:
        """Return some relations as they stand in the store."""
        listed = json.dumps(list(relations), ensure_ascii=False)
        stretches = {relation: Stretch() for relation in relations}
        for row in self._engine.all("ledger_of_relations", relations=listed):
            stretches[(row["userid"], row["external_userid"])].facts.append(_event(row))
        for row in self._engine.all("adds_of_relations", relations=listed):
            stretches[(row["userid"], row["external_userid"])].kept.append(_add(row))
        return stretches

    def put_all_adds(
        self,
        adds: Mapping[tuple[str, str], Sequence[Add]],
        *,
        cleared: Iterable[tuple[str, str]],
    ) -> None:
        """Store what was derived for some relations; what was there of those *cleared* goes."""
        gone = [{"userid": userid, "external_userid": customer} for userid, customer in cleared]
        self._engine.run_many("adds_clear", gone)
        self._engine.run_many("adds_put", [_row(add) for of_one in adds.values() for add in of_one])

    def contacts(
        self, userids: Collection[str], *, since: int, upto: int, alive: bool
    ) -> dict[str, list[Contact]]:
        """Return adds by userid that began at *upto* (epoch s) or before and were changed since *since*.

        *alive*: also those that have not ended, however old. What is known beside the ledger is not in them,
        and they are in no order.
        """
        span = {"since": since, "upto": upto, "alive": int(alive)}
        contacts: defaultdict[str, list[Contact]] = defaultdict(list)
        for row in self._engine.tuples("adds_of", userids=json.dumps(list(userids)), **span):
            contacts[row[0]].append(
                _new(Contact, row[:7] + NOTHING_KNOWN)  # most, without a call of Python
                if row[5] is None and row[8] is None
                else contact_from(row, NOTHING_KNOWN)
            )
        return dict(contacts)

    def of_customers(
        self, customers: Collection[str], *, since: int, upto: int, alive: bool
    ) -> list[tuple[Contact, bool]]:
        """Return all bare adds of *customers* at anybody, each with whether `contacts` would have it."""
        span = {"since": since, "upto": upto, "alive": int(alive)}
        rows = self._engine.tuples("adds_of_customers", customers=json.dumps(list(customers)), **span)
        return [(contact_from(row, NOTHING_KNOWN), row[9] == 1) for row in rows]


def contact_from(row: tuple[Any, ...], known: tuple[Any, ...]) -> Contact:
    """Return a contact from a row that begins as in `adds_of`; *known*: the fields from `known_since` on."""
    ended_by = None if row[5] is None else RelationKind(row[5])
    return _new(Contact, (*row[:5], ended_by, row[6], None, _slips(row[8] or _NO_SLIPS), *known[2:]))


def _marks(relations: Iterable[tuple[str, str]], *, scope: str = RELATION) -> list[dict[str, object]]:
    """Return the relations as rows, in one order, so that no two processes wait for each other."""
    return [{"scope": scope, "key": key} for key in sorted(" ".join(relation) for relation in relations)]


def _event(row: SqlRow) -> RelationEvent:
    return RelationEvent(
        userid=row["userid"],
        external_userid=row["external_userid"],
        at=row["at"],
        kind=RelationKind(row["kind"]),
        state=row["state"],
        listed=row["origin"] == ORIGIN,
    )


def _row(add: Add) -> SqlRow:
    slips = [[slip.lost_at, slip.lost_by.value, slip.regained_at] for slip in add.slips]
    return {
        "userid": add.userid,
        "external_userid": add.external_userid,
        "added_at": add.added_at,
        "nth": add.nth,
        "ended_at": add.ended_at,
        "ended_by": None if add.ended_by is None else add.ended_by.value,
        "slips": json.dumps(slips),
        "last_regained_at": add.slips[-1].regained_at if add.slips else None,
        "state": add.state,
    }


def _add(row: SqlRow) -> Add:
    return Add(
        userid=row["userid"],
        external_userid=row["external_userid"],
        added_at=row["added_at"],
        nth=row["nth"],
        ended_at=row["ended_at"],
        ended_by=None if row["ended_by"] is None else RelationKind(row["ended_by"]),
        slips=_slips(row["slips"]),
        state=row["state"],
    )


def _slips(text: str) -> tuple[Slip, ...]:
    if text == _NO_SLIPS:
        return ()
    return tuple(
        Slip(lost_at=lost, lost_by=RelationKind(by), regained_at=regained)
        for lost, by, regained in json.loads(text)
    )
