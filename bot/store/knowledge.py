"""What is known beside the ledger: leave, what the bank says of customers, WeCom's details, tags."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.core.contacts import NOTHING, Details
from bot.store.engine import Engine, Row

_BATCH = 5000
_IMPORTED = "facts_imported_at"  # the mark that says when facts came last, also those that changed nothing
# By what the bank may call a customer. The more a key names one customer, the more it is believed.
KEY_KINDS = ("state", "mobile_sha256", "unionid", "external_userid")
MANAGER = "manager"  # the one fact that is a userid and not true or false


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the bank says of one customer; a fact that is not there is unknown."""

    manager: str | None = None
    facts: Mapping[str, bool] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDetails:
    """What WeCom's details of one relation said. *createtime* (epoch s) names the add they belong to.

    *mobile_sha256*: of each remark mobile, with blanks between them.
    """

    createtime: int
    details: Details
    state: str
    unionid: str
    mobile_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Leave of a person, both local days included."""

    userid: str
    first: date
    last: date
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One cell of `import facts`; *value* is 1, 0 or, for `manager`, a userid; None: not known (any more)."""

    key_kind: str
    key: str
    fact: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactKeys:
    """By what the bank may know the customer of one contact; empty where WeCom does not say.

    *added_at*: epoch s. *mobiles_sha256*: of the numbers that the employee himself noted.
    """

    userid: str
    external_userid: str
    added_at: int
    state: str
    unionid: str
    mobiles_sha256: tuple[str, ...]


