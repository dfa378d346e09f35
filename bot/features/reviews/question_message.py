"""Questions about adds: first to the employee, then with the answer to reviewers; never accusations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.evidence import Evidence
from bot.core.integrity import FindingKind, FindingName
from bot.core.renames import Overlap
from bot.core.verdicts import Verdict
from bot.features.customers.name_sentences import Customer, Named, called, nameless, private
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import SAID_BYTES
from bot.messages.lines import first_line, footer
from bot.messages.message import Keep, Line, Listing, Message
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Named):
    """An observation. *about*: the customer's id (shared) or the period (quick_loss); *holds*: how many."""

    kind: FindingKind
    evidence: Evidence
    about: str = ""
    holds: int = 0

    @classmethod
    def of(
        cls,
        name: FindingName,
        evidence: Evidence,
        *,
        holds: int = 0,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> Seen:
        """Return the observation of finding *name*; *names* of customers by id, only for their employee."""
        about = name.subject.rpartition(" ")[2] if name.kind is FindingKind.QUICK_LOSS else name.subject
        known = (names or {}).get(about, ())
        return cls(kind=name.kind, evidence=evidence, about=about, holds=holds, names=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed(Customer):
    """An appealed contact: *added_at* local, *verdict* as of now under the quota of *period*."""

    period: str
    added_at: datetime
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDecide:
    """One case for a reviewer. *said* is the answer of *name*, empty without one."""

    id: str
    name: str
    said: str
    what: Seen | Appealed | Overlap


def questions(*, language: str, asked: Sequence[Seen], until: datetime, at: datetime) -> Message:
    """Ask one person about what was seen; *until* (local): when the time to answer ends.

    Raises ValueError without a question, or if *at* has no zone.
    """
    if not asked:
        raise ValueError("questions need at least one observation")
    texts = texts_in(language)

    def message(asked: Sequence[Seen]) -> Message:
        return Message(
            (
                first_line(texts["questions.head"].say(n=len(asked))),
                _listing(texts, [asked_of(seen, language=language, at=at) for seen in asked]),
                Line.of(texts["questions.how"].say(until=f"{until:%m-%d %H:%M}")),
                Line.of(texts["questions.promise"]),
                footer(texts, at=at, kind=texts["questions.kind"]),
            )
        )

    return private(message, asked)


def to_review(*, language: str, cases: Sequence[ToDecide], goes_up: datetime | None, at: datetime) -> Message:
    """Put *cases* to a reviewer; *goes_up* (local): when the first of them escalates, None if none does.

    A reviewer never reads customers' names, only the ends of ids.
    Raises ValueError without a case, or if *at* has no zone.
    """
    if not cases:
        raise ValueError("a review message needs a case")
    texts = texts_in(language)
    notes = [] if goes_up is None else [texts["questions.goes_up"].say(until=f"{goes_up:%m-%d %H:%M}")]
    notes.append(texts["questions.privately"])
    return Message(
        (
            first_line(texts["questions.review_head"].say(n=len(cases))),
            _listing(texts, [_case(texts, language, case, at=at) for case in cases]),
            Line.of(texts["questions.decide"]),
            *(Line.of(note, Keep.USEFUL) for note in notes),
            footer(texts, at=at, kind=texts["questions.review_kind"]),
        ),
        page="/review",
    )


def about(what: Seen | Appealed, *, language: str, at: datetime) -> str:
    """Describe the subject of a case in the zone of *at*, without a verdict."""
    texts = texts_in(language)
    if isinstance(what, Seen):
        return _seen(texts, what, language=language, at=at)
    contact = _contact(texts, what, language=language)
    return contact[:1].upper() + contact[1:]


def _listing(texts: Texts, sentences: Sequence[str]) -> Listing:
    return Listing.of(sentences, more=texts["questions.more"])


def asked_of(seen: Seen, *, language: str, at: datetime) -> str:
    """Say one question: what was observed, and what waits for the answer. *at* has the zone of its times."""
    texts = texts_in(language)
    holds = texts["questions.holds"].say(n=seen.holds) if seen.holds else ""
    return _seen(texts, seen, language=language, at=at) + texts.table("questions.asks")[seen.kind] + holds


def _seen(texts: Texts, seen: Seen, *, language: str, at: datetime) -> str:
    evidence = seen.evidence
    first, last = (datetime.fromtimestamp(moment, at.tzinfo) for moment in (evidence.first, evidence.last))
    times = dict.fromkeys((f"{first:%H:%M}", f"{last:%H:%M}"))
    return texts.table("questions.seen")[seen.kind].say(
        day=f"{last:%m-%d}",
        time="–".join(times),
        n=evidence.n,
        of=evidence.of,
        days=evidence.days,
        customer=called(Customer(external_userid=seen.about, names=seen.names), language=language),
        period=seen.about,
    )


def _case(texts: Texts, language: str, case: ToDecide, *, at: datetime) -> str:
    what = case.what
    if isinstance(what, Overlap):
        return texts["questions.renamed"].say(
            old=clean(what.old_userid, limit=SAID_BYTES),
            new=clean(what.userid, limit=SAID_BYTES),
            same=what.same,
            living=what.living,
            id=clean(case.id, limit=SAID_BYTES),
        )
    if isinstance(what, Seen):
        subject = _seen(texts, nameless(what), language=language, at=at)
    else:
        subject = _appeal(texts, language, nameless(what))
    text = clean(case.said, limit=SAID_BYTES)
    said = texts["questions.said"].say(text=text) if text else texts["questions.silent"]
    return texts["questions.case"].say(
        name=clean(case.name), what=subject, said=said, id=clean(case.id, limit=SAID_BYTES)
    )


def _appeal(texts: Texts, language: str, appealed: Appealed) -> str:
    verdict, reasons, why = appealed.verdict, texts.table("questions.not_counted"), ""
    if verdict is not None and verdict.outcome == "pending":
        why = texts["questions.pending"]
    elif verdict is not None and verdict in reasons:
        why = texts["questions.rejected"].say(why=reasons[verdict])
    return texts["questions.appeal"].say(contact=_contact(texts, appealed, language=language), why=why)


def _contact(texts: Texts, appealed: Appealed, *, language: str) -> str:
    day = f"{appealed.added_at:%m-%d}"
    return texts["questions.contact"].say(day=day, customer=called(appealed, language=language))
