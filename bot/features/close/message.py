"""The message about a settled period: the result, the rejected contacts with reasons, how to appeal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from bot.core.money import Penalty
from bot.core.periods import PeriodKind, period_of
from bot.core.progress import QuotaFigures
from bot.core.status import round_half_up
from bot.core.verdicts import Verdict
from bot.messages.catalog import Texts, texts_in
from bot.messages.limits import CARD_CHARACTERS
from bot.messages.lines import first_line, footer, kept_of
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, plain
from bot.messages.money import penalty as penalty_sentence
from bot.messages.money import percent
from bot.messages.rows import kept_rows
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLine:
    """One person's preliminary result in one quota.

    *verdicts*: the number of contacts with each; *penalty_rule*: the rule of the estimate, if any. *part*: of
    a flat amount, for a shorter or part-time period. *capped*: the cap of the month cut the amount.
    *above_median*: the person's share of kept contacts exceeds the department's median. *begun*: the day on
    which the record began, if that was too late in the period for a meaningful result.
    """

    row: QuotaFigures
    verdicts: Mapping[Verdict, int]
    penalty_rule: Penalty | None
    part: Fraction = Fraction(1)
    capped: bool = False
    above_median: bool = False
    begun: date | None = None

    @property
    def met(self) -> bool:
        """Say whether the target was reached."""
        return self.row.counted >= self.row.target

    @property
    def costs(self) -> bool:
        """Say whether the message names an amount, even if the cap leaves nothing of it.

        It never does in a period for reference only.
        """
        has_amount = bool(self.row.penalty or self.capped)
        return has_amount and self.penalty_rule is not None and self.begun is None


_BENEFIT = (Verdict.COUNTED_DETAILS, Verdict.COUNTED_FACTS)


def closed(*, language: str, lines: Sequence[ClosedLine], until: datetime, at: datetime) -> Message:
    """Tell one person their preliminary results; *until* (local): the end of appeals.

    A person with all targets met reads the results and one line about kept contacts, nothing else.
    Raises ValueError without lines, or if *at* has no zone.
    """
    if not lines:
        raise ValueError("a close message needs a line")
    texts = texts_in(language)
    ordered = sorted(lines, key=lambda line: line.met)
    several = len({line.row.quota for line in lines}) > 1
    heads = [_head(texts, line, several=several) for line in ordered]
    missed = [line for line in ordered if not line.met]
    details = [text for line in missed for text in _details(texts, line)]
    appeal = [texts["close.appeal"].say(until=f"{until:%m-%d %H:%M}")] if missed else []
    kept, others = _kept(texts, lines), _listing(texts, heads[1:])
    money = [Line.of(text, Keep.ALWAYS) for text in _money(texts, missed, several=several)]
    card = _card(language, texts, ordered, others, until=until, several=several)
    return Message(
        (
            first_line(heads[0]),
            *others,
            *(Line.of(text) for text in details),
            *money,
            *(Line.of(text) for text in appeal),
            *([Line.of(kept, Keep.USEFUL)] if kept else []),
            footer(texts, at=at, kind=texts["close.kind"]),
        ),
        card=card if _says_all_money(card) else None,
        page="/me#closed",
    )


def _says_all_money(card: Card) -> bool:
    """Say whether the text of a card has room for every effect on pay; else the message goes as text."""
    always = (block for block in card.body if isinstance(block, Line) and block.keep is Keep.ALWAYS)
    return len("\n".join(map(plain, always))) <= CARD_CHARACTERS["sub_title_text"]


def _card(
    language: str,
    texts: Texts,
    lines: Sequence[ClosedLine],
    others: Sequence[Listing],
    *,
    until: datetime,
    several: bool,
) -> Card:
    """Return the results as a card; with all targets met, only the results and the kept contacts."""
    missed = [line for line in lines if not line.met]
    rows = [line.row for line in lines]
    sums, end = [], []
    if len(missed) == 1:
        sums = [
            (texts["cards.counted"], str(rows[0].counted)),
            (texts["cards.rejected"], str(rows[0].rejected)),
        ]
    if several and (amounts := [line.row.penalty or 0 for line in missed if line.costs]):
        sums += [(texts["cards.pay"], texts["cards.pay_value"].say(amount=f"{sum(amounts):,}"))]
    if missed:
        end = [(texts["cards.object_until"], texts["cards.object_value"].say(until=f"{until:%m-%d %H:%M}"))]
    return Card(
        rows=(*sums, *kept_rows(language, rows), *end),
        body=(
            *others,
            *(block for line in missed for block in _blocks(texts, line, several=several)),
            *(Line.of(text, Keep.USEFUL) for text in _sum(texts, missed, several=several)),
        ),
        buttons=(Button.LIST, Button.APPEAL, Button.RULES) if missed else (),
        about=missed[0].row.period if missed else "",
        title=_head(texts, lines[0], several=False, short=True),
    )


def _blocks(texts: Texts, line: ClosedLine, *, several: bool) -> list[Line | Listing]:
    """Return a card's text about one result: the reasons of rejected contacts, then the effect on pay."""
    money = None
    if line.costs:
        money = _effect(texts, line, short=True) if several else _penalty(texts, line)
    lines = (
        (Keep.ALWAYS, money),
        (Keep.CORE, _begun(texts, line)),
        (Keep.USEFUL, _benefit(texts, line)),
    )
    blocks = [Line.of(text, keep) for keep, text in lines if text is not None]
    return [*_listing(texts, _reasons(texts, line)), *blocks]


