"""A contact: one add with all that is known of it, whatever the time that is asked about.

Facts, tags, details and decisions are taken as known now; only what happened to the relation depends on T.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.core.relations import Add, as_of

NOTHING: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What WeCom says of one add [92114]: *customer_type* 1 or 2, *add_way*, corp and rule-group tags.

    *tags* holds every name by which a rule may call a tag: its id, "group/name", and the name where unique.
    """

    customer_type: int
    add_way: int
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One add and what is known of it.

    *first_in_corp*: no other employee had an earlier add of this customer; at equal times both are first.
    *known_since*: when the earliest of those adds was, epoch s; None if there is none, or it is not known.
    *state*: WeCom's channel state, empty if none. *details*: None until read. *manager*: the userid in
    whose book the bank has the customer, None if unknown. *facts*: what the bank says, by column; a fact that
    is not there is unknown. *self_declared*: those of them, and manager, that are known only by a number that
    the employee typed himself. *decisions* of a review, by quota: True counts, False is rejected.
    """

    add: Add
    first_in_corp: bool = True
    known_since: int | None = None
    state: str = ""
    details: Details | None = None
    manager: str | None = None
    facts: Mapping[str, bool] = field(default_factory=lambda: NOTHING)
    self_declared: frozenset[str] = frozenset()
    decisions: Mapping[str, bool] = field(default_factory=lambda: NOTHING)

    @property
    def key(self) -> tuple[str, str, int]:
        """Employee, customer, epoch seconds of the add."""
        return self.add.userid, self.add.external_userid, self.add.added_at

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among an employee's contacts: by time, then by customer (code points)."""
        return self.add.added_at, self.add.external_userid


def known_at(contacts: Iterable[Contact], at: int) -> list[Contact]:
    """Return *contacts*, from whole-set folds in any order, as they stood at *at* (epoch s, included)."""
    known: list[Contact] = []
    for contact in contacts:
        add = as_of(contact.add, at)
        if add is contact.add:
            known.append(contact)
        elif add is not None:
            known.append(replace(contact, add=add))
    known.sort(key=lambda contact: contact.place)
    return known
