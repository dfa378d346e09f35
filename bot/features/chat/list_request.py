"""The argument of the command 明细: a page and a period as people write them: 2, 10月, last month."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.core.periods import Period, PeriodKind, parse_period, period_of

_KINDS: Mapping[str, PeriodKind] = {
    **dict.fromkeys(("月", "month"), PeriodKind.MONTH),
    **dict.fromkeys(("周", "星期", "week"), PeriodKind.WEEK),
    **dict.fromkeys(("季", "季度", "quarter"), PeriodKind.QUARTER),
    **dict.fromkeys(("年", "year"), PeriodKind.YEAR),
}
_DAYS_AGO: Mapping[str, int] = {"今天": 0, "today": 0, "昨天": 1, "yesterday": 1, "前天": 2}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_YEAR = r"(?:(?P<year>\d{4}|今|去)年?[-/.]?)?"
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Period | None]], ...] = (
    (
        re.compile(rf"(?:{_YEAR}(?P<month>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月份?)"),
        lambda match, today: _month(match["year"], _number(match["month"]), today=today),
    ),
    (
        re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})"),
        lambda match, today: _month(match["year"], int(match["month"]), today=today),
    ),
    (
        re.compile(r"(?P<name>[a-z]{3,9})\.?(?P<year>\d{4})?"),
        lambda match, today: _month(match["year"], _english(match["name"]), today=today),
    ),
    (
        re.compile(r"(?P<back>上上|上|本|这|当|今|去|last|previous|this)一?个?(?P<kind>[^\W\d_]+?)份?"),
        lambda match, today: _back(match["back"], match["kind"], today=today),
    ),
)
_PAGE = re.compile(r"(?:第|page)?(?P<page>\d{1,3})页?", re.ASCII)
_SPACES = re.compile(r"(?<!\d)[\s_]+|[\s_]+(?!\d)|(?<=[a-z])-|的")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A *page* from 1, and the *period* to list; None: the running periods."""

    page: int = 1
    period: Period | None = None


def list_request(text: str, *, today: date) -> ListRequest | None:
    """Return what *text* asks for; None if any part of it is not clear. *today* is local.

    A month without a year is the last one that has begun.
    """
    page, period = None, None
    words = text.casefold().split()
    while words:
        for count in range(len(words), 0, -1):
            part = _SPACES.sub("", " ".join(words[:count]))
            if period is None and (period := period_in(part, today=today)) is not None:
                break
            if page is None and (match := _PAGE.fullmatch(part)) is not None:
                page = int(match["page"])
                break
        else:
            return None
        words = words[count:]
    return ListRequest(page=1 if page is None else page, period=period)


def period_in(text: str, *, today: date) -> Period | None:
    """Return the period that *text* names, None if it names none. *text* has no spaces or capitals."""
    if (days := _DAYS_AGO.get(text)) is not None:
        return period_of(PeriodKind.DAY, today - timedelta(days=days))
    for pattern, read in _SHAPES:
        if (match := pattern.fullmatch(text)) is not None and (period := read(match, today)) is not None:
            return period
    try:
        # A year alone is clear; other bare numbers are pages.
        return parse_period(text.upper())
    except ValueError:
        return None


def _month(year: str | None, month: int | None, *, today: date) -> Period | None:
    if month is None or not 1 <= month <= 12:
        return None
    if year is not None and year.isdecimal():
        number = int(year)
    else:
        number = today.year - (year == "去" or (year is None and month > today.month))
    try:
        return parse_period(f"{number:04d}-{month:02d}")
    except ValueError:
        return None


def _number(written: str) -> int | None:
    if written.isdecimal():
        return int(written)
    return _NUMERALS.index(written) + 1 if written in _NUMERALS else None


def _english(name: str) -> int | None:
    return next((number for number, month in enumerate(_MONTHS, start=1) if name in (month, month[:3])), None)


def _back(word: str, kind_word: str, *, today: date) -> Period | None:
    """Return the running period of a kind, or the first or second before it."""
    kind = _KINDS.get(kind_word)
    if kind is None or (word in {"今", "去"} and kind is not PeriodKind.YEAR):
        return None
    period = period_of(kind, today)
    for _ in range({"上上": 2, "上": 1, "去": 1, "last": 1, "previous": 1}.get(word, 0)):
        period = period_of(kind, period.first - timedelta(days=1))
    return period
