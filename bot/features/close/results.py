"""Results of settled periods: preliminary once, then final by a signature.

From the close on everybody sees the stored figures. Later changes are proposed corrections: a new line with
author and reason, never an edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import attrgetter

from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.rulebook import QuotaInPeriod
from bot.core.workdays import WorkCalendar, epoch_of
from bot.features.standings.load import Standings, load_rulebook, load_standings_in
from bot.services import FIRST_START, Services
from bot.store.results import Closed, Result, ResultState, text_of

_LONGEST = timedelta(days=366 + 366)  # the longest period and the longest keep period

# Two lines differ if one of these differs: the rest follows from them or belongs to the day.
_FIGURES = attrgetter("target", "counted", "rejected", "gross", "status", "penalty", "reward", "flags")


class ClosingError(Exception):
    """A result cannot be signed or corrected; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A final line and the figures as they would be now."""

    stored: QuotaFigures
    now: QuotaFigures


def due(services: Services, *, at: datetime) -> list[QuotaInPeriod]:
    """Return the quota periods settled at *at* (aware) but not closed, the earliest first.

    Periods that ended before the ledger's first fact are left out.
    """
    first = services.store.ledger.first_at()
    if first is None:
        return []
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    closed = {(line.quota, line.period) for line in services.store.results.closed()}
    earliest = max(calendar.day_of(first), today) - _LONGEST
    settled = [
        (quota, period)
        for quota, period in load_rulebook(services).periods_beginning(earliest, today)
        if period.last >= calendar.day_of(first)
        and quota.settlement(period, calendar=calendar) <= epoch_of(at)
        and (quota.id, period.name) not in closed
    ]
    return sorted(settled, key=lambda quota_period: quota_period[1].last)


def begun_within(services: Services, quota_period: QuotaInPeriod) -> date | None:
    """Return the local day on which the record began, if too much of the period was over by then.

    Too much is more than a fifth of its workdays: earlier adds were not counted, so the result says little.
    """
    calendar, (_, period) = services.config.work_calendar(), quota_period
    marks = (services.store.ledger.first_at(), services.store.marks.get(FIRST_START))
    known = [calendar.day_of(int(mark)) for mark in marks if mark is not None]
    if not known or min(known) > period.last:
        return None
    before = len(calendar.workdays_between(period.first, min(known) - timedelta(days=1)))
    whole = len(calendar.workdays_between(period.first, period.last))
    return min(known) if before * 5 > whole else None


def close_due(services: Services, *, at: datetime) -> None:
    """Store the preliminary results of all periods due at *at* (aware), once."""
    store, at_s = services.store, epoch_of(at)
    for quota_period in due(services, at=at):
        rows = _computed(services, [quota_period], at=at).rows
        quota, period = quota_period[0].id, quota_period[1].name
        with store.transaction():
            if store.results.newest(quota, period):
                continue  # another process was faster
            store.results.add(
                Result(
                    line=row,
                    version=1,
                    state=ResultState.PRELIMINARY,
                    author="",
                    reason="settlement",
                    stored_at=at_s,
                )
                for row in rows
            )
            if rows:
                _note(services, "close", quota, period, rows, actor="quotabot", at=at_s)


def of_today(services: Services, *, at: datetime) -> list[tuple[QuotaInPeriod, Standings]]:
    """Return the periods closed on the local day of *at* (aware) or due then, with their standings."""
    calendar = services.config.work_calendar()
    today = {
        (line.quota, line.period)
        for line in services.store.results.closed()
        if calendar.day_of(line.closed_at) == calendar.local_day(at)
    }
    book = load_rulebook(services)
    quota_periods = [
        quota_period
        for quota, period in sorted(today)
        for quota_period in book.periods_named(parse_period(period))
        if quota_period[0].id == quota
    ]
    return [
        (quota_period, _computed(services, [quota_period], at=at))
        for quota_period in [*quota_periods, *due(services, at=at)]
    ]


def deadline(closed_at: int, *, calendar: WorkCalendar, workdays: int) -> datetime:
    """Return the end of appeals: closing time, *workdays* after a close at *closed_at* (epoch s)."""
    day = calendar.day_of(closed_at)
    for _ in range(workdays):
        day = calendar.next_workday(day)
    return datetime.combine(day, calendar.closes, calendar.zone)


def may_appeal(services: Services, quota: str, period: str, *, at: datetime) -> bool:
    """Say whether this period is open for appeals at *at* (aware): until some workdays after its close."""
    closed = _closed(services, quota, period)
    return closed is None or at < _deadline(services, closed)


def undecided(services: Services, quota: str, period: str) -> frozenset[str]:
    """Return the userids whose lines stay open because their appeal is undecided."""
    states = services.store.results.appeals(quota, period)
    return frozenset(userid for userid, state in states if state == "open")


def sign(
    services: Services, quota: str, period: str, *, by: str, at: datetime
) -> tuple[list[str], list[str]]:
    """Make the lines of a closed period final in the name of *by*; lines with open appeals stay open.

    Returns the userids with lines final now, and those with open lines. Signing twice changes nothing.
    Raises ClosingError if the period was not closed or appeals still run.
    """
    closed = _must_be_closed(services, quota, period)
    if at < (until := _deadline(services, closed)):
        raise ClosingError(f"{quota} {period}: appeals run until {until:%Y-%m-%d %H:%M}; sign after that")
    store = services.store
    waiting = undecided(services, quota, period)
    rows = {row.userid: row for row in _recomputed(services, quota, period, at=at).rows}
    with store.transaction():
        signed = [
            _signed(services, result, rows.get(userid), by=by, at=at)
            for userid, result in store.results.newest(quota, period).items()
            if result.state is ResultState.PRELIMINARY and userid not in waiting
        ]
        store.results.add(signed)
        if signed:
            lines = [result.line for result in signed]
            _note(services, "sign", quota, period, lines, actor=by, at=epoch_of(at))
    return [result.line.userid for result in signed], sorted(waiting)


def corrections(services: Services, quota: str, period: str, *, at: datetime) -> list[Correction]:
    """Return the final lines that would differ now, because of late events, facts or decisions."""
    newest = services.store.results.newest(quota, period)
    if not any(result.state is ResultState.FINAL for result in newest.values()):
        return []
    rows = {row.userid: row for row in _recomputed(services, quota, period, at=at).rows}
    return [
        Correction(stored=result.line, now=rows[userid])
        for userid, result in newest.items()
        if result.state is ResultState.FINAL
        and userid in rows
        and _FIGURES(result.line) != _FIGURES(rows[userid])
    ]


def correct(
    services: Services, quota: str, period: str, userid: str, *, by: str, reason: str, at: datetime
) -> QuotaFigures:
    """Append the present figures of *userid* as a new line by *by* for *reason*, and return it.

    Raises ClosingError if there is nothing to correct.
    """
    proposed = {item.now.userid: item.now for item in corrections(services, quota, period, at=at)}
    if (line := proposed.get(userid)) is None:
        raise ClosingError(f"{quota} {period}: nothing to correct for {userid}")
    store = services.store
    with store.transaction():
        before = store.results.newest(quota, period)[userid]
        version, now = before.version + 1, epoch_of(at)
        new = replace(before, line=line, version=version, author=by, reason=reason, stored_at=now)
        store.results.add([new])
        _note(services, "correct", quota, period, [line], actor=by, at=now, reason=reason)
    return line


def _signed(services: Services, result: Result, now: QuotaFigures | None, *, by: str, at: datetime) -> Result:
    """Return the final version of a line: review decisions apply, but nothing else against the person."""
    line, reason = result.line, "signed as it was"
    decided = [
        state
        for userid, state in services.store.results.appeals(*result.name)
        if userid == line.userid and state != "open"
    ]
    better = now is not None and (now.counted >= line.counted or "rejected" in decided)
    if decided and now is not None and better:
        line, reason = now, "signed with what reviews decided"
    version, now_s = result.version + 1, epoch_of(at)
    return Result(
        line=line, version=version, state=ResultState.FINAL, author=by, reason=reason, stored_at=now_s
    )


def _note(
    services: Services,
    act: str,
    quota: str,
    period: str,
    lines: Sequence[QuotaFigures],
    *,
    actor: str,
    at: int,
    reason: str = "",
) -> None:
    """Store the digest of the lines in the audit chain, so that no change goes unnoticed."""
    text = "\n".join(text_of(line) for line in sorted(lines, key=attrgetter("userid")))
    detail = {"lines": len(lines), "sha256": hashlib.sha256(text.encode()).hexdigest(), "reason": reason}
    services.store.audit.add(at=at, actor=actor, act=act, subject=f"{quota} {period}", detail=detail)


def _closed(services: Services, quota: str, period: str) -> Closed | None:
    closed = services.store.results.closed()
    return next((line for line in closed if (line.quota, line.period) == (quota, period)), None)


def _must_be_closed(services: Services, quota: str, period: str) -> Closed:
    if (closed := _closed(services, quota, period)) is None:
        raise ClosingError(f"{quota} {period} was not closed yet; see `quotabot close list`")
    return closed


def _deadline(services: Services, closed: Closed) -> datetime:
    return deadline(
        closed.closed_at,
        calendar=services.config.work_calendar(),
        workdays=services.config.review.appeal_workdays,
    )


def _recomputed(services: Services, quota: str, period: str, *, at: datetime) -> Standings:
    named = load_rulebook(services).periods_named(parse_period(period))
    return _computed(services, [quota_period for quota_period in named if quota_period[0].id == quota], at=at)


def _computed(services: Services, quota_periods: Sequence[QuotaInPeriod], *, at: datetime) -> Standings:
    """Return the standings computed anew, regardless of stored results."""
    return load_standings_in(services, quota_periods, at=at, book=load_rulebook(services), stored=False)
