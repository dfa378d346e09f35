"""The rows of an employee's card: figures, pending contacts, kept contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.pending import Waiting
from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.messages.cards import fitting
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import kept_of, workdays_left

Rows = tuple[tuple[str, str], ...]


def status_rows(
    texts: Texts,
    rows: Sequence[QuotaFigures],
    *,
    at: datetime,
    is_tight: bool = False,
    says_days: bool = True,
) -> Rows:
    """Return the figures of a person with one quota whose period runs now; else nothing.

    A row's name is too short to tell several quotas apart: these stand in the card's text. *is_tight*: the
    message offers help, so no row asks people behind for more speed. *says_days*: rows say how many workdays
    are left.
    """
    asked = [row for row in rows if row.status is not Status.EXEMPT]
    if len(asked) != 1 or not asked[0].period_start <= at.date() <= asked[0].period_end:
        return ()
    (row,) = asked
    comma, done = texts["cards.comma"], f"{row.sure}/{row.target}"
    is_quiet = is_tight and row.status is Status.BEHIND
    status = () if is_quiet else (texts.table("progress.status")[row.status],)
    name = texts.table("cards.period")[parse_period(row.period).kind]
    figures = [(name, fitting(comma.join((done, *status)), done))]
    if row.to_add and row.status not in ENOUGH:
        left = workdays_left(texts, row) if says_days and row.status is not Status.MISSED else []
        figures.append((texts["cards.to_add"], comma.join((texts["cards.people"].say(n=row.to_add), *left))))
    return tuple(figures)


def pending_rows(
    language: str, rows: Sequence[QuotaFigures], *, at: datetime, waiting: Sequence[Waiting] = ()
) -> Rows:
    """Return how many contacts of the only quota with any will count, and the last one's day, if known.

    One contact may be pending under several quotas, so these are never summed.
    """
    texts, pending = texts_in(language), [row.pending - row.open for row in rows if row.pending > row.open]
    if len(pending) != 1:
        return ()
    (n,) = pending
    value = texts["cards.people"].say(n=n)
    if any(not group.open for group in waiting) and at.tzinfo is not None:
        last = datetime.fromtimestamp(max(group.until_s for group in waiting if not group.open), at.tzinfo)
        value = fitting(texts["cards.pending_until"].say(n=n, until=f"{last:%m-%d}"), value)
    return ((texts["cards.pending"], value),)


def kept_rows(language: str, rows: Sequence[QuotaFigures]) -> Rows:
    """Return the share of kept contacts of 90 days, rounded down; nothing under ten contacts."""
    if (kept := kept_of(rows)) is None:
        return ()
    texts = texts_in(language)
    return ((texts["cards.kept"], texts["cards.kept_value"].say(percent=int(kept * 100))),)
