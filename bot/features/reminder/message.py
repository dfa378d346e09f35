"""The late message to people who are behind and can still change it today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.pending import Waiting
from bot.core.periods import PeriodKind, parse_period
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.messages.cards import fitting
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import confirmed, first_line, footer, labels_of, open_said, status_text
from bot.messages.message import Button, Card, Keep, Line, Listing, Message
from bot.messages.pending import open_listing
from bot.messages.rows import Rows, kept_rows


def list_to_remind(rows: Sequence[QuotaFigures]) -> tuple[QuotaFigures, ...]:
    """Return one person's rows that are behind with something left today; without any, no reminder."""
    return tuple(row for row in rows if row.status is Status.BEHIND and row.today_left)


def days_after(row: QuotaFigures, *, today_is_workday: bool) -> int:
    """Return the workdays left in the period after today; *today_is_workday*: workdays_left counts today."""
    return max(0, row.workdays_left - int(today_is_workday))


def reminder(
    *,
    language: str,
    rows: Sequence[QuotaFigures],
    at: datetime,
    today_is_workday: bool,
    waiting: Sequence[Waiting] = (),
    may_be_away: bool = False,
    has_helper: bool = True,
) -> Message:
    """Tell one employee how many adds are still enough today, and what stopping now means.

    *rows* are the employee's. *today_is_workday*: workdays_left of the rows counts the day of *at*, as on an
    own workday until closing time; the message does not count it. *waiting*: what pending contacts need; the
    message says it of open ones. *may_be_away*: the employee noted unconfirmed leave on later days, so the
    message says nothing about them. *has_helper*: a request for help would reach a leader.

    Raises ValueError if `list_to_remind` is empty, *at* has no zone or the language is unknown.
    """
    due = list_to_remind(rows)
    if not due:
        raise ValueError("reminder needs a row that is behind with something left today")
    texts = texts_in(language)
    after_today = {row.quota: days_after(row, today_is_workday=today_is_workday) for row in due}
    labels = labels_of(texts, rows, at=at)
    told: Mapping[str, int | None] = dict.fromkeys(after_today) if may_be_away else after_today
    listing = _listing(texts, due, labels=labels, after=told)
    lacking = open_listing(waiting, language=language, labels=labels, at=at)
    title = texts["progress.left_today"] if lacking else texts["progress.add_more"]
    stop = [] if may_be_away else _may_stop(texts, due, after_today=after_today)
    help_line = [Line.of(texts["cards.ask_for_help"], Keep.USEFUL)] if has_helper else []
    once = Line.of(texts["progress.only_once"], Keep.USEFUL)
    figures = _figures(texts, due, after=told) if len(rows) == 1 else ()
    return Message(
        (
            first_line(_more_today(texts, due)),
            listing,
            *lacking,
            *stop,
            once,
            footer(texts, at=at, kind=texts["progress.kind_reminder"]),
        ),
        card=Card(
            rows=(*figures, *kept_rows(language, due)),
            body=(*([] if figures else [listing]), *lacking, *stop, *help_line, once),
            buttons=(*([Button.HELP] if has_helper else []), Button.LIST, Button.MUTE),
            title=title.say(n=max(row.today_left for row in due)),
        ),
        page="/me",
    )


def _listing(
    texts: Texts,
    due: Sequence[QuotaFigures],
    *,
    labels: Mapping[str, str],
    after: Mapping[str, int | None],
) -> Listing:
    """Return a line on each quota of *due*; *after*: its workdays after today, None: not said."""
    standings = tuple(_standing(texts, row, label=labels[row.quota], after=after[row.quota]) for row in due)
    return Listing(standings, more=texts["progress.more_quotas"])


def _more_today(texts: Texts, due: Sequence[QuotaFigures]) -> str:
    most = max(due, key=lambda row: (row.today_left, row.today_dose))
    begun = most.today_dose - most.today_left
    if most.open:
        return texts["progress.left_open"].say(n=most.today_left, open=most.open)
    if begun > 0:
        return texts["progress.add_more_begun"].say(n=most.today_left, done=begun)
    return texts["progress.add_more"].say(n=most.today_left)


def _figures(texts: Texts, due: Sequence[QuotaFigures], *, after: Mapping[str, int | None]) -> Rows:
    """Return one quota's figures as rows of a card; several quotas stand in its text."""
    (row,) = due
    done, pending = f"{row.sure}/{row.target}", row.pending - row.open
    standings = texts["cards.comma"].join((done, texts["progress.confirmed"].say(n=row.counted)))
    left = texts["cards.comma"].join(
        [texts["cards.people"].say(n=row.to_add), *_workdays(texts, row, after=after[row.quota])]
    )
    return (
        (texts.table("cards.period")[parse_period(row.period).kind], fitting(standings, done)),
        (texts["cards.to_add"], fitting(left, texts["cards.people"].say(n=row.to_add))),
        *([(texts["cards.pending"], texts["cards.people"].say(n=pending))] if pending else []),
    )


def _workdays(texts: Texts, row: QuotaFigures, *, after: int | None) -> list[str]:
    """Say how many workdays are left after today; nothing for a daily quota or an unknown number."""
    if after:
        return [texts["progress.workdays_after_today"].say(n=after)]
    is_day = parse_period(row.period).kind is PeriodKind.DAY
    return [] if after is None or is_day else [texts["progress.last_workday"].say()]


def _standing(texts: Texts, row: QuotaFigures, *, label: str, after: int | None) -> Line:
    details = [*confirmed(texts, row), *_workdays(texts, row, after=after), *open_said(texts, row)]
    return Line.of(status_text(texts, row, label=label, details=details))


def _may_stop(texts: Texts, due: Sequence[QuotaFigures], *, after_today: dict[str, int]) -> list[Line]:
    """Say the dose from the next workday on; nothing if a quota has no workday after today."""
    if not all(after_today.values()):
        return []
    dose = max(-(-row.to_add // after_today[row.quota]) for row in due)
    return [Line.of(texts["progress.may_stop"].say(n=dose), Keep.USEFUL)]
