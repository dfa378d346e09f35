"""Contacts with all that is known of them beside the ledger: details, the bank's facts, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.contacts import NOTHING, Contact
from bot.store.contact_knowledge import KEY_KINDS, MANAGER, SELF_DECLARED, StoredDetails, StoredFacts
from bot.store.store import Store

SAME_ADD_S = 60  # details belong to the add whose time is so close to WeCom's createtime


def with_knowledge(
    store: Store, contacts: Mapping[str, Sequence[Contact]], *, since: int, few: bool = False
) -> dict[str, list[Contact]]:
    """Return *contacts* by userid with what is known now; *since* (epoch s) is the oldest that matters.

    *few*: they are those of a few people, and only what concerns these is read.
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
    """By what the bank may call the customers of *contacts*."""
    adds = (contact for of_one in contacts.values() for contact in of_one)
    told = (one for of_relation in details.values() for one in of_relation)
    keys = {key for contact in adds for key in (contact.add.external_userid, contact.state)}
    for one in told:
        keys.update((one.state, one.unionid, *one.mobile_sha256.split()))
    return keys - {""}


def _belonging(details: Sequence[StoredDetails], contact: Contact) -> StoredDetails | None:
    """The details of this very add of the relation, if they were read.

    After a slip WeCom tells of the contact as regained: how the customer came is what the first reading
    said, tags and mobile numbers are what the last one said.
    """
    moments = (contact.add.added_at, *(slip.regained_at for slip in contact.add.slips))
    told = [one for moment in moments if (one := _nearest(details, moment)) is not None]
    if len(told) <= 1:
        return told[0] if told else None
    first, last = told[0], told[-1]
    return replace(
        first, details=replace(first.details, tags=last.details.tags), mobile_sha256=last.mobile_sha256
    )


def _nearest(details: Sequence[StoredDetails], moment: int) -> StoredDetails | None:
    near = [one for one in details if abs(one.createtime - moment) <= SAME_ADD_S]
    return min(near, key=lambda one: abs(one.createtime - moment), default=None)


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
    told = [
        (kind, facts[kind, key]) for kind in KEY_KINDS for key in keys[kind] if key and (kind, key) in facts
    ]
    said = [one for _, one in told]
    managers = [one.manager for one in said if one.manager is not None]
    if not said and details is None and not decisions:
        return contact
    return replace(
        contact,
        state=state,
        details=details.details if details else None,
        manager=managers[-1] if managers else None,
        facts={fact: value for one in said for fact, value in one.facts.items()},
        self_declared=_self_declared(told),
        decisions=decisions,
    )


def _self_declared(told: Sequence[tuple[str, StoredFacts]]) -> frozenset[str]:
    """What is believed of *told* only because the employee noted a number; the last word on each counts."""
    by: dict[str, str] = {}
    for kind, said in told:
        by |= dict.fromkeys(said.facts, kind)
        if said.manager is not None:
            by[MANAGER] = kind
    return frozenset(fact for fact, kind in by.items() if kind == SELF_DECLARED)
