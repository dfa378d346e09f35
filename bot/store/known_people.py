"""Everybody by userid, read in pieces: the memory that this takes does not grow with the bank."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from bot.core.people import Person
from bot.store.contact_knowledge import ContactKnowledge
from bot.store.members import Members

_PAGE = 1000  # people read at once
_KEPT = 20_000  # people in memory; a new piece then replaces them all


class KnownPeople(Mapping[str, Person]):
    """All people by userid, in the order of userids, with their absences.

    *merged*: everybody, while the directory says something that is not recorded yet. None: the store has it
    all, and only pieces of it are in memory, the latest ones. The value is right as long as the mark of
    people stays the same.
    """

    def __init__(
        self,
        members: Members,
        contact_knowledge: ContactKnowledge,
        *,
        merged: Mapping[str, Person] | None = None,
    ) -> None:
        self._members, self._contact_knowledge = members, contact_knowledge
        self._merged = None if merged is None else dict(sorted(merged.items()))
        self._order = None if merged is None else sorted(merged)
        self._pieces: dict[str, Person | None] = {}
        self._leading: dict[str, Person] | None = None

    def __getitem__(self, userid: str) -> Person:
        person = self._find(userid)
        if person is None:
            raise KeyError(userid)
        return person

    def __contains__(self, userid: object) -> bool:
        return isinstance(userid, str) and self._find(userid) is not None

    def __len__(self) -> int:
        return self._members.count() if self._merged is None else len(self._merged)

    def __iter__(self) -> Iterator[str]:
        after = ""
        while piece := self.following(after, most=_PAGE):
            yield from piece
            after = piece[-1]

    def following(self, after: str, *, most: int) -> list[str]:
        """Return the next userids after *after*, at most so many; these people are in memory then."""
        if self._merged is not None and self._order is not None:
            first = bisect_right(self._order, after)
            return self._order[first : first + most]
        return list(self._keep(self._members.following(after, most=most)))

    def some(self, userids: Iterable[str]) -> dict[str, Person]:
        """Return those of *userids* that are known, in the order of *userids*; they are in memory then."""
        asked = list(dict.fromkeys(userids))
        if self._merged is not None:
            return {userid: self._merged[userid] for userid in asked if userid in self._merged}
        here = {userid: self._pieces[userid] for userid in asked if userid in self._pieces}
        lacking = [userid for userid in asked if userid not in here]
        for first in range(0, len(lacking), _PAGE):
            piece = lacking[first : first + _PAGE]
            here |= dict.fromkeys(piece)
            here |= self._keep(self._members.some(piece), asked=piece)
        return {userid: person for userid in asked if (person := here[userid]) is not None}

    def leading(self) -> Mapping[str, Person]:
        """Return everybody who leads a department, by userid."""
        if self._merged is not None:
            return {userid: person for userid, person in self._merged.items() if person.leader_of}
        if self._leading is None:
            self._leading = self._with_absences(self._members.leading())
        return self._leading

    def called(self, by: str) -> set[str]:
        """Return the userids of everybody who has *by* as their userid or name."""
        if self._merged is None:
            return self._members.called(by)
        return {one.userid for one in self._merged.values() if by.lower() == one.userid or by == one.name}

    def within(self, departments: Collection[int]) -> Iterator[Person]:
        """Yield everybody who ever belonged to one of *departments* itself, by userid; more are harmless."""
        if self._merged is not None:
            asked = frozenset(departments)
            yield from (
                person
                for person in self._merged.values()
                if any(not asked.isdisjoint(held.departments) for held in person.memberships)
            )
            return
        userids = self._members.within(departments)
        for first in range(0, len(userids), _PAGE):
            yield from self.some(userids[first : first + _PAGE]).values()

    def _find(self, userid: str) -> Person | None:
        if self._merged is not None:
            return self._merged.get(userid)
        if userid in self._pieces:
            return self._pieces[userid]
        return self.some([userid]).get(userid)

    def _keep(self, people: Mapping[str, Person], *, asked: Collection[str] = ()) -> dict[str, Person]:
        """Return *people* with their absences, and have them in memory; of *asked* also who is unknown."""
        found = self._with_absences(people)
        if len(self._pieces) + len(found) > _KEPT:
            self._pieces = {}
        self._pieces |= {**dict.fromkeys(asked), **found}
        return found

    def _with_absences(self, people: Mapping[str, Person]) -> dict[str, Person]:
        absences: Mapping[str, frozenset[date]] = (
            self._contact_knowledge.absences(list(people)) if people else {}
        )
        return {
            userid: replace(person, absences=absences[userid]) if userid in absences else person
            for userid, person in people.items()
        }
