"""The message about a settled period: the result, the rejected contacts with reasons, how to appeal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.money import Penalty
from bot.core.periods import PeriodKind, period_of
from bot.core.progress import QuotaFigures
from bot.core.verdicts import Verdict
from bot.messages.catalog import Texts, texts_in
from bot.messages.lines import first_line, footer, kept_of
from bot.messages.message import Button, Card, Keep, Line, Listing, Message, Part
from bot.messages.money import penalty as penalty_sentence
from bot.messages.rows import kept_rows
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLine:
    """One person's preliminary result in one quota.

    *verdicts*: the number of contacts with each; *penalty_rule*: the rule of the estimate, if any.
    *above_median*: the person's share of kept contacts exceeds the department's median. *begun*: the day on
    which the record began, if that was too late in the period for a meaningful result.
    """

    row: QuotaFigures
    verdicts: Mapping[Verdict, int]
    penalty_rule: Penalty | None
    above_median: bool = False
    begun: date | None = None

    @property
    def met(self) -> bool:
        """Say whether the target was reached."""
        return self.row.counted >= self.row.target


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
    if missed:
        details.append(texts["close.appeal"].say(until=f"{until:%m-%d %H:%M}"))
    kept, others = _kept(texts, lines), _listing(texts, heads[1:])
    return Message(
        (
            first_line(heads[0]),
            *others,
            *(Line((Part(text),), Keep.CORE) for text in details),
            *([Line((Part(kept),), Keep.USEFUL)] if kept else []),
            footer(texts, at=at, kind=texts["close.kind"]),
        ),
        card=_card(language, texts, ordered, others, until=until),
    )


def _card(
    language: str,
    texts: Texts,
    lines: Sequence[ClosedLine],
    others: Sequence[Listing],
    *,
    until: datetime,
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
    if missed:
        end = [(texts["cards.object_until"], texts["cards.object_value"].say(until=f"{until:%m-%d %H:%M}"))]
    return Card(
        rows=(*sums, *kept_rows(language, rows), *end),
        body=(*others, *(block for line in missed for block in _blocks(texts, line))),
        buttons=(Button.LIST, Button.APPEAL, Button.RULES) if missed else (),
        about=missed[0].row.period if missed else "",
        title=_head(texts, lines[0], several=False, short=True),
    )


def _blocks(texts: Texts, line: ClosedLine) -> list[Line | Listing]:
    """Return a card's text about one result: the reasons of rejected contacts, then the effect on pay."""
    blocks: list[Line | Listing] = [*_listing(texts, _reasons(texts, line))]
    for keep, text in ((Keep.CORE, _meaning(texts, line)), (Keep.USEFUL, _benefit(texts, line))):
        if text is not None:
            blocks.append(Line((Part(text),), keep))
    return blocks


def _head(texts: Texts, line: ClosedLine, *, several: bool, short: bool = False) -> str:
    row = line.row
    is_month = period_of(PeriodKind.MONTH, row.period_start).name == row.period
    period = (
        texts["close.month"].format(row.period_start)
        if is_month
        else texts["close.named"].say(period=row.period)
    )
    label = texts["close.quota"].say(quota=clean(row.quota), period=period) if several else period
    head = texts["close.met"] if line.met else texts["close.missed_short"] if short else texts["close.missed"]
    return head.say(
        label=label, counted=row.counted, target=row.target, missing=max(0, row.target - row.counted)
    )


def _listing(texts: Texts, heads: Sequence[str]) -> list[Listing]:
    if not heads:
        return []
    lines = tuple(Line((Part(head),), Keep.CORE) for head in heads)
    return [Listing(lines, more=texts["close.more"], keep=Keep.CORE)]


def _details(texts: Texts, line: ClosedLine) -> list[str]:
    row = line.row
    details = [texts["close.sums"].say(n=row.gross, counted=row.counted, rejected=row.rejected)]
    if reasons := _reasons(texts, line):
        details.append(texts["close.because"].say(reasons=texts["close.comma"].join(reasons)))
    return [*details, *filter(None, (_benefit(texts, line), _meaning(texts, line)))]


def _benefit(texts: Texts, line: ClosedLine) -> str | None:
    n = sum(line.verdicts.get(verdict, 0) for verdict in _BENEFIT)
    return texts["close.benefit"].say(n=n) if n else None


def _meaning(texts: Texts, line: ClosedLine) -> str | None:
    """Say the estimated penalty with its rule, or why the result says little."""
    if line.begun is not None:
        return texts["close.begun"].say(day=f"{line.begun:%m-%d}")
    if not line.row.penalty or line.penalty_rule is None:
        return None
    rule = penalty_sentence(texts, line.penalty_rule)
    return texts["close.penalty"].say(amount=line.row.penalty, rule=rule)


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
