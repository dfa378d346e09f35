"""Which rules hold for which period: a period keeps the quota that it began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from oracle.branch import Branch, Quota, Rules
from oracle.calendar import DAY_S, Days, begin_of, end_of, name_of

BEGINNING, END = date(2024, 1, 1), date(2027, 12, 31)  # a Monday, on which a period of each kind begins
ONE = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """One quota in one period. *last* is earlier than *whole_last* if a new kind of period cuts it."""

    quota: Quota
    first: date
    last: date
    whole_last: date

    @property
    def name(self) -> str:
        """Return the name of the period, cut or not."""
        return name_of(self.quota.period, self.first)


class Book(Days):
    """One branch with the record of its rules."""

    def __init__(self, branch: Branch) -> None:
        super().__init__(branch)
        self._spans: dict[str, list[Span]] = {}

    def standing(self, day: date) -> Rules:
        """Return the rules as they stood at the start of *day*."""
        found = self.branch.versions[0].rules
        for version in self.branch.versions:
            if version.on < day:
                found = version.rules
        return found

    def standing_quota(self, quota_id: str, day: date) -> Quota | None:
        """Return one quota as it stood at the start of *day*."""
        return next((quota for quota in self.standing(day).quotas if quota.id == quota_id), None)

    def quota_ids(self) -> list[str]:
        """Return every quota in the order of the file; those that it no longer has come last."""
        newest = [quota.id for quota in self.branch.versions[-1].rules.quotas]
        gone = [quota.id for version in self.branch.versions for quota in version.rules.quotas]
        return list(dict.fromkeys([*newest, *gone]))

    def spans(self, quota_id: str) -> list[Span]:
        """Return the periods in which a quota asks something, in their order."""
        if quota_id not in self._spans:
            self._spans[quota_id] = [span for span in self._walk(quota_id) if holds(span)]
        return self._spans[quota_id]

    def _walk(self, quota_id: str) -> Iterator[Span]:
        day, old = BEGINNING, None
        while day <= END:
            new = self.standing_quota(quota_id, day)
            if new is None:
                old = None
                day += ONE
            elif begin_of(new.period, day) == day:
                old = new
                last = end_of(new.period, day)
                yield Span(new, day, last, last)
                day = last + ONE
            elif old is None:
                day += ONE  # a new quota waits for its next period
            else:
                begins = end_of(new.period, day) + ONE
                whole = end_of(old.period, day)
                last = min(whole, begins - ONE)
                yield Span(old, day, last, whole)
                day = last + ONE

    def spans_at(self, day: date) -> list[Span]:
        """Return the period of each quota around *day*."""
        every = (self.spans(quota_id) for quota_id in self.quota_ids())
        return [span for spans in every for span in spans if span.first <= day <= span.last]

    def spans_named(self, name: str) -> list[Span]:
        """Return the period of each quota that is called *name*."""
        every = (self.spans(quota_id) for quota_id in self.quota_ids())
        return [span for spans in every for span in spans if span.name == name]

    def end_s(self, span: Span) -> int:
        """Return the midnight after the last day."""
        return self.midnight(span.last + ONE)

    def settlement(self, span: Span) -> int:
        """Return the second from which the closing rules hold."""
        keep_days = 0 if span.quota.basis == "held" else span.quota.keep_days
        return self.end_s(span) + keep_days * DAY_S

    def whole_workdays(self, span: Span) -> list[date]:
        """Return the workdays of the period, of a cut one those of the whole."""
        return self.workdays(span.first, span.whole_last)


def holds(span: Span) -> bool:
    """Say whether the quota is in force for a period that begins on this day."""
    begins, ends = span.quota.starts_on, span.quota.ends_on
    return (begins is None or span.first >= begins) and (ends is None or span.first <= ends)
