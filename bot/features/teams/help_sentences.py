"""Sentences about help for a leader's digest, and answers about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.core.coaching import CoachingOutcome
from bot.features.teams.help_needs import Need, NeedKind
from bot.messages.answers import answered
from bot.messages.catalog import texts_in
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.message import Listing, Message
from bot.messages.sanitize import clean


def first_in_short(names: Sequence[str], *, language: str) -> str:
    """Return a card's title with the people to help first: their names, or their number; empty for nobody."""
    texts = texts_in(language)
    if not names:
        return ""
    named = texts["helping.first_names"].say(names=texts["helping.names"].join(names))
    if len(named) <= CARD_CHARACTERS["main_title.title"]:
        return named
    return texts["helping.first_number"].say(n=len(names))


def need_said(need: Need, *, language: str, in_short: bool = False) -> str:
    """Say what to help with; *in_short* for a card."""
    texts = texts_in(language)
    missing = texts["helping.names"].join(map(clean, need.missing))
    match need.kind:
        case NeedKind.TAGS:
            text, short = texts["helping.tags"], texts["helping.tags_short"]
        case NeedKind.FACTS if missing:
            text, short = texts["helping.facts"], texts["helping.facts_short"]
        case NeedKind.FACTS:
            text, short = texts["helping.facts_unnamed"], texts["helping.facts_unnamed_short"]
        case NeedKind.BACK if need.target is None:
            text, short = texts["helping.back"], texts["helping.back_short"]
        case NeedKind.BACK:
            text, short = texts["helping.back_prorated"], texts["helping.back_prorated_short"]
    return (short if in_short else text).say(n=need.n, missing=missing, target=need.target)


def outcome_said(outcome: CoachingOutcome, *, language: str, in_short: bool = False) -> str:
    """Say what the help of a week ago brought; *in_short* for a card."""
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
    return _answer(language, head, texts["helping.marked_more"], at=at)


def not_led(*, language: str, at: datetime) -> Message:
    """Answer somebody who does not directly lead the person to help. *at* is local."""
    texts = texts_in(language)
    return _answer(language, texts["helping.not_led"], texts["helping.not_led_more"], at=at)


def whom(*, language: str, at: datetime) -> Message:
    """Ask a leader for the name of the person to help. *at* is local."""
    texts = texts_in(language)
    return _answer(language, texts["helping.whom"], texts["helping.whom_more"], at=at)


def several(*, language: str, name: str, userids: Sequence[str], at: datetime) -> Message:
    """Ask a leader which of several people called *name* they mean. *at* is local."""
    texts = texts_in(language)
    called = clean(name)
    people = [texts["helping.one_of_them"].say(name=called, userid=clean(userid)) for userid in userids]
    listing = Listing.of(people, more=texts["progress.more_people"])
    head = texts["helping.several"].say(n=len(userids), name=called)
    return _answer(
        language, head, listing, texts["helping.several_more"].say(userid=clean(userids[0])), at=at
    )


def _answer(language: str, head: str, *lines: str | Listing, at: datetime) -> Message:
    texts = texts_in(language)
    return answered(texts, head, *lines, kind=texts["helping.coach_kind"], at=at)
