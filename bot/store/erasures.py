"""The erasure of a customer: every row that names them gets a random pseudonym, and a one-way mark stays.

The mark is an HMAC under a random key of this installation. It says that a contact of an employee was erased,
so that later events and lists about it are not stored. It does not say which rows were theirs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.store.coordination import Marks
from bot.store.data_map import Holds, columns_of
from bot.store.engine import Engine, TableGroup
from bot.store.facts import FactValues, merge_values

PSEUDONYM = "erased-"  # an external_userid that begins so is a pseudonym
_KEY = "erased_key"  # the mark with the key of all marks
_APART = ("audit", "results", "facts")  # chained, closed, merged: each in a way of its own
_DROPPED = ("customer_names", "detail_reads", "sync_listed", "sync_losses", "lists_shown")  # of the customer
_SHORTEST_NAME = 2


class ErasedCustomerError(Exception):
    """An event is about a contact that was erased: nothing of it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What names a customer: *keys* are unionids and hashes of numbers, *names* what they are called.

    *userids*: the employees whose contact they are or were.
    """

    external_userid: str
    userids: tuple[str, ...]
    keys: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def needles(self) -> tuple[str, ...]:
        """Return each text by which the customer could be found."""
        return (self.external_userid, *self.keys, *self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a customer stands: columns that hold the id alone (*exact*), and *values* with what they become.

    By number: *events* and *requests* that hold the id or a key; events in which an employee said a name
    (*spoken*), and messages with a name in them (*private*).
    """

    exact: frozenset[tuple[str, str]]
    values: Mapping[tuple[str, str], Mapping[str, str]]
    events: frozenset[int]
    requests: frozenset[int]
    spoken: frozenset[int]
    private: frozenset[int]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Return the columns in which the id or a key stands."""
        places = {*self.exact, *self.values}
        places |= {("inbox", "body")} if self.events else set()
        places |= {("outbox", "request")} if self.requests else set()
        return sorted(places)


@dataclass(frozen=True, slots=True)
class ErasedMarks:
    """The marks of all erased contacts (mark, userid), and the key under which they are made."""

    key: str
    rows: tuple[tuple[str, str], ...]


class Erasures(TableGroup):
    """Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._marks = Marks(engine)
        self._key: bytes | None = None
        self._seen: frozenset[tuple[str, str]] = frozenset()
        self._exact: list[tuple[str, str]] = []
        self._inside: list[tuple[str, str]] = []

    def is_erased(self, userid: str, external_userid: str) -> bool:
        """Return whether this contact was erased; a changed userid is the new one."""
        mark = self._mark_of(external_userid)
        return self._engine.one("erased_has", mark=mark, userid=userid) is not None

    def look(self) -> None:
        """Read the marks of all erased contacts, for `is_marked`; once a batch of events."""
        self._seen = frozenset((row["mark"], row["userid"]) for row in self._engine.all("erased_all"))

    def is_marked(self, userid: str, external_userid: str) -> bool:
        """Return whether this contact was erased when `look` looked."""
        return bool(self._seen) and (self._mark_of(external_userid), userid) in self._seen

    def any(self) -> bool:
        """Return whether anybody was erased."""
        return self._engine.one("erased_any") is not None

    def export(self) -> ErasedMarks:
        """Return all marks."""
        rows = self._engine.all("erased_all")
        return ErasedMarks(self._marks.get(_KEY) or "", tuple((row["mark"], row["userid"]) for row in rows))

    def adopt(self, marks: ErasedMarks) -> bool:
        """Take *marks* of this installation; False, and nothing is taken, if they are another one's."""
        if not marks.rows or self._marks.first(_KEY, marks.key) != marks.key:
            return False
        rows = [{"mark": mark, "userid": userid} for mark, userid in marks.rows]
        self._engine.run_many("erased_put", rows)
        return True

    def marked(self) -> list[str]:
        """Return the customers in the store whose contacts are marked as erased."""
        rows = self._engine.all("erase_contacts")
        return sorted(
            {
                row["external_userid"]
                for row in rows
                if not is_pseudonym(row["external_userid"])
                and self.is_erased(row["userid"], row["external_userid"])
            }
        )

    def is_part_of_another(self, text: str) -> bool:
        """Return whether *text* is a part of a known customer's id."""
        return any(text in row["external_userid"] for row in self._engine.all("erase_contacts"))

    def without(self, keys: Iterable[str]) -> frozenset[str]:
        """Return those of *keys* (external_userids, unionids) that belong to nobody who was erased."""
        known = {row["mark"] for row in self._engine.all("erased_marks")}
        return frozenset(key for key in keys if not known or self._mark_of(key) not in known)

    def traces(self, external_userid: str) -> Traces:
        """Return what names this customer."""
        rows = self._engine.all("erase_relations", customer=external_userid)
        keys = {key for row in rows for key in (row["unionid"], *row["mobile_sha256"].split()) if key}
        # A number that another customer has, too, tells nothing of this one.
        shared = {key for key in keys if self._is_shared(key, external_userid)}
        names = {row[part] for row in rows for part in ("name", "remark")}
        return Traces(
            external_userid=external_userid,
            userids=tuple(sorted({row["userid"] for row in rows if row["userid"]})),
            keys=tuple(sorted(keys - shared)),
            names=tuple(sorted(name for name in names if name and len(name) >= _SHORTEST_NAME)),
        )

    def find(self, traces: Traces, *, pseudonym: str) -> Found:
        """Return where the customer stands, and what it becomes; reads every table, outside a transaction."""
        self._learn()
        customer = traces.external_userid
        values: dict[tuple[str, str], dict[str, str]] = {}
        for name in self._inside:
            for needle in (customer, *traces.keys):
                for row in self._engine.all(_find(*name), needle=needle):
                    values.setdefault(name, {})[row["value"]] = _without(row["value"], traces, pseudonym)
        needles = [{"needle": needle.encode()} for needle in (customer, *traces.keys)]
        named = [(userid, name) for userid in traces.userids for name in traces.names]
        spoken = [{"sender": userid.encode(), "needle": name.encode()} for userid, name in named]
        private = [{"userid": userid, "needle": name} for userid, name in named]
        return Found(
            exact=frozenset(name for name in self._exact if self._engine.one(_find(*name), needle=customer)),
            values=values,
            events=self._numbers("erase_find_events", needles),
            requests=self._numbers("erase_find_requests", needles),
            spoken=self._numbers("erase_find_spoken", spoken),
            private=self._numbers("erase_find_private", private),
        )

    def _numbers(self, statement: str, asked: Iterable[Mapping[str, object]]) -> frozenset[int]:
        rows = (row for values in asked for row in self._engine.all(statement, **values))
        return frozenset(int(row["seq"]) for row in rows)

    def erase(
        self,
        traces: Traces,
        found: Found,
        *,
        pseudonym: str,
        mark_of: Callable[[tuple[str, str, int]], str],
    ) -> None:
        """Put *pseudonym* in the place of the customer, and forget what else names them.

        *mark_of* gives the short mark of a contact in a closed line.
        """
        customer = traces.external_userid
        for name in (*_DROPPED, "reviews", "details"):
            self._engine.run(f"erase_{name}", customer=customer)
        for row in self._engine.all("erase_adds", customer=customer):
            userid, moment = row["userid"], row["added_at"]
            old, new = (mark_of((userid, name, moment)) for name in (customer, pseudonym))
            self._engine.run("erase_counted", userid=userid, needle=old, instead=new)
        self._put_facts(traces, pseudonym)
        for table, column in self._exact:
            self._engine.run(f"sweep_put_{table}_{column}", old=customer, new=pseudonym)
        for (table, column), texts in found.values.items():
            for before, after in texts.items():
                self._engine.run(f"sweep_put_{table}_{column}", old=before, new=after)
        for name, seqs in (
            *(("events", found.events), ("requests", found.requests)),
            *(("spoken", found.spoken), ("private", found.private)),
        ):
            self._engine.run(f"erase_{name}", seqs=json.dumps(sorted(seqs)))
        for userid in traces.userids:
            for called in traces.names:
                for name in ("said", "answers", "cases"):
                    self._engine.run(f"erase_{name}", userid=userid, needle=called)

    def remember(self, traces: Traces) -> None:
        """Mark the contacts, so that nothing of them is stored again; and their unionid for imports."""
        marked = [(self._mark_of(traces.external_userid), userid) for userid in traces.userids]
        marked += [(self._mark_of(key), "") for key in traces.keys if len(key) < 64]  # no hash of a number
        rows = [{"mark": mark, "userid": userid} for mark, userid in sorted(marked)]
        self._engine.run_many("erased_put", rows)

    def _learn(self) -> None:
        """Make the statements for the columns of the data map, on first use."""
        if self._exact:
            return
        for kind, columns in ((Holds.CUSTOMER, self._exact), (Holds.INSIDE, self._inside)):
            for table, names in columns_of(kind, besides=_APART):
                columns += [(table.name, name) for name in names]
        statements = [_sweep(*name, test="{column} = :needle") for name in self._exact]
        statements += [_sweep(*name, test="HOLDS({column}, :needle)") for name in self._inside]
        statements += map(_drop, _DROPPED)
        self._engine.learn("\n".join(statements))

    def _is_shared(self, key: str, external_userid: str) -> bool:
        return self._engine.one("erase_shared", needle=key, customer=external_userid) is not None

    def _put_facts(self, traces: Traces, pseudonym: str) -> None:
        """Keep what the bank says, in one row under the pseudonym. A better key is believed more."""
        listed = json.dumps([traces.external_userid, *traces.keys])
        rows = self._engine.all("facts_called_so", keys=listed)
        if not rows:
            return
        values = FactValues(None, "{}")
        for row in sorted(rows, key=lambda row: (_TRUST[row["key_kind"]], row["number"])):
            told: Mapping[str, str | None] = json.loads(row["said"])
            values = merge_values({**told, "manager": row["manager"] or values.manager}, before=values)
        kept = max(row["number"] for row in rows)
        self._engine.run("facts_drop_others", keys=listed, number=kept)
        self._engine.run("facts_rename", number=kept, key=pseudonym, manager=values.manager, said=values.said)

    def _mark_of(self, key: str) -> str:
        if self._key is None:
            self._key = bytes.fromhex(self._marks.first(_KEY, secrets.token_hex(32)))
        return hmac.new(self._key, key.encode(), hashlib.sha256).hexdigest()


