"""What pending contacts wait for, in one line a quota: so that nobody has to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from bot.core.pending import Waiting
from bot.messages.catalog import Texts, texts_in
from bot.messages.sanitize import clean


def pending_lines(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], zone: tzinfo
) -> list[str]:
    """Say what pending contacts wait for, a line for each quota in the order of *labels*.

    *labels* tell the quotas apart where there are several. Days are those of *zone*.
    """
    texts = texts_in(language)
    parts = _parts(waiting, texts=texts, labels=labels, zone=zone)
    return [
        _line(texts, labels, quota, texts["pending.separator"].join(said)) for quota, said in parts.items()
    ]


def pending_items(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], zone: tzinfo
) -> list[str]:
    """Say the same in a line for each thing that contacts wait for; one quota alone is not named."""
    texts = texts_in(language)
    parts = _parts(waiting, texts=texts, labels=labels, zone=zone)
    if len(labels) == 1:
        return [one for said in parts.values() for one in said]
    return [_line(texts, labels, quota, one) for quota, said in parts.items() for one in said]


def _parts(
    waiting: Sequence[Waiting], *, texts: Texts, labels: Mapping[str, str], zone: tzinfo
) -> dict[str, list[str]]:
    found = {
        quota: [_said(texts, one, zone=zone) for one in waiting if one.quota == quota] for quota in labels
    }
    return {quota: said for quota, said in found.items() if said}


def _line(texts: Texts, labels: Mapping[str, str], quota: str, parts: str) -> str:
    line = texts["pending.line_of"] if len(labels) > 1 else texts["pending.line"]
    return line.say(label=labels[quota], parts=parts)


def _said(texts: Texts, one: Waiting, *, zone: tzinfo) -> str:
    return texts.table("pending.verdict")[one.verdict].say(
        n=one.contacts,
        days=one.keep_days,
        until=f"{datetime.fromtimestamp(one.until_s, zone):%m-%d}",
        missing=texts["pending.names"].join(clean(name) for name in one.missing),
    )
