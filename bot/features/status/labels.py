"""Parts that the lines of a status share: a word before a text, and lists that end with how many more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TypeAlias

from bot.config import Config
from bot.messages.catalog import Texts

Labelled: TypeAlias = tuple[str, str]  # the word before a line, empty in a line that goes on; and the line

NAMED = 10  # members in one line
_UNITS_S = {"days": 86_400, "hours": 3600, "minutes": 60}


def labelled(texts: Texts, label: str | None, text: str) -> Labelled:
    """Return *text* with the word under the key *label* before it; None: the line goes on."""
    return "" if label is None else texts.table("cli.status.labels")[label], text


def iso(config: Config, moment: int | None) -> str | None:
    """Return *moment* (epoch s) in ISO 8601, in the configured zone; None without one."""
    return None if moment is None else config.work_calendar().moment(moment).isoformat()


def minute(moment: str) -> str:
    """Return *moment* (ISO 8601) as people write it, in its own zone."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}"


def span(seconds: int, texts: Texts) -> str:
    """Say a time in the largest unit that it has twice, rounded down."""
    unit, length = next((one for one in _UNITS_S.items() if seconds >= 2 * one[1]), ("seconds", 1))
    return texts.table("cli.status.spans")[unit].say(n=seconds // length)


def numbered(reasons: Iterable[tuple[str, int]], texts: Texts) -> str:
    """Return how many messages were withheld for each reason."""
    names = texts.table("cli.run.why")
    shown = (texts["cli.run.number"].say(n=number, what=names[why]) for why, number in reasons)
    return texts["cli.run.comma"].join(shown)


def some_of(userids: Collection[str], texts: Texts) -> str:
    """Return the first userids, and how many more there are."""
    named = texts["cli.sync.comma"].join(list(userids)[:NAMED])
    more = len(userids) - NAMED
    return texts["cli.sync.more"].say(names=named, n=more) if more > 0 else named
