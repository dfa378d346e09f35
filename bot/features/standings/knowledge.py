"""Contacts with the knowledge beside the ledger: details, the bank's facts, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter

from bot.core.contacts import NOTHING, Contact
from bot.core.counting import FirstAdd
from bot.core.quotas import Quota
from bot.store.contact_knowledge import KEY_KINDS, SELF_DECLARED, StoredDetails
from bot.store.facts import MANAGER, NOTHING_SAID, StoredFacts
from bot.store.store import Store

SAME_ADD_S = 60  # details belong to the add this close to WeCom's createtime
_Details = Mapping[tuple[str, str], Sequence[StoredDetails]]  # by employee and customer
_Facts = Mapping[tuple[str, str], StoredFacts]  # by kind of key and key
_ID = "external_userid"  # the most reliable kind of key
_CUSTOMER, _STATE = itemgetter(1), itemgetter(6)  # of a contact
_new = tuple.__new__


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to read of each contact beside the decisions of reviews, which count under any rule.

    *colleagues*: since when a colleague has had the customer.
    """

    colleagues: bool = True
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
_NOTHING_DECLARED = frozenset[str]()


def add_knowledge(
    store: Store,
    contacts: Mapping[str, Sequence[Contact]],
    *,
    since: int,
    few: bool = False,
    asked: Asked = WHOLE,
) -> dict[str, list[Contact]]:
    """Return *contacts* by userid with the knowledge of now; *since* (epoch s) is the oldest that matters.

    *few*: they are those of a few people; read only what concerns these.
    """
    userids = list(contacts) if few else None
    details: _Details = {}
    if asked.details:
        details = store.contact_knowledge.details(since=since - SAME_ADD_S, userids=userids)
    facts: _Facts = {}
    if asked.facts:
        facts = store.contact_knowledge.facts(_keys(contacts, details) if few else None)
    decisions = store.reviews.decisions(userids)
    if details or facts:
        named = {kind for kind, _ in facts}
        others = [kind for kind in KEY_KINDS if kind in named and kind != _ID]
        contacts = {userid: _known(of_one, details, facts, others) for userid, of_one in contacts.items()}
    return _with_decisions(contacts, decisions)


def _with_decisions(
    contacts: Mapping[str, Sequence[Contact]], decisions: Mapping[tuple[str, str, int], Mapping[str, bool]]
) -> dict[str, list[Contact]]:
    """Return *contacts* with *decisions*, which are few."""
    known = {userid: list(of_one) for userid, of_one in contacts.items()}
    for userid in {userid for userid, _, _ in decisions} & known.keys():
        known[userid] = [
            contact._replace(decisions=decisions[contact.key]) if contact.key in decisions else contact
            for contact in known[userid]
        ]
    return known


def _keys(contacts: Mapping[str, Sequence[Contact]], details: _Details) -> set[str]:
    """Return the keys by which the bank may name the customers of *contacts*."""
    keys = set[str]()
    for of_one in contacts.values():
        keys.update(map(_CUSTOMER, of_one), map(_STATE, of_one))
    for stored in chain.from_iterable(details.values()):
        keys.update((stored.state, stored.unionid), stored.mobile_sha256.split())
    return keys - {""}


def _known(
    contacts: Iterable[Contact], details: _Details, facts: _Facts, others: Sequence[str]
) -> list[Contact]:
    """Return one employee's *contacts* with the facts about them.

    *others*: the kinds of keys in *facts* except _ID, the most reliable first, in the order of KEY_KINDS.
    """
    known = []
    for contact in contacts:
        relation, state, declared = contact[:2], contact[6], _NOTHING_DECLARED
        stored = _belonging(details[relation], contact) if relation in details else None
        manager, told = said = facts.get((_ID, contact[1]), NOTHING_SAID)
        if others:
            named = _named(others, facts, state or (stored.state if stored else ""), stored)
            manager, told, declared = _merge([*named, (_ID, said)])
        if stored is None:
            known.append(_new(Contact, (*contact[:9], None, manager, told, declared, NOTHING)))
        else:
            state = state or stored[2]
            about = (state, contact[7], contact[8], stored[1], manager, told, declared, NOTHING)
            known.append(_new(Contact, contact[:6] + about))
    return known


def _named(
    kinds: Iterable[str], facts: _Facts, state: str, stored: StoredDetails | None
) -> Iterator[tuple[str, StoredFacts]]:
    """Yield the bank's facts about a customer under keys other than the id, with the kind of key."""
    for kind in kinds:
        if kind == "state":
            keys = [state] if state else []
        else:
            keys = [] if stored is None else getattr(stored, kind).split()
        yield from ((kind, facts[kind, key]) for key in keys if (kind, key) in facts)


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
    """Return the details of this add of the relation, if they were read.

    After a slip WeCom shows the contact as regained: how the customer came is from the first reading, tags
    and mobile numbers are from the last.
    """
    if not contact.slips:
        return _nearest(details, contact.added_at)
    moments = (contact.added_at, *(slip.regained_at for slip in contact.slips))
    near = [stored for moment in moments if (stored := _nearest(details, moment)) is not None]
    if len(near) <= 1:
        return near[0] if near else None
    first, last = near[0], near[-1]
    tags = last.details.tags
    return first._replace(details=replace(first.details, tags=tags), mobile_sha256=last.mobile_sha256)


def _nearest(details: Sequence[StoredDetails], moment: int) -> StoredDetails | None:
    if len(details) == 1:  # as most have
        (only,) = details
        return only if -SAME_ADD_S <= only.createtime - moment <= SAME_ADD_S else None
    near = [stored for stored in details if -SAME_ADD_S <= stored.createtime - moment <= SAME_ADD_S]
    if len(near) <= 1:
        return near[0] if near else None
    return min(near, key=lambda stored: abs(stored.createtime - moment))
