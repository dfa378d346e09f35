"""The reason of a verdict in one plain sentence with the rule's figures.

The sentence names the reviewer of a decision, but never colleagues.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.contacts import NOBODY, Contact
from bot.core.counting import Counting, MaxShare
from bot.core.quotas import Basis
from bot.core.relations import LOSSES
from bot.core.verdicts import Verdict
from bot.messages.catalog import Texts, texts_in
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A review's decision on a contact: *by* a name, *at* (local), *why* (may be empty)."""

    by: str
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A verdict as of *at*, with the values for its sentence. Moments are local and aware.

    *kept*: end of the keep period. *first*: the relation's first add, if this is a later one. *limit*: the
    exceeded share. *decision*: of a review, if any.
    """

    verdict: Verdict
    contact: Contact
    counting: Counting
    basis: Basis
    at: datetime
    added: datetime
    kept: datetime
    ended: datetime | None
    settlement: datetime
    first: datetime | None = None
    limit: MaxShare | None = None
    decision: Decision | None = None


def reason(ruling: Ruling, *, language: str) -> str:
    """Return in `zh-CN` or `en` why a contact has its verdict, and what a pending one waits for."""
    texts, case = texts_in(language), _case(ruling)
    verdicts, cases = texts.table("reasons.verdict"), texts.table("reasons.case")
    sentence = verdicts[ruling.verdict] if case is None else cases[case]
    return sentence.say(**_figures(texts, ruling))


def _case(ruling: Ruling) -> str | None:
    """Return the cause if the verdict has several."""
    contact = ruling.contact
    match ruling.verdict:
        case Verdict.COUNTED:
            return _counted(ruling)
        case Verdict.COUNTED_REVIEW if ruling.decision is None:
            return "review_ended"
        case Verdict.NOT_FIRST if ruling.first is None:
            return "colleague"
        case Verdict.NOT_OWN_BOOK if ruling.contact.manager == NOBODY:
            return "nobody"
        case Verdict.DETAILS if contact.ended_by in LOSSES:
            return "details_lost"
    return None


def _counted(ruling: Ruling) -> str | None:
    contact = ruling.contact
    if ruling.ended is not None and contact.ended_by not in LOSSES:
        return "handed_over"
    if ruling.basis is Basis.HELD:
        return "held"
    if not ruling.counting.keep_days:
        return None
    return "kept" if ruling.ended is None else "lost_late"


def _figures(texts: Texts, ruling: Ruling) -> dict[str, str | int]:
    contact, counting = ruling.contact, ruling.counting
    details, facts = contact.details, contact.facts
    comma, types = texts["reasons.comma"], texts.table("reasons.types")
    unknown = [clean(fact) for fact in counting.required_facts if fact not in facts]
    if counting.own_book and contact.manager is None:
        unknown.append(texts["reasons.manager"])
    has = details.tags if details else frozenset()
    return {
        "days": counting.keep_days,
        "cap": counting.max_per_day,
        "added": _moment(ruling, ruling.added),
        "kept": _moment(ruling, ruling.kept),
        "ended": _moment(ruling, ruling.ended),
        "first": _moment(ruling, ruling.first),
        "settlement": _moment(ruling, ruling.settlement),
        "unknown": comma.join(unknown),
        "false": comma.join(clean(one) for one in counting.required_facts if facts.get(one) is False),
        "segment": comma.join(map(clean, counting.segment_tags)),
        "missing": comma.join(clean(tag) for tag in counting.required_tags if tag not in has),
        "type": types.get(str(details.customer_type), str(details.customer_type)) if details else "",
        "types": comma.join(types[str(one)] for one in sorted(counting.customer_types)),
        "way": details.add_way if details else "",
        "state": clean(contact.state),
        "fact": clean(ruling.limit.fact) if ruling.limit else "",
        "percent": f"{float(ruling.limit.share * 100):g}" if ruling.limit else "",
        **_decision(texts, ruling),
    }


def _decision(texts: Texts, ruling: Ruling) -> dict[str, str]:
    decision = ruling.decision
    if decision is None:
        return {"decided": "", "why": ""}
    by, when = clean(decision.by), _moment(ruling, decision.at)
    return {
        "decided": texts["reasons.decided"].say(by=by, when=when) if by and when else "",
        "why": texts["reasons.why"].say(why=" ".join(decision.why.split())) if decision.why.strip() else "",
    }


def _moment(ruling: Ruling, moment: datetime | None) -> str:
    """Return day and minute; the year only if it differs from the year of *ruling.at*."""
    if moment is None:
        return ""
    return f"{moment:%m-%d %H:%M}" if moment.year == ruling.at.year else f"{moment:%Y-%m-%d %H:%M}"
