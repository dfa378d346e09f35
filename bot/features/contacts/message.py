"""Messages about a member's contacts: the numbered list, and the verdict on one contact explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import quote

from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.verdicts import Verdict
from bot.features.customers.name_sentences import Customer, called, private
from bot.messages.answers import answered
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import CONTENT_BYTES
from bot.messages.message import Line, Listing, Message, plain
from bot.messages.sanitize import clean

PAGE = 20  # contacts a message at most
_WORDS = 20  # characters of words that are not clear
_ENDS = 110  # bytes of the last line, and of the color tags in the first and the last


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVerdict:
    """The verdict on a contact under one quota in one period. *until* (local): when time alone changes it.

    *open*: it becomes rejected by itself. *closed*: the period has stored results. *stored*: the member's
    line, None without one.
    """

    quota: str
    period: str
    verdict: Verdict
    reason: str = ""
    until: datetime | None = None
    open: bool = False
    closed: bool = False
    stored: QuotaFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCustomer(Customer):
    """A contact with its *number* in the list; *added_at* local, *way* WeCom's add_way, None if unread."""

    number: int
    added_at: datetime
    way: int | None
    judged: tuple[ShownVerdict, ...]


def which_list(*, language: str, words: str, at: datetime) -> Message:
    """Say that *words* name no page and no period, and how to name one. *at* is local."""
    texts = texts_in(language)
    head = texts["contacts.which_list"].say(words=clean(words[:_WORDS]))
    kind = texts["contacts.kind"]
    return answered(texts, head, texts["contacts.which_how"], kind=kind, at=at)


def no_quota_period(*, language: str, period: str, at: datetime) -> Message:
    """Say that no quota has the *period*, and how to name one. *at* is local."""
    texts = texts_in(language)
    head = texts["contacts.no_quota_period"].say(period=period)
    kind = texts["contacts.kind"]
    return answered(texts, head, texts["contacts.which_how"], kind=kind, at=at)


def listed(
    *,
    language: str,
    contacts: Sequence[ListedCustomer],
    page: int,
    at: datetime,
    is_over: bool = False,
) -> Message:
    """Show *page* (from 1) of *contacts*, sorted by number. *at* is local; *is_over*: no more can come."""
    texts = texts_in(language)
    kind = texts["contacts.kind"]
    if not contacts:
        more = texts["contacts.none_over"] if is_over else texts["contacts.none_more"]
        return answered(texts, texts["contacts.none"], more, kind=kind, at=at)
    labels = _labels(language, contacts, at=at)
    head, sums = texts["contacts.head"].say(n=len(contacts)), _sums(texts, contacts, labels)
    around = (head, *map(plain, sums), texts["contacts.next_page"], texts["contacts.ask"], kind)
    entry = partial(_entry, texts, language=language, labels=labels)
    pages = _pages([entry(one) for one in contacts], room=CONTENT_BYTES - _ENDS - _bytes(around))
    if not 1 <= page <= len(pages):
        head = texts["contacts.no_page"].say(page=page, pages=len(pages))
        return answered(texts, head, kind=kind, at=at)

    def said(shown: Sequence[ListedCustomer]) -> Message:
        return answered(
            texts,
            head,
            *sums,
            _listing(texts, [entry(one) for one in shown]),
            texts["contacts.next_page"].say(page=page + 1) if page < len(pages) else "",
            texts["contacts.ask"].say(number=shown[0].number),
            kind=kind,
            at=at,
            page=_page(contacts, at=at),
        )

    return private(said, contacts[pages[page - 1]])


def explained(*, language: str, contact: ListedCustomer, may_object: bool, at: datetime) -> Message:
    """Say why *contact* counts or not under each quota. *at* is local."""
    texts = texts_in(language)
    labels = _labels(language, [contact], at=at)
    standing = texts["contacts.comma"].join(
        dict.fromkeys(texts.table("contacts.standing")[one.verdict.outcome] for one in contact.judged)
    )
    lines = [
        time_and_way(texts, contact),
        *(
            texts["contacts.why_under"].say(label=labels[one.quota, one.period], reason=one.reason)
            for one in contact.judged
        ),
        texts["contacts.why_object"].say(number=contact.number) if may_object else "",
    ]

    def said(about: Sequence[ListedCustomer]) -> Message:
        head = texts["contacts.why_head"].say(customer=called(about[0], language=language), standing=standing)
        return answered(
            texts, head, *lines, kind=texts["contacts.why_kind"], at=at, page=page_of_contact(contact)
        )

    return private(said, [contact])


def page_of_contact(contact: ListedCustomer) -> str:
    """Return the path of the page that shows *contact* to its employee: the longest of its periods."""
    periods = [parse_period(judged.period) for judged in contact.judged]
    longest = max(periods, key=lambda period: period.last - period.first)
    return page_in_period(contact.external_userid, period=longest.name)


def page_in_period(external_userid: str, *, period: str) -> str:
    """Return the path of the page that shows a contact in *period*, as links may be opened weeks later."""
    return f"/me?period={period}#contact-{quote(external_userid, safe='')}"


