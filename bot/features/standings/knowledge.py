"""Contacts with all knowledge beside the ledger: details, the bank's facts, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.contacts import NOTHING, Contact
from bot.store.contact_knowledge import KEY_KINDS, SELF_DECLARED, StoredDetails
from bot.store.facts import MANAGER, StoredFacts
from bot.store.store import Store

SAME_ADD_S = 60  # details belong to the add this close to WeCom's createtime


def add_knowledge(
    store: Store, contacts: Mapping[str, Sequence[Contact]], *, since: int, few: bool = False
) -> dict[str, list[Contact]]:
    """Return *contacts* by userid with the knowledge of now; *since* (epoch s) is the oldest that matters.

    *few*: they are those of a few people; read only what concerns these.
    """
    userids = list(contacts) if few else None
    details = store.contact_knowledge.details(since=since - SAME_ADD_S, userids=userids)
    facts = store.contact_knowledge.facts(_keys(contacts, details) if few else None)
    decisions = store.reviews.decisions()
    return {
        userid: [
            _known(
                contact,
                _belonging(details.get(contact.key[:2], ()), contact),
                facts,
                decisions.get(contact.key, NOTHING),
            )
            for contact in of_one
        ]
        for userid, of_one in contacts.items()
    }


def _keys(
    contacts: Mapping[str, Sequence[Contact]], details: Mapping[tuple[str, str], Sequence[StoredDetails]]
) -> set[str]:
    """Return the keys by which the bank may name the customers of *contacts*."""
    adds = (contact for of_one in contacts.values() for contact in of_one)
    keys = {key for contact in adds for key in (contact.add.external_userid, contact.state)}
    for of_relation in details.values():
        for stored in of_relation:
            keys.update((stored.state, stored.unionid, *stored.mobile_sha256.split()))
    return keys - {""}


def _belonging(details: Sequence[StoredDetails], contact: Contact) -> StoredDetails | None:
    """Return the details of this add of the relation, if they were read.

    After a slip WeCom shows the contact as regained: how the customer came is from the first reading, tags
    and mobile numbers are from the last.
    """
    moments = (contact.add.added_at, *(slip.regained_at for slip in contact.add.slips))
    near = [stored for moment in moments if (stored := _nearest(details, moment)) is not None]
    if len(near) <= 1:
        return near[0] if near else None
    first, last = near[0], near[-1]
    return replace(
        first, details=replace(first.details, tags=last.details.tags), mobile_sha256=last.mobile_sha256
    )


def _nearest(details: Sequence[StoredDetails], moment: int) -> StoredDetails | None:
    near = [stored for stored in details if abs(stored.createtime - moment) <= SAME_ADD_S]
    return min(near, key=lambda stored: abs(stored.createtime - moment), default=None)


def _known(
    contact: Contact,
    details: StoredDetails | None,
    facts: Mapping[tuple[str, str], StoredFacts],
    decisions: Mapping[str, bool],
) -> Contact:
    state = contact.state or (details.state if details else "")
    keys: dict[str, Sequence[str]] = {
        "state": (state,),
        "external_userid": (contact.add.external_userid,),
        "unionid": (details.unionid,) if details else (),
        "mobile_sha256": details.mobile_sha256.split() if details else (),
    }
    by_kind = [
        (kind, facts[kind, key]) for kind in KEY_KINDS for key in keys[kind] if key and (kind, key) in facts
    ]
    managers = [stored.manager for _, stored in by_kind if stored.manager is not None]
    if not by_kind and details is None and not decisions:
        return contact
    return replace(
        contact,
        state=state,
        details=details.details if details else None,
        manager=managers[-1] if managers else None,
        facts={fact: value for _, stored in by_kind for fact, value in stored.facts.items()},
        self_declared=_self_declared(by_kind),
        decisions=decisions,
    )


def _self_declared(by_kind: Sequence[tuple[str, StoredFacts]]) -> frozenset[str]:
    """Return the facts known only by a number that the employee noted; the last line on each counts."""
    kinds: dict[str, str] = {}
    for kind, stored in by_kind:
        kinds |= dict.fromkeys(stored.facts, kind)
        if stored.manager is not None:
            kinds[MANAGER] = kind
    return frozenset(fact for fact, kind in kinds.items() if kind == SELF_DECLARED)
