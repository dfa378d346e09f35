"""Contacts: adds with all knowledge about them.

Facts, tags, details and decisions are as known now. Only the events of the relation depend on T.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.core.relations import Add, as_of

NOBODY = ""  # the manager of a customer in nobody's book
NOTHING: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """WeCom's details of one add [92114]: *customer_type* 1 or 2, *add_way*, corp and rule-group tags.

    *tags* holds every name that a rule may use for a tag: its id, "group/name", and the name where unique.
    """

    customer_type: int
    add_way: int
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One add and the knowledge about it.

    *first_in_corp*: no other employee had an earlier add of this customer; at equal times both are first.
    *known_since*: time of the earliest of those adds, epoch s; None if there is none, or it is unknown.
    *state*: WeCom's channel state, empty if none. *details*: None until read. *manager*: the userid of the
    bank's manager of this customer, NOBODY, or None if unknown. *facts*: the bank's facts by column; an
    absent fact is unknown. *self_declared*: facts, and manager, that the bank matched only by a number typed
    by the employee. *decisions* of a review, by quota: True counts, False is rejected.
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
        """Return employee, customer, epoch seconds of the add."""
        return self.add.userid, self.add.external_userid, self.add.added_at

    @property
    def place(self) -> tuple[int, str]:
        """Return the sort key among an employee's contacts: time, then customer (code points)."""
        return self.add.added_at, self.add.external_userid


def known_at(contacts: Iterable[Contact], at: int) -> list[Contact]:
    """Return *contacts*, from whole-set folds in any order, as of *at* (epoch s, included), by place."""
    known: list[Contact] = []
    for contact in contacts:
        add = as_of(contact.add, at)
        if add is not None:
            known.append(contact if add is contact.add else replace(contact, add=add))
    return sorted(known, key=lambda contact: contact.place)