def _page(contacts: Sequence[ListedCustomer], *, at: datetime) -> str:
    """Return the path of the page with *contacts*, which are those of the running periods or of one other."""
    periods = {judged.period for contact in contacts for judged in contact.judged}
    if any(at.date() in parse_period(period) for period in periods):
        return "/me#contacts"
    return f"/me?period={max(periods)}#contacts" if periods else "/me"


def not_found(
    *, language: str, many: Sequence[ListedCustomer], at: datetime, how: str = "", kind: str = ""
) -> Message:
    """Say that no contact matches, or that *many* do. *at* is local.

    *how* explains the command, *kind* names the answer; empty: those of `why`.
    """
    texts = texts_in(language)
    head = texts["contacts.why_many"].say(n=len(many)) if many else texts["contacts.why_unknown"]
    labels = _labels(language, many, at=at)

    def said(many: Sequence[ListedCustomer]) -> Message:
        entries = [_entry(texts, one, language=language, labels=labels) for one in many]
        listing = [_listing(texts, entries)] if entries else []
        return answered(
            texts,
            head,
            *listing,
            how or texts["contacts.why_how"],
            kind=kind or texts["contacts.why_kind"],
            at=at,
        )

    return private(said, many)


def _listing(texts: Texts, entries: Sequence[str]) -> Listing:
    return Listing.of(entries, more=texts["contacts.more"])


def _pages(entries: Sequence[str], *, room: int) -> list[slice]:
    """Split *entries* into pages: at most PAGE entries and *room* bytes, but at least one entry."""
    pages, first, taken = [], 0, 0
    for number, entry in enumerate(entries):
        needs = _bytes([entry])
        if number > first and (number - first == PAGE or taken + needs > room):
            pages.append(slice(first, number))
            first, taken = number, 0
        taken += needs
    return [*pages, slice(first, len(entries))]


def _bytes(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _labels(language: str, contacts: Sequence[ListedCustomer], *, at: datetime) -> dict[tuple[str, str], str]:
    """Name each quota and period by its period; with the quota's id if two labels would be equal."""
    texts = texts_in(language)
    labels: dict[tuple[str, str], str] = {}
    for judged in (judged for contact in contacts for judged in contact.judged):
        period = parse_period(judged.period)
        labels[judged.quota, judged.period] = (
            texts.table("progress.this_period")[period.kind]
            if at.date() in period
            else texts["progress.other_period"].say(period=judged.period)
        )
    if len(set(labels.values())) == len(labels):
        return labels
    return {
        key: texts["progress.quota_label"].say(quota=clean(key[0]), period=label)
        for key, label in labels.items()
    }


def _sums(
    texts: Texts, contacts: Sequence[ListedCustomer], labels: Mapping[tuple[str, str], str]
) -> list[Line]:
    """Return the sums of each quota period; of a closed one those of the stored line, if there is one."""
    lines = []
    for key, label in labels.items():
        judged = [
            verdict
            for contact in contacts
            for verdict in contact.judged
            if (verdict.quota, verdict.period) == key
        ]
        stored, count = judged[0].stored, Counter(verdict.verdict.outcome for verdict in judged)
        if judged[0].closed and stored is None:
            continue
        if stored is not None:
            count = Counter(counted=stored.counted, pending=stored.pending, rejected=stored.rejected)
        numbers = {name: count[name] for name in ("counted", "pending", "rejected")}
        lines.append(Line.of(texts["contacts.sums"].say(label=label, **numbers)))
    return lines


def _entry(
    texts: Texts, contact: ListedCustomer, *, language: str, labels: Mapping[tuple[str, str], str]
) -> str:
    verdicts = {(judged.quota, judged.period): _verdict(texts, judged) for judged in contact.judged}
    verdict = next(iter(verdicts.values()), "")
    if len(set(verdicts.values())) > 1:
        verdict = texts["contacts.comma"].join(
            texts["contacts.under"].say(label=labels[key], verdict=each) for key, each in verdicts.items()
        )
    return texts["contacts.entry"].say(
        number=contact.number,
        time=f"{contact.added_at:%m-%d %H:%M}",
        way=_way(texts, contact),
        customer=called(contact, language=language),
        verdict=verdict,
    )


def _verdict(texts: Texts, judged: ShownVerdict) -> str:
    standing = texts.table("contacts.standing")[judged.verdict.outcome]
    if (cause := texts.table("contacts.cause").get(judged.verdict)) is None:
        return standing
    keeps = judged.verdict is Verdict.KEEP_PERIOD and judged.until is not None
    until = texts["contacts.until"].say(day=f"{judged.until:%m-%d}") if keeps else ""
    return texts["contacts.caused"].say(standing=standing, cause=cause, until=until)


def _way(texts: Texts, contact: ListedCustomer) -> str:
    if contact.way is None:
        return texts["contacts.way_unread"]
    return texts.table("contacts.ways").get(str(contact.way)) or texts["contacts.way_other"].say(
        way=contact.way
    )


def time_and_way(texts: Texts, contact: ListedCustomer) -> str:
    """Say when (local) and how *contact* was added."""
    return f"{contact.added_at:%m-%d %H:%M} {_way(texts, contact)}"
