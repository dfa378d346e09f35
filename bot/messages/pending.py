"""Lines that say what pending contacts need, quota by quota."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from bot.core.pending import Waiting
from bot.core.verdicts import Verdict
from bot.messages.catalog import Texts, texts_in
from bot.messages.message import Listing
from bot.messages.sanitize import clean


def pending_lines(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], zone: tzinfo
) -> list[str]:
    """Say what pending contacts need, a line for each quota in the order of *labels*.

    *labels* name the quotas where there are several. Days are those of *zone*.
    """
    texts = texts_in(language)
    needs = _needs(waiting, texts=texts, labels=labels, zone=zone)
    return [_line(texts, labels, quota, texts["pending.separator"].join(of)) for quota, of in needs.items()]


def pending_items(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], zone: tzinfo
) -> list[str]:
    """Say the same in a line for each need; the name of a single quota is left out."""
    texts = texts_in(language)
    needs = _needs(waiting, texts=texts, labels=labels, zone=zone)
    if len(labels) == 1:
        return [need for of_quota in needs.values() for need in of_quota]
    return [_line(texts, labels, quota, need) for quota, of_quota in needs.items() for need in of_quota]


def open_listing(
    waiting: Sequence[Waiting], *, language: str, labels: Mapping[str, str], at: datetime
) -> list[Listing]:
    """Say what open contacts lack, and when they are rejected; nothing without any, or a zone of *at*."""
    lacking = [group for group in waiting if group.open]
    if not lacking or at.tzinfo is None:
        return []
    items = pending_items(lacking, language=language, labels=labels, zone=at.tzinfo)
    return [Listing.of(items, more=texts_in(language)["progress.more_quotas"])]


def _needs(
    waiting: Sequence[Waiting], *, texts: Texts, labels: Mapping[str, str], zone: tzinfo
) -> dict[str, list[str]]:
    needs = {
        quota: [_need(texts, group, zone=zone) for group in waiting if group.quota == quota]
        for quota in labels
    }
    return {quota: of_quota for quota, of_quota in needs.items() if of_quota}


def _line(texts: Texts, labels: Mapping[str, str], quota: str, parts: str) -> str:
    line = texts["pending.line_of"] if len(labels) > 1 else texts["pending.line"]
    return line.say(label=labels[quota], parts=parts)


def _need(texts: Texts, group: Waiting, *, zone: tzinfo) -> str:
    text = texts.table("pending.verdict")[group.verdict]
    if group.open and group.verdict is Verdict.DETAILS:
        text = texts["pending.details_lost"]
    return text.say(
        n=group.contacts,
        days=group.keep_days,
        until=f"{datetime.fromtimestamp(group.until_s, zone):%m-%d}",
        missing=texts["pending.names"].join(map(clean, group.missing)),
    )
