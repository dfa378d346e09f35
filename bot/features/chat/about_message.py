"""The answers to `隐私` and `帮助`: stored data and who sees it; the list of commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.messages.answers import answered, day_of, moment_of
from bot.messages.catalog import Texts, texts_in
from bot.messages.message import Line, Listing, Message
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The data that the bot stores about one member. *event_days* None: events are never deleted.

    *names_days*: how long customer names stay after a contact ended; None: no names are stored.
    *leaders*, *deciders* are names; *exports*: when (local) the member's figures were exported, and by name.
    *muted_until* (local) and *leaves* are the member's own wishes. *named_in_groups*: robots name the best.
    """

    event_days: int | None
    names_days: int | None = None
    leaders: Sequence[str] = ()
    deciders: Sequence[str] = ()
    exports: Sequence[tuple[datetime, str]] = ()
    exports_days: int = 0
    muted_until: date | None = None
    leaves: Sequence[tuple[date, date]] = ()
    named_in_groups: bool = False


def privacy(*, language: str, kept: Kept, at: datetime) -> Message:
    """Say what is stored about a member, for how long, who sees it, who exported it. *at* is local."""
    texts = texts_in(language)
    leaders, deciders = (
        texts["about.names_comma"].join(clean(name) for name in names)
        for names in (kept.leaders, kept.deciders)
    )
    long = texts["about.long"] if kept.event_days is None else texts["about.long_days"].say(n=kept.event_days)
    lines = [
        texts["about.what"],
        texts["about.what_daily"],
        texts["about.what_not"] if kept.names_days is None else texts["about.what_not_else"],
        "" if kept.names_days is None else texts["about.names"].say(n=kept.names_days),
        texts["about.said"],
        long,
        texts["about.sees_you"],
        texts["about.sees_leader"].say(names=leaders) if leaders else texts["about.sees_leaders"],
        texts["about.sees_deciders"].say(names=deciders) if deciders else "",
        texts["about.sees_hr"],
        texts["about.sees_group"] if kept.named_in_groups else texts["about.sees_nobody"],
    ]
    return answered(
        texts,
        texts["about.head"],
        *lines,
        *_exports(texts, language, kept),
        *_wishes(texts, language, kept),
        kind=texts["about.kind"],
        at=at,
    )


def help_text(
    *, language: str, is_leader: bool, understood: bool, at: datetime, meant: str | None = None
) -> Message:
    """List the commands; not *understood*: say first that the text was none. *at* is local.

    *meant*: the name of the command that the text resembles.
    """
    texts = texts_in(language)
    shown = (*texts.each("about.own"), *(texts.each("about.led") if is_leader else ()))
    lines = [Line.of(line) for line in shown]
    head: str = texts["about.help_head"] if understood else texts["about.not_understood"]
    if meant is not None:
        head = texts["about.meant"].say(word=meant)
    return answered(texts, head, *lines, kind=texts["about.help_kind"], at=at)


def leaders_only(*, language: str, at: datetime) -> Message:
    """Say that only leaders may use this command. *at* is local."""
    texts = texts_in(language)
    head, more = texts["about.leaders_only"], texts["about.leaders_only_more"]
    return answered(texts, head, more, kind=texts["about.help_kind"], at=at)


def _exports(texts: Texts, language: str, kept: Kept) -> list[Line | Listing]:
    """List the exports, the newest first; say so if there are none."""
    if not kept.exports:
        return [Line.of(texts["about.not_exported"].say(n=kept.exports_days))]
    shown = (
        texts["about.exported"].say(when=moment_of(when, language=language), who=clean(who))
        for when, who in sorted(kept.exports, reverse=True)
    )
    return [Listing.of(shown, more=texts["about.exported_more"])]


def _wishes(texts: Texts, language: str, kept: Kept) -> list[str]:
    wishes = []
    if kept.muted_until is not None:
        wishes.append(texts["about.muted"].say(day=day_of(kept.muted_until, language=language)))
    if kept.leaves:
        days = texts["about.names_comma"].join(
            f"{first:%m-%d}" if first == last else f"{first:%m-%d}–{last:%m-%d}"
            for first, last in kept.leaves
        )
        wishes.append(texts["about.away"].say(days=days))
    return wishes
