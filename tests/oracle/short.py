"""Branches in few words, for examples that a person computes by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from oracle.branch import SHANGHAI, Branch, Event, Line, Quota, Reading, Rules, Version
from oracle.closed import Oracle
from oracle.rows import Row

LONG_AGO = date(2024, 1, 1)
TODAY = "2026-11-24T09:00"


def at(text: str) -> datetime:
    """Return a local time of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def second(text: str) -> int:
    """Return a local time of Shanghai as epoch seconds."""
    return int(at(text).timestamp())


def won(number: int, when: str, *, userid: str = "jia", name: str = "") -> tuple[Event, ...]:
    """Return adds of so many new customers, a second apart, called by *name* and a number."""
    return tuple(Event(userid, f"{name or when}#{n:03}", second(when) + n, "added") for n in range(number))


def ended(events: tuple[Event, ...], when: str, kind: str = "lost_by_customer") -> tuple[Event, ...]:
    """Return the end of each relation of *events*."""
    return tuple(Event(event.userid, event.customer, second(when), kind) for event in events)


def customers(events: tuple[Event, ...]) -> list[str]:
    """Return whom *events* are about."""
    return [event.customer for event in events]


def reading(on: date = LONG_AGO, *, parents: Mapping[int, int] | None = None, **lines: Line) -> Reading:
    """Return one reading of the roster."""
    return Reading(on=on, lines=lines, parents=parents or {})


def branch(*events: tuple[Event, ...], quota: Quota | None = None, **changes: Any) -> Branch:
    """Return a branch of jia alone under one quota, unless *changes* say otherwise."""
    rules = Rules(quotas=(quota or Quota(),))
    parts: dict[str, Any] = {
        "versions": (Version(on=LONG_AGO, rules=rules),),
        "readings": (reading(jia=Line()),),
        "events": tuple(event for group in events for event in group),
    }
    return Branch(**(parts | changes))


def row(
    asked: Branch, when: str, *, userid: str = "jia", period: str | None = None, money: bool = False
) -> Row:
    """Return the only row of one person."""
    (found,) = [row for row in Oracle(asked).rows(at(when), period, money=money) if row["userid"] == userid]
    return found


def figures(found: Row, *names: str) -> list[Any]:
    """Return some figures of a row."""
    return [found[name] for name in names]


def november(first: int, last: int) -> frozenset[date]:
    """Return days of November 2026."""
    return frozenset(date(2026, 11, first) + timedelta(days=n) for n in range(last - first + 1))


def words(asked: Branch, when: str = TODAY, *, period: str = "2026-11", userid: str = "jia") -> list[str]:
    """Return the verdicts of one person by time."""
    (found,) = [
        verdicts for (_, who), verdicts in Oracle(asked).words(at(when), period).items() if who == userid
    ]
    return [found[key] for key in sorted(found, key=lambda key: (key[2], key[1]))]


def counts(asked: Branch, when: str = TODAY) -> dict[str, int]:
    """Return how often each verdict happens."""
    return dict(Counter(words(asked, when)))
