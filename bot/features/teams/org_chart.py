"""Who leads whom on a day: people by department, sorted once for many leaders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.core.people import Departments, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """The people below one leader: direct reports (*own*) and *teams* of other leaders.

    The key of a team is its topmost department with another leader, who is not in the team. Nobody is in both
    or in two teams. People are in the order of the chart; a team may be empty.
    """

    own: tuple[Person, ...] = ()
    teams: Mapping[int, tuple[Person, ...]] = field(default_factory=dict)

    def only(self, userids: Collection[str]) -> Led:
        """Return the same with *userids* only, without teams that are empty then."""
        teams = {
            number: tuple(person for person in team if person.userid in userids)
            for number, team in self.teams.items()
        }
        return Led(
            own=tuple(person for person in self.own if person.userid in userids),
            teams={number: team for number, team in teams.items() if team},
        )


class OrgChart:
    """The *people* employed on the local *day*; nobody else leads or is led.

    *within* returns all possible people of departments. With it, *people* need only be leaders: members are
    read when a team is asked for, in the order of userids.
    """

    def __init__(
        self,
        people: Iterable[Person],
        *,
        departments: Departments,
        day: date,
        within: Callable[[Collection[int]], Iterable[Person]] | None = None,
    ) -> None:
        self._tree, self._day, self._read = departments, day, within
        self._led: dict[str, Led] = {}
        self._place: dict[str, int] = {}
        self._members: dict[int, list[Person]] = {}
        self._leaders: dict[int, list[str]] = {}
        self._below: dict[int, list[int]] = {}
        for child, parent in departments.parents.items():
            self._below.setdefault(parent, []).append(child)
        for person in people:
            if person.employed_on(day):
                for number in person.leader_of:
                    self._leaders.setdefault(number, []).append(person.userid)
                if within is None:
                    self._place[person.userid] = len(self._place)
                    self._add(person)

    def leaders(self, department: int) -> tuple[str, ...]:
        """Return the userids of the leaders of *department* itself."""
        return tuple(self._leaders.get(department, ()))

    def of(self, leader: Person) -> Led:
        """Return the people in departments at or below those of *leader*, except *leader*.

        A direct report has a department with no other leader on the way up to one of *leader*'s departments.
        Departments that the report leads, and all below them, do not count as another leader's.
        """
        if leader.userid not in self._led:
            self._led[leader.userid] = self._find_led(leader)
        return self._led[leader.userid]

    def _find_led(self, leader: Person) -> Led:
        near, edges = self._walk(leader.leader_of, stops=lambda number: self._is_others(number, leader))
        team_at = {
            number: edge for edge in edges for number in self._walk((edge,), stops=near.__contains__)[0]
        }
        own: dict[str, Person] = {}
        teams: dict[int, dict[str, Person]] = {edge: {} for edge in sorted(edges)}
        for person in self._within((*near, *team_at)):
            number = None if person.userid == leader.userid else self._team_of(person, near, team_at)
            if number is not None:
                teams[number][person.userid] = person
            elif person.userid != leader.userid:
                own[person.userid] = person
        return Led(
            own=self._ordered(own), teams={number: self._ordered(team) for number, team in teams.items()}
        )

    def _is_others(self, department: int, leader: Person) -> bool:
        return department not in leader.leader_of and bool(self._leaders.get(department))

    def _walk(
        self, tops: Iterable[int], *, stops: Callable[[int], bool]
    ) -> tuple[dict[int, None], dict[int, None]]:
        """Return *tops* and all below them up to departments where it *stops*, and these, as ordered sets."""
        found: dict[int, None] = {}
        edges: dict[int, None] = {}
        waiting = list(tops)
        while waiting:
            number = waiting.pop()
            if number in found:
                continue
            found[number] = None
            for child in self._below.get(number, ()):
                if stops(child):
                    edges[child] = None
                else:
                    waiting.append(child)
        return found, edges

    def _add(self, person: Person, *, only: Collection[int] | None = None) -> None:
        for number in person.membership_on(self._day).departments:
            if only is None or number in only:
                self._members.setdefault(number, []).append(person)

    def _within(self, departments: Collection[int]) -> Iterable[Person]:
        unread = {number for number in departments if number not in self._members}
        if self._read is not None and unread:
            self._members |= {number: [] for number in unread}
            for person in self._read(unread):
                if person.employed_on(self._day):
                    self._add(person, only=unread)
        return (person for number in departments for person in self._members.get(number, ()))

    def _team_of(self, person: Person, near: Mapping[int, None], team_at: Mapping[int, int]) -> int | None:
        """Return the team of *person*, by their first department in a team; None for a direct report."""
        departments = person.membership_on(self._day).departments
        teams = [team_at[number] for number in departments if number in team_at]
        if any(number in near for number in departments) or any(self._leads(person, team) for team in teams):
            return None
        return teams[0]

    def _leads(self, person: Person, department: int) -> bool:
        return any(self._tree.at_or_below(department, led) for led in person.leader_of)

    def _ordered(self, people: Mapping[str, Person]) -> tuple[Person, ...]:
        return tuple(
            sorted(people.values(), key=lambda person: (self._place.get(person.userid, 0), person.userid))
        )
