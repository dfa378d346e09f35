"""The morning message: today's dose and the present figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.day import DayFacts
from bot.core.pending import Waiting
from bot.core.progress import QuotaFigures
from bot.core.status import ENOUGH, Status
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import (
    facts_said,
    first_line,
    footer,
    kept_line,
    labels_of,
    status_listing,
    target_of,
)
from bot.messages.message import Button, Card, Keep, Line, Listing, Message
from bot.messages.pending import pending_items, pending_lines
from bot.messages.rows import kept_rows, pending_rows, status_rows


def progress(
    *,
    language: str,
    rows: Sequence[QuotaFigures],
    yesterday: DayFacts,
    at: datetime,
    waiting: Sequence[Waiting] = (),
    offered: Sequence[QuotaFigures] = (),
    has_helper: bool = True,
) -> Message:
    """Tell one employee about all their quotas.

    *rows* are the employee's, exempt ones included; *yesterday* is the local day before that of *at*;
    *waiting* says why contacts are pending. The message names no dose of the rows in *offered*: while
    something of it is left today, it offers help instead, if *has_helper*.

    Raises ValueError if there are no rows, *at* has no zone or the language is unknown.
    """
    if not rows:
        raise ValueError("progress needs at least one row")
    texts = texts_in(language)
    yesterdays, talks = _yesterday(texts, yesterday), [row for row in offered if row.today_left]
    promise, first = _promise(texts, rows), _enough_today(texts, rows, offered=offered)
    end, card_end, title = promise, promise, _shorter(texts, rows, offered=offered)
    if talks:
        target, help_first = target_of(texts, talks), texts["offer.first"]
        first = (help_first if has_helper else texts["offer.first_alone"]).say(target=target)
        title = texts["offer.title"].say(target=target)
        end = [Line.of(texts["offer.send_word"])] if has_helper else []
        card_end = [Line.of(texts["cards.ask_for_help"])] if has_helper else []
    card = _card(
        language, texts, rows, waiting, at=at, is_tight=bool(offered), ending=[*yesterdays, *card_end]
    )
    buttons = (*([Button.HELP] if talks and has_helper else []), *card.buttons)
    return Message(
        (
            first_line(first),
            status_listing(texts, rows, at=at, is_tight=bool(offered)),
            *_pending(language, texts, rows, waiting, at=at),
            *yesterdays,
            *kept_line(texts, rows),
            *end,
            footer(texts, at=at, kind=texts["progress.kind_progress"]),
        ),
        card=replace(card, title=title, buttons=buttons),
        page="/me",
    )


def _card(
    language: str,
    texts: Texts,
    rows: Sequence[QuotaFigures],
    waiting: Sequence[Waiting],
    *,
    at: datetime,
    is_tight: bool,
    ending: Sequence[Line],
) -> Card:
    standings, waits = status_rows(texts, rows, at=at, is_tight=is_tight), []
    if at.tzinfo is not None:
        labels = labels_of(texts, rows, at=at)
        waits = pending_items(waiting, language=language, labels=labels, zone=at.tzinfo)
    items = tuple(Line.of(text) for text in waits)
    return Card(
        rows=(
            *standings,
            *pending_rows(language, rows, at=at, waiting=waiting),
            *kept_rows(language, rows),
        ),
        body=(
            *([] if standings else [status_listing(texts, rows, at=at, is_tight=is_tight)]),
            *([Listing(items, more=texts["progress.more_quotas"])] if items else []),
            *ending,
        ),
        buttons=(Button.LIST, Button.MUTE, Button.LEAVE),
    )


def _shorter(texts: Texts, rows: Sequence[QuotaFigures], *, offered: Sequence[QuotaFigures]) -> str:
    """Say today's dose without the adds done, as a short title."""
    unfinished = [row for row in _unfinished(rows) if row not in offered]
    if unfinished:
        most = max(unfinished, key=_urgency)
        if most.open:
            return texts["progress.left_today"].say(n=most.today_left)
        return texts["progress.add_today"].say(n=most.today_dose)
    return texts["progress.nothing_today"].say()


def _urgency(row: QuotaFigures) -> tuple[int, int]:
    return row.today_left, row.today_dose


def _enough_today(texts: Texts, rows: Sequence[QuotaFigures], *, offered: Sequence[QuotaFigures]) -> str:
    """Say the one thing to do today.

    The largest dose less today's adds decides: fewer would not be enough in every quota.
    """
    unfinished = [row for row in _unfinished(rows) if row not in offered]
    if unfinished:
        most = max(unfinished, key=_urgency)
        begun = most.today_dose - most.today_left
        if most.open:
            return texts["progress.left_open"].say(n=most.today_left, open=most.open)
        if begun > 0:
            return texts["progress.add_today_begun"].say(n=most.today_dose, done=begun)
        return texts["progress.add_today"].say(n=most.today_dose)
    statuses = {row.status for row in rows} - {Status.EXEMPT}
    if not statuses:
        return texts["progress.nothing_asked"].say()
    if statuses <= ENOUGH:
        return (
            texts["progress.all_met"] if statuses == {Status.MET} else texts["progress.all_covered"]
        ).say()
    named = [row for row in rows if row.status not in ENOUGH and not row.open and row not in offered]
    dose = max((row.today_dose for row in named), default=0)
    if dose:
        return texts["progress.today_done"].say(n=dose)
    return (
        texts["progress.period_over"] if Status.MISSED in statuses else texts["progress.nothing_today"]
    ).say()


def _unfinished(rows: Sequence[QuotaFigures]) -> list[QuotaFigures]:
    """Return the rows with something left to do today.

    The dose is fixed in the morning, so people who met the target by a later decision still have one.
    """
    return [row for row in rows if row.today_left and row.status not in ENOUGH]


def _pending(
    language: str, texts: Texts, rows: Sequence[QuotaFigures], waiting: Sequence[Waiting], *, at: datetime
) -> list[Line]:
    if at.tzinfo is None:
        return []
    labels = labels_of(texts, rows, at=at)
    waits = pending_lines(waiting, language=language, labels=labels, zone=at.tzinfo)
    return [Line.of(line, Keep.USEFUL) for line in waits]


def _yesterday(texts: Texts, facts: DayFacts) -> list[Line]:
    text = facts_said(texts, facts)
    return [Line.of(texts["progress.yesterday"].say(facts=text), Keep.USEFUL)] if text else []


def _promise(texts: Texts, rows: Sequence[QuotaFigures]) -> list[Line]:
    """Promise no further message today; while something is left to do, only once enough is done.

    Open contacts do not become enough by adding, so there is no promise then.
    """
    unfinished = _unfinished(rows)
    if any(row.open for row in unfinished):
        return []
    text = texts["progress.peace_when_enough"] if unfinished else texts["progress.peace_today"]
    return [Line.of(text.say(), Keep.USEFUL)]
