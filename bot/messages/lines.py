"""Lines that several messages share, such as the figures of a quota and the footer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.core.day import DayFacts
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.messages.catalog import Texts
from bot.messages.message import Keep, Line, Listing, Part, Tone
from bot.messages.sanitize import clean


def status_listing(
    texts: Texts,
    rows: Sequence[QuotaFigures],
    *,
    at: datetime,
    is_tight: bool = False,
    says_days: bool = True,
    dated: bool = False,
) -> Listing:
    """Return a line for each of *rows*, the largest dose of today first.

    *is_tight*: the message offers help, so no line asks people behind for more speed. *says_days*: lines say
    how many workdays are left. *dated*: as in `labels_of`.
    """
    labels = labels_of(texts, rows, at=at, dated=dated)
    return Listing(
        tuple(
            _status_line(texts, row, label=labels[row.quota], is_tight=is_tight, says_days=says_days)
            for row in sorted(rows, key=lambda row: (row.status is Status.EXEMPT, -row.today_dose))
        ),
        more=texts["progress.more_quotas"],
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
    details += open_said(texts, row)
    if is_tight and row.status is Status.BEHIND:
        return Line.of(status_text(texts, row, label=label, details=details))
    return Line((Part(status_text(texts, row, label=label, details=[*details, ""])), status), Keep.CORE)


def status_text(texts: Texts, row: QuotaFigures, *, label: str, details: Sequence[str]) -> str:
    """Return `label sure/target: details`: pending contacts are part of it, open ones are not."""
    return texts["progress.standing"].say(
        label=label,
        done=row.sure,
        target=row.target,
        details=texts["progress.comma"].join(details),
    )


def confirmed(texts: Texts, row: QuotaFigures) -> list[str]:
    """Say how many contacts are confirmed, and how many pending ones will count by themselves, if any."""
    pending = row.pending - row.open
    return [
        texts["progress.confirmed"].say(n=row.counted),
        *([texts["progress.pending"].say(n=pending)] if pending else []),
    ]


def open_said(texts: Texts, row: QuotaFigures) -> list[str]:
    """Say how many contacts are rejected by themselves unless somebody acts, if any."""
    return [texts["progress.open"].say(n=row.open)] if row.open else []


def workdays_left(texts: Texts, row: QuotaFigures) -> list[str]:
    """Say how many workdays are left; nothing for a daily quota."""
    if parse_period(row.period).kind is PeriodKind.DAY:
        return []
    if not row.workdays_left:
        return [texts["progress.no_workdays_left"].say()]
    return [texts["progress.workdays_left"].say(n=row.workdays_left)]


class OfPeriod(Protocol):
    """A row, or a figure of a statement, of one quota's period."""

    @property
    def quota(self) -> str: ...
    @property
    def period(self) -> str: ...


def labels_of(texts: Texts, rows: Sequence[OfPeriod], *, at: datetime, dated: bool = False) -> dict[str, str]:
    """Name each quota of *rows* by its period, with its id where two quotas share a period.

    *dated*: never as `this month`, because the message may be read later.
    """
    periods = {
        row.quota: texts["progress.other_period"].say(period=row.period)
        if dated
        else _period(texts, row, at=at)
        for row in rows
    }
    if len(set(periods.values())) == len(periods):
        return periods
    return {
        quota: texts["progress.quota_label"].say(quota=clean(quota), period=period)
        for quota, period in periods.items()
    }


def _period(texts: Texts, row: OfPeriod, *, at: datetime) -> str:
    """Return `this month` while *at* is in it, else the period's name."""
    period = parse_period(row.period)
    if at.date() in period:
        return texts.table("progress.this_period")[period.kind]
    return texts["progress.other_period"].say(period=row.period)


def kept_of(rows: Sequence[QuotaFigures]) -> Decimal | None:
    """Return the person's kept_90, the same in all their rows; None if no row has it."""
    return next((Decimal(str(row.kept_90)) for row in rows if row.kept_90 is not None), None)


def kept_line(texts: Texts, rows: Sequence[QuotaFigures]) -> list[Line]:
    """Say what share of the contacts of 90 days was kept, rounded down; nothing under ten contacts."""
    if (kept := kept_of(rows)) is None:
        return []
    return [Line.of(texts["progress.kept"].say(percent=int(kept * 100)), Keep.NICE)]


def facts_said(texts: Texts, facts: DayFacts) -> str:
    """Tell a person the adds and losses of some days; leave out what is 0."""
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
    """Say since when adds may be missing; nothing without *since*, which is in the zone of *at*."""
    if since is None:
        return []
    shown = f"{since:%H:%M}" if since.date() == at.date() else f"{since:%m-%d %H:%M}"
    return [Line.of(texts["progress.incomplete"].say(since=shown))]


def target_of(texts: Texts, rows: Sequence[QuotaFigures]) -> str:
    """Name the target of *rows* by the kind of its period, for a message that offers help."""
    kinds = {parse_period(row.period).kind for row in rows}
    return texts.table("offer.target")[kinds.pop()] if len(kinds) == 1 else texts["offer.any_target"]


def first_line(words: str) -> Line:
    """Return the line that the notification shows."""
    return Line.of(words, Keep.ALWAYS, Tone.STRONG)


def footer(texts: Texts, *, at: datetime, kind: str, time_format: str = "%H:%M") -> Line:
    """Say the moment of the figures, in the zone of *at*. Raises ValueError if *at* has no zone."""
    if at.utcoffset() is None:
        raise ValueError(f"at must have a zone, got {at!r}")
    weekday = texts.each("progress.weekdays")[at.weekday()]
    time = at.strftime(time_format)
    text = texts["progress.footer"].say(day=f"{at:%m-%d}", weekday=weekday, time=time, kind=kind)
    return Line.of(text, Keep.ALWAYS, Tone.QUIET)
