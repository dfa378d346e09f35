"""The rows of an employee's card: where he stands, what is pending and until when, what he kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.pending import Waiting
from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures, Status
from bot.messages.cards import fitting
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import ENOUGH, kept_of, workdays_left

Rows = tuple[tuple[str, str], ...]


def status_rows(
    texts: Texts,
    rows: Sequence[QuotaFigures],
    *,
    at: datetime,
    is_tight: bool = False,
    says_days: bool = True,
) -> Rows:
    """Say where somebody stands if he is asked for one quota of a period that runs now; else nothing.

    A row's name is too short to tell several quotas apart: they are said in the card's text. *is_tight*: help
    is offered, so nobody who is behind is asked for more speed. *says_days*: how many workdays
    are left is said.
    """
    asked = [row for row in rows if row.status is not Status.EXEMPT]
    if len(asked) != 1 or not asked[0].period_start <= at.date() <= asked[0].period_end:
        return ()
    (row,) = asked
    done = f"{row.counted + row.pending}/{row.target}"
    name = texts.table("cards.period")[parse_period(row.period).kind]
    parts = (
        (done,)
        if is_tight and row.status is Status.BEHIND
        else (done, texts.table("progress.status")[row.status])
    )
    said = [(name, fitting(texts["cards.comma"].join(parts), done))]
    if row.to_add and row.status not in ENOUGH:
        left = workdays_left(texts, row) if says_days and row.status is not Status.MISSED else []
        said.append(
            (
                texts["cards.to_add"],
                texts["cards.comma"].join((texts["cards.people"].say(n=row.to_add), *left)),
            )
        )
    return tuple(said)


def pending_rows(
    language: str, rows: Sequence[QuotaFigures], *, at: datetime, waiting: Sequence[Waiting] = ()
) -> Rows:
    """Say how many contacts are pending, and by which day the last of them is decided, if that is known."""
    texts = texts_in(language)
    n = sum(row.pending for row in rows)
    if not n:
        return ()
    if not waiting or at.tzinfo is None:
        return ((texts["cards.pending"], texts["cards.people"].say(n=n)),)
    last = datetime.fromtimestamp(max(one.until_s for one in waiting), at.tzinfo)
    return (
        (
            texts["cards.pending"],
            fitting(
                texts["cards.pending_until"].say(n=n, until=f"{last:%m-%d}"), texts["cards.people"].say(n=n)
            ),
        ),
    )


def kept_rows(language: str, rows: Sequence[QuotaFigures]) -> Rows:
    """Say what share of the contacts of 90 days was kept, rounded down; nothing under ten contacts."""
    kept = kept_of(rows)
    texts = texts_in(language)
    return (
        ()
        if kept is None
        else ((texts["cards.kept"], texts["cards.kept_value"].say(percent=int(kept * 100))),)
    )
