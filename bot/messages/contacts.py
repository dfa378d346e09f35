"""Somebody's contacts as a numbered list, and why one of them counts or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.core.periods import parse_period
from bot.core.verdicts import Verdict
from bot.messages.answers import answered
from bot.messages.customers import Customer, called, private
from bot.messages.language import texts_in
from bot.messages.limits import CONTENT_BYTES
from bot.messages.message import Keep, Line, Listing, Message, Part, plain
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.wordbook import Wordbook

PAGE = 20  # contacts a message at most
_ENDS = 110  # bytes of the last line, and of the tones of the first and the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a contact is worth under one quota in one period. *until*: when time alone changes that; local."""

    quota: str
    period: str
    verdict: Verdict
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Customer):
    """A contact under its *number* in the list; *added_at* local, *way* WeCom's add_way, None if unread."""

    number: int
    added_at: datetime
    way: int | None
    judged: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWords:
    """The words of a language."""

    head: Phrase
    none: str
    none_more: str
    sums: str
    standing: Mapping[str, str]
    cause: Mapping[Verdict, str]
    until: str
    ways: Mapping[int, str]
    way_unread: str
    way_other: str
    entry: str
    under: str
    caused: str
    ask: str
    next_page: str
    no_page: str
    more: Phrase
    comma: str
    kind: str
    why_head: str
    why_under: str
    why_object: str
    why_unknown: str
    why_many: Phrase
    why_how: str
    why_kind: str


CHINESE = ContactWords(
    head=Phrase("{n} 位客户，最近的在前"),
    none="这段时间没有新增客户",
    none_more="加了客户马上就能查到。",
    sums="{label}：计入 {counted}，待确认 {pending}，不计入 {rejected}",
    standing={"counted": "计入", "pending": "待确认", "rejected": "不计入"},
    cause={
        Verdict.COUNTED_REVIEW: "复核决定",
        Verdict.REJECTED_REVIEW: "复核决定",
        Verdict.NOT_FIRST: "以前加过",
        Verdict.CUSTOMER_TYPE: "客户类型",
        Verdict.ADD_WAY: "添加方式",
        Verdict.STATE: "渠道",
        Verdict.NOT_OWN_BOOK: "在同事名下",
        Verdict.REJECTED_FACTS: "银行核实未通过",
        Verdict.LOST_EARLY: "未满天数流失",
        Verdict.OVER_DAILY_CAP: "超每日上限",
        Verdict.REJECTED_OVER_SHARE: "超占比",
        Verdict.REJECTED_DETAILS: "资料未读到",
        Verdict.REJECTED_TAGS: "缺标签",
        Verdict.OVER_SHARE: "超占比",
        Verdict.DETAILS: "等客户资料",
        Verdict.FACTS: "等银行资料",
        Verdict.TAGS: "缺标签",
        Verdict.KEEP_PERIOD: "留存期内",
        Verdict.REVIEW: "等复核",
    },
    until="，{day}",
    ways={
        0: "未知来源",
        1: "扫码",
        2: "搜手机号",
        3: "名片",
        4: "群聊",
        5: "通讯录",
        6: "微信联系人",
        8: "自动添加",
        9: "搜邮箱",
        10: "视频号",
        11: "日程",
        12: "会议",
        13: "微信好友",
        14: "智慧硬件",
        15: "上门服务",
        16: "获客链接",
        17: "定制",
        18: "需求回复",
        21: "售前客服",
        22: "商务伙伴",
        24: "好友申请",
        201: "同事共享",
        202: "主管分配",
    },
    way_unread="方式待读",
    way_other="方式 {way}",
    entry="{number}. {time} {way} {customer}：{verdict}",
    under="{label}{verdict}",
    caused="{standing}（{cause}{until}）",
    ask="想知道原因，说“为什么”加编号，如“为什么 {number}”。",
    next_page="更早的：说“明细 {page}”。",
    no_page="没有第 {page} 页，共 {pages} 页",
    more=Phrase("另有 {n} 位"),
    comma="；",
    kind="明细",
    why_head="{customer} {standing}",
    why_under="{label}：{reason}",
    why_object="觉得不对？说“申诉 {number} 原因”，由复核人决定，每条都有回复。",
    why_unknown="没有找到这位客户",
    why_many=Phrase("有 {n} 位客户的编号以此结尾"),
    why_how="先说“明细”，再说“为什么”加编号或客户尾号，如“为什么 1”。",
    why_kind="为什么",
)

