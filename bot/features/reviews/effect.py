"""The effect of a decision on the figures, shown before it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.rulebook import QuotaInPeriod
from bot.features.renames.rename import look_anew
from bot.features.reviews.cases import Case
from bot.features.reviews.decide import CaseDecision, apply_decision
from bot.features.standings.load import load_branch, load_rulebook, load_standings_in
from bot.features.standings.stored import list_needed_periods
from bot.services import Services

SHOWN = ("target", "counted", "pending", "rejected", "penalty")


class _UndoneError(Exception):
    """The tried decision is undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The changed figures of one quota period: by name, before and after; empty without a change."""

    quota: str
    period: str
    changes: dict[str, tuple[int | None, int | None]]


def effects_of(services: Services, case: Case, decision: CaseDecision, *, at: datetime) -> list[Effect]:
    """Return the effect of a decision on the person's figures as of *at* (aware), by quota period.

    The decision is taken in a transaction and undone. Estimates of penalties are included; a signed line
    changes only by a correction. Empty for a changed userid, which is a matter of accounts.
    """
    if case.proposal is not None:
        return []
    quota_periods = _quota_periods(services, case, at=at)
    before, after = _rows(services, case.userid, quota_periods, at=at), dict[tuple[str, str], QuotaFigures]()
    trial = copy(services)  # people read within the undone transaction are for nobody else
    with suppress(_UndoneError), services.store.transaction():
        apply_decision(trial, case, decision, at=at)
        if case.joiner is not None:
            look_anew(trial)
        after = _rows(trial, case.userid, quota_periods, at=at)
        raise _UndoneError
    return [
        Effect(quota=quota, period=period, changes=_changes(before.get(name), after.get(name)))
        for name in sorted(before.keys() | after.keys())
        for quota, period in [name]
    ]


def _quota_periods(services: Services, case: Case, *, at: datetime) -> list[QuotaInPeriod]:
    """Return the quota periods that a decision can concern."""
    book, calendar = load_rulebook(services), services.config.work_calendar()
    if case.review is not None:
        return book.in_period(case.review.quota, parse_period(case.review.period))
    days = [calendar.local_day(at)] if case.finding is None else [case.finding.on, calendar.local_day(at)]
    by_name = {
        (quota.id, period.name): (quota, period) for day in days for quota, period in book.periods_at(day)
    }
    return list(by_name.values())


def _rows(
    services: Services, userid: str, quota_periods: Sequence[QuotaInPeriod], *, at: datetime
) -> dict[tuple[str, str], QuotaFigures]:
    book = load_rulebook(services)
    needed = list_needed_periods(services, quota_periods, book=book)
    branch = load_branch(services, needed, at=at, userids=[userid])
    standings = load_standings_in(
        services, quota_periods, at=at, book=book, money=True, stored=False, branch=branch
    )
    return {(row.quota, row.period): row for row in standings.rows}


def _changes(
    before: QuotaFigures | None, after: QuotaFigures | None
) -> dict[str, tuple[int | None, int | None]]:
    pairs = {name: (getattr(before, name, None), getattr(after, name, None)) for name in SHOWN}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
