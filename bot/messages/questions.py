"""Questions about adds: to the person himself, then, with what he said, to who decides. Never accusations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.evidence import Evidence
from bot.core.integrity import FindingKind, FindingName
from bot.core.verdicts import Verdict
from bot.messages.customers import Customer, Named, called, nameless, private
from bot.messages.language import texts_in
from bot.messages.limits import SAID_BYTES
from bot.messages.message import Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.standing import first_line, footer
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Named):
    """What was seen. *about*: the customer's id (shared) or the period (quick_loss); *holds*: how many."""

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
        """What the finding *name* saw; *names* of customers by their ids, if it is told to their employee."""
        about = name.subject.rpartition(" ")[2] if name.kind is FindingKind.QUICK_LOSS else name.subject
        known = (names or {}).get(about, ())
        return cls(kind=name.kind, evidence=evidence, about=about, holds=holds, names=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed(Customer):
    """A contact that its employee wants to be looked at: *added_at* local, *verdict* as of now."""

    added_at: datetime
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaybeRenamed:
    """A userid that vanished and one that is new: *same* of *living* customers since the same moments."""

    old_userid: str
    userid: str
    same: int
    living: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDecide:
    """One case for a reviewer. *said* is what *name* says, empty for nothing."""

    id: str
    name: str
    said: str
    what: Seen | Appealed | MaybeRenamed


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionWords:
    """The words of a language. *asks* follows what was *seen* when it is put to the person himself.

    *not_counted*: why one contact is not counted, to who decides about it.
    """

    head: Phrase
    seen: Mapping[FindingKind, str]
    asks: Mapping[FindingKind, str]
    holds: Phrase
    how: str
    promise: str
    kind: str
    review_head: Phrase
    case: str
    renamed: str
    contact: str
    appeal: str
    rejected: str
    not_counted: Mapping[Verdict, str]
    pending: str
    said: str
    silent: str
    decide: str
    goes_up: str
    privately: str
    more: Phrase
    review_kind: str


CHINESE = QuestionWords(
    head=Phrase("有 {n} 件事想问您，各说一句就够", "有件事想问您，说一句就够"),
    seen={
        FindingKind.BURST: "{day} {time} 有 {n} 位新增",
        FindingKind.SHARED: "客户 {customer} 在 {days} 天内有 {n} 位员工添加",
        FindingKind.QUICK_LOSS: "{period} 新增 {of} 位，其中 {n} 位不到 {days} 天就流失",
        FindingKind.ROLLOUT: "{day} 新增的客户里有 {n} 位之前已有同事或您服务过",
    },
    asks={
        FindingKind.BURST: "，是不是有活动？",
        FindingKind.SHARED: "，是不是有交接？",
        FindingKind.QUICK_LOSS: "，是不是有什么情况？",
        FindingKind.ROLLOUT: "，是不是换人服务了？",
    },
    holds=Phrase("其间 {n} 位暂列待确认。"),
    how="{until} 前回复“回答”加一句话即可，如“回答 那天有活动”；没有说明，复核人就只看数字。",
    promise="这只是提问：复核人确认之前，不进任何报表和团队消息。",
    kind="提问",
    review_head=Phrase("有 {n} 件事等您看看"),
    case="{name}：{what}。{said}（{id}）",
    renamed="{old} 不见了，新账号 {new} 有其 {living} 位客户中的 {same} 位，添加时间也相同："
    "是同一个人换了账号吗？决定之前两边都不补记。（{id}）",
    contact="{day} 添加的客户 {customer}",
    appeal="申诉 {contact}{why}",
    rejected="，现未计入：{why}",
    not_counted={
        Verdict.LOST_EARLY: "未满留存天数就流失",
        Verdict.NOT_FIRST: "以前加过",
        Verdict.CUSTOMER_TYPE: "不是计入的客户类型",
        Verdict.ADD_WAY: "添加方式不计入",
        Verdict.STATE: "渠道不计入",
        Verdict.NOT_OWN_BOOK: "不在本人名下",
        Verdict.REJECTED_FACTS: "银行核实未通过",
        Verdict.OVER_DAILY_CAP: "超过每日封顶",
        Verdict.REJECTED_OVER_SHARE: "超过占比上限",
        Verdict.REJECTED_DETAILS: "在资料读取前已流失",
        Verdict.REJECTED_TAGS: "缺标签",
        Verdict.REJECTED_REVIEW: "复核后不计入",
    },
    pending="，现待确认",
    said="本人说：{text}",
    silent="本人没有说明",
    decide="请把通过或不通过、以及理由告诉管理员录入；通过总是对员工有利。",
    goes_up="{until} 前没有决定，就请上一级看。",
    privately="仅供您决定，请勿转发。",
    more=Phrase("另有 {n} 件"),
    review_kind="复核",
)

ENGLISH = QuestionWords(
    head=Phrase(
        "{n} questions for you: a sentence each is enough", "A question for you: one sentence is enough"
    ),
    seen={
        FindingKind.BURST: "{day} {time}: {n} added",
        FindingKind.SHARED: "Customer {customer} was added by {n} employees within {days} days",
        FindingKind.QUICK_LOSS: "{period}: {n} of {of} added were lost within {days} days",
        FindingKind.ROLLOUT: "{day}: of those added, {n} had been with a colleague or you before",
    },
    asks={
        FindingKind.BURST: ". Was there an event?",
        FindingKind.SHARED: ". Was there a handover?",
        FindingKind.QUICK_LOSS: ". Is there a reason?",
        FindingKind.ROLLOUT: ". Does somebody else look after them now?",
    },
    holds=Phrase(" {n} of them are pending meanwhile.", " 1 of them is pending meanwhile."),
    how="Reply “answer” and a sentence by {until}, such as “answer we had an open day”; "
    "without one, the reviewer has only the figures.",
    promise="This is only a question: until a reviewer confirms it, no report and no team message has it.",
    kind="question",
    review_head=Phrase("{n} cases for you to look at", "1 case for you to look at"),
    case="{name}: {what}. {said} ({id})",
    renamed="{old} is gone, and the new userid {new} has {same} of the same {living} customers, added at the "
    "same times. One person? Nothing is made good for the two before that is decided. ({id})",
    contact="customer {customer}, added {day}",
    appeal="asks about {contact}{why}",
    rejected="; not counted: {why}",
    not_counted={
        Verdict.LOST_EARLY: "lost before the keep period was over",
        Verdict.NOT_FIRST: "added before",
        Verdict.CUSTOMER_TYPE: "of a type that does not count",
        Verdict.ADD_WAY: "added in a way that does not count",
        Verdict.STATE: "from a channel that does not count",
        Verdict.NOT_OWN_BOOK: "not in the employee's book",
        Verdict.REJECTED_FACTS: "not confirmed by the bank",
        Verdict.OVER_DAILY_CAP: "over the daily cap",
        Verdict.REJECTED_OVER_SHARE: "over the largest share",
        Verdict.REJECTED_DETAILS: "lost before its details were read",
        Verdict.REJECTED_TAGS: "without a required tag",
        Verdict.REJECTED_REVIEW: "so decided in a review",
    },
    pending="; pending",
    said="Says: {text}",
    silent="Nothing said so far",
    decide="Tell an admin to accept or reject it, and why; accepting is always in the employee's favour.",
    goes_up="If undecided by {until}, it goes one level up.",
    privately="For you to decide: please do not forward it.",
    more=Phrase("and {n} more"),
    review_kind="review",
)

WORDS = Wordbook("questions", {"zh-CN": CHINESE, "en": ENGLISH})


def questions(*, language: str, asked: Sequence[Seen], until: datetime, at: datetime) -> Message:
    """Ask one person about what was seen; *until* (local) he may answer.

    Raises ValueError without a question, or if *at* has no zone.
    """
    if not asked:
        raise ValueError("a question needs something that was seen")
    words, texts = WORDS[language], texts_in(language)

    def said(asked: Sequence[Seen]) -> Message:
        return Message(
            (
                first_line(words.head.say(n=len(asked))),
                _listing(words, [_question(words, seen, language=language, at=at) for seen in asked]),
                Line((Part(words.how.format(until=f"{until:%m-%d %H:%M}")),), Keep.CORE),
                Line((Part(words.promise),), Keep.CORE),
                footer(texts, at=at, kind=words.kind),
            )
        )

    return private(said, asked)


def to_review(*, language: str, cases: Sequence[ToDecide], goes_up: datetime | None, at: datetime) -> Message:
    """Put *cases* to a reviewer; *goes_up* (local): when the first of them goes one up, None if none does.

    Whatever names the cases hold, a reviewer reads the ends of ids.

    Raises ValueError without a case, or if *at* has no zone.
    """
    if not cases:
        raise ValueError("a review message needs a case")
    words, texts = WORDS[language], texts_in(language)
    until = [] if goes_up is None else [words.goes_up.format(until=f"{goes_up:%m-%d %H:%M}")]
    return Message(
        (
            first_line(words.review_head.say(n=len(cases))),
            _listing(words, [_case(words, language, case, at=at) for case in cases]),
            Line((Part(words.decide),), Keep.CORE),
            *(Line((Part(said),), Keep.USEFUL) for said in until),
            Line((Part(words.privately),), Keep.USEFUL),
            footer(texts, at=at, kind=words.review_kind),
        )
    )


def about(what: Seen | Appealed, *, language: str, at: datetime) -> str:
    """Say what a case is about, in the zone of *at*; nothing of a verdict."""
    words = WORDS[language]
    if isinstance(what, Seen):
        return _seen(words, what, language=language, at=at)
    said = _contact(words, what, language=language)
    return said[:1].upper() + said[1:]


def _listing(words: QuestionWords, said: Sequence[str]) -> Listing:
    return Listing(tuple(Line((Part(one),), Keep.CORE) for one in said), more=words.more, keep=Keep.CORE)


def _question(words: QuestionWords, seen: Seen, *, language: str, at: datetime) -> str:
    holds = words.holds.say(n=seen.holds) if seen.holds else ""
    return _seen(words, seen, language=language, at=at) + words.asks[seen.kind] + holds


def _seen(words: QuestionWords, seen: Seen, *, language: str, at: datetime) -> str:
    evidence = seen.evidence
    first, last = (datetime.fromtimestamp(moment, at.tzinfo) for moment in (evidence.first, evidence.last))
    times = dict.fromkeys((f"{first:%H:%M}", f"{last:%H:%M}"))
    return words.seen[seen.kind].format(
        day=f"{last:%m-%d}",
        time="–".join(times),
        n=evidence.n,
        of=evidence.of,
        days=evidence.days,
        customer=called(Customer(external_userid=seen.about, names=seen.names), language=language),
        period=seen.about,
    )


def _case(words: QuestionWords, language: str, case: ToDecide, *, at: datetime) -> str:
    what = case.what
    if isinstance(what, MaybeRenamed):
        return words.renamed.format(
            old=clean(what.old_userid, limit=SAID_BYTES),
            new=clean(what.userid, limit=SAID_BYTES),
            same=what.same,
            living=what.living,
            id=clean(case.id, limit=SAID_BYTES),
        )
    if isinstance(what, Seen):
        told = _seen(words, nameless(what), language=language, at=at)
    else:
        told = _appeal(words, language, nameless(what))
    text = clean(case.said, limit=SAID_BYTES)
    said = words.said.format(text=text) if text else words.silent
    return words.case.format(name=clean(case.name), what=told, said=said, id=clean(case.id, limit=SAID_BYTES))


def _appeal(words: QuestionWords, language: str, appealed: Appealed) -> str:
    why = ""
    if appealed.verdict is not None and appealed.verdict.standing == "pending":
        why = words.pending
    elif appealed.verdict is not None and appealed.verdict in words.not_counted:
        why = words.rejected.format(why=words.not_counted[appealed.verdict])
    return words.appeal.format(contact=_contact(words, appealed, language=language), why=why)


def _contact(words: QuestionWords, appealed: Appealed, *, language: str) -> str:
    day = f"{appealed.added_at:%m-%d}"
    return words.contact.format(day=day, customer=called(appealed, language=language))
