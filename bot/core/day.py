"""Adds and losses of one employee on one local day, or on several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.relations import Ending, RelationKind, as_of
from bot.core.workdays import WorkCalendar, epoch_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """Adds and losses dated one local day, or several. A transfer is no loss; a slip that is over is neither.

    *lost_unknown*: found missing in WeCom's list, dated when it was found.
    """

    added: int
    lost_by_customer: int
    lost_by_member: int
    lost_unknown: int = 0

    @property
    def lost(self) -> int:
        """Return the number of all losses."""
        return self.lost_by_customer + self.lost_by_member + self.lost_unknown


def compute_day_facts(adds: Iterable[Ending], *, day: date, calendar: WorkCalendar, at: datetime) -> DayFacts:
    """Return the facts of the local *day* as of *at* from one employee's whole-set folds.

    Raises ValueError if *at* has no zone.
    """
    return compute_facts_between(adds, first=day, last=day, calendar=calendar, at=at)


def compute_facts_between(
    adds: Iterable[Ending], *, first: date, last: date, calendar: WorkCalendar, at: datetime
) -> DayFacts:
    """Return the facts of all local days from *first* to *last*, both included."""
    known_at = epoch_of(at)
    known = [add for add in (as_of(add, known_at) for add in adds) if add is not None]
    begin, end = calendar.start_of(first), calendar.start_of(last + timedelta(days=1))
    ends = [add.ended_by for add in known if add.ended_at is not None and begin <= add.ended_at < end]
    return DayFacts(
        added=sum(begin <= add.added_at < end for add in known),
        lost_by_customer=ends.count(RelationKind.LOST_BY_CUSTOMER),
        lost_by_member=ends.count(RelationKind.LOST_BY_MEMBER),
        lost_unknown=ends.count(RelationKind.LOST_UNKNOWN),
    )