ENGLISH = ContactWords(
    head=Phrase("{n} contacts, the newest first", "1 contact"),
    none="No contacts were added in this time",
    none_more="A new one can be looked up at once.",
    sums="{label}: {counted} counted, {pending} pending, {rejected} not",
    standing={"counted": "counted", "pending": "pending", "rejected": "not counted"},
    cause={
        Verdict.COUNTED_REVIEW: "by review",
        Verdict.REJECTED_REVIEW: "by review",
        Verdict.NOT_FIRST: "added before",
        Verdict.CUSTOMER_TYPE: "kind of customer",
        Verdict.ADD_WAY: "way of adding",
        Verdict.STATE: "channel",
        Verdict.NOT_OWN_BOOK: "a colleague's",
        Verdict.REJECTED_FACTS: "the bank said no",
        Verdict.LOST_EARLY: "lost early",
        Verdict.OVER_DAILY_CAP: "over the daily cap",
        Verdict.REJECTED_OVER_SHARE: "over the share",
        Verdict.REJECTED_DETAILS: "details not read",
        Verdict.REJECTED_TAGS: "tag missing",
        Verdict.OVER_SHARE: "over the share",
        Verdict.DETAILS: "details to come",
        Verdict.FACTS: "bank's word to come",
        Verdict.TAGS: "tag missing",
        Verdict.KEEP_PERIOD: "keep period",
        Verdict.REVIEW: "in review",
    },
    until=", {day}",
    ways={
        0: "unknown way",
        1: "QR code",
        2: "phone number",
        3: "name card",
        4: "group chat",
        5: "address book",
        6: "WeChat contact",
        8: "added by itself",
        9: "e-mail",
        10: "Channels",
        11: "calendar",
        12: "meeting",
        13: "WeChat friend",
        14: "device",
        15: "home service",
        16: "acquisition link",
        17: "custom",
        18: "answer to a request",
        21: "pre-sales",
        22: "business partner",
        24: "friend request",
        201: "shared by colleague",
        202: "assigned",
    },
    way_unread="way not read yet",
    way_other="way {way}",
    entry="{number}. {time} {way} {customer}: {verdict}",
    under="{label} {verdict}",
    caused="{standing} ({cause}{until})",
    ask="For the reason say “why” and the number: “why {number}”.",
    next_page="For earlier ones say “list {page}”.",
    no_page="There is no page {page}, only {pages}",
    more=Phrase("and {n} more"),
    comma="; ",
    kind="list",
    why_head="{customer}: {standing}",
    why_under="{label}: {reason}",
    why_object="Not right? Say “appeal {number}” and why; a reviewer decides, and you get an answer.",
    why_unknown="This contact was not found",
    why_many=Phrase("{n} contacts end like this"),
    why_how="Say “list” first, then “why” with its number or the end of the id: “why 1”.",
    why_kind="why",
)

WORDS = Wordbook("contacts", {"zh-CN": CHINESE, "en": ENGLISH})


def listed(*, language: str, contacts: Sequence[Listed], page: int, at: datetime) -> Message:
    """Show the *page* (from 1) of *contacts*, which stand in the order of their numbers. *at* is local."""
    words = WORDS[language]
    if not contacts:
        return answered(language=language, head=words.none, lines=[words.none_more], kind=words.kind, at=at)
    labels = _labels(language, contacts, at=at)
    head, sums = words.head.say(n=len(contacts)), _sums(words, contacts, labels)
    around = (head, *map(plain, sums), words.next_page, words.ask, words.kind)
    entry = partial(_entry, words, language=language, labels=labels)
    pages = _pages([entry(one) for one in contacts], room=CONTENT_BYTES - _ENDS - _bytes(around))
    if not 1 <= page <= len(pages):
        head = words.no_page.format(page=page, pages=len(pages))
        return answered(language=language, head=head, kind=words.kind, at=at)

    def said(shown: Sequence[Listed]) -> Message:
        return answered(
            language=language,
            head=head,
            lines=[
                *sums,
                _listing(words, [entry(one) for one in shown]),
                words.next_page.format(page=page + 1) if page < len(pages) else "",
                words.ask.format(number=shown[0].number),
            ],
            kind=words.kind,
            at=at,
        )

    return private(said, contacts[pages[page - 1]])


