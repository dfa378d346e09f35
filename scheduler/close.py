"""close: store preliminary results of settled periods once, and tell each person theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from statistics import median

from bot.core.periods import PeriodKind
from bot.core.person_figures import compute_figures
from bot.core.progress import QuotaFigures
from bot.core.quota_periods import Moment, Past, QuotaPeriod
from bot.core.rulebook import QuotaInPeriod
from bot.core.workdays import epoch_of
from bot.features.close import results
from bot.features.close.message import ClosedLine
from bot.features.close.message import closed as close_message
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.load import Standings
from bot.messages.message import Message
from bot.services import Services


def prepare(services: Services, at: datetime) -> None:
    """Store the results that are due, before anybody reads of them."""
    results.close_due(services, at=at)


def needed(services: Services, at: datetime) -> bool:
    """Return whether a settled period is not closed yet at *at* (aware)."""
    return bool(results.list_due(services, at=at))


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each person with a result that was stored today, or would be now.

    Daily quotas that were met and rows without a target bring no message. People on leave get it when they
    are back.
    """
    at, config = standings.at, services.config
    calendar = config.work_calendar()
    money = rollout_scope(services).shows_money
    lines: dict[str, list[ClosedLine]] = {}
    for quota_period, settled in results.of_today(services, at=at):
        for line in _lines(quota_period, settled, at=at, money=money):
            if line.row.target and not (line.met and quota_period[1].kind is PeriodKind.DAY):
                lines.setdefault(line.row.userid, []).append(line)
    until = results.deadline(epoch_of(at), calendar=calendar, workdays=config.review.appeal_workdays)
    local, language = calendar.local(at), services.language
    for userid in sorted(lines):
        if userid in standings.people and standings.people[userid].employed_on(local.date()):
            yield userid, close_message(language=language, lines=lines[userid], until=until, at=local)


def _lines(about: QuotaInPeriod, settled: Standings, *, at: datetime, money: bool) -> Iterator[ClosedLine]:
    quota_period = QuotaPeriod.of(*about, calendar=settled.calendar)
    past, begun_on = settled.branch.past(epoch_of(at)), settled.branch.begun_on
    medians, parts, rule = _medians(settled.rows), _parts(quota_period, settled, past), about[0].penalty
    for row in settled.rows:
        verdicts = Counter(verdict for _, verdict in quota_period.judged(row.userid, past))
        kept, part = row.kept_90, parts.get(row.userid, Fraction(1))
        uncapped = 0 if rule is None else rule.amount(counted=row.counted, target=row.target, part=part)
        yield ClosedLine(
            row=row,
            verdicts=verdicts,
            penalty_rule=rule if money and row.penalty is not None else None,
            part=part,
            capped=row.penalty is not None and row.penalty < uncapped,
            above_median=kept is not None and kept > medians[row.department],
            begun=begun_on if quota_period.is_for_reference(begun_on) else None,
        )


def _parts(quota_period: QuotaPeriod, settled: Standings, past: Past) -> dict[str, Fraction]:
    """Return by userid the part of a flat amount that shares and own workdays leave."""
    everybody = compute_figures(
        quota_period,
        people=settled.people.values(),
        departments=settled.departments,
        now=Moment.of(settled.at, calendar=settled.calendar),
        past=past,
        before=past,
    )
    return {person_figures.person.userid: person_figures.part for person_figures in everybody}


def _medians(rows: tuple[QuotaFigures, ...]) -> dict[int | None, float]:
    """Return the median of kept_90 of each department."""
    kept: dict[int | None, list[float]] = {}
    for row in rows:
        if row.kept_90 is not None:
            kept.setdefault(row.department, []).append(row.kept_90)
    return {department: median(shares) for department, shares in kept.items()}
