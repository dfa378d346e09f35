"""close: store preliminary results of settled periods once, and tell each person theirs."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from statistics import median

from bot.core.periods import PeriodKind
from bot.core.person_figures import compute_figures
from bot.core.progress import QuotaFigures
from bot.core.quota_periods import Moment, Past, QuotaPeriod
from bot.core.rulebook import QuotaInPeriod
from bot.core.workdays import epoch_of
from bot.features.close import results, settle
from bot.features.close.message import ClosedLine
from bot.features.close.message import closed as close_message
from bot.features.notify.rollout import rollout_scope
from bot.features.standings.load import Standings
from bot.features.standings.pieces import iter_people
from bot.messages.message import Message
from bot.services import Services
from scheduler.whom import Piece


def prepare(services: Services, at: datetime) -> None:
    """Store the results that are due, before anybody reads of them."""
    settle.close_due(services, at=at)


def needed(services: Services, at: datetime) -> bool:
    """Return whether a settled period is not closed yet at *at* (aware)."""
    return bool(settle.list_due(services, at=at))


def whom(services: Services, at: datetime, after: str) -> Iterator[Piece]:
    """Yield everybody, if a period was closed today or would be now; nobody's running figures are needed."""
    if settle.list_of_today(services, at=at):
        yield from ((userids, (), ()) for userids in iter_people(services, after=after, in_haste=True))


def messages(services: Services, standings: Standings) -> Iterator[tuple[str, Message]]:
    """Yield a message for each person with a result that was stored today, or would be now.

    Daily quotas that were met and rows without a target bring no message. People on leave get it when they
    are back.
    """
    at, config = standings.at, services.config
    calendar, chosen = config.work_calendar(), tuple(standings.receivers())
    money = rollout_scope(services).shows_money
    lines: dict[str, list[ClosedLine]] = {}
    for quota_period in _of_today(services, standings):
        settled = _settled(services, standings, quota_period, chosen)
        for line in _lines(
            quota_period, settled, medians=_medians(services, standings, quota_period), money=money
        ):
            if line.row.target and not (line.met and quota_period[1].kind is PeriodKind.DAY):
                lines.setdefault(line.row.userid, []).append(line)
    until = results.deadline(epoch_of(at), calendar=calendar, workdays=config.review.appeal_workdays)
    local, language = calendar.local(at), services.language
    for userid in sorted(lines):
        if userid in standings.people and standings.people[userid].employed_on(local.date()):
            yield userid, close_message(language=language, lines=lines[userid], until=until, at=local)


def _of_today(services: Services, standings: Standings) -> list[QuotaInPeriod]:
    """Return the periods of today, the same for all pieces of the job."""
    found: list[QuotaInPeriod] | None = standings.shared.get("periods")
    if found is None:
        found = standings.shared["periods"] = settle.list_of_today(services, at=standings.at)
    return found


def _settled(
    services: Services, standings: Standings, quota_period: QuotaInPeriod, userids: Sequence[str]
) -> Standings:
    """Return the lines of *userids*: the stored ones, or those that would be stored now."""
    quota, period = quota_period
    settled = settle.load_settled(services, quota_period, userids, at=standings.at)
    if (quota.id, period.name) in services.store.results.closings():
        return settled
    coming = _coming(services, standings, quota_period)
    return replace(settled, rows=tuple(coming[userid] for userid in userids if userid in coming))


def _coming(
    services: Services, standings: Standings, quota_period: QuotaInPeriod
) -> Mapping[str, QuotaFigures]:
    """Return the lines that would be stored now, computed once for all pieces of a dry run."""
    key = ("coming", quota_period[0].id, quota_period[1].name)
    if key not in standings.shared:
        standings.shared[key] = settle.load_lines(services, quota_period, at=standings.at)
    found: Mapping[str, QuotaFigures] = standings.shared[key]
    return found


def _medians(
    services: Services, standings: Standings, quota_period: QuotaInPeriod
) -> Mapping[int | None, float]:
    """Return the median of kept_90 of each department, computed once for all pieces of the job."""
    name = quota_period[0].id, quota_period[1].name
    if (key := ("medians", *name)) not in standings.shared:
        if name in services.store.results.closings():
            stored = services.store.results.iter_newest(*name)
            rows: Iterable[QuotaFigures] = (result.line for result in stored)
        else:
            rows = _coming(services, standings, quota_period).values()
        kept: dict[int | None, array[float]] = {}
        for row in rows:
            if row.kept_90 is not None:
                kept.setdefault(row.department, array("d")).append(row.kept_90)
        standings.shared[key] = {department: median(shares) for department, shares in kept.items()}
    found: Mapping[int | None, float] = standings.shared[key]
    return found


def _lines(
    about: QuotaInPeriod, settled: Standings, *, medians: Mapping[int | None, float], money: bool
) -> Iterator[ClosedLine]:
    quota_period = QuotaPeriod.of(*about, calendar=settled.calendar)
    past, begun_on = settled.branch.past(epoch_of(settled.at)), settled.branch.begun_on
    parts, rule = _parts(quota_period, settled, past), about[0].penalty
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
        people=settled.branch.people,
        departments=settled.departments,
        now=Moment.of(settled.at, calendar=settled.calendar),
        past=past,
        before=past,
    )
    return {person_figures.person.userid: person_figures.part for person_figures in everybody}
