"""Who works where, as the readings of the directory said it day by day."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from bot.core.people import Membership, Person
from bot.store.address_book import joined_ids, split_ids
from bot.store.coordination import PEOPLE, Marks
from bot.store.engine import Engine, SqlRow, TableGroup, row_of

Tree = tuple[date | None, dict[int, int]]  # the day from which it holds, and parent ids by id


class Members(TableGroup):
    """People and their dated memberships. An empty `since` is the first reading: for all time before."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._marks = Marks(engine)

    def all(self) -> dict[str, Person]:
        """Return everybody ever read, by userid."""
        return _people(self._engine.all("members_all"))

    def following(self, after: str, *, most: int) -> dict[str, Person]:
        """Return the next people after the userid *after*, at most so many, by userid."""
        return _people(self._engine.all("members_following", after=after, most=most))

    def some(self, userids: Collection[str]) -> dict[str, Person]:
        """Return those of *userids* that were ever read, by userid."""
        return _people(self._engine.all("members_of", userids=json.dumps(list(userids))))

    def leading(self) -> dict[str, Person]:
        """Return everybody who leads a department, by userid."""
        return _people(self._engine.all("members_leading"))

    def called(self, by: str) -> set[str]:
        """Return the userids of everybody who has *by* as their userid or name."""
        rows = self._engine.all("members_called", userid=by.lower(), name=by)
        return {row["userid"] for row in rows}

    def within(self, departments: Collection[int]) -> list[str]:
        """Return the userids of everybody who ever belonged to one of *departments* itself, sorted."""
        asked = frozenset(departments)
        texts = [
            text
            for row in self._engine.all("memberships_departments")
            if not asked.isdisjoint(split_ids(text := row["departments"]))
        ]
        return [row["userid"] for row in self._engine.all("memberships_within", texts=json.dumps(texts))]

    def first_read_since(self, day: date) -> set[str]:
        """Return the userids of everybody whose first reading was on the local *day* or later."""
        return {row["userid"] for row in self._engine.all("members_come", day=day.isoformat())}

    def count(self) -> int:
        """Return how many people were ever read."""
        return self._engine.number("members_count") or 0

    def put(self, people: Iterable[Person], *, read_on: date) -> None:
        """Store a reading: people with all their memberships."""
        rows = list(people)
        self._engine.run_many("members_put", [_row(person, read_on) for person in rows])
        self._engine.run_many(
            "memberships_put",
            [
                {
                    "userid": person.userid,
                    "since": "" if membership.since is None else membership.since.isoformat(),
                    "departments": joined_ids(membership.departments),
                    "role": membership.role,
                    "share": str(membership.share),
                }
                for person in rows
                for membership in person.memberships
            ],
        )
        self._marks.renew(PEOPLE)

    def trees(self) -> list[Tree]:
        """Return every recorded tree of departments, by day. The first has no day."""
        return [
            (_day(row["since"]), {int(child): parent for child, parent in json.loads(row["parents"]).items()})
            for row in self._engine.all("department_trees_all")
        ]

    def put_tree(self, parents: Mapping[int, int], *, since: date | None) -> None:
        """Store the tree that holds from the day *since* on, or for all time before."""
        self._engine.run(
            "department_trees_put",
            since=since.isoformat() if since else "",
            parents=json.dumps(dict(sorted(parents.items()))),
        )
        self._marks.renew(PEOPLE)

    def forget_days(self, userid: str) -> None:
        """Drop the dated memberships of one person, to put others in their place."""
        self._engine.run("memberships_clear", userid=userid)
        self._marks.renew(PEOPLE)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@lru_cache(maxsize=64)
def _share(text: str) -> Fraction:
    return Fraction(text)


def _people(rows: Iterable[SqlRow]) -> dict[str, Person]:
    """Return people by userid from a row for each membership, those of one person together."""
    return {userid: _person(list(of_one)) for userid, of_one in groupby(rows, itemgetter("userid"))}


def _person(rows: list[SqlRow]) -> Person:
    """Return a person from a row for each membership."""
    row = rows[0]
    memberships = (
        Membership(
            since=_day(dated["since"]),
            departments=split_ids(dated["departments"]),
            role=dated["role"],
            share=_share(dated["share"]),
        )
        for dated in rows
    )
    return Person(
        userid=row["userid"],
        name=row["name"],
        memberships=tuple(memberships),
        leader_of=split_ids(row["leader_of"]),
        joined_on=_day(row["joined_on"]),
        left_on=_day(row["left_on"]),
        first_read=_day(row["first_read"]),
        in_range=bool(row["in_range"]),
    )


def _row(person: Person, read_on: date) -> SqlRow:
    return row_of(person, leader_of=joined_ids(person.leader_of), read_on=read_on)
