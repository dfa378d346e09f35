"""Contacts with all that is known of them beside the ledger: details, the bank's facts, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.contacts import NOTHING, Contact
from bot.store.knowledge import KEY_KINDS, Said, StoredDetails
from bot.store.store import Store

SAME_ADD_S = 60  # details belong to the add whose time is so close to WeCom's createtime


def with_knowledge(
    store: Store, contacts: Mapping[str, Sequence[Contact]], *, since: int
) -> dict[str, list[Contact]]:
    """Return *contacts* by userid with what is known now; *since* (epoch s) is the oldest that matters."""
    details = store.knowledge.details(since=since - SAME_ADD_S)
    facts = store.knowledge.facts()
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


def _belonging(details: Sequence[StoredDetails], contact: Contact) -> StoredDetails | None:
    """The details of this very add of the relation, if they were read."""
    near = [one for one in details if abs(one.createtime - contact.add.added_at) <= SAME_ADD_S]
    return min(near, key=lambda one: abs(one.createtime - contact.add.added_at), default=None)


def _known(
    contact: Contact,
    details: StoredDetails | None,
    facts: Mapping[tuple[str, str], Said],
    decisions: Mapping[str, bool],
) -> Contact:
    state = contact.state or (details.state if details else "")
    keys = {"state": state, "external_userid": contact.add.external_userid}
    if details is not None:
        keys |= {"unionid": details.unionid, "mobile_sha256": details.mobile_sha256}
    said = [facts[kind, keys[kind]] for kind in KEY_KINDS if keys.get(kind) and (kind, keys[kind]) in facts]
    managers = [one.manager for one in said if one.manager is not None]
    if not said and details is None and not decisions:
        return contact
    return replace(
        contact,
        state=state,
        details=details.details if details else None,
        manager=managers[-1] if managers else None,
        facts={fact: value for one in said for fact, value in one.facts.items()},
        decisions=decisions,
    )
