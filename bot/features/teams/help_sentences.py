"""Sentences of a leader's digest about help: with what, who improved, what is under review, what helped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.coaching import CoachingOutcome
from bot.features.teams.help_needs import Need, NeedKind
from bot.messages.answers import answered
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.sanitize import clean


def first_in_short(names: Sequence[str], *, language: str) -> str:
    """Say whom to help first as a card's title: all by name, or only how many; empty for nobody."""
    texts = texts_in(language)
    if not names:
        return ""
    named = texts["helping.first_names"].say(names=texts["helping.names"].join(names))
    return (
        named
        if len(named) <= CARD_CHARACTERS["main_title.title"]
        else texts["helping.first_number"].say(n=len(names))
    )


def need_said(need: Need, *, language: str, in_short: bool = False) -> str:
    """Say with what to help; *in_short* for a card."""
    texts = texts_in(language)
    if in_short:
        return _in_short(need, texts)
    missing = texts["helping.names"].join(clean(name) for name in need.missing)
    match need.kind:
        case NeedKind.TAGS:
            return texts["helping.tags"].say(n=need.n, missing=missing)
        case NeedKind.FACTS:
            return (texts["helping.facts"] if missing else texts["helping.facts_unnamed"]).say(
                n=need.n, missing=missing
            )
        case NeedKind.BACK if need.target is None:
            return texts["helping.back"].say(n=need.n)
        case NeedKind.BACK:
            return texts["helping.back_prorated"].say(n=need.n, target=need.target or 0)


def _in_short(need: Need, texts: Texts) -> str:
    missing = texts["helping.names"].join(clean(name) for name in need.missing)
    match need.kind:
        case NeedKind.TAGS:
            return texts["helping.tags_short"].say(n=need.n, missing=missing)
        case NeedKind.FACTS:
            return (texts["helping.facts_short"] if missing else texts["helping.facts_unnamed_short"]).say(
                n=need.n, missing=missing
            )
        case NeedKind.BACK if need.target is None:
            return texts["helping.back_short"].say(n=need.n)
        case NeedKind.BACK:
            return texts["helping.back_prorated_short"].say(n=need.n, target=need.target or 0)


def outcome_said(outcome: CoachingOutcome, *, language: str, in_short: bool = False) -> str:
    """Say what became of the help of a week ago; *in_short* for a card."""
    texts = texts_in(language)
    parts = [
        phrase.say(n=n)
        for phrase, n in (
            (texts["helping.back_to_normal"], outcome.back),
            (texts["helping.picking_up"], outcome.rose),
        )
        if n
    ]
    phrase, nothing = (
        (texts["helping.outcome_short"], texts["helping.no_change_short"])
        if in_short
        else (texts["helping.outcome"], texts["helping.no_change"])
    )
    return phrase.say(n=outcome.people, effect=texts["helping.names"].join(parts) or nothing)


def noted(*, language: str, name: str, at: datetime) -> Message:
    """Answer a leader who will help *name*. *at* is local."""
    texts = texts_in(language)
    head = texts["helping.marked"].say(name=clean(name))
    return answered(
        language=language,
        head=head,
        lines=[texts["helping.marked_more"]],
        kind=texts["helping.coach_kind"],
        at=at,
    )


def not_led(*, language: str, at: datetime) -> Message:
    """Answer somebody who does not himself lead whom he wants to help. *at* is local."""
    texts = texts_in(language)
    return answered(
        language=language,
        head=texts["helping.not_led"],
        lines=[texts["helping.not_led_more"]],
        kind=texts["helping.coach_kind"],
        at=at,
    )


def whom(*, language: str, at: datetime) -> Message:
    """Ask a leader whom he wants to help. *at* is local."""
    texts = texts_in(language)
    return answered(
        language=language,
        head=texts["helping.whom"],
        lines=[texts["helping.whom_more"]],
        kind=texts["helping.coach_kind"],
        at=at,
    )


def several(*, language: str, name: str, userids: Sequence[str], at: datetime) -> Message:
    """Ask a leader which of his people called *name* he means. *at* is local."""
    texts = texts_in(language)
    called = clean(name)
    one_each = [texts["helping.one_of_them"].say(name=called, userid=clean(userid)) for userid in userids]
    listing = Listing(
        tuple(Line((Part(said),), Keep.CORE) for said in one_each),
        more=texts["progress.more_people"],
        keep=Keep.CORE,
    )
    lines: list[str | Listing] = [listing, texts["helping.several_more"].say(userid=clean(userids[0]))]
    head = texts["helping.several"].say(n=len(userids), name=called)
    return answered(language=language, head=head, lines=lines, kind=texts["helping.coach_kind"], at=at)