def _head(texts: Texts, line: ClosedLine, *, several: bool, short: bool = False) -> str:
    row = line.row
    label = _label(texts, line, several=several)
    head = texts["close.met"] if line.met else texts["close.missed_short"] if short else texts["close.missed"]
    return head.say(
        label=label, counted=row.counted, target=row.target, missing=max(0, row.target - row.counted)
    )


def _label(texts: Texts, line: ClosedLine, *, several: bool) -> str:
    """Return the name of the period, and of the quota where there are *several*."""
    row = line.row
    is_month = period_of(PeriodKind.MONTH, row.period_start).name == row.period
    period = (
        texts["close.month"].format(row.period_start)
        if is_month
        else texts["close.named"].say(period=row.period)
    )
    return texts["close.quota"].say(quota=clean(row.quota), period=period) if several else period


def _listing(texts: Texts, heads: Sequence[str]) -> list[Listing]:
    if not heads:
        return []
    return [Listing.of(heads, more=texts["close.more"])]


def _details(texts: Texts, line: ClosedLine) -> list[str]:
    row = line.row
    details = [texts["close.sums"].say(n=row.gross, counted=row.counted, rejected=row.rejected)]
    if reasons := _reasons(texts, line):
        details.append(texts["close.because"].say(reasons=texts["close.comma"].join(reasons)))
    return [*details, *filter(None, (_benefit(texts, line), _begun(texts, line)))]


def _benefit(texts: Texts, line: ClosedLine) -> str | None:
    n = sum(line.verdicts.get(verdict, 0) for verdict in _BENEFIT)
    return texts["close.benefit"].say(n=n) if n else None


def _begun(texts: Texts, line: ClosedLine) -> str | None:
    return None if line.begun is None else texts["close.begun"].say(day=f"{line.begun:%m-%d}")


def _money(texts: Texts, missed: Sequence[ClosedLine], *, several: bool) -> list[str]:
    """Return the estimated penalties: one with its rule, or the sum and each with the name of its quota."""
    costly = [line for line in missed if line.costs]
    if not several:
        return [_penalty(texts, line) for line in costly]
    return [*_sum(texts, missed, several=several), *(_effect(texts, line) for line in costly)]


def _sum(texts: Texts, missed: Sequence[ClosedLine], *, several: bool) -> list[str]:
    """Return the sum of the penalties of *several* results; nothing for one result, or without an amount."""
    amounts = [line.row.penalty or 0 for line in missed if line.costs]
    if not several or not amounts:
        return []
    return [texts["close.in_all"].say(amount=f"{sum(amounts):,}", n=len(amounts))]


def _penalty(texts: Texts, line: ClosedLine) -> str:
    """Return the only estimated penalty with its rule."""
    if line.penalty_rule is None:
        return ""
    values = {"amount": f"{line.row.penalty or 0:,}", "rule": penalty_sentence(texts, line.penalty_rule)}
    if not (notes := _notes(texts, line)):
        return texts["close.penalty"].say(**values)
    return texts["close.penalty_noted"].say(notes=texts["close.comma"].join(notes), **values)


def _effect(texts: Texts, line: ClosedLine, *, short: bool = False) -> str:
    """Return one of several estimated penalties with the name of its quota; *short*: without its rule."""
    parts = [
        texts["close.amount"].say(
            label=_label(texts, line, several=True), amount=f"{line.row.penalty or 0:,}"
        )
    ]
    if line.penalty_rule is not None and not short:
        parts.append(texts["close.rule"].say(rule=penalty_sentence(texts, line.penalty_rule)))
    return texts["close.comma"].join([*parts, *_notes(texts, line)])


def _notes(texts: Texts, line: ClosedLine) -> list[str]:
    """Say whether an amount was prorated, and whether it was capped."""
    rule, notes = line.penalty_rule, []
    if rule is not None and rule.per_missing is None and line.part < 1:
        notes.append(texts["close.prorated"].say(percent=percent(round_half_up(line.part, places=3))))
    return [*notes, texts["close.capped"]] if line.capped else notes


def _reasons(texts: Texts, line: ClosedLine) -> list[str]:
    """Return the reasons of rejected contacts, the most frequent first."""
    rejected = [(-n, verdict) for verdict, n in line.verdicts.items() if verdict.outcome == "rejected" and n]
    reasons = texts.table("close.rejected")
    return [reasons[verdict].say(n=-n) for n, verdict in sorted(rejected)]


def _kept(texts: Texts, lines: Sequence[ClosedLine]) -> str | None:
    kept = kept_of([line.row for line in lines])
    if kept is None:
        return None
    above = any(line.above_median for line in lines)
    return (texts["close.kept_above"] if above else texts["close.kept"]).say(percent=int(kept * 100))
