"""The numbers once more, naively: day by day, event by event and rule by rule, from the counting rules alone.

Nothing of bot/core computes here: its types are only read as data. The holidays of 2026 are written down by
hand. This file knows time, people and relations; `core_oracle_verdicts` judges, `core_oracle_rows` adds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from bot.core.people import Membership, Person
from bot.core.quotas import Quota
from builders.worlds import World

OFF = {
    date(2027, 1, 1),  # of the last ISO week of 2026
    *(date(2026, 1, day) for day in (1, 2, 3)),
    *(date(2026, 2, day) for day in range(15, 24)),
    *(date(2026, 4, day) for day in (4, 5, 6)),
    *(date(2026, 5, day) for day in range(1, 6)),
    *(date(2026, 6, day) for day in (19, 20, 21)),
    *(date(2026, 9, day) for day in (25, 26, 27)),
    *(date(2026, 10, day) for day in range(1, 8)),
}
MADE_UP = {
    date(2026, *month_and_day) for month_and_day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
}
DAY = 24 * 60 * 60
LOST = ("lost_by_member", "lost_by_customer", "lost_unknown")
ORDER = (
    "added",
    "half_added",
    "edited",
    "lost_by_customer",
    "lost_by_member",
    "lost_unknown",
    "transferred",
    "transfer_failed",
)


class Won(NamedTuple):
    """One add as of some time: *number* is 0 for the first of its relation."""

    begin: int
    customer: str
    userid: str
    end: int | None
    word: str | None
    number: int
    state: str

    @property
    def key(self) -> tuple[str, str, int]:
        return self.userid, self.customer, self.begin


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def half_up(number: Fraction, scale: int) -> float:
    whole, rest = divmod(number * scale, 1)
    return float(Fraction(int(whole) + (1 if rest >= Fraction(1, 2) else 0), scale))


class Naive:
    """One branch, looked at without any thought of speed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.won_by: dict[int, list[Won]] = {}

    # -- time

    def day_of(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, self.world.calendar.zone).date()

    def midnight(self, day: date) -> int:
        """The first second of *day*."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self.world.calendar.zone).timestamp())

    def works(self, day: date) -> bool:
        calendar = self.world.calendar
        if day in calendar.workdays:
            return True
        if day in calendar.holidays or day in OFF:
            return False
        return day.weekday() < 5 or day in MADE_UP

    def spans(self, kind: str, day: date) -> list[date]:
        """All days of the period of *kind* around *day*."""
        year = list(days(date(day.year, 1, 1), date(day.year, 12, 31)))
        if kind == "day":
            return [day]
        if kind == "week":
            around = days(day - timedelta(days=6), day + timedelta(days=6))
            return [other for other in around if other.isocalendar()[:2] == day.isocalendar()[:2]]
        if kind == "month":
            return [other for other in year if other.month == day.month]
        if kind == "quarter":
            return [other for other in year if (other.month - 1) // 3 == (day.month - 1) // 3]
        return year

    def name(self, kind: str, day: date) -> str:
        iso = day.isocalendar()
        return {
            "day": day.strftime("%Y-%m-%d"),
            "week": f"{iso[0]}-W{iso[1]:02}",
            "month": day.strftime("%Y-%m"),
            "quarter": f"{day.year}-Q{1 + (day.month - 1) // 3}",
            "year": str(day.year),
        }[kind]

    def asked_days(self, quota: Quota, today: date) -> list[date]:
        """The days of the period that is shown; none if the quota has no such period, or is not in force."""
        name, kind = self.world.period_name, quota.period.value
        shown: list[date] = self.spans(kind, today)
        if name is not None:
            every = days(date(2026, 1, 1), date(2026, 12, 31))
            shown = next((self.spans(kind, day) for day in every if self.name(kind, day) == name), [])
        begun = shown and (quota.starts_on is None or shown[0] >= quota.starts_on)
        return shown if begun and (quota.ends_on is None or shown[0] <= quota.ends_on) else []

    # -- people

    def employed(self, person: Person, day: date) -> bool:
        joined_on = person.joined_on or person.first_read
        return not ((joined_on and day < joined_on) or (person.left_on and day > person.left_on))

    def belongs(self, person: Person, day: date) -> Membership:
        known = [one for one in person.memberships if one.since is None or one.since <= day]
        return max(known, key=lambda one: one.since or date.min)

    def upwards(self, department: int | None, day: date) -> set[int]:
        """A department and those above it, in the tree of *day*."""
        parents = self.world.departments.parents
        for until, tree in reversed(self.world.departments.before):
            if day < until:
                parents = tree.parents
        above: set[int] = set() if department is None else {department}
        for _ in range(10):
            above |= {parents[one] for one in above if one in parents}
        return above

    def under(self, quota: Quota, person: Person, day: date) -> bool:
        if not self.employed(person, day):
            return False
        held = self.belongs(person, day)
        named = person.userid in quota.userids
        role = not quota.roles or held.role in quota.roles
        department = not quota.departments or any(
            self.upwards(own, day) & quota.departments for own in held.departments
        )
        if quota.roles or quota.departments:
            return named or (role and department)
        return named or not quota.userids

    # -- relations

    def won(self, until: int) -> list[Won]:
        """Every add of the whole bank as of *until*, by time, then by customer."""
        if until not in self.won_by:
            relations = sorted({(one.userid, one.external_userid) for one in self.world.events})
            found = [add for userid, customer in relations for add in self.relation(userid, customer, until)]
            self.won_by[until] = sorted(found)
        return self.won_by[until]

    def relation(self, userid: str, customer: str, until: int) -> list[Won]:
        """Stretches of being alive, with slips closed."""
        told = {
            (one.at, ORDER.index(one.kind.value), one.state)
            for one in self.world.events
            if (one.userid, one.external_userid) == (userid, customer) and one.at <= until
        }
        alive: list[Won] = []
        for moment, rank, state in sorted(told):
            word = ORDER[rank]
            open_one = bool(alive) and alive[-1].end is None
            if word == "added" and not open_one:
                alive.append(Won(moment, customer, userid, None, None, 0, state))
            elif word in (*LOST, "transferred") and open_one:
                alive[-1] = alive[-1]._replace(end=moment, word=word)
        joined: list[Won] = []
        for one in alive:
            before = joined[-1] if joined else None
            lost = before is not None and before.word in LOST
            if before and lost and one.begin - (before.end or 0) < self.world.regain_s:
                joined[-1] = before._replace(end=one.end, word=one.word)
            else:
                joined.append(one._replace(number=len(joined)))
        return joined
