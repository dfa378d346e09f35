"""close: preliminary results of settled periods, stored once and told to each person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from statistics import median

from bot.core.periods import PeriodKind
from bot.core.progress import QuotaFigures
from bot.core.quota_periods import QuotaPeriod
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
    """Store what is due, before anybody is told."""
    results.close_due(services, at=at)


def needed(services: Services, at: datetime) -> bool:
    """Whether something is settled at *at* (aware) that nobody has closed yet."""
    return bool(results.due(services, at=at))


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """One message for each person with a result that was stored today, or would be now.

    A day's quota that was met is not worth a message, nor is what asks nothing of somebody. Who is away is
    told when he is back.
    """
    at, config = standings.at, services.config
    calendar = config.work_calendar()
    money = rollout_scope(services).shows_money
    lines: dict[str, list[ClosedLine]] = {}
    for quota_period, settled in results.of_today(services, at=at):
        begun = results.begun_within(services, quota_period)
        for line in _lines(quota_period, settled, at=at, begun=begun, money=money):
            if line.row.target and not (line.met and quota_period[1].kind is PeriodKind.DAY):
                lines.setdefault(line.row.userid, []).append(line)
    until = results.deadline(epoch_of(at), calendar=calendar, workdays=config.review.appeal_workdays)
    for userid in sorted(lines):
        if userid in standings.people and standings.people[userid].employed_on(calendar.local_day(at)):
            yield (
                userid,
                close_message(
                    language=services.language,
                    lines=lines[userid],
                    until=until,
                    at=calendar.local(at),
                ),
            )


def _lines(
    about: QuotaInPeriod, settled: Standings, *, at: datetime, begun: date | None, money: bool
) -> Iterator[ClosedLine]:
    quota_period = QuotaPeriod.of(*about, calendar=settled.calendar)
    past = settled.branch.past(epoch_of(at))
    medians = _medians(settled.rows)
    for row in settled.rows:
        verdicts = Counter(verdict for _, verdict in quota_period.judged(row.userid, past))
        kept = row.kept_90
        yield ClosedLine(
            row=row,
            verdicts=verdicts,
            penalty_rule=about[0].penalty if money else None,
            above_median=kept is not None and kept > medians[row.department],
            begun=begun,
        )


def _medians(rows: tuple[QuotaFigures, ...]) -> dict[int | None, float]:
    """The middle kept_90 of each department."""
    kept: dict[int | None, list[float]] = {}
    for row in rows:
        if row.kept_90 is not None:
            kept.setdefault(row.department, []).append(row.kept_90)
    return {department: median(shares) for department, shares in kept.items()}
