"""Answers about a member's own figures: their rank, no quota, no answer."""

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
    """A rank (*place*, None until computed) within *scope*, as of *at* (local; None: as of the message).

    *above*, *below*: counted and target of the neighbours, for the page; None where they are not shown.
    """

    place: RankPlace | None
    scope: Scope
    at: datetime | None = None
    above: tuple[int, int] | None = None
    below: tuple[int, int] | None = None


def rank(
    *, language: str, rows: Sequence[QuotaFigures], places: Mapping[tuple[str, str], OwnPlace], at: datetime
) -> Message:
    """Tell a member their rank in each quota of *rows*; *places* by quota and period. *at* is local."""
    texts = texts_in(language)
    labels = labels_of(texts, rows, at=at)
    lines = [_place(texts, row, places.get((row.quota, row.period)), label=labels[row.quota]) for row in rows]
    lines += [texts["own.rank_how"], texts["own.rank_quietly"]]
    return answered(
        texts, texts["own.rank_head"], *lines, kind=texts["own.rank_kind"], at=at, page="/me?rank=1#rank"
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
    """Tell a member that they have no quota. *at* is local."""
    texts = texts_in(language)
    head, lines = texts["own.no_quota"], [texts["own.no_quota_more"]]
    if is_leader:
        lines = [texts["own.no_quota_leader"]]
    return answered(texts, head, *lines, kind=texts["own.progress_kind"], at=at)


def no_rules(*, language: str, is_leader: bool, at: datetime) -> Message:
    """Tell a member why they have no quota. *at* is local."""
    texts = texts_in(language)
    head, lines = texts["own.no_quota"], [texts["own.no_rules"]]
    if is_leader:
        lines.append(texts["own.no_quota_leader"])
    return answered(texts, head, *lines, kind=texts["own.rules_kind"], at=at)


def unknown(*, language: str, at: datetime) -> Message:
    """Tell somebody that the bot does not know them. *at* is local."""
    texts = texts_in(language)
    return answered(texts, texts["own.unknown"], texts["own.unknown_more"], kind=texts["own.kind"], at=at)


def not_begun(*, language: str, at: datetime) -> Message:
    """Tell a member that the rollout does not include them yet. *at* is local."""
    texts = texts_in(language)
    return answered(texts, texts["own.not_begun"], texts["own.not_begun_more"], kind=texts["own.kind"], at=at)


def failed(*, language: str, at: datetime) -> Message:
    """Tell a member that a fault of the program prevents an answer. *at* is local."""
    texts = texts_in(language)
    return answered(texts, texts["own.failed"], texts["own.failed_more"], kind=texts["own.kind"], at=at)
