"""What is known beside the ledger: leave, what the bank says of customers, WeCom's details, tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from bot.core.contacts import Details
from bot.store.coordination import PEOPLE, Marks
from bot.store.engine import Engine, TableGroup, row_of
from bot.store.facts import Facts, StoredFacts, reading
from bot.store.ledger import NOTHING_KNOWN

_BATCH = 5000
# By what the bank may call a customer. The more a key names one customer, the more it is believed.
KEY_KINDS = ("state", "mobile_sha256", "unionid", "external_userid")
SELF_DECLARED = "mobile_sha256"  # of a number that the employee typed into their remark


class StoredDetails(NamedTuple):
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
class ContactKeys:
    """By what the bank may know the customer of one contact; empty where WeCom does not say.

    *added_at*: epoch s. *mobiles_sha256*: of the numbers that the employee noted.
    """

    userid: str
    external_userid: str
    added_at: int
    state: str
    unionid: str
    mobiles_sha256: tuple[str, ...]


class ContactKnowledge(TableGroup):
    """Rows of these tables. Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._facts = Facts(engine)
        self._marks = Marks(engine)

    def absences(self, userids: Collection[str] | None = None) -> dict[str, frozenset[date]]:
        """Return all days of leave by userid; *userids*: of these people alone."""
        days: dict[str, set[date]] = {}
        if userids is None:
            rows = self._engine.all("absences_all")
        else:
            rows = self._engine.all("absences_of", userids=_json(list(userids)))
        for row in rows:
            first, last = date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"])
            span = (first + timedelta(days=number) for number in range((last - first).days + 1))
            days.setdefault(row["userid"], set()).update(span)
        return {userid: frozenset(leave) for userid, leave in days.items()}

    def put_absences(self, absences: Iterable[Absence]) -> None:
        """Store leave; the same days of the same person once."""
        # Of one statement's rows no two may be the same row.
        kinds = {
            (absence.userid, absence.first.isoformat(), absence.last.isoformat()): absence.kind
            for absence in absences
        }
        self._engine.run("absences_put", rows=_json([(*key, kind) for key, kind in kinds.items()]))
        self._marks.renew(PEOPLE)

    def drop_absences(self, absences: Iterable[Absence]) -> None:
        """Forget leave that was called off."""
        rows = [row_of(absence) for absence in absences]
        self._engine.run_many(
            "absences_drop",
            [{"userid": row["userid"], "first_day": row["first"], "last_day": row["last"]} for row in rows],
        )
        self._marks.renew(PEOPLE)

    def facts(
        self, called: Mapping[str, Collection[str]] | None = None
    ) -> dict[tuple[str, str], StoredFacts]:
        """Return what the bank says, by (kind of key, key); *called*: under these keys by kind alone."""
        return self._facts.all(called)

    def other_kinds(self) -> list[str]:
        """Return the kinds of keys but the id under which the bank said anything, as in KEY_KINDS."""
        rows = self._engine.all("facts_kinds", kinds=_json(KEY_KINDS[:-1]))
        return sorted((row["key_kind"] for row in rows), key=KEY_KINDS.index)

    def known_adds(self, userids: Collection[str], **asked: int) -> list[tuple[Any, ...]]:
        """Return the rows of `adds_known_of`: the adds of `Ledger.contacts`, with what is *asked*."""
        values = {name: int(value) for name, value in asked.items()}
        return self._engine.tuples("adds_known_of", userids=_json(list(userids)), **values)

    def known_of(self) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
        """Return what makes the fields of `Contact` from `known_since` on from what `known_adds` says.

        It takes type, way and tags, and the bank's manager and facts, all None where nothing is known.
        """
        details, facts = self._reading(), reading()

        @cache  # many contacts came in the same way, have the same tags, and the bank says the same of them
        def known(said: tuple[Any, ...]) -> tuple[Any, ...]:
            kind, way, tags, manager, told = said
            stored = StoredFacts() if told is None else facts(manager, told)
            seen = None if kind is None else details(kind, way, tags)
            return (*NOTHING_KNOWN[:2], seen, *stored, *NOTHING_KNOWN[5:])

        return known

    def keys(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield every (key, external_userid) of the *kind* (of KEY_KINDS) of contacts now; some twice."""
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
        """Yield every contact with the keys by which the bank may know its customer.

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
        """Return when facts came last, in epoch s; None if none ever did."""
        return self._facts.newest()

    def details(
        self, relations: Collection[tuple[str, str]] | None = None
    ) -> dict[tuple[str, str], tuple[StoredDetails, ...]]:
        """Return WeCom's details of contacts by (userid, external_userid); *relations*: of these alone."""
        if relations is None:
            rows = self._engine.tuples("details_all")
        else:
            rows = self._engine.tuples("details_of", relations=_json(list(relations)))
        said = self._reading()
        details: dict[tuple[str, str], tuple[StoredDetails, ...]] = {}
        for userid, customer, createtime, kind, add_way, tags, *keys in rows:
            stored = StoredDetails(createtime, said(kind, add_way, tags), *keys)
            details[userid, customer] = (*details.get((userid, customer), ()), stored)
        return details

    def _reading(self) -> Callable[[int, int, str], Details]:
        """Return what reads the details of a row; the same row gives the same object."""
        names = self._tag_names()

        @cache
        def said(customer_type: int, add_way: int, tags: str) -> Details:
            return _details(customer_type, add_way, json.loads(tags), names)

        return said

    def _tag_names(self) -> dict[str, tuple[str, ...]]:
        """Return every name by which a rule may call a tag, by its id."""
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


def _details(
    customer_type: int, add_way: int, ids: Iterable[str], names: Mapping[str, tuple[str, ...]]
) -> Details:
    # A tag that the corp's list does not have (yet) can still be asked for by its id.
    tags = frozenset(name for tag in ids for name in names.get(tag, (tag,)))
    return Details(customer_type=customer_type, add_way=add_way, tags=tags)
