"""Why a contact counts, waits or does not: one plain sentence for each verdict, with the rule's figures.

Colleagues are never named, and who decided a review is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.contacts import Contact
from bot.core.counting import WECHAT, WECOM, Counting, MaxShare
from bot.core.quotas import Basis
from bot.core.relations import LOSSES
from bot.core.verdicts import Verdict
from bot.messages.names import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a review decided of a contact: by whom, when (local), and why (may be empty)."""

    by: str
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A verdict with what its sentence names. Moments are local and aware.

    *at*: as of when. *kept*: when the keep period is over. *first*: when the relation was first added, if
    this is a later add. *limit*: the share that the contact is over. *decision*: of a review, if any.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonWords:
    """The words of a language: a sentence for each verdict, and other sentences where one has several causes.

    *case*: by the name of the cause, as `_case` gives it.
    """

    verdict: Mapping[Verdict, str]
    case: Mapping[str, str]
    manager: str
    types: Mapping[int, str]
    comma: str
    decided: str
    why: str
    title: str
    no_contacts: str
    no_quota: str
    self_declared: str  # what the bank says only of a number that the employee typed himself
    columns: tuple[str, str, str, str, str]  # when it was added, id, verdict, why, events


CHINESE = ReasonWords(
    verdict={
        Verdict.COUNTED: "符合规则，计入",
        Verdict.COUNTED_REVIEW: "复核决定计入{decided}{why}",
        Verdict.COUNTED_DETAILS: "到 {settlement} 结算仍没有读到客户资料，这不是员工的问题，计入",
        Verdict.COUNTED_FACTS: "到 {settlement} 结算银行仍没有提供：{unknown}；这不是员工的问题，计入",
        Verdict.REJECTED_REVIEW: "复核决定不计入{decided}{why}",
        Verdict.NOT_FIRST: "以前加过这位客户（{first} 首次添加），再次添加不计入",
        Verdict.CUSTOMER_TYPE: "客户类型是{type}，本目标只计{types}，不计入",
        Verdict.ADD_WAY: "添加方式 {way} 不在计入范围（如行内共享、分配），不计入",
        Verdict.STATE: "来自渠道“{state}”，这个渠道不计入",
        Verdict.NOT_OWN_BOOK: "银行把这位客户登记在另一位同事名下，不计入",
        Verdict.REJECTED_FACTS: "银行核实未通过：{false}，不计入",
        Verdict.LOST_EARLY: "客户添加不满 {days} 天即流失（{added} 加，{ended} 流失），不计入",
        Verdict.OVER_DAILY_CAP: "{added} 这一天已有 {cap} 位，超出的后加者不计入",
        Verdict.REJECTED_OVER_SHARE: (
            "“{fact}”的客户超过 {percent}% 的上限，到 {settlement} 结算仍超出，不计入"
        ),
        Verdict.REJECTED_DETAILS: "没有读到客户资料，客户已在 {ended} 流失，到 {settlement} 结算不计入",
        Verdict.REJECTED_TAGS: "到 {settlement} 结算仍缺标签：{missing}，不计入",
        Verdict.OVER_SHARE: (
            "“{fact}”的客户超过 {percent}% 的上限，暂不计入；"
            "{settlement} 前其他客户多了，占比降下来即计入，否则不计入"
        ),
        Verdict.DETAILS: "还没有从企业微信读到客户资料，读到后再判断；到 {settlement} 仍没有，则计入",
        Verdict.FACTS: "银行还没有提供：{unknown}；提供后再判断，到 {settlement} 仍没有，则计入",
        Verdict.TAGS: "缺标签：{missing}；{settlement} 前补上即可，否则不计入",
        Verdict.KEEP_PERIOD: "到 {kept} 满 {days} 天，届时计入",
        Verdict.REVIEW: "有一个提问在等回答和复核；到 {settlement} 仍没有结论，则计入",
    },
    case={
        "kept": "到 {kept} 已满 {days} 天，计入",
        "lost_late": "满 {days} 天后才流失（{added} 加，{ended} 流失），照样计入",
        "handed_over": "行内交接（{ended}）不算流失，计入",
        "held": "客户仍在（{added} 加），计入",
        "review_ended": "提问到 {settlement} 结算仍没有结论，这不是员工的问题，计入",
        "colleague": "行内已有同事先加过这位客户，本目标只计全行首次，不计入",
        "details_lost": (
            "还没有从企业微信读到客户资料，读到后再判断；"
            "客户已在 {ended} 流失，到 {settlement} 仍没有读到，则不计入"
        ),
    },
    manager="客户归属",
    types={WECHAT: "微信", WECOM: "企业微信"},
    comma="、",
    decided="（{by}，{when}）",
    why="：{why}",
    title="{quota} · {period} · {userid} · 截至 {at}",
    no_contacts="没有客户",
    no_quota="{userid}（{name}）在这个周期没有指标",
    self_declared="凭员工自填的备注手机号：{facts}",
    columns=("添加时间", "客户", "结论", "原因", "事件"),
)

