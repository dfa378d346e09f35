"""The administrators' morning message: what is wrong and the command that helps; else no message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.sanitize import clean

NAMED = 5  # userids in one line
_TEXT_BYTES = 240
_ANY_API = "*"


class Wrong(StrEnum):
    """What may be wrong, in the order in which it is told."""

    SERVICE = "service"  # text: what is in everybody's way
    OUTAGE = "outage"  # callbacks may have been lost; text: from when to when
    JOBS = "jobs"  # names: jobs that failed or were missed
    EVENTS = "events"  # dead letters among the events
    HELD = "held"  # losses that wait for a person's word; names: whose
    UNREACHED = "unreached"  # messages that did not reach people; names: whom; text: why
    EXPIRED = "expired"  # messages whose time went by
    UNREAD = "unread"  # lists that could not be read; names: whose
    REPAIRED = "repaired"  # n of what the last comparison found and wrote
    NEVER_COMPARED = "never_compared"
    COMPARED_LONG_AGO = "compared_long_ago"  # n days
    OLD_FACTS = "old_facts"  # n days
    NO_FACTS = "no_facts"


class Trouble(StrEnum):
    """What is in everybody's way; text: the details in English, errcode: WeCom's, if it answered."""

    SENDING = "sending"
    SILENCE = "silence"  # n minutes without a callback
    DIRECTORY = "directory"
    DETAILS = "details"
    STUCK = "stuck"  # details of n contacts
    READS = "reads"  # an API (names; * is all) is paused for n seconds
    WELCOME = "welcome"
    INCOMPLETE = "incomplete"  # figures lack something: nobody else gets unasked messages


class Cause(StrEnum):
    """Why a message did not reach somebody, where it can be said in the language of the message."""

    RANGE = "range"  # the app does not see him
    LICENCE = "licence"
    OPEN = "open"  # nobody knows whether he has it
    REFUSED = "refused"  # by an errcode of WeCom
    PICTURE = "picture"  # too large for a group; its words went without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: how often, with whom, and in whose words.

    *cause* with *errcode* (0: none) is said instead of *text*, and *trouble* instead of both.
    """

    what: Wrong
    n: int = 1
    names: tuple[str, ...] = ()
    text: str = ""
    cause: Cause | None = None
    errcode: int = 0
    trouble: Trouble | None = None


def admin(*, language: str, found: Sequence[Finding], at: datetime) -> Message:
    """Tell who runs the bot what is wrong, the gravest first.

    Raises ValueError if nothing is, or *at* has no zone.
    """
    if not found:
        raise ValueError("admin needs something that is wrong")
    texts = texts_in(language)
    order = list(Wrong)
    ranked = sorted(found, key=lambda one: order.index(one.what))
    return Message(
        (
            first_line(texts["admin.head"].say(n=len(found))),
            Listing(
                tuple(
                    Line((Part(_line(texts, texts["progress.names_comma"], one)),), Keep.CORE)
                    for one in ranked
                ),
                more=texts["admin.more"],
                keep=Keep.CORE,
            ),
            footer(texts, at=at, kind=texts["admin.kind"]),
        )
    )


def _trouble(texts: Texts, one: Finding, trouble: Trouble) -> str:
    why, text = "", clean(one.text, limit=_TEXT_BYTES)
    if one.errcode:
        remedy = texts.table("admin.remedies").get(str(one.errcode), texts["admin.no_remedy"])
        why = texts["admin.why"].say(errcode=one.errcode, remedy=remedy)
    elif text:
        why = texts["admin.detail"].say(text=text)
    api = texts["admin.any_api"] if one.names == (_ANY_API,) else "".join(clean(name) for name in one.names)
    return texts.table("admin.troubles")[trouble].say(n=one.n, why=why, api=api)


def _line(texts: Texts, comma: str, one: Finding) -> str:
    if one.trouble is not None:
        return _trouble(texts, one, one.trouble)
    named = comma.join(clean(name) for name in one.names[:NAMED])
    if len(one.names) > NAMED:
        named = texts["admin.more_names"].say(names=named)
    in_brackets = texts["admin.names"].say(names=named) if named and one.what is not Wrong.JOBS else named
    said = one.text if one.cause is None else texts.table("admin.causes")[one.cause].say(errcode=one.errcode)
    return texts.table("admin.lines")[one.what].say(
        n=one.n, names=in_brackets, text=clean(said, limit=_TEXT_BYTES)
    )
