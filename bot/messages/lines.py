"""Lines that several messages share: where somebody stands in a quota, and as of when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.core.day import DayFacts
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import QuotaFigures, Status
from bot.messages.catalog import Texts
from bot.messages.message import Keep, Line, Listing, Part, Tone
from bot.messages.sanitize import clean

ENOUGH = frozenset({Status.MET, Status.COVERED})


def status_listing(
    texts: Texts,
    rows: Sequence[QuotaFigures],
    *,
    at: datetime,
    is_tight: bool = False,
    says_days: bool = True,
) -> Listing:
    """Say where each row stands; the more is to be done today, the earlier the line.

    *is_tight*: help is offered, so nobody who is behind is asked for more speed. *says_days*: how many
    workdays are left is said.
    """
    by_weight = sorted(rows, key=lambda row: (row.status is Status.EXEMPT, -row.today_dose))
    labels = labels_of(texts, rows, at=at)
    return Listing(
        tuple(
            _status_line(texts, row, label=labels[row.quota], is_tight=is_tight, says_days=says_days)
            for row in by_weight
        ),
        more=texts["progress.more_quotas"],
        keep=Keep.CORE,
    )


def _status_line(texts: Texts, row: QuotaFigures, *, label: str, is_tight: bool, says_days: bool) -> Line:
    tone = Tone.GOOD if row.status in ENOUGH else Tone.PLAIN
    status = Part(texts.table("progress.status")[row.status], tone)
    if row.status is Status.EXEMPT:
        return Line((Part(texts["progress.standing_exempt"].say(label=label)), status), Keep.CORE)
    details = confirmed(texts, row)
    if row.to_add:
        details.append(texts["progress.to_add"].say(n=row.to_add))
        if says_days and row.status is not Status.MISSED:
            details += workdays_left(texts, row)
    if is_tight and row.status is Status.BEHIND:
        return Line((Part(status_text(texts, row, label=label, details=details)),), Keep.CORE)
    said = status_text(texts, row, label=label, details=[*details, ""])
    return Line((Part(said), status), Keep.CORE)


def status_text(texts: Texts, row: QuotaFigures, *, label: str, details: Sequence[str]) -> str:
    """Say `label done/target: details`; what is pending is part of what is done."""
    return texts["progress.standing"].say(
        label=label,
        done=row.counted + row.pending,
        target=row.target,
        details=texts["progress.comma"].join(details),
    )


def confirmed(texts: Texts, row: QuotaFigures) -> list[str]:
    """Say what is confirmed, and what is pending if anything is."""
    pending = [texts["progress.pending"].say(n=row.pending)] if row.pending else []
    return [texts["progress.confirmed"].say(n=row.counted), *pending]


def workdays_left(texts: Texts, row: QuotaFigures) -> list[str]:
    """Say how many workdays are left; nothing for a quota of one day, which has no other."""
    if parse_period(row.period).kind is PeriodKind.DAY:
        return []
    if not row.workdays_left:
        return [texts["progress.no_workdays_left"].say()]
    return [texts["progress.workdays_left"].say(n=row.workdays_left)]


class OfPeriod(Protocol):
    """What is about a quota's period: a row, or a figure of a statement."""

    @property
    def quota(self) -> str: ...
    @property
    def period(self) -> str: ...


def labels_of(texts: Texts, rows: Sequence[OfPeriod], *, at: datetime) -> dict[str, str]:
    """Name each quota of *rows* by its period, and by its id where periods alone do not tell them apart."""
    periods = {row.quota: _period(texts, row, at=at) for row in rows}
    if len(set(periods.values())) == len(periods):
        return periods
    return {
        quota: texts["progress.quota_label"].say(quota=clean(quota), period=period)
        for quota, period in periods.items()
    }


def _period(texts: Texts, row: OfPeriod, *, at: datetime) -> str:
    """Say `this month` only while it is."""
    period = parse_period(row.period)
    if at.date() in period:
        return texts.table("progress.this_period")[period.kind]
    return texts["progress.other_period"].say(period=row.period)


def kept_of(rows: Sequence[QuotaFigures]) -> Decimal | None:
    """Return the person's kept_90, which is the same in all his rows that have it."""
    return next((Decimal(str(row.kept_90)) for row in rows if row.kept_90 is not None), None)


def kept_line(texts: Texts, rows: Sequence[QuotaFigures]) -> list[Line]:
    """Say what share of the contacts of 90 days was kept, rounded down; nothing under ten contacts."""
    kept = kept_of(rows)
    if kept is None:
        return []
    return [Line((Part(texts["progress.kept"].say(percent=int(kept * 100))),), Keep.NICE)]


def facts_said(texts: Texts, facts: DayFacts) -> str:
    """Say what days brought somebody, to himself; nothing of what did not happen."""
    return texts["progress.semicolon"].join(
        phrase.say(n=number)
        for phrase, number in (
            (texts["progress.yesterday_added"], facts.added),
            (texts["progress.lost_by_customer"], facts.lost_by_customer),
            (texts["progress.lost_by_member"], facts.lost_by_member),
            (texts["progress.lost_unknown"], facts.lost_unknown),
        )
        if number
    )


def incomplete_line(texts: Texts, since: datetime | None, *, at: datetime) -> list[Line]:
    """Say from when on adds may be missing; nothing without *since*, which is in the zone of *at*."""
    if since is None:
        return []
    shown = f"{since:%H:%M}" if since.date() == at.date() else f"{since:%m-%d %H:%M}"
    return [Line((Part(texts["progress.incomplete"].say(since=shown)),), Keep.CORE)]


def first_line(words: str) -> Line:
    """Return the line that the notification shows."""
    return Line((Part(words, Tone.STRONG),), Keep.ALWAYS)


def footer(texts: Texts, *, at: datetime, kind: str) -> Line:
    """Say as of when the figures are, in the zone of *at*. Raises ValueError if *at* has none."""
    if at.utcoffset() is None:
        raise ValueError(f"at must have a zone, got {at!r}")
    said = texts["progress.footer"].say(
        day=f"{at:%m-%d}",
        weekday=texts.each("progress.weekdays")[at.weekday()],
        time=f"{at:%H:%M}",
        kind=kind,
    )
    return Line((Part(said, Tone.QUIET),), Keep.ALWAYS)
