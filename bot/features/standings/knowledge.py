"""Contacts with the knowledge beside the ledger: details, the bank's facts, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, TypedDict

from bot.core.contacts import NOTHING, Contact
from bot.core.counting import FirstAdd
from bot.core.integrity import Key
from bot.core.quotas import Quota
from bot.core.relations import SAME_ADD_S
from bot.store.contact_knowledge import SELF_DECLARED, StoredDetails
from bot.store.facts import MANAGER, StoredFacts
from bot.store.ledger import contact_from
from bot.store.store import Store

_ID = "external_userid"  # the most reliable kind of key
_AT_OTHERS, _APART, _NUMBER, _KEYS = 7, 14, 15, 16  # places in a row of `adds_known_of`
_customer_of = itemgetter(1)
_Row = tuple[Any, ...]
_new = tuple.__new__


class Span(TypedDict):
    """The adds to read, see `Ledger.contacts`: *since* and *upto* in epoch s."""

    since: int
    upto: int
    alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to read of each contact beside the decisions of reviews, which count under any rule.

    *colleagues*: since when a colleague has had the customer. *beside*: the bare adds of colleagues, too.
    """

    colleagues: bool = True
    beside: bool = False
    details: bool = True
    facts: bool = True

    @classmethod
    def by(cls, quotas: Iterable[Quota], *, holds: bool) -> Asked:
        """Return what the verdicts under *quotas* may depend on; *holds*: findings hold contacts."""
        rules = [quota.counting for quota in quotas]
        facts = any(rule.reads_facts for rule in rules)
        return cls(
            colleagues=holds or any(rule.first_add is FirstAdd.CORP for rule in rules),
            details=holds or facts or any(rule.reads_details for rule in rules),  # they have keys of facts
            facts=facts,
        )


WHOLE = Asked()


def load_contacts(
    store: Store, userids: Sequence[str], span: Span, *, asked: Asked
) -> dict[str, list[Contact]]:
    """Return the contacts of *userids* by userid with what is *asked* of them now; they are in no order."""
    decisions = {key: {"decisions": said} for key, said in store.reviews.decisions(userids).items()}
    if not (asked.colleagues or asked.details or asked.facts):
        return _changed(store.ledger.contacts(userids, **span), decisions)
    room = store.contact_knowledge
    kinds = room.other_kinds() if asked.facts else []
    flags = {"others": asked.colleagues, "facts": asked.facts, "keys": bool(kinds)}
    found: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in room.known_adds(userids, **span, **flags):
        found[row[0]].append(row)
    rows, known = {userid: _once(of_one) for userid, of_one in found.items()}, room.known_of()
    contacts = {
        userid: [
            _new(Contact, row[:7] + known(row[9:14]))
            if row[5] is None and row[8] is None
            else contact_from(row, known(row[9:14]))
            for row in of_one
        ]
        for userid, of_one in rows.items()
    }
    keys = {row[:3]: row[_KEYS] for of_one in rows.values() for row in of_one if row[_KEYS]} if kinds else {}
    contacts = _changed(contacts, _details_of_slips(store, contacts, keys))
    if kinds:
        contacts = _changed(contacts, _facts_by(kinds, store, contacts, keys))
    contacts = _changed(contacts, decisions)
    shared = {row[1] for of_one in rows.values() for row in of_one if row[_AT_OTHERS]}
    return _beside_others(store, contacts, shared, span, asked) if shared else contacts


def _changed(
    contacts: dict[str, list[Contact]], changes: Mapping[Key, Mapping[str, Any]]
) -> dict[str, list[Contact]]:
    """Return *contacts* with the *changes*, which are few, of fields."""
    for userid in {userid for userid, _, _ in changes} & contacts.keys():
        contacts[userid] = [
            contact._replace(**changes[contact.key]) if contact.key in changes else contact
            for contact in contacts[userid]
        ]
    return contacts


def _once(rows: list[_Row]) -> list[_Row]:
    """Return one row for each add: with the nearest details, and the newest facts."""
    if len(set(map(_customer_of, rows))) == len(rows):  # as most people's are
        return rows
    by_add: dict[Key, list[_Row]] = {}
    for row in rows:
        by_add.setdefault(row[:3], []).append(row)
    return [of_one[0] if len(of_one) == 1 else _best(of_one) for of_one in by_add.values()]


def _best(rows: Sequence[_Row]) -> _Row:
    nearest = min(rows, key=lambda row: (abs(row[_APART] or 0), row[_APART] or 0))
    newest = max(rows, key=lambda row: row[_NUMBER] or 0)
    return (*nearest[:12], *newest[12:14], *nearest[14:])


