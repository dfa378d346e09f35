"""The message about a settled period: the result, what did not count and why, how to object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.money import Penalty
from bot.core.periods import PeriodKind, period_of
from bot.core.progress import Row
from bot.core.verdicts import Verdict
from bot.messages.cards import WORDS as WORDS_OF_CARDS
from bot.messages.changes import WORDS as RULE_WORDS
from bot.messages.changes import penalty as said_penalty
from bot.messages.language import texts_in
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Part
from bot.messages.names import clean
from bot.messages.phrases import Phrase
from bot.messages.rows import kept_rows
from bot.messages.standing import first_line, footer, kept_of
from bot.messages.wordbook import Wordbook


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLine:
    """One quota's preliminary result of one person.

    *verdicts*: how many contacts have each; *penalty_rule*: what the estimate follows, None without one.
    *above_median*: his share of kept contacts is above that of his department's middle. *begun*: the day on
    which the record began, if too much of the period was over then for its result to say much.
    """

    row: Row
    verdicts: Mapping[Verdict, int]
    penalty_rule: Penalty | None
    above_median: bool = False
    begun: date | None = None

    @property
    def met(self) -> bool:
        """Whether the target was reached."""
        return self.row.counted >= self.row.target


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWords:
    """The words of a language. *rejected* names why a contact did not count."""

    missed: str
    missed_short: str
    met: str
    quota: str
    month: str  # takes a date
    named: str  # other periods are said by their names
    sums: Phrase
    rejected: Mapping[Verdict, Phrase]
    because: str
    appeal: str
    benefit: Phrase
    begun: str
    penalty: str
    kept: str
    kept_above: str
    comma: str
    more: Phrase
    kind: str


CHINESE = CloseWords(
    missed="{label}初步结果：{counted}/{target}，差 {missing} 位",
    missed_short="{label}：{counted}/{target}，差 {missing} 位",
    met="{label}已完成：{counted}/{target}，辛苦了",
    quota="{quota} · {period}",
    month="{0.month} 月",
    named="{period} ",
    sums=Phrase("共新增 {n} 位：计入 {counted}，未计入 {rejected}"),
    rejected={
        Verdict.LOST_EARLY: Phrase("{n} 位未满留存天数就流失"),
        Verdict.NOT_FIRST: Phrase("{n} 位以前加过"),
        Verdict.CUSTOMER_TYPE: Phrase("{n} 位不是计入的客户类型"),
        Verdict.ADD_WAY: Phrase("{n} 位的添加方式不计入"),
        Verdict.STATE: Phrase("{n} 位的渠道不计入"),
        Verdict.NOT_OWN_BOOK: Phrase("{n} 位不在您名下"),
        Verdict.REJECTED_FACTS: Phrase("{n} 位银行核实未通过"),
        Verdict.OVER_DAILY_CAP: Phrase("{n} 位超过每日封顶"),
        Verdict.REJECTED_OVER_SHARE: Phrase("{n} 位超过占比上限"),
        Verdict.REJECTED_DETAILS: Phrase("{n} 位在资料读取前已流失"),
        Verdict.REJECTED_TAGS: Phrase("{n} 位缺标签"),
        Verdict.REJECTED_REVIEW: Phrase("{n} 位复核后不计入"),
    },
    because="未计入：{reasons}（逐条可查）",
    appeal="有异议请在 {until} 前申诉，处理完才定稿",
    benefit=Phrase("银行或系统未提供资料的 {n} 位客户已按计入处理"),
    begun="记录从 {day} 才开始，之前的没有计数，本期结果仅供参考",
    penalty="绩效影响（估算）：−{amount} 元，规则“{rule}”；由人力资源部核定，机器不作决定",
    kept="留存 {percent}%",
    kept_above="留存 {percent}%，高于本部门中位数",
    comma="，",
    more=Phrase("另有 {n} 项"),
    kind="结果",
)

ENGLISH = CloseWords(
    missed="{label}, preliminary: {counted}/{target}, {missing} short",
    missed_short="{label}: {counted}/{target}, {missing} short",
    met="{label} done: {counted}/{target}, thank you",
    quota="{quota} · {period}",
    month="{0:%B}",
    named="{period}",
    sums=Phrase(
        "{n} contacts: {counted} counted, {rejected} not", "1 contact: {counted} counted, {rejected} not"
    ),
    rejected={
        Verdict.LOST_EARLY: Phrase("{n} lost before the keep period was over"),
        Verdict.NOT_FIRST: Phrase("{n} added before"),
        Verdict.CUSTOMER_TYPE: Phrase("{n} of a type that does not count"),
        Verdict.ADD_WAY: Phrase("{n} added in a way that does not count"),
        Verdict.STATE: Phrase("{n} from a channel that does not count"),
        Verdict.NOT_OWN_BOOK: Phrase("{n} not in your book"),
        Verdict.REJECTED_FACTS: Phrase("{n} not confirmed by the bank"),
        Verdict.OVER_DAILY_CAP: Phrase("{n} over the daily cap"),
        Verdict.REJECTED_OVER_SHARE: Phrase("{n} over the largest share"),
        Verdict.REJECTED_DETAILS: Phrase("{n} lost before their details were read"),
        Verdict.REJECTED_TAGS: Phrase("{n} without a required tag"),
        Verdict.REJECTED_REVIEW: Phrase("{n} not counted after review"),
    },
    because="Not counted: {reasons} (each can be looked up)",
    appeal="Object until {until}; nothing is final before that is decided",
    benefit=Phrase(
        "{n} contacts of whom the bank said nothing count", "1 contact of whom the bank said nothing counts"
    ),
    begun="The record began on {day}; nothing was counted before, so this result says little",
    penalty="Effect on pay (estimate): −{amount} yuan, rule “{rule}”; HR decides, not a machine",
    kept="{percent}% of your contacts stayed",
    kept_above="{percent}% of your contacts stayed, above the middle of your department",
    comma=", ",
    more=Phrase("and {n} more reasons", one="and 1 more reason"),
    kind="result",
)

WORDS = Wordbook("close", {"zh-CN": CHINESE, "en": ENGLISH})

_BENEFIT = (Verdict.COUNTED_DETAILS, Verdict.COUNTED_FACTS)


def closed(*, language: str, lines: Sequence[ClosedLine], until: datetime, at: datetime) -> Message:
    """Tell one person his preliminary results; *until* (local): when appeals end.

    Who made it reads the result and one line about kept contacts, nothing else. Raises ValueError without
    lines, or if *at* has no zone.
    """
    if not lines:
        raise ValueError("a close message needs a line")
    words, texts = WORDS[language], texts_in(language)
    ordered = sorted(lines, key=lambda line: line.met)
    several = len({line.row.quota for line in lines}) > 1
    heads = [_head(words, line, several=several) for line in ordered]
    missed = [line for line in ordered if not line.met]
    details = [said for line in missed for said in _details(words, language, line)]
    if missed:
        details.append(words.appeal.format(until=f"{until:%m-%d %H:%M}"))
    kept = _kept(words, lines)
    others = _listing(words, heads[1:])
    return Message(
        (
            first_line(heads[0]),
            *others,
            *(Line((Part(said),), Keep.CORE) for said in details),
            *([Line((Part(kept),), Keep.USEFUL)] if kept else []),
            footer(texts, at=at, kind=words.kind),
        ),
        card=_card(language, words, ordered, others, until=until),
    )


def _card(
    language: str,
    words: CloseWords,
    lines: Sequence[ClosedLine],
    others: Sequence[Listing],
    *,
    until: datetime,
) -> Card:
    """The result as a card; who made it gets the result and what he kept, nothing else."""
    missed = [line for line in lines if not line.met]
    named, rows = WORDS_OF_CARDS[language], [line.row for line in lines]
    sums = (
        ((named.counted, str(rows[0].counted)), (named.rejected, str(rows[0].rejected)))
        if len(missed) == 1
        else ()
    )
    end = ((named.object_until, named.object_value.format(until=f"{until:%m-%d %H:%M}")),) if missed else ()
    return Card(
        rows=(*sums, *kept_rows(language, rows), *end),
        body=(*others, *(block for line in missed for block in _blocks(words, language, line))),
        buttons=(Button.LIST, Button.APPEAL, Button.RULES) if missed else (),
        about=missed[0].row.period if missed else "",
        title=_head(words, lines[0], several=False, short=True),
    )


def _blocks(words: CloseWords, language: str, line: ClosedLine) -> list[Line | Listing]:
    """What a card says of one result: why something did not count, then what it may mean for pay."""
    told = [Line((Part(words.rejected[verdict].say(n=n)),), Keep.CORE) for verdict, n in _rejected(line)]
    blocks: list[Line | Listing] = [Listing(tuple(told), more=words.more, keep=Keep.CORE)] if told else []
    for keep, said in ((Keep.CORE, _meaning(words, language, line)), (Keep.USEFUL, _benefit(words, line))):
        if said is not None:
            blocks.append(Line((Part(said),), keep))
    return blocks


def _head(words: CloseWords, line: ClosedLine, *, several: bool, short: bool = False) -> str:
    row = line.row
    is_month = period_of(PeriodKind.MONTH, row.period_start).name == row.period
    period = words.month.format(row.period_start) if is_month else words.named.format(period=row.period)
    label = words.quota.format(quota=clean(row.quota), period=period) if several else period
    said = words.met if line.met else words.missed_short if short else words.missed
    return said.format(
        label=label, counted=row.counted, target=row.target, missing=max(0, row.target - row.counted)
    )


def _listing(words: CloseWords, heads: Sequence[str]) -> list[Listing]:
    if not heads:
        return []
    lines = tuple(Line((Part(head),), Keep.CORE) for head in heads)
    return [Listing(lines, more=words.more, keep=Keep.CORE)]


def _details(words: CloseWords, language: str, line: ClosedLine) -> list[str]:
    row = line.row
    said = [words.sums.say(n=row.gross, counted=row.counted, rejected=row.rejected)]
    told = [words.rejected[verdict].say(n=n) for verdict, n in _rejected(line)]
    if told:
        said.append(words.because.format(reasons=words.comma.join(told)))
    more = (_benefit(words, line), _meaning(words, language, line))
    return [*said, *(one for one in more if one is not None)]


def _benefit(words: CloseWords, line: ClosedLine) -> str | None:
    n = sum(line.verdicts.get(verdict, 0) for verdict in _BENEFIT)
    return words.benefit.say(n=n) if n else None


def _meaning(words: CloseWords, language: str, line: ClosedLine) -> str | None:
    """Say what the result may cost, as an estimate with its rule, or why it says little."""
    if line.begun is not None:
        return words.begun.format(day=f"{line.begun:%m-%d}")
    if not line.row.penalty or line.penalty_rule is None:
        return None
    rule = said_penalty(RULE_WORDS[language], line.penalty_rule)
    return words.penalty.format(amount=line.row.penalty, rule=rule)


def _rejected(line: ClosedLine) -> list[tuple[Verdict, int]]:
    found = [(verdict, n) for verdict, n in line.verdicts.items() if verdict.standing == "rejected" and n]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _kept(words: CloseWords, lines: Sequence[ClosedLine]) -> str | None:
    kept = kept_of([line.row for line in lines])
    if kept is None:
        return None
    above = any(line.above_median for line in lines)
    return (words.kept_above if above else words.kept).format(percent=int(kept * 100))
