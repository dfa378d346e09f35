"""WeCom's behaviour figures: the days to ask for, when they are final, and what a team may be shown.

WeCom's days are those of China, whatever the zone of the bank's calendar is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from bot.core.workdays import ONE_DAY

CHINA = ZoneInfo("Asia/Shanghai")
# Local. WeCom has the figures of a day the next morning; it names no hour, and at night answers zeros.
READY = time(6)
SPAN_DAYS = 3  # a day is read on so many mornings
MOST_DAYS = 30  # of one call [92132]
MOST_USERIDS = MOST_DEPARTMENTS = 100  # of one call [92132]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFigures:
    """Figures of one day of one member, or of several together. None: WeCom said nothing, which is not 0.

    *reply_rate*: of the chats that customers opened those answered the same day, in 1/10000. *first_reply_s*:
    seconds to the first reply of the day, on average. *losses*: customers who deleted or blocked.
    """

    chats: int | None = None
    messages: int | None = None
    reply_rate: int | None = None
    first_reply_s: int | None = None
    losses: int | None = None
    applied: int | None = None
    added: int | None = None


def last_day(at: datetime) -> date:
    """Return the newest day whose figures are complete at *at*: yesterday, before 06:00 the day before.

    Raises ValueError if *at* has no zone.
    """
    local = _in_china(at)
    return local.date() - (ONE_DAY if local.time() >= READY else 2 * ONE_DAY)


def yesterday(at: datetime) -> date:
    """Return WeCom's day before that of *at*. Raises ValueError if *at* has no zone."""
    return _in_china(at).date() - ONE_DAY


def final_upto(read_at: datetime) -> date:
    """Return the newest day with final figures in a reading at *read_at*.

    A day is final when read at or after 06:00 of the third day after it. Raises ValueError without a zone.
    """
    return last_day(read_at) - (SPAN_DAYS - 1) * ONE_DAY


def first_to_ask(last: date, *, newest_final: date | None) -> date:
    """Return the first day to ask for up to *last*: three days, and days missed while the bot was down.

    *newest_final*: this member's newest final day, None without one. Never more days than one call allows.
    """
    first = last - (SPAN_DAYS - 1) * ONE_DAY
    if newest_final is not None:
        first = min(first, newest_final + ONE_DAY)
    return max(first, last - (MOST_DAYS - 1) * ONE_DAY)


class Method(StrEnum):
    """The source of a team's figures. The values are stored."""

    AGGREGATED = "aggregated"  # WeCom's own, over all chats of the team
    MEDIAN = "median"  # of the members' figures, where WeCom cannot be asked for the team


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRate:
    """The answers of a team of so many *people* on one day; units as in `ChatFigures`."""

    method: Method
    people: int
    reply_rate: int | None
    first_reply_s: int | None


def compute_team_rate(people: Sequence[ChatFigures], *, together: ChatFigures | None) -> TeamRate | None:
    """Return the figures of a team to show, or None if no customer opened a chat.

    *together*: WeCom's one answer about all of them; None where it cannot be asked. Percentages of people are
    never averaged: somebody with one chat would weigh as much as somebody with fifty.
    """
    if together is not None:
        method, rate, reply = Method.AGGREGATED, together.reply_rate, together.first_reply_s
    else:
        method = Method.MEDIAN
        rate = _median(one.reply_rate for one in people)
        reply = _median(one.first_reply_s for one in people)
    if rate is None and reply is None:
        return None
    return TeamRate(method=method, people=len(people), reply_rate=rate, first_reply_s=reply)


def covers(together: ChatFigures, people: Sequence[ChatFigures]) -> bool:
    """Say whether *together* is about just these *people*: every figure that can be summed is their sum.

    So it does not matter whether WeCom takes a department with or without those below it.
    """
    return all(
        getattr(together, name) is not None
        and getattr(together, name) == sum(getattr(one, name) or 0 for one in people)
        for name in ("chats", "messages", "losses", "applied", "added")
    )


def _median(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return int(median(known)) if known else None


def _in_china(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"a time needs a zone: {at.isoformat()}")
    return at.astimezone(CHINA)
