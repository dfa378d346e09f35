"""Who may get messages during the rollout: admins only, the people of a pilot, everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.core.people import Departments, Person

# Admins get these in every mode; other messages about them as employees wait as for everybody.
ADMIN_KINDS = frozenset({"admin", "review", "waited"})
REVIEWER_KINDS = frozenset({"review", "waited"})


class Mode(StrEnum):
    """The stage of the rollout."""

    SHADOW = "shadow"
    PILOT = "pilot"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutScope:
    """The *pilot* departments with all below them; *groups*: the departments of each robot by its address.

    Userids are in lower case. Counting does not depend on it.
    """

    mode: Mode = Mode.ON
    pilot: tuple[int, ...] = ()
    admins: frozenset[str] = frozenset()
    reviewers: frozenset[str] = frozenset()
    departments: Departments = field(default_factory=Departments)
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shows_money(self) -> bool:
        """Say whether messages name money."""
        return self.mode is Mode.ON

    def includes(self, person: Person | None, day: date) -> bool:
        """Say whether *person* gets everything on the local *day*.

        In a pilot: members on that day, and leaders of a department in it, so that requests for help reach
        somebody. People outside the roster belong to no pilot.
        """
        if self.mode is not Mode.PILOT:
            return self.mode is Mode.ON
        return person is not None and (
            any(map(self._within, (*person.membership_on(day).departments, *person.leader_of)))
        )

    def tells(self, userid: str, kind: str, *, person: Person | None, day: date) -> bool:
        """Say whether *userid* may get unasked messages of *kind* on the local *day*.

        Reviewers decide about the people of a pilot from any department.
        """
        if self.includes(person, day):
            return True
        if self.mode is Mode.PILOT and kind in REVIEWER_KINDS and userid in self.reviewers:
            return True
        return kind in ADMIN_KINDS and userid in self.admins

    def answers(self, userid: str, *, person: Person | None, day: date) -> bool:
        """Say whether *userid* gets figures when they ask for them on the local *day*."""
        return userid in self.admins or self.includes(person, day)

    def posts(self, address: str) -> bool:
        """Say whether the robot at *address* may post: in a pilot all its departments must be in it."""
        if self.mode is not Mode.PILOT:
            return self.mode is Mode.ON
        own = self.groups.get(address, ())
        return bool(own) and all(map(self._within, own))

    def _within(self, department: int) -> bool:
        return any(self.departments.at_or_below(department, top) for top in self.pilot)


NO_ROLLOUT = RolloutScope()
