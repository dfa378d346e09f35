"""A customer's phone: whom they added, and what became of it. The page plays customers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

ACTS = ("add", "half_add", "del_by_customer", "del_by_member", "transfer")
# What can be done with a relation in each state, in the order of the buttons.
NEXT: Mapping[str, tuple[str, ...]] = {
    "add": ("del_by_customer", "del_by_member", "transfer"),
    "half_add": ("add",),
    "del_by_customer": ("add",),
    "del_by_member": ("add",),
    "transfer": ("add",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened, as the customer sees it. *at* is virtual; *to* takes over in a transfer."""

    at: float
    kind: str
    userid: str
    to: str = ""


@dataclass(slots=True)
class Customers:
    """The customers that a player plays; *current* is on the desk. The caller holds the world's lock."""

    lines: dict[str, list[Line]] = field(default_factory=dict)
    current: str = ""
    # A separate generator: a look at the page changes nothing else of the made-up world.
    rng: random.Random = field(default_factory=lambda: random.Random("customers"))  # noqa: S311 - made up

    def take(self, external_userid: str) -> None:
        """Put the phone of a customer on the desk."""
        self.lines.setdefault(external_userid, [])
        self.current = external_userid

    def note(self, external_userid: str, line: Line) -> None:
        """Note what happened to a customer, whoever did it."""
        self.lines.setdefault(external_userid, []).append(line)

    def relations(self, external_userid: str) -> dict[str, str]:
        """Return the state of each relation by userid (lower case), the newest last."""
        states: dict[str, str] = {}
        for line in self.lines.get(external_userid, []):
            for userid, kind in ((line.userid, line.kind), *(((line.to, "add"),) if line.to else ())):
                states.pop(userid, None)
                states[userid] = kind
        return states