ENGLISH = ReasonWords(
    verdict={
        Verdict.COUNTED: "Within the rules: it counts",
        Verdict.COUNTED_REVIEW: "A review decided that it counts{decided}{why}",
        Verdict.COUNTED_DETAILS: (
            "WeCom's details were still not read at the settlement on {settlement}, through no fault of the "
            "employee: it counts"
        ),
        Verdict.COUNTED_FACTS: (
            "At the settlement on {settlement} the bank had still not said: {unknown}; through no fault of "
            "the employee: it counts"
        ),
        Verdict.REJECTED_REVIEW: "A review decided that it does not count{decided}{why}",
        Verdict.NOT_FIRST: "This customer was added before (first on {first}); a second add does not count",
        Verdict.CUSTOMER_TYPE: "The customer uses {type}, only {types} counts here: it does not count",
        Verdict.ADD_WAY: (
            "Add way {way} (such as shared or assigned inside the bank) is left out: it does not count"
        ),
        Verdict.STATE: "It came through the channel “{state}”, which is left out: it does not count",
        Verdict.NOT_OWN_BOOK: "The bank has this customer in a colleague's book: it does not count",
        Verdict.REJECTED_FACTS: "The bank says no to: {false}; it does not count",
        Verdict.LOST_EARLY: (
            "Lost before {days} days were over (added {added}, lost {ended}): it does not count"
        ),
        Verdict.OVER_DAILY_CAP: "{cap} were there already on the day of {added}; later ones do not count",
        Verdict.REJECTED_OVER_SHARE: (
            "More than {percent}% had “{fact}”, still so at the settlement on {settlement}: it does not count"
        ),
        Verdict.REJECTED_DETAILS: (
            "WeCom's details were not read, and it was lost on {ended} before the settlement on "
            "{settlement}: it does not count"
        ),
        Verdict.REJECTED_TAGS: (
            "At the settlement on {settlement} tags were still missing: {missing}; it does not count"
        ),
        Verdict.OVER_SHARE: (
            "More than {percent}% have “{fact}”: it counts once others make that share smaller before "
            "{settlement}, else it does not"
        ),
        Verdict.DETAILS: (
            "WeCom's details are not read yet and decide then; if they are not read by {settlement}, it "
            "counts"
        ),
        Verdict.FACTS: (
            "The bank has not said yet: {unknown}; it decides then, and if it says nothing by {settlement}, "
            "this counts"
        ),
        Verdict.TAGS: "Tags are missing: {missing}; add them before {settlement}, else it does not count",
        Verdict.KEEP_PERIOD: "Kept for {days} days on {kept}; then it counts",
        Verdict.REVIEW: (
            "A question waits for its answer and review; without a decision by {settlement} it counts"
        ),
    },
    case={
        "kept": "Kept for {days} days since {kept}: it counts",
        "lost_late": "Lost only after {days} days (added {added}, lost {ended}): it counts all the same",
        "handed_over": "Handed over inside the bank ({ended}), which is no loss: it counts",
        "held": "The customer is still there (added {added}): it counts",
        "review_ended": (
            "A question was still undecided at the settlement on {settlement}, through no fault of the "
            "employee: it counts"
        ),
        "colleague": (
            "A colleague had this customer before, and only the first in the bank counts: it does not count"
        ),
        "details_lost": (
            "WeCom's details are not read yet and decide then; it was lost on {ended}, and if they are not "
            "read by {settlement}, it does not count"
        ),
    },
    manager="manager",
    types={WECHAT: "WeChat", WECOM: "WeCom"},
    comma=", ",
    decided=" ({by}, {when})",
    why=": {why}",
    title="{quota} · {period} · {userid} · as of {at}",
    no_contacts="no contacts",
    no_quota="{userid} ({name}) is under no quota in this period",
    self_declared="by a number that the employee typed himself: {facts}",
    columns=("added", "id", "verdict", "why", "events"),
)

