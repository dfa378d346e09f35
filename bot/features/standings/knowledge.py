"""Contacts with the knowledge beside the ledger: details, the bank's facts, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.contacts import NOTHING, Contact
from bot.core.counting import FirstAdd
from bot.core.quotas import Quota
from bot.store.contact_knowledge import KEY_KINDS, SELF_DECLARED, StoredDetails
from bot.store.facts import MANAGER, StoredFacts
from bot.store.store import Store

SAME_ADD_S = 60  # details belong to the add this close to WeCom's createtime
_Details = Mapping[tuple[str, str], Sequence[StoredDetails]]  # by employee and customer
_Facts = Mapping[tuple[str, str], StoredFacts]  # by kind of key and key


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
    if not details and not facts:
        return _with_decisions(contacts, decisions)
    kinds = [kind for kind in KEY_KINDS if any(named == kind for named, _ in facts)]
    return {
        userid: [
            _known(
                contact,
                _belonging(details.get(contact[:2], ()), contact),
                facts,
                kinds,
                decisions.get(contact[:3], NOTHING),
            )
            for contact in of_one
        ]
        for userid, of_one in contacts.items()
    }


def _with_decisions(
    contacts: Mapping[str, Sequence[Contact]], decisions: Mapping[tuple[str, str, int], Mapping[str, bool]]
) -> dict[str, list[Contact]]:
    """Return *contacts* with *decisions* alone, which are few."""
    known = {userid: list(of_one) for userid, of_one in contacts.items()}
    for userid in {userid for userid, _, _ in decisions} & known.keys():
        known[userid] = [
            contact._replace(decisions=decisions[contact.key]) if contact.key in decisions else contact
            for contact in known[userid]
        ]
    return known


def _keys(contacts: Mapping[str, Sequence[Contact]], details: _Details) -> set[str]:
    """Return the keys by which the bank may name the customers of *contacts*."""
    adds = (contact for of_one in contacts.values() for contact in of_one)
    keys = {key for contact in adds for key in (contact.external_userid, contact.state)}
    for of_relation in details.values():
        for stored in of_relation:
            keys.update((stored.state, stored.unionid, *stored.mobile_sha256.split()))
    return keys - {""}


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


def _known(
    contact: Contact,
    stored: StoredDetails | None,
    facts: _Facts,
    kinds: Sequence[str],
    decisions: Mapping[str, bool],
) -> Contact:
    """Return *contact* with what is known of it; *kinds*: those of KEY_KINDS that *facts* have."""
    state = contact.state or (stored.state if stored else "")
    said = [
        (kind, facts[kind, key])
        for kind in kinds
        for key in _called(kind, contact.external_userid, state, stored)
        if (kind, key) in facts
    ]
    details, manager, facts_said = stored.details if stored else None, None, NOTHING
    if len(said) == 1:
        manager, facts_said = said[0][1].manager, said[0][1].facts
    elif said:
        manager = next((one.manager for _, one in reversed(said) if one.manager is not None), None)
        facts_said = {fact: value for _, one in said for fact, value in one.facts.items()}
    declared = _self_declared(said) if SELF_DECLARED in kinds else _NOTHING_DECLARED
    return Contact._make(
        (*contact[:6], state, *contact[7:9], details, manager, facts_said, declared, decisions)
    )


def _called(kind: str, external_userid: str, state: str, stored: StoredDetails | None) -> Sequence[str]:
    """Return the keys of one *kind* by which the bank may call a customer."""
    if kind == "external_userid":
        return (external_userid,)
    if kind == "state":
        return (state,) if state else ()
    keys = "" if stored is None else stored.unionid if kind == "unionid" else stored.mobile_sha256
    return keys.split()


def _self_declared(said: Sequence[tuple[str, StoredFacts]]) -> frozenset[str]:
    """Return the facts known only by a number that the employee noted; the last line on each counts."""
    kinds: dict[str, str] = {}
    for kind, stored in said:
        kinds |= dict.fromkeys(stored.facts, kind)
        if stored.manager is not None:
            kinds[MANAGER] = kind
    return frozenset(fact for fact, kind in kinds.items() if kind == SELF_DECLARED)
