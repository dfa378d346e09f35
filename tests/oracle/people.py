"""Who was where on which day, under which quota, and what a whole target becomes for them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from oracle.book import Book, Span
from oracle.branch import Branch, Line, Quota
from oracle.calendar import days, half_down


class People(Book):
    """One branch with its dated rosters."""

    def __init__(self, branch: Branch) -> None:
        super().__init__(branch)
        self._everybody = sorted({userid for reading in branch.readings for userid in reading.lines})
        self._under: dict[tuple[object, ...], bool] = {}
        self._own: dict[tuple[object, ...], list[date]] = {}

    def userids(self) -> list[str]:
        """Return everybody whom a roster ever named, by code points."""
        return self._everybody

    def line_on(self, userid: str, day: date) -> Line:
        """Return what the newest roster up to *day* says; before the first one that one holds."""
        said = [reading for reading in self.branch.readings if userid in reading.lines]
        until = [reading for reading in said if reading.on <= day]
        return (until[-1] if until else said[0]).lines[userid]

    def joined_on(self, userid: str) -> date | None:
        """Return the first day of employment; None for those of the first roster without one."""
        said = [reading for reading in self.branch.readings if userid in reading.lines]
        given = said[-1].lines[userid].joined_on
        if given is not None:
            return given
        return None if said[0] is self.branch.readings[0] else said[0].on

    def left_on(self, userid: str) -> date | None:
        """Return the last day of employment."""
        return [reading.lines[userid] for reading in self.branch.readings if userid in reading.lines][
            -1
        ].left_on

    def employed(self, userid: str, day: date) -> bool:
        """Say whether *day* lies in the employment."""
        joined, left = self.joined_on(userid), self.left_on(userid)
        return (joined is None or joined <= day) and (left is None or day <= left)

    def has_left(self, userid: str, day: date) -> bool:
        """Say whether *day* is after the last day of employment."""
        left = self.left_on(userid)
        return left is not None and day > left

    def share_on(self, userid: str, day: date) -> Fraction:
        """Return the part-time factor on *day*."""
        return self.line_on(userid, day).share

    def above(self, department: int | None, day: date) -> list[int]:
        """Return a department and all above it in the tree of *day*."""
        until = [reading for reading in self.branch.readings if reading.on <= day]
        parents = (until[-1] if until else self.branch.readings[0]).parents
        found: list[int] = []
        here = department
        while here is not None and here not in found:
            found.append(here)
            here = parents.get(here)
        return found

    def in_departments(self, userid: str, asked: frozenset[int], day: date) -> bool:
        """Say whether one of a person's departments is one of *asked*, or below one."""
        own = self.line_on(userid, day).departments
        return any(higher in asked for department in own for higher in self.above(department, day))

    def under(self, quota: Quota, userid: str, day: date) -> bool:
        """Say whether a person is under *quota* on *day*; absences do not matter."""
        asked = (quota.roles, quota.departments, quota.userids, userid, day)
        if asked not in self._under:
            self._under[asked] = self._is_under(quota, userid, day)
        return self._under[asked]

    def _is_under(self, quota: Quota, userid: str, day: date) -> bool:
        if userid not in self.userids() or not self.employed(userid, day):
            return False
        if userid in quota.userids:
            return True
        if not quota.roles and not quota.departments:
            return not quota.userids
        role = not quota.roles or self.line_on(userid, day).role in quota.roles
        return role and (not quota.departments or self.in_departments(userid, quota.departments, day))

    def days_under(self, span: Span, userid: str) -> list[date]:
        """Return the days of the period on which a person is under the quota."""
        return [day for day in days(span.first, span.last) if self.under(span.quota, userid, day)]

    def is_own(self, quota: Quota, userid: str, day: date) -> bool:
        """Say whether *day* is a workday of the person under *quota*."""
        absent = day in self.branch.absences.get(userid, frozenset())
        return self.works(day) and not absent and self.under(quota, userid, day)

    def own(self, span: Span, userid: str) -> list[date]:
        """Return the own workdays of a person in the period."""
        quota = span.quota
        asked = (quota.roles, quota.departments, quota.userids, userid, span.first, span.last)
        if asked not in self._own:
            self._own[asked] = [day for day in days(span.first, span.last) if self.is_own(quota, userid, day)]
        return self._own[asked]

    def weight(self, userid: str, own: list[date]) -> Fraction:
        """Return the sum of the shares on the days *own*."""
        return sum((self.share_on(userid, day) for day in own), Fraction(0))

    def part(self, span: Span, userid: str) -> Fraction:
        """Return by what a whole target, and flat money, are multiplied."""
        whole, own = self.whole_workdays(span), self.own(span, userid)
        if not whole or not own:
            return Fraction(0)
        if span.quota.basis == "held":
            return self.share_on(userid, own[-1])
        return self.weight(userid, own) / len(whole)

    def target(self, span: Span, userid: str) -> int:
        """Return the target of a person; 0 for the exempt."""
        own, whole = self.own(span, userid), self.whole_workdays(span)
        if span.quota.basis == "held" and 2 * len(own) < len(whole):
            return 0
        return half_down(span.quota.target * self.part(span, userid))

    def shown_day(self, span: Span, userid: str, today: date) -> date:
        """Return the day whose department and role a row has."""
        under = self.days_under(span, userid)
        until = [day for day in under if day <= today]
        return until[-1] if until else under[0]

    def rowed(self, span: Span) -> list[str]:
        """Return those with a row in the period, by code points."""
        return [userid for userid in self.userids() if self.days_under(span, userid)]