def _beside_others(
    store: Store, contacts: dict[str, list[Contact]], customers: Collection[str], span: Span, asked: Asked
) -> dict[str, list[Contact]]:
    """Return *contacts* with the times since when others had one of *customers*, and these adds if asked."""
    adds: dict[str, list[Contact]] = {customer: [] for customer in customers}
    beside: dict[str, list[Contact]] = {}
    for add, is_in_span in store.ledger.of_customers(customers, **span):
        adds[add.external_userid].append(add)
        if asked.beside and is_in_span and add.userid not in contacts:
            beside.setdefault(add.userid, []).append(add)
    changes = {
        contact.key: {"known_since": min(earlier)}
        for of_one in contacts.values()
        for contact in of_one
        if contact.external_userid in adds
        if (
            earlier := [
                add.added_at
                for add in adds[contact.external_userid]
                if add.userid != contact.userid and add.added_at < contact.added_at
            ]
        )
    }
    return beside | _changed(contacts, changes)


def _details_of_slips(
    store: Store, contacts: Mapping[str, Sequence[Contact]], keys: dict[Key, str]
) -> dict[Key, dict[str, Any]]:
    """Return state and details of the contacts with a slip, and put into *keys* by what they are known."""
    slipped = [contact for of_one in contacts.values() for contact in of_one if contact.slips]
    changes: dict[Key, dict[str, Any]] = {}
    if slipped:
        details = store.contact_knowledge.details({contact[:2] for contact in slipped})
        for contact in slipped:
            stored = _belonging(details.get(contact[:2], ()), contact)
            if stored is not None:
                changes[contact.key] = {"details": stored.details, "state": contact.state or stored.state}
                keys[contact.key] = f"{stored.unionid} {stored.mobile_sha256}"
    return changes


def _facts_by(
    kinds: Iterable[str], store: Store, contacts: Mapping[str, Sequence[Contact]], keys: Mapping[Key, str]
) -> dict[Key, dict[str, Any]]:
    """Return what the bank says of *contacts* by keys of *kinds*, the least reliable first, and their ids."""
    called = [
        (contact, _called(contact, keys.get(contact.key, " ")))
        for of_one in contacts.values()
        for contact in of_one
    ]
    facts = store.contact_knowledge.facts(
        {kind: {key for _, by_kind in called for key in by_kind[kind]} for kind in kinds}
    )
    changes: dict[Key, dict[str, Any]] = {}
    for contact, by_kind in called:
        named = [(kind, facts[kind, key]) for kind in kinds for key in by_kind[kind] if (kind, key) in facts]
        if named:
            said = _merge([*named, (_ID, StoredFacts(contact.manager, contact.facts))])
            changes[contact.key] = dict(zip(("manager", "facts", "self_declared"), said, strict=True))
    return changes


def _called(contact: Contact, keys: str) -> dict[str, list[str]]:
    """Return by what the bank may name the customer of *contact*, by kind; *keys* as in `adds_known_of`."""
    unionid, _, mobiles = keys.partition(" ")
    return {"state": _some(contact.state), "unionid": _some(unionid), "mobile_sha256": mobiles.split()}


def _some(key: str) -> list[str]:
    return [key] if key else []


def _merge(
    said: Sequence[tuple[str, StoredFacts]],
) -> tuple[str | None, Mapping[str, bool], frozenset[str]]:
    """Return manager, facts, and the self-declared ones among them; of several lines the last one wins."""
    manager, facts, kinds = None, dict[str, bool](), dict[str, str]()
    for kind, stored in said:
        facts |= stored.facts
        kinds |= dict.fromkeys(stored.facts, kind)
        if stored.manager is not None:
            manager, kinds[MANAGER] = stored.manager, kind
    declared = frozenset(fact for fact, kind in kinds.items() if kind == SELF_DECLARED)
    return manager, facts or NOTHING, declared


def _belonging(details: Sequence[StoredDetails], contact: Contact) -> StoredDetails | None:
    """Return the details of an add with a slip, if they were read.

    After a slip WeCom shows the contact as regained: how the customer came is from the first reading, tags
    and mobile numbers are from the last.
    """
    moments = (contact.added_at, *(slip.regained_at for slip in contact.slips))
    near = [stored for moment in moments if (stored := _nearest(details, moment)) is not None]
    if len(near) <= 1:
        return near[0] if near else None
    first, last = near[0], near[-1]
    tags = last.details.tags
    return first._replace(details=replace(first.details, tags=tags), mobile_sha256=last.mobile_sha256)


def _nearest(details: Sequence[StoredDetails], moment: int) -> StoredDetails | None:
    near = [stored for stored in details if -SAME_ADD_S <= stored.createtime - moment <= SAME_ADD_S]
    return min(near, key=lambda stored: abs(stored.createtime - moment), default=None)
