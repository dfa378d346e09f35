"""Who works where: people, their dated memberships, the tree of departments."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Departments, role and part-time factor *share* from *since* on; None: for all time before.

    The first department is the person's own (WeCom's main_department, a roster's first).
    """

    since: date | None
    departments: tuple[int, ...]
    role: str | None
    share: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One employee. *memberships* are ordered by *since*, the first has None; userid is in lower case.

    *first_read*: the day of the first reading with them, None for the first whole reading of all. It is the
    first day of people without *joined_on*. *in_range*: False while WeCom hides them from the app or has
    them disabled: messages cannot reach them.
    """

    userid: str
    name: str
    memberships: tuple[Membership, ...]
    leader_of: tuple[int, ...] = ()
    joined_on: date | None = None
    left_on: date | None = None
    first_read: date | None = None
    absences: frozenset[date] = frozenset()
    in_range: bool = True

    def membership_on(self, day: date) -> Membership:
        """Return what holds on the local *day*; the first membership holds for all time before the second."""
        held = self.memberships[0]
        for membership in self.memberships[1:]:
            if membership.since is not None and membership.since <= day:
                held = membership
        return held

    @property
    def shares(self) -> tuple[tuple[date | None, Fraction], ...]:
        """Return the dated shares, all that `weight_of` depends on."""
        return tuple([(held.since, held.share) for held in self.memberships])

    def weight_of(self, days: Sequence[date]) -> Fraction:
        """Return the sum of the share on each of the sorted *days*."""
        if len(self.memberships) == 1:
            return self.memberships[0].share * len(days)
        weight, begin = Fraction(0), 0
        for held, following in zip(self.memberships, (*self.memberships[1:], None), strict=True):
            end = len(days) if following is None else bisect_left(days, following.since or date.min)
            weight += held.share * (end - begin)
            begin = end
        return weight

    def employed_on(self, day: date) -> bool:
        """Say whether *day* lies between the first and the last day; absences do not matter."""
        return self.employed_within(day, day) is not None

    def works_on(self, day: date) -> bool:
        """Say whether they can be written to on the local *day*: employed, in range, not absent."""
        return self.in_range and self.employed_on(day) and day not in self.absences

    def employed_within(self, first: date, last: date) -> tuple[date, date] | None:
        """Return the part of *first* … *last* (both included) in which they are employed, or None.

        Employment lasts from *joined_on*, else *first_read*, to *left_on*.
        """
        joined_on = self.joined_on or self.first_read
        begin = max(first, joined_on) if joined_on else first
        end = min(last, self.left_on) if self.left_on else last
        return (begin, end) if begin <= end else None


def name_of(people: Mapping[str, Person], userid: str) -> str:
    """Return the name of *userid*; the userid itself without a name, or for people outside *people*."""
    person = people.get(userid)
    return (person.name if person else "") or userid


def leads(leader: Person, other: Person, *, departments: Departments, day: date) -> bool:
    """Say whether *leader* leads, on the local *day*, a department at or above one of *other*'s.

    Nobody leads themselves.
    """
    return leader.userid != other.userid and any(
        departments.at_or_below(own, led)
        for own in other.membership_on(day).departments
        for led in leader.leader_of
    )


@dataclass(frozen=True, slots=True)
class Departments:
    """The tree of now: child id to parent id, and names. An id not in it stands alone (flat).

    *before*: earlier trees, each with the local day on which the next one began, by day.
    """

    parents: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    before: tuple[tuple[date, Departments], ...] = ()

    def on(self, day: date) -> Departments:
        """Return the tree of the local *day*."""
        return next((tree for until, tree in self.before if day < until), self)

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
