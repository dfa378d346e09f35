"""The numbers of everybody: reads ledger and directory, asks the core. Used by jobs, commands and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property

from bot import directory
from bot.core.day import DayFacts, day_facts
from bot.core.people import Departments, Person
from bot.core.periods import parse_period, period_of
from bot.core.progress import Row, progress
from bot.core.relations import Add
from bot.core.workdays import WorkCalendar
from bot.services import Services

_KEPT_S = 90 * 24 * 3600  # kept_90 looks so far back


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Rows as of *at*, and what they were made from. *adds* are whole-set folds by userid."""

    at: datetime
    rows: tuple[Row, ...]
    people: dict[str, Person]
    departments: Departments
    adds: dict[str, list[Add]]
    calendar: WorkCalendar

    @cached_property
    def by_person(self) -> dict[str, tuple[Row, ...]]:
        """Rows of each person who has any, in the order of quotas; people in the order of userids."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.userid, []).append(row)
        return {userid: tuple(rows) for userid, rows in sorted(found.items())}

    def works_on(self, userid: str, day: date) -> bool:
        """Whether *userid* is employed and not absent on the local *day*: else nobody writes to him."""
        person = self.people[userid]
        return person.employed_on(day) and day not in person.absences

    def day(self, userid: str, day: date) -> DayFacts:
        """What a local day brought *userid*, as of *at*."""
        return day_facts(self.adds.get(userid, []), day=day, calendar=self.calendar, at=self.at)


def standing(services: Services, *, at: datetime, period: str | None = None) -> Standing:
    """Where everybody stands as of *at* (aware), in its periods or in the one named *period*.

    Raises ValueError for a name that is no period.
    """
    config = services.config
    calendar = config.work_calendar()
    quotas = config.core_quotas()
    today = calendar.local_day(at)
    real_today = calendar.local_day(services.clock.now())
    people = directory.known(services.directory, services.store.members.all(), day=real_today)
    if period is not None:
        first = parse_period(period).first
    else:
        first = min(period_of(quota.period, today).first for quota in quotas)
    upto = int(at.timestamp())
    # a day more than the period: yesterday's facts on its first day
    since = min(calendar.start_of(first - timedelta(days=1)), upto - _KEPT_S)
    adds = services.store.ledger.adds(since=since, upto=upto)
    rows = progress(
        quotas=quotas,
        people=tuple(people.values()),
        departments=services.directory.departments,
        adds=adds,
        calendar=calendar,
        at=at,
        behind_threshold=Fraction(config.messages.behind_threshold),
        period_name=period,
    )
    return Standing(
        at=at,
        rows=rows,
        people=people,
        departments=services.directory.departments,
        adds=adds,
        calendar=calendar,
    )
