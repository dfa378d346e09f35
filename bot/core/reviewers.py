"""Who decides a person's case, and who decides when nobody did.

Nobody decides about themselves, nor about people they lead directly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from bot.core.people import Departments, Person
from bot.core.workdays import WorkCalendar

WORKDAYS = 3  # for an answer, and for a decision before it goes one up

Levels = tuple[tuple[str, ...], ...]  # userids of deciders; the first level is asked first


@dataclass(frozen=True, kw_only=True)  # without slots, for cached_property
class Bank:
    """Everybody by userid on the local *day*, and the userids in `[review]` and `[admins]`.

    *leading*: those of *people* who lead a department; None: they are looked for among all.
    """

    people: Mapping[str, Person]
    departments: Departments
    day: date
    leading: Mapping[str, Person] | None = None
    reviewers: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()

    def leaders_of(self, userid: str) -> frozenset[str]:
        """Return the direct leaders of *userid*: those of the nearest led department at or above theirs.

        Departments that *userid* leads, and those below, do not count.
        """
        person = self.people.get(userid)
        if person is None:
            return frozenset()
        found: set[str] = set()
        for own in person.membership_on(self.day).departments:
            found |= self._nearest(own, person)
        return frozenset(found)

    def levels(self, userid: str) -> Levels:
        """Return the deciders of a case of *userid*, level by level; none if nobody may.

        First the reviewers, without them the leader's leader; then one up each; at last the admins.
        """
        direct = self.leaders_of(userid)
        barred = direct | {userid}
        found = [self._free(self.reviewers, barred)]
        current, seen = direct, set(barred)
        while current := self._above(current) - seen:
            found.append(self._free(sorted(current), barred))
            seen |= current
        found.append(self._free(self.admins, barred))
        return _each_once(found)

    def admins_but(self, userids: Collection[str]) -> Levels:
        """Return the admins, without *userids*, as the only level: for cases that no leader should see."""
        return _each_once([self._free(self.admins, userids)])

    @cached_property
    def _leaders(self) -> Mapping[int, Set[str]]:
        """Return the leaders still employed, by department."""
        found: dict[int, set[str]] = {}
        leading = self.people if self.leading is None else self.leading
        for person in leading.values():
            for department in person.leader_of if person.employed_on(self.day) else ():
                found.setdefault(department, set()).add(person.userid)
        return found

    def _nearest(self, department: int, person: Person) -> set[str]:
        seen: set[int] = set()
        current: int | None = department
        while current is not None and current not in seen:
            seen.add(current)
            led_by_them = any(self.departments.at_or_below(current, led) for led in person.leader_of)
            if not led_by_them and (here := self._leaders.get(current, frozenset()) - {person.userid}):
                return set(here)
            current = self.departments.parents.get(current)
        return set()

    def _above(self, userids: Iterable[str]) -> frozenset[str]:
        return frozenset(leader for userid in userids for leader in self.leaders_of(userid))

    def _free(self, userids: Iterable[str], barred: Collection[str]) -> tuple[str, ...]:
        return tuple(userid for userid in userids if userid not in barred and self._is_here(userid))

    def _is_here(self, userid: str) -> bool:
        """Say whether they are still employed; people outside the roster may be reviewers."""
        person = self.people.get(userid)
        return person is None or person.employed_on(self.day)


def _each_once(levels: Iterable[Iterable[str]]) -> Levels:
    """Leave out people of an earlier level, and empty levels."""
    seen: set[str] = set()
    found = []
    for level in levels:
        fresh = tuple(dict.fromkeys(userid for userid in level if userid not in seen))
        seen.update(fresh)
        if fresh:
            found.append(fresh)
    return tuple(found)


def time_is_up(
    since: datetime, *, calendar: WorkCalendar, workdays: int = WORKDAYS, away: Collection[date] = frozenset()
) -> datetime:
    """Return when the working hours of the last of so many *workdays* after *since* (aware) end.

    Days of *away* are not counted. Raises ValueError if *since* has no zone.
    """
    day, left = calendar.local_day(since), workdays
    while left:
        day = calendar.next_workday(day)
        left -= day not in away
    return datetime.combine(day, calendar.closes, calendar.zone)


def level_at(since: datetime, *, at: datetime, levels: int, calendar: WorkCalendar) -> tuple[int, datetime]:
    """Return the level, of so many *levels*, of a case at *at* that began at *since*, and until when.

    The last level keeps it. Raises ValueError for a time without a zone.
    """
    level, until = 0, time_is_up(since, calendar=calendar)
    while level < levels - 1 and at >= until:
        level, until = level + 1, time_is_up(until, calendar=calendar)
    return level, until