class Knowledge:
    """Rows of these tables. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def absences(self) -> dict[str, frozenset[date]]:
        """All days of leave by userid."""
        days: dict[str, set[date]] = {}
        for row in self._engine.all("absences_all"):
            first, last = date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"])
            span = (first + timedelta(days=number) for number in range((last - first).days + 1))
            days.setdefault(row["userid"], set()).update(span)
        return {userid: frozenset(found) for userid, found in days.items()}

    def put_absences(self, absences: Iterable[Absence]) -> None:
        """Keep leave; the same days of the same person once."""
        # Of one statement's rows no two may be the same row.
        kinds = {(one.userid, one.first.isoformat(), one.last.isoformat()): one.kind for one in absences}
        self._engine.run("absences_put", rows=_json([(*key, kind) for key, kind in kinds.items()]))

    def drop_absences(self, absences: Iterable[Absence]) -> None:
        """Forget leave that was called off."""
        self._engine.run_many(
            "absences_drop",
            [
                {"userid": one.userid, "first_day": one.first.isoformat(), "last_day": one.last.isoformat()}
                for one in absences
            ],
        )

    def facts(self) -> dict[tuple[str, str], Said]:
        """What the bank says, by (kind of key, key)."""
        managers: dict[tuple[str, str], str] = {}
        facts: dict[tuple[str, str], dict[str, bool]] = {}
        for row in self._engine.all("facts_all"):
            key = (row["key_kind"], row["key"])
            if row["fact"] == MANAGER:
                managers[key] = row["value"]
            else:
                facts.setdefault(key, {})[row["fact"]] = row["value"] == "1"
        return {
            key: Said(manager=managers.get(key), facts=facts.get(key, NOTHING))
            for key in managers.keys() | facts.keys()
        }

    def put_facts(self, facts: Sequence[Fact], *, imported_at: int) -> None:
        """Keep what the bank says now (*imported_at* in epoch s); a fact without a value is forgotten."""
        told: dict[tuple[str, str], dict[str, str | None]] = {}
        for fact in facts:
            told.setdefault((fact.key_kind, fact.fact), {})[fact.key] = fact.value
        for (key_kind, name), values in told.items():
            self.put_fact(name, values, key_kind=key_kind, imported_at=imported_at)

    def put_fact(
        self, fact: str, values: Mapping[str, str | None], *, key_kind: str, imported_at: int
    ) -> None:
        """Keep one fact of many customers, by key, as `put_facts` does."""
        named = {"key_kind": key_kind, "fact": fact}
        # First of all, so that of two imports the second one waits here, and not in each other's rows.
        self._engine.run("mark_put", name=_IMPORTED, value=str(imported_at))
        known = {key: value for key, value in values.items() if value is not None}
        if known:
            self._engine.run("facts_put", **named, rows=_json(known), imported_at=imported_at)
        gone = [{**named, "key": key} for key, value in values.items() if value is None]
        if gone:
            self._engine.run_many("facts_drop", gone)

    def keys(self, kind: str) -> Iterator[tuple[str, str]]:
        """Every (key, external_userid) by which contacts may be called now, as a stream; some come twice.

        *kind* is one of KEY_KINDS.
        """
        if kind in ("external_userid", "state"):
            yield from self._pairs(kind, "keys_of_adds", "added_at")
        if kind != "external_userid":
            yield from self._pairs(kind, "keys_of_details", "createtime")

    def _pairs(self, kind: str, statement: str, moment: str) -> Iterator[tuple[str, str]]:
        place = {"userid": "", "external_userid": "", moment: 0}
        while rows := self._engine.all(statement, **place, batch=_BATCH):
            for row in rows:
                keys = row[kind].split() if kind == "mobile_sha256" else [row[kind]]
                yield from ((key, row["external_userid"]) for key in keys if key)
            place = {name: rows[-1][name] for name in place}

    def contact_keys(self) -> Iterator[ContactKeys]:
        """Every contact with the keys by which the bank may know its customer, as a stream.

        A contact whose details were read twice close to its time comes twice.
        """
        place = {"userid": "", "external_userid": "", "added_at": 0}
        while rows := self._engine.all("contact_keys", **place, batch=_BATCH):
            for row in rows:
                yield ContactKeys(
                    userid=row["userid"],
                    external_userid=row["external_userid"],
                    added_at=row["added_at"],
                    state=row["told_state"] or row["state"] or "",
                    unionid=row["unionid"] or "",
                    mobiles_sha256=tuple((row["mobile_sha256"] or "").split()),
                )
            place = {name: rows[-1][name] for name in place}

    def newest_facts(self) -> int | None:
        """When facts came last, in epoch s; None if none ever did."""
        row = self._engine.one("mark_get", name=_IMPORTED)
        return None if row is None else int(row["value"])

    def details(self, *, since: int) -> dict[tuple[str, str], list[StoredDetails]]:
        """WeCom's details of contacts made since *since* (epoch s), by (userid, external_userid)."""
        names = self._tag_names()
        found: dict[tuple[str, str], list[StoredDetails]] = {}
        for row in self._engine.all("details_since", since=since):
            found.setdefault((row["userid"], row["external_userid"]), []).append(_details(row, names))
        return found

    def _tag_names(self) -> dict[str, tuple[str, ...]]:
        """Every name by which a rule may call a tag, by its id."""
        tags = self._engine.all("tags_all")
        names = [row["name"] for row in tags]
        return {
            row["id"]: (
                row["id"],
                f"{row['group_name']}/{row['name']}",
                *((row["name"],) if names.count(row["name"]) == 1 else ()),
            )
            for row in tags
        }


def _json(rows: object) -> str:
    return json.dumps(rows, ensure_ascii=False)


def _details(row: Row, names: Mapping[str, tuple[str, ...]]) -> StoredDetails:
    ids: list[str] = json.loads(row["tags"])
    # A tag that the corp's list does not have (yet) can still be asked for by its id.
    tags = frozenset(name for tag in ids for name in names.get(tag, (tag,)))
    return StoredDetails(
        createtime=row["createtime"],
        details=Details(customer_type=row["customer_type"], add_way=row["add_way"], tags=tags),
        state=row["state"],
        unionid=row["unionid"],
        mobile_sha256=row["mobile_sha256"],
    )
