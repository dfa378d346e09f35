"""The message about a settled period: the result, what did not count and why, how to object."""

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
from bot.messages.money import penalty as said_penalty
from bot.messages.rows import kept_rows
from bot.messages.sanitize import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLine:
    """One quota's preliminary result of one person.

    *verdicts*: how many contacts have each; *penalty_rule*: what the estimate follows, None without one.
    *above_median*: his share of kept contacts is above that of his department's middle. *begun*: the day on
    which the record began, if too much of the period was over then for its result to say much.
    """

    row: QuotaFigures
    verdicts: Mapping[Verdict, int]
    penalty_rule: Penalty | None
    above_median: bool = False
    begun: date | None = None

    @property
    def met(self) -> bool:
        """Whether the target was reached."""
        return self.row.counted >= self.row.target


_BENEFIT = (Verdict.COUNTED_DETAILS, Verdict.COUNTED_FACTS)


def closed(*, language: str, lines: Sequence[ClosedLine], until: datetime, at: datetime) -> Message:
    """Tell one person his preliminary results; *until* (local): when appeals end.

    Who made it reads the result and one line about kept contacts, nothing else. Raises ValueError without
    lines, or if *at* has no zone.
    """
    if not lines:
        raise ValueError("a close message needs a line")
    texts = texts_in(language)
    ordered = sorted(lines, key=lambda line: line.met)
    several = len({line.row.quota for line in lines}) > 1
    heads = [_head(texts, line, several=several) for line in ordered]
    missed = [line for line in ordered if not line.met]
    details = [said for line in missed for said in _details(texts, line)]
    if missed:
        details.append(texts["close.appeal"].say(until=f"{until:%m-%d %H:%M}"))
    kept = _kept(texts, lines)
    others = _listing(texts, heads[1:])
    return Message(
        (
            first_line(heads[0]),
            *others,
            *(Line((Part(said),), Keep.CORE) for said in details),
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
    """The result as a card; who made it gets the result and what he kept, nothing else."""
    missed = [line for line in lines if not line.met]
    rows = [line.row for line in lines]
    sums = (
        ((texts["cards.counted"], str(rows[0].counted)), (texts["cards.rejected"], str(rows[0].rejected)))
        if len(missed) == 1
        else ()
    )
    end = (
        ((texts["cards.object_until"], texts["cards.object_value"].say(until=f"{until:%m-%d %H:%M}")),)
        if missed
        else ()
    )
    return Card(
        rows=(*sums, *kept_rows(language, rows), *end),
        body=(*others, *(block for line in missed for block in _blocks(texts, line))),
        buttons=(Button.LIST, Button.APPEAL, Button.RULES) if missed else (),
        about=missed[0].row.period if missed else "",
        title=_head(texts, lines[0], several=False, short=True),
    )


def _blocks(texts: Texts, line: ClosedLine) -> list[Line | Listing]:
    """What a card says of one result: why something did not count, then what it may mean for pay."""
    told = [
        Line((Part(texts.table("close.rejected")[verdict].say(n=n)),), Keep.CORE)
        for verdict, n in _rejected(line)
    ]
    blocks: list[Line | Listing] = (
        [Listing(tuple(told), more=texts["close.more"], keep=Keep.CORE)] if told else []
    )
    for keep, said in ((Keep.CORE, _meaning(texts, line)), (Keep.USEFUL, _benefit(texts, line))):
        if said is not None:
            blocks.append(Line((Part(said),), keep))
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
    said = texts["close.met"] if line.met else texts["close.missed_short"] if short else texts["close.missed"]
    return said.say(
        label=label, counted=row.counted, target=row.target, missing=max(0, row.target - row.counted)
    )


def _listing(texts: Texts, heads: Sequence[str]) -> list[Listing]:
    if not heads:
        return []
    lines = tuple(Line((Part(head),), Keep.CORE) for head in heads)
    return [Listing(lines, more=texts["close.more"], keep=Keep.CORE)]


def _details(texts: Texts, line: ClosedLine) -> list[str]:
    row = line.row
    said = [texts["close.sums"].say(n=row.gross, counted=row.counted, rejected=row.rejected)]
    told = [texts.table("close.rejected")[verdict].say(n=n) for verdict, n in _rejected(line)]
    if told:
        said.append(texts["close.because"].say(reasons=texts["close.comma"].join(told)))
    more = (_benefit(texts, line), _meaning(texts, line))
    return [*said, *(one for one in more if one is not None)]


def _benefit(texts: Texts, line: ClosedLine) -> str | None:
    n = sum(line.verdicts.get(verdict, 0) for verdict in _BENEFIT)
    return texts["close.benefit"].say(n=n) if n else None


def _meaning(texts: Texts, line: ClosedLine) -> str | None:
    """Say what the result may cost, as an estimate with its rule, or why it says little."""
    if line.begun is not None:
        return texts["close.begun"].say(day=f"{line.begun:%m-%d}")
    if not line.row.penalty or line.penalty_rule is None:
        return None
    rule = said_penalty(texts, line.penalty_rule)
    return texts["close.penalty"].say(amount=line.row.penalty, rule=rule)


def _rejected(line: ClosedLine) -> list[tuple[Verdict, int]]:
    found = [(verdict, n) for verdict, n in line.verdicts.items() if verdict.outcome == "rejected" and n]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _kept(texts: Texts, lines: Sequence[ClosedLine]) -> str | None:
    kept = kept_of([line.row for line in lines])
    if kept is None:
        return None
    above = any(line.above_median for line in lines)
    return (texts["close.kept_above"] if above else texts["close.kept"]).say(percent=int(kept * 100))
