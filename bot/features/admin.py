"""Morning message to the administrators. Sent only when something needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer
from bot.messages.message import Line, Listing, Message
from bot.messages.sanitize import clean
from bot.messages.sentences import in_language
from bot.wecom.errors import errcode_in

NAMED = 5  # userids in one line
_TEXT_BYTES = 240
_ANY_API = "*"


class Wrong(StrEnum):
    """Kinds of faults, in the order of the message."""

    SERVICE = "service"  # text: the obstacle for everybody
    OUTAGE = "outage"  # callbacks may have been lost; text: from when to when
    JOBS = "jobs"  # names: jobs that failed or were missed
    EVENTS = "events"  # dead letters among the events
    HELD = "held"  # losses held until a person decides; names: the members
    UNREACHED = "unreached"  # undelivered messages; names: the receivers; text: why
    EXPIRED = "expired"  # messages past their time
    UNREAD = "unread"  # unreadable lists; names: the members
    REPAIRED = "repaired"  # n repairs of the last comparison
    NEVER_COMPARED = "never_compared"
    COMPARED_LONG_AGO = "compared_long_ago"  # n days
    OLD_FACTS = "old_facts"  # n days
    NO_FACTS = "no_facts"


class Trouble(StrEnum):
    """Obstacles for everybody; text: the details in English, errcode: WeCom's, if it answered."""

    SENDING = "sending"
    SILENCE = "silence"  # n minutes without a callback
    DIRECTORY = "directory"
    SET_ASIDE = "set_aside"  # the directory was read without single items, which text names
    TAGS = "tags"  # the same, of the customers' tags
    LOOP = "loop"  # a part of the program fails again and again
    DETAILS = "details"
    STUCK = "stuck"  # details of n contacts
    READS = "reads"  # an API (names; * is all) is paused for n seconds
    WELCOME = "welcome"
    ROSTER = "roster"  # refused; the last good one stands in
    DECREE = "decree"  # of the year n
    CLOCK = "clock"
    SPACE = "space"  # n MB are free
    LEDGER = "ledger"  # n relations could not be derived
    LOG = "log"  # lines of it were lost
    INCOMPLETE = "incomplete"  # figures lack something: nobody else gets unasked messages
    CALLERS = "callers"  # WeCom's own addresses are not known: any may call


class Cause(StrEnum):
    """Reasons of an undelivered message that have a text in both languages."""

    RANGE = "range"  # outside the app's visible range
    LICENCE = "licence"
    OPEN = "open"  # delivery is unknown
    REFUSED = "refused"  # by an errcode of WeCom
    PICTURE = "picture"  # too large for a group; the text went without it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault: its number, the names concerned, and its text.

    *cause* with *errcode* (0: none) replaces *text*, and *trouble* replaces both.
    """

    what: Wrong
    n: int = 1
    names: tuple[str, ...] = ()
    text: str = ""
    cause: Cause | None = None
    errcode: int = 0
    trouble: Trouble | None = None


_NUMBERS = ("minutes", "contacts", "seconds", "megabytes", "year", "relations")  # of which a text speaks
# Parts of `Health` whose trouble has another name.
_CALLED = {"wecom": Trouble.SENDING, "complete": Trouble.INCOMPLETE}


def trouble_of(degraded: Mapping[str, Any]) -> Finding:
    """Return a finding about a degraded part of `Health`; a part without own texts keeps its error."""
    text = str(degraded.get("error", degraded["problem"]))
    errcode = int(degraded.get("errcode", 0)) or errcode_in(text)
    trouble = _CALLED.get(part := degraded["part"]) or (Trouble(part) if part in set(Trouble) else None)
    if "contacts" in degraded:
        trouble = Trouble.STUCK
    n = next((int(degraded[name]) for name in _NUMBERS if name in degraded), 1)
    names = (str(degraded["api"]),) if "api" in degraded else ()
    return Finding(what=Wrong.SERVICE, n=n, names=names, text=text, errcode=errcode, trouble=trouble)


def admin(*, language: str, found: Sequence[Finding], at: datetime) -> Message:
    """Tell the administrators about the faults *found*, the gravest first.

    Raises ValueError without a fault, or if *at* has no zone.
    """
    if not found:
        raise ValueError("the message to the administrators needs a fault")
    texts, order = texts_in(language), list(Wrong)
    ranked = sorted(found, key=lambda finding: order.index(finding.what))
    lines = tuple(Line.of(line_of(texts, finding)) for finding in ranked)
    return Message(
        (
            first_line(texts["admin.head"].say(n=len(found))),
            Listing(lines, more=texts["admin.more"]),
            footer(texts, at=at, kind=texts["admin.kind"]),
        )
    )


def _trouble(texts: Texts, finding: Finding, trouble: Trouble) -> str:
    why, names = "", finding.names
    text = clean(in_language(texts, finding.text), limit=_TEXT_BYTES)
    if finding.errcode:
        remedy = texts.table("admin.remedies").get(str(finding.errcode), texts["admin.no_remedy"])
        why = texts["admin.why"].say(errcode=finding.errcode, remedy=remedy)
    elif text:
        why = texts["admin.detail"].say(text=text)
    api = texts["admin.any_api"] if names == (_ANY_API,) else "".join(clean(name) for name in names)
    return texts.table("admin.troubles")[trouble].say(n=finding.n, why=why, api=api)


def line_of(texts: Texts, finding: Finding) -> str:
    """Return the line about *finding*."""
    if finding.trouble is not None:
        return _trouble(texts, finding, finding.trouble)
    names = texts["progress.names_comma"].join(clean(name) for name in finding.names[:NAMED])
    if len(finding.names) > NAMED:
        names = texts["admin.more_names"].say(names=names)
    if names and finding.what is not Wrong.JOBS:
        names = texts["admin.names"].say(names=names)
    text = in_language(texts, finding.text)
    if finding.cause is not None:
        text = texts.table("admin.causes")[finding.cause].say(errcode=finding.errcode)
    text = clean(text, limit=_TEXT_BYTES)
    return texts.table("admin.lines")[finding.what].say(n=finding.n, names=names, text=text)
