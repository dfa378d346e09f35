"""What was won and lost as of a time: the set of events of each relation, read from the earliest on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from oracle.book import Span
from oracle.branch import Branch, Event, Key
from oracle.calendar import DAY_S
from oracle.people import People

LOSSES = ("lost_by_customer", "lost_by_member", "lost_unknown")
ORDER = ("added", "half_added", "edited", *LOSSES, "transferred")
SAME_ADD_S = 60


class Add(NamedTuple):
    """One add as of some time. *number* is 0 for the first of its relation."""

    at: int
    customer: str
    userid: str
    end: int | None = None
    ended_by: str | None = None
    number: int = 0
    state: str = ""

    @property
    def key(self) -> Key:
        """Return what a decision names."""
        return self.userid, self.customer, self.at

    @property
    def lost(self) -> bool:
        """Say whether a loss ended the add."""
        return self.ended_by in LOSSES


class Adds(People):
    """One branch with its relations."""

    def __init__(self, branch: Branch) -> None:
        super().__init__(branch)
        self._told = without_twice_told(branch.events)
        self._adds: dict[int, list[Add]] = {}

    def adds(self, until: int) -> list[Add]:
        """Return every add of the bank as of *until*, by time, then by customer."""
        if until not in self._adds:
            events = [event for event in self._told if event.at <= until]
            relations = {(event.userid, event.customer) for event in events}
            found = []
            for userid, customer in relations:
                own = [event for event in events if (event.userid, event.customer) == (userid, customer)]
                found += self._relation(own)
            self._adds[until] = sorted(found, key=lambda add: (add.at, add.customer, add.userid))
        return self._adds[until]

    def of(self, userid: str, until: int) -> list[Add]:
        """Return the adds of one employee."""
        return [add for add in self.adds(until) if add.userid == userid]

    def _relation(self, events: list[Event]) -> list[Add]:
        found: list[Add] = []
        for event in sorted(events, key=lambda event: (event.at, ORDER.index(event.kind), event.state)):
            alive = bool(found) and found[-1].end is None
            if event.kind == "added" and not alive:
                if found and (self._was_slip(found[-1], event.at) or was_mistake(found[-1], event)):
                    found[-1] = found[-1]._replace(end=None, ended_by=None)
                else:
                    number = len(found)
                    add = Add(event.at, event.customer, event.userid, number=number, state=event.state)
                    found.append(add)
            elif event.kind in (*LOSSES, "transferred") and alive:
                found[-1] = found[-1]._replace(end=event.at, ended_by=event.kind)
        return found

    def _was_slip(self, before: Add, again: int) -> bool:
        """Say whether the loss that ended *before* was a slip; `[ledger]` is that of the day of the loss."""
        if not before.lost or before.end is None:
            return False
        return again - before.end < self.standing(self.day_of(before.end)).regain_days * DAY_S

    # -- the adds of a period

    def day_for(self, span: Span, add: Add) -> date | None:
        """Return the day that an add belongs to, or None if no day of this quota has it.

        A day quota gives what was won on a day off to the next own workday.
        """
        day = self.day_of(add.at)
        if not self.under(span.quota, add.userid, day):
            return None
        if span.quota.period != "day" or self.is_own(span.quota, add.userid, day):
            return day
        for number in range(1, 100):
            later = day + timedelta(days=number)
            if self.is_own(span.quota, add.userid, later):
                return later
        return None

    def in_period(self, span: Span, add: Add) -> bool:
        """Say whether the period has the add."""
        if span.quota.period == "day" and not self._day_holds(span, self.day_of(add.at)):
            return False
        day = self.day_for(span, add)
        return day is not None and span.first <= day <= span.last

    def _day_holds(self, span: Span, day: date) -> bool:
        begins, ends = span.quota.starts_on, span.quota.ends_on
        return (begins is None or day >= begins) and (ends is None or day <= ends)

    def won(self, span: Span, userid: str, until: int) -> list[Add]:
        """Return what the basis looks at, whatever its tags, by time, then by customer."""
        if span.quota.basis == "added":
            return [add for add in self.of(userid, until) if self.in_period(span, add)]
        seen = min(until, self.end_s(span) - 1)
        last = {add.customer: add for add in self.of(userid, until) if add.at <= seen}
        found = []
        for add in last.values():
            ended = add.end is not None and add.end <= seen
            if not ended:
                found.append(add._replace(end=None, ended_by=None))
            elif add.ended_by == "transferred" and span.first <= self.day_of(add.end or 0) <= span.last:
                found.append(add)
        return sorted(found)

    def losses(self, span: Span, userid: str, until: int) -> list[Add]:
        """Return the adds whose loss the period's figure *lost* has."""
        own = self.of(userid, until)
        if span.quota.basis == "held":
            return [add for add in own if add.lost and span.first <= self.day_of(add.end or 0) <= span.last]
        last = {add.customer: add for add in own}
        return [add for add in last.values() if add.lost and self.in_period(span, add)]

    def kept(self, userids: list[str], until: int) -> tuple[int, int]:
        """Return how many of the adds of the last 90 days are not ended, and how many those are."""
        recent = [
            add
            for add in self.adds(until)
            if add.userid in userids and add.at > until - 90 * DAY_S and add.ended_by != "transferred"
        ]
        return len([add for add in recent if add.end is None]), len(recent)


def was_mistake(before: Add, again: Event) -> bool:
    """Say whether a list takes back a loss that only a list found: it tells an add one second after it."""
    return again.by_list and before.ended_by == "lost_unknown" and again.at - (before.end or 0) == 1


def without_twice_told(events: Iterable[Event]) -> list[Event]:
    """Return *events* once each, without the adds of a list that are a callback's: its date holds."""
    told = set(events)
    by_callback: dict[tuple[str, str], list[int]] = {}
    for event in told:
        if event.kind == "added" and not event.by_list:
            by_callback.setdefault((event.userid, event.customer), []).append(event.at)
    return [
        event
        for event in told
        if event.kind != "added"
        or not event.by_list
        or all(abs(event.at - at) > SAME_ADD_S for at in by_callback.get((event.userid, event.customer), ()))
    ]
