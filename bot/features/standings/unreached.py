"""Targets that nobody reached on record: `quotabot check` warns before they discourage everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.core.progress import QuotaFigures
from bot.core.rulebook import QuotaInPeriod, Rulebook
from bot.features.standings.load import load_standings_in
from bot.services import Services

LOOKED_AT = 6  # the latest whole periods of each quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A quota with a target that nobody reached in any of *periods*; *best* is the nearest row."""

    quota: str
    periods: tuple[str, ...]
    best: QuotaFigures


def list_unreached(services: Services) -> list[Unreached]:
    """Return the quotas of the file that nobody would have met, in the file's order.

    Only periods wholly between the ledger's first fact and today count, and only quotas with a target then.
    """
    calendar, now = services.config.work_calendar(), services.clock.now()
    first, today = services.store.ledger.first_at(), calendar.local_day(now)
    if first is None:
        return []
    found = []
    for quota in services.config.core_quotas():
        book = Rulebook.of([quota])
        ended = book.periods_ending(calendar.day_of(first), today - timedelta(days=1))
        whole = [quota_period for quota_period in ended if quota_period[1].first >= calendar.day_of(first)]
        found += _of_one(services, whole[-LOOKED_AT:], book=book)
    return found


def _of_one(services: Services, quota_periods: list[QuotaInPeriod], *, book: Rulebook) -> list[Unreached]:
    if not quota_periods:
        return []
    rows = load_standings_in(services, quota_periods, at=services.clock.now(), book=book, stored=False).rows
    asked = [row for row in rows if row.target]
    if not asked or any(row.counted >= row.target for row in asked):
        return []
    best = max(asked, key=lambda row: (row.counted / row.target, row.userid))
    return [
        Unreached(
            quota=quota_periods[0][0].id, periods=tuple(period.name for _, period in quota_periods), best=best
        )
    ]