WORDS: Mapping[str, ReasonWords] = {"zh-CN": CHINESE, "en": ENGLISH}


def reason(ruling: Ruling, *, language: str) -> str:
    """Say in `zh-CN` or `en` why a contact has its verdict, and what a pending one waits for."""
    words = WORDS[language]
    case = _case(ruling)
    sentence = words.verdict[ruling.verdict] if case is None else words.case[case]
    return sentence.format_map(_figures(words, ruling))


def _case(ruling: Ruling) -> str | None:
    """The name of the cause where a verdict has several."""
    add = ruling.contact.add
    match ruling.verdict:
        case Verdict.COUNTED:
            return _counted(ruling)
        case Verdict.COUNTED_REVIEW if ruling.decision is None:
            return "review_ended"
        case Verdict.NOT_FIRST if ruling.first is None:
            return "colleague"
        case Verdict.DETAILS if add.ended_by in LOSSES:
            return "details_lost"
    return None


def _counted(ruling: Ruling) -> str | None:
    add = ruling.contact.add
    if ruling.ended is not None and add.ended_by not in LOSSES:
        return "handed_over"
    if ruling.basis is Basis.HELD:
        return "held"
    if not ruling.counting.keep_days:
        return None
    return "kept" if ruling.ended is None else "lost_late"


def _figures(words: ReasonWords, ruling: Ruling) -> dict[str, str | int]:
    contact, counting = ruling.contact, ruling.counting
    details, facts = contact.details, contact.facts
    unknown = [clean(fact) for fact in counting.required_facts if fact not in facts]
    if counting.own_book and contact.manager is None:
        unknown.append(words.manager)
    has = details.tags if details else frozenset()
    return {
        "days": counting.keep_days,
        "cap": counting.max_per_day,
        "added": _moment(ruling, ruling.added),
        "kept": _moment(ruling, ruling.kept),
        "ended": _moment(ruling, ruling.ended),
        "first": _moment(ruling, ruling.first),
        "settlement": _moment(ruling, ruling.settlement),
        "unknown": words.comma.join(unknown),
        "false": words.comma.join(clean(one) for one in counting.required_facts if facts.get(one) is False),
        "missing": words.comma.join(clean(tag) for tag in counting.required_tags if tag not in has),
        "type": words.types.get(details.customer_type, str(details.customer_type)) if details else "",
        "types": words.comma.join(words.types[one] for one in sorted(counting.customer_types)),
        "way": details.add_way if details else "",
        "state": clean(contact.state),
        "fact": clean(ruling.limit.fact) if ruling.limit else "",
        "percent": f"{float(ruling.limit.share * 100):g}" if ruling.limit else "",
        **_decision(words, ruling),
    }


def _decision(words: ReasonWords, ruling: Ruling) -> dict[str, str]:
    decision = ruling.decision
    if decision is None:
        return {"decided": "", "why": ""}
    by, when = clean(decision.by), _moment(ruling, decision.at)
    return {
        "decided": words.decided.format(by=by, when=when) if by and when else "",
        "why": words.why.format(why=" ".join(decision.why.split())) if decision.why.strip() else "",
    }


def _moment(ruling: Ruling, moment: datetime | None) -> str:
    """Day and minute; the year only if it is another than that of the time that is asked about."""
    if moment is None:
        return ""
    return f"{moment:%m-%d %H:%M}" if moment.year == ruling.at.year else f"{moment:%Y-%m-%d %H:%M}"
