"""Whom the bot may speak to at all while it is rolled out: admins only, the people of a pilot, everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.core.people import Departments, Person

# What admins are told in every mode; whatever else concerns them as employees waits as for all others.
ADMIN_KINDS = frozenset({"admin", "review"})
REVIEW = "review"


class Mode(StrEnum):
    """How far the bot is rolled out."""

    SHADOW = "shadow"
    PILOT = "pilot"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutScope:
    """The *pilot* departments with all below them; *groups*: the departments of each robot by its address.

    Userids are in lower case. Counting never looks here.
    """

    mode: Mode = Mode.ON
    pilot: tuple[int, ...] = ()
    admins: frozenset[str] = frozenset()
    reviewers: frozenset[str] = frozenset()
    departments: Departments = field(default_factory=Departments)
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shows_money(self) -> bool:
        """Whether anybody is told what something may earn or cost him."""
        return self.mode is Mode.ON

    def includes(self, person: Person | None, day: date) -> bool:
        """Whether *person* gets everything on the local *day*.

        In a pilot that is who belongs to it on that day or leads a department in it: else its people would
        have nobody who learns that they ask for help. Nobody outside the roster belongs to a pilot.
        """
        if self.mode is not Mode.PILOT:
            return self.mode is Mode.ON
        return person is not None and (
            self._any_within(person.membership_on(day).departments) or self._any_within(person.leader_of)
        )

    def tells(self, userid: str, kind: str, *, person: Person | None, day: date) -> bool:
        """Whether *userid* may be told something unasked of *kind* on the local *day*.

        Who is named as a reviewer decides about the people of a pilot, wherever he belongs.
        """
        if self.includes(person, day):
            return True
        if self.mode is Mode.PILOT and kind == REVIEW and userid in self.reviewers:
            return True
        return kind in ADMIN_KINDS and userid in self.admins

    def answers(self, userid: str, *, person: Person | None, day: date) -> bool:
        """Whether *userid* gets figures when he asks for them on the local *day*."""
        return userid in self.admins or self.includes(person, day)

    def posts(self, address: str) -> bool:
        """Whether the robot at *address* may post: in a pilot only if all its departments belong to it."""
        if self.mode is not Mode.PILOT:
            return self.mode is Mode.ON
        own = self.groups.get(address, ())
        return bool(own) and all(self._within(department) for department in own)

    def _any_within(self, departments: Iterable[int]) -> bool:
        return any(self._within(department) for department in departments)

    def _within(self, department: int) -> bool:
        return any(self.departments.at_or_below(department, top) for top in self.pilot)


NO_ROLLOUT = RolloutScope()
