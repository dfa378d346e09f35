"""Answers about somebody's own figures: his place, that nothing is asked, that there is no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.money import Scope
from bot.core.places import RankPlace
from bot.core.progress import QuotaFigures
from bot.messages.answers import answered
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import labels_of
from bot.messages.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlace:
    """A *place* among those of *scope*; *at* (local): as of when, None: as of the message.

    Without a *place*: it is not worked out yet.
    """

    place: RankPlace | None
    scope: Scope
    at: datetime | None = None


def rank(
    *, language: str, rows: Sequence[QuotaFigures], places: Mapping[tuple[str, str], OwnPlace], at: datetime
) -> Message:
    """Tell somebody his place in each quota of *rows*; *places* by quota and period. *at* is local."""
    texts = texts_in(language)
    labels = labels_of(texts, rows, at=at)
    lines = [_place(texts, row, places.get((row.quota, row.period)), label=labels[row.quota]) for row in rows]
    lines += [texts["own.rank_how"], texts["own.rank_quietly"]]
    return answered(
        language=language, head=texts["own.rank_head"], lines=lines, kind=texts["own.rank_kind"], at=at
    )


def _place(texts: Texts, row: QuotaFigures, own: OwnPlace | None, *, label: str) -> str:
    if own is None:
        return texts["own.rank_none"].say(label=label)
    if own.place is None:
        return texts["own.rank_waits"].say(label=label, counted=row.counted, target=row.target)
    return texts["own.rank"].say(
        label=label,
        rank=own.place.rank,
        of=own.place.of,
        scope=texts.table("own.scopes")[own.scope],
        when="" if own.at is None else texts["own.rank_at"].say(at=own.at),
        counted=row.counted,
        target=row.target,
    )


def no_quota(*, language: str, is_leader: bool, at: datetime) -> Message:
    """Tell somebody that nothing is asked of him. *at* is local."""
    texts = texts_in(language)
    lines = [texts["own.no_quota_leader"] if is_leader else texts["own.no_quota_more"]]
    return answered(
        language=language, head=texts["own.no_quota"], lines=lines, kind=texts["own.progress_kind"], at=at
    )


def no_rules(*, language: str, is_leader: bool, at: datetime) -> Message:
    """Tell somebody why nothing is asked of him. *at* is local."""
    texts = texts_in(language)
    lines = [texts["own.no_rules"], texts["own.no_quota_leader"] if is_leader else ""]
    return answered(
        language=language, head=texts["own.no_quota"], lines=lines, kind=texts["own.rules_kind"], at=at
    )


def unknown(*, language: str, at: datetime) -> Message:
    """Tell somebody that nobody knows him. *at* is local."""
    texts = texts_in(language)
    return answered(
        language=language,
        head=texts["own.unknown"],
        lines=[texts["own.unknown_more"]],
        kind=texts["own.kind"],
        at=at,
    )


def not_begun(*, language: str, at: datetime) -> Message:
    """Tell somebody that the bot does not speak to him yet. *at* is local."""
    texts = texts_in(language)
    lines = [texts["own.not_begun_more"]]
    return answered(
        language=language, head=texts["own.not_begun"], lines=lines, kind=texts["own.kind"], at=at
    )


def failed(*, language: str, at: datetime) -> Message:
    """Tell somebody that there is no answer because of a fault of ours. *at* is local."""
    texts = texts_in(language)
    return answered(
        language=language,
        head=texts["own.failed"],
        lines=[texts["own.failed_more"]],
        kind=texts["own.kind"],
        at=at,
    )