_TRUST = {"state": 0, "mobile_sha256": 1, "unionid": 2, "external_userid": 3}


def new_pseudonym() -> str:
    """Return a name that says nothing: random, so that nobody can compute it from the customer's."""
    return f"{PSEUDONYM}{secrets.token_hex(16)}"


def is_pseudonym(external_userid: str) -> bool:
    """Return whether an external_userid stands for an erased customer."""
    return external_userid.startswith(PSEUDONYM)


def _without(text: str, traces: Traces, pseudonym: str) -> str:
    """Return *text* with the pseudonym in the place of the customer, and without keys and names."""
    text = text.replace(traces.external_userid, pseudonym)
    for key in traces.keys:
        text = text.replace(key, "")
    for name in traces.names:
        text = text.replace(name, "…")
    return text


def _find(table: str, column: str) -> str:
    return f"sweep_find_{table}_{column}"


def _sweep(table: str, column: str, *, test: str) -> str:
    where = test.format(column=column)
    return f"""
-- name: {_find(table, column)}(needle)
SELECT DISTINCT {column} AS value FROM {table} WHERE {where};
-- name: sweep_put_{table}_{column}(old, new)!
UPDATE {table} SET {column} = :new WHERE {column} = :old;
"""  # noqa: S608 - names of ours


def _drop(table: str) -> str:
    return f"-- name: erase_{table}(customer)!\nDELETE FROM {table} WHERE external_userid = :customer;\n"
