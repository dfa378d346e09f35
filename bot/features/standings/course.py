"""The way of one person through the running periods, from the figures that are read already."""

from __future__ import annotations

from bot.core.course import CourseDay, compute_course
from bot.core.person_figures import compute_figures
from bot.core.progress import QuotaFigures
from bot.core.quota_periods import Moment, QuotaPeriod
from bot.core.quotas import stretches_under
from bot.features.standings.load import Standings

SHORTEST_CHART = 5  # days


def course_of(standings: Standings, row: QuotaFigures) -> tuple[CourseDay, ...]:
    """Return each day of the period of *row*, one of *standings*; nothing for a period that is over."""
    person, now = standings.people[row.userid], Moment.of(standings.at, calendar=standings.calendar)
    for quota, period in standings.periods:
        if (quota.id, period.name) != (row.quota, row.period) or period.last < now.today:
            continue
        quota_period = QuotaPeriod.of(quota, period, calendar=standings.calendar)
        past = standings.branch.past(now.at_s)
        (figures,) = compute_figures(
            quota_period,
            people=[person],
            departments=standings.departments,
            now=now,
            past=past,
            before=standings.branch.past(now.today_s - 1),
        )
        stretches = stretches_under(quota, person, period, departments=standings.departments)
        return compute_course(
            quota_period,
            figures,
            quota_period.own_days(person, stretches),
            judged=quota_period.judged(row.userid, past),
            today=now.today,
        )
    return ()
