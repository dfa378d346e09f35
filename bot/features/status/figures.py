"""The newest reading of WeCom's behaviour figures, for programs and for people."""

from __future__ import annotations

from typing import Any

from bot.features.status.labels import Labelled, iso, labelled, minute, some_of
from bot.messages.catalog import Texts
from bot.messages.sentences import in_language
from bot.services import Services
from bot.store.engagement import Asked


def last_reading(services: Services) -> dict[str, Any]:
    """Return the newest complete reading as JSON; `members` and `unknown` are those of the newest at all.

    `stopped`: why an unfinished reading does not continue.
    """
    kept = services.store.engagement
    last, unfinished, counts = kept.last(), kept.unfinished(), kept.counts()
    stopped = {"stopped": unfinished.error} if unfinished is not None and unfinished.error else {}
    return {
        "at": None if last is None else iso(services.config, last.began_at),
        "upto": None if last is None else last.last_day.isoformat(),
        "members": counts.get(Asked.READ, 0),
        "unknown": kept.members(Asked.UNKNOWN),
        **stopped,
    }


def reading_lines(reading: dict[str, Any], texts: Texts) -> list[Labelled]:
    """Return a reading in lines."""
    text: str = texts["cli.figures.never"]
    if reading["at"] is not None:
        about = {"at": minute(reading["at"]), **{name: reading[name] for name in ("upto", "members")}}
        text = texts["cli.figures.read"].say(**about)
    lines = [labelled(texts, "figures", text)]
    if unknown := reading["unknown"]:
        why = in_language(texts, next(iter(unknown.values())))
        text = texts["cli.figures.unknown"].say(members=some_of(unknown, texts), why=why)
        lines.append(labelled(texts, None, text))
    if "stopped" in reading:
        why = in_language(texts, reading["stopped"])
        lines.append(labelled(texts, None, texts["cli.status.stopped"].say(why=why)))
    return lines
