"""Contacts: adds with all knowledge about them.

Facts, tags, details and decisions are as known now. Only the events of the relation depend on T.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import eq, itemgetter, le, sub
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from bot.core.relations import Add, RelationKind, Slip, as_of

NOBODY = ""  # the manager of a customer in nobody's book
# Of a contact: the time of its add; the customer; its place among an employee's, by time, then by customer.
ADDED_AT, CUSTOMER, PLACE = itemgetter(2), itemgetter(1), itemgetter(2, 1)
NOTHING: Mapping[str, bool] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """WeCom's details of one add [92114]: *customer_type* 1 or 2, *add_way*, corp and rule-group tags.

    *tags* holds every name that a rule may use for a tag: its id, "group/name", and the name where unique.
    """

    customer_type: int
    add_way: int
    tags: frozenset[str] = frozenset()


class Contact(NamedTuple):
    """One add and the knowledge about it. The fields up to *slips* but *known_since* are those of the `Add`.

    *state*: WeCom's channel state, empty if none. *known_since*: time of the earliest add of this customer by
    another employee before this one, epoch s; None if there is none, or no rule asks. *details*: None until
    read, or if no rule asks. *manager*: the userid of the bank's manager of this customer, NOBODY, or None if
    unknown. *facts*: the bank's facts by column; an absent fact is unknown. *self_declared*: facts, and
    manager, that the bank matched only by a number typed by the employee. *decisions* of a review, by quota:
    True counts, False is rejected.
    """

    userid: str
    external_userid: str
    added_at: int
    nth: int
    ended_at: int | None = None
    ended_by: RelationKind | None = None
    state: str = ""
    known_since: int | None = None
    slips: tuple[Slip, ...] = ()
    details: Details | None = None
    manager: str | None = None
    facts: Mapping[str, bool] = NOTHING
    self_declared: frozenset[str] = frozenset()
    decisions: Mapping[str, bool] = NOTHING

    @classmethod
    def of(cls, add: Add, **known: Any) -> Self:
        """Return *add* as a contact; *known* are the other fields."""
        return cls(**{**add._asdict(), **known})

    @property
    def add(self) -> Add:
        """Return the add without the knowledge."""
        return Add(*self[:7], slips=self.slips)

    @property
    def key(self) -> tuple[str, str, int]:
        """Return employee, customer, epoch seconds of the add."""
        return self[:3]


class Columns(NamedTuple):
    """The contacts of one employee, field by field, for what looks at one field of all of them."""

    userid: Sequence[str]
    external_userid: Sequence[str]
    added_at: Sequence[int]
    nth: Sequence[int]
    ended_at: Sequence[int | None]
    ended_by: Sequence[RelationKind | None]
    state: Sequence[str]
    known_since: Sequence[int | None]
    slips: Sequence[tuple[Slip, ...]]
    details: Sequence[Details | None]
    manager: Sequence[str | None]
    facts: Sequence[Mapping[str, bool]]
    self_declared: Sequence[frozenset[str]]
    decisions: Sequence[Mapping[str, bool]]

    @property
    def keys(self) -> Iterable[tuple[str, str, int]]:
        """Return employee, customer, epoch seconds of each add."""
        return zip(self.userid, self.external_userid, self.added_at, strict=True)


def is_crowded(moments: Sequence[int], *, number: int, within_s: int) -> bool:
    """Return whether *number* of the sorted *moments* (epoch s) lie within *within_s*, both ends included."""
    return any(map(le, map(sub, moments[number - 1 :], moments), repeat(within_s)))


def known_at(contacts: Iterable[Contact], at: int) -> list[Contact]:
    """Return *contacts*, from whole-set folds in any order, as of *at* (epoch s, included), by place."""
    known = [
        contact if contact.ended_at is None and not contact.slips else _as_of(contact, at)
        for contact in contacts
        if contact.added_at <= at
    ]
    known.sort(key=ADDED_AT)  # whole numbers: a third of the time
    moments = list(map(ADDED_AT, known))
    if any(map(eq, moments, moments[1:])):
        known.sort(key=PLACE)
    return known


def _as_of(contact: Contact, at: int) -> Contact:
    known = as_of(contact, at)
    assert known is not None  # noqa: S101 - it happened up to *at*
    return known
