"""Parsing days as people write them: 12-01, 12/1, 12月1日, 2026-12-01, 今天, tomorrow, 3天, 一周."""

from __future__ import annotations

import re
from datetime import date, timedelta

_DAYS_AHEAD = {
    "今天": 0,
    "今日": 0,
    "today": 0,
    "明天": 1,
    "明日": 1,
    "tomorrow": 1,
    "后天": 2,
    "大后天": 3,
}
_FOR_DAYS = re.compile(
    r"^(?:for)?\s*(?P<number>\d{1,3}|[一二两三四五六七八九十])\s*(?:(?P<days>天|days?)|周|个?星期|weeks?)$",
    re.IGNORECASE,
)
_NUMERALS = {"两": 2, **{char: number for number, char in enumerate("一二三四五六七八九十", start=1)}}
_DAY = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<ymonth>\d{1,2})\s*[-/.月]\s*(?P<yday>\d{1,2})\s*[日号]?"
    r"|(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?"
    r"|(?P<alone>\d{1,2})\s*[日号]"
    r"|(?P<named>大后天|今天|今日|明天|明日|后天|today|tomorrow)",
    re.IGNORECASE,
)
# Filling text between and around days.
_FILLING = re.compile(r"[\s~\-—–、,，.。到至]|从|起|止|\bto\b|\buntil\b|\btill\b|\bfrom\b", re.IGNORECASE)
_LONG_AGO = timedelta(days=180)


def days_in(text: str, *, today: date) -> tuple[date, ...] | None:
    """Return the days in *text*, in its order; `3天` gives today and the last of three days.

    A day without a year is in this year; if that is half a year ago, in the next. A day without a month is
    in the month of the day before it; the first such day is the next one in this month or the following.
    None if *text* has anything else, or no such day exists.
    """
    if (match := _FOR_DAYS.match(text.strip())) is not None:
        number = _NUMERALS.get(match["number"]) or int(match["number"])
        days = number if match["days"] else 7 * number
        return (today, today + timedelta(days=days - 1)) if days else None
    if _FILLING.sub("", _DAY.sub("", text)):
        return None
    named: list[date] = []
    has_month = False
    for match in _DAY.finditer(text):
        day = _day(match, today=today, before=named[-1] if named else today, has_month=has_month)
        if day is None:
            return None
        has_month = has_month or match["alone"] is None
        named.append(day)
    return tuple(named)


def _day(match: re.Match[str], *, today: date, before: date, has_month: bool) -> date | None:
    if (named := match["named"]) is not None:
        return today + timedelta(days=_DAYS_AHEAD[named.casefold()])
    try:
        if match["year"] is not None:
            return date(int(match["year"]), int(match["ymonth"]), int(match["yday"]))
        if match["alone"] is not None:
            return _alone(int(match["alone"]), before=before, has_month=has_month)
        day = date(today.year, int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    return day if today - day < _LONG_AGO else _year_after(day)


def _alone(number: int, *, before: date, has_month: bool) -> date:
    """Return day *number* in the month of *before*; unless *has_month*, not earlier than *before*."""
    if has_month or number >= before.day:
        return before.replace(day=number)
    return (before.replace(day=1) + timedelta(days=31)).replace(day=number)


def _year_after(day: date) -> date | None:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return None
