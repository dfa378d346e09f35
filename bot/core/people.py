"""Who works where: people, their dated memberships, the tree of departments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Departments and role from *since* on (None: for all time before the next one).

    The first department is the person's own (WeCom's main_department, a roster's first).
    """

    since: date | None
    departments: tuple[int, ...]
    role: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One employee. *memberships* are ordered by *since*, the first has None; userid is in lower case.

    *in_range*: False while WeCom does not show him to the app, or has him disabled: nobody can write to him.
    """

    userid: str
    name: str
    memberships: tuple[Membership, ...]
    leader_of: tuple[int, ...] = ()
    joined_on: date | None = None
    left_on: date | None = None
    share: Fraction = Fraction(1)
    absences: frozenset[date] = frozenset()
    in_range: bool = True

    def membership_on(self, day: date) -> Membership:
        """Return what holds on the local *day*; the first membership holds for all time before the second."""
        held = self.memberships[0]
        for membership in self.memberships[1:]:
            if membership.since is not None and membership.since <= day:
                held = membership
        return held

    def employed_on(self, day: date) -> bool:
        """Say whether *day* lies in [joined_on, left_on]; absences do not matter."""
        return self.employed_within(day, day) is not None

    def works_on(self, day: date) -> bool:
        """Say whether he is employed, in range, not absent on the local *day*: else nobody writes to him."""
        return self.in_range and self.employed_on(day) and day not in self.absences

    def employed_within(self, first: date, last: date) -> tuple[date, date] | None:
        """Return the part of *first* … *last* (both included) that lies in [joined_on, left_on], or None."""
        begin = max(first, self.joined_on) if self.joined_on else first
        end = min(last, self.left_on) if self.left_on else last
        return (begin, end) if begin <= end else None


def leads(leader: Person, other: Person, *, departments: Departments, day: date) -> bool:
    """Say whether *leader* leads, on the local *day*, a department at or above one of *other*'s.

    Nobody leads himself.
    """
    return leader.userid != other.userid and any(
        departments.at_or_below(own, led)
        for own in other.membership_on(day).departments
        for led in leader.leader_of
    )


@dataclass(frozen=True, slots=True)
class Departments:
    """The tree: child id to parent id; names for people. An id not in it stands alone (flat)."""

    parents: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def at_or_below(self, department: int, ancestor: int) -> bool:
        """Say whether *department* is *ancestor* or stands below it; a cycle of parents ends the search."""
        seen: set[int] = set()
        current: int | None = department
        while current is not None and current not in seen:
            if current == ancestor:
                return True
            seen.add(current)
            current = self.parents.get(current)
        return False