def explained(*, language: str, contact: Listed, may_object: bool, at: datetime) -> Message:
    """Say why *contact* counts or not under each quota. *at* is local."""
    words = WORDS[language]
    labels = _labels(language, [contact], at=at)
    standing = words.comma.join(dict.fromkeys(words.standing[one.verdict.standing] for one in contact.judged))
    lines = [
        _time_and_way(words, contact),
        *(
            words.why_under.format(label=labels[one.quota, one.period], reason=one.reason)
            for one in contact.judged
        ),
        words.why_object.format(number=contact.number) if may_object else "",
    ]

    def said(about: Sequence[Listed]) -> Message:
        head = words.why_head.format(customer=called(about[0], language=language), standing=standing)
        return answered(language=language, head=head, lines=lines, kind=words.why_kind, at=at)

    return private(said, [contact])


def not_found(
    *, language: str, many: Sequence[Listed], at: datetime, how: str = "", kind: str = ""
) -> Message:
    """Say that no contact is meant, or that *many* may be. *at* is local.

    *how* it is asked for, and the *kind* of answer, are those of `why` if they are left out.
    """
    words = WORDS[language]
    head = words.why_many.say(n=len(many)) if many else words.why_unknown
    labels = _labels(language, many, at=at)

    def said(many: Sequence[Listed]) -> Message:
        entries = [_entry(words, one, language=language, labels=labels) for one in many]
        listing = [_listing(words, entries)] if entries else []
        lines: list[str | Listing] = [*listing, how or words.why_how]
        return answered(language=language, head=head, lines=lines, kind=kind or words.why_kind, at=at)

    return private(said, many)


def _listing(words: ContactWords, entries: Sequence[str]) -> Listing:
    return Listing(
        tuple(Line((Part(entry),), Keep.CORE) for entry in entries), more=words.more, keep=Keep.CORE
    )


def _pages(entries: Sequence[str], *, room: int) -> list[slice]:
    """Part *entries* into pages of at most PAGE that fit into *room* bytes; each has one at least."""
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


def _labels(language: str, contacts: Sequence[Listed], *, at: datetime) -> dict[tuple[str, str], str]:
    """Name each quota and period by its period, and by its id where that alone does not tell them apart."""
    texts = texts_in(language)
    found: dict[tuple[str, str], str] = {}
    for one in (one for contact in contacts for one in contact.judged):
        period = parse_period(one.period)
        is_now = period.first <= at.date() <= period.last
        label = texts.this_period[period.kind] if is_now else texts.other_period.say(period=one.period)
        found.setdefault((one.quota, one.period), label)
    if len(set(found.values())) == len(found):
        return found
    return {key: texts.quota_label.say(quota=clean(key[0]), period=label) for key, label in found.items()}


def _sums(
    words: ContactWords, contacts: Sequence[Listed], labels: Mapping[tuple[str, str], str]
) -> list[Line]:
    found = []
    for key, label in labels.items():
        count = Counter(
            one.verdict.standing
            for contact in contacts
            for one in contact.judged
            if (one.quota, one.period) == key
        )
        said = words.sums.format(label=label, **{name: count[name] for name in words.standing})
        found.append(Line((Part(said),), Keep.CORE))
    return found


def _entry(
    words: ContactWords, contact: Listed, *, language: str, labels: Mapping[tuple[str, str], str]
) -> str:
    said = {(one.quota, one.period): _verdict(words, one) for one in contact.judged}
    verdicts = set(said.values())
    if len(verdicts) > 1:
        verdict = words.comma.join(
            words.under.format(label=labels[key], verdict=one) for key, one in said.items()
        )
    else:
        verdict = next(iter(verdicts), "")
    return words.entry.format(
        number=contact.number,
        time=f"{contact.added_at:%m-%d %H:%M}",
        way=_way(words, contact),
        customer=called(contact, language=language),
        verdict=verdict,
    )


def _verdict(words: ContactWords, judged: Judged) -> str:
    standing = words.standing[judged.verdict.standing]
    if (cause := words.cause.get(judged.verdict)) is None:
        return standing
    keeps = judged.verdict is Verdict.KEEP_PERIOD and judged.until is not None
    until = words.until.format(day=f"{judged.until:%m-%d}") if keeps else ""
    return words.caused.format(standing=standing, cause=cause, until=until)


def _way(words: ContactWords, contact: Listed) -> str:
    if contact.way is None:
        return words.way_unread
    return words.ways.get(contact.way) or words.way_other.format(way=contact.way)


def _time_and_way(words: ContactWords, contact: Listed) -> str:
    return f"{contact.added_at:%m-%d %H:%M} {_way(words, contact)}"
