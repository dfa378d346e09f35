"""A simulation as a page in the terminal, for a head of HR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from bot.cli.output import drawn, short_name
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.rules.change_sentences import sentence
from bot.features.simulate.message import arrow, penalty_rule, percent, reward_rule
from bot.features.simulate.simulate import ComparedPerson, Side, Simulated, Simulation, attainment_of
from bot.messages.catalog import Texts, texts_in


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationReport:
    """A simulation with its people's names and the language of its page."""

    simulation: Simulation
    names: Mapping[str, str]
    language: str

    @property
    def texts(self) -> Texts:
        """Return the texts of its language."""
        return texts_in(self.language)

    def state(self, quota: Simulated) -> str:
        """Return whether a period is settled; if not, also the time of its simulation."""
        if quota.settled:
            return self.texts["simulation.settled"]
        is_over = quota.as_of.date() > quota.period.last
        return (self.texts["simulation.unsettled"] if is_over else self.texts["simulation.running"]).say(
            at=minute(quota.as_of)
        )

    def lacks(self, quota: Simulated) -> str | None:
        """Return that the record begins within a period; None if it does not."""
        begun = self.simulation.recorded_from
        if begun is None or begun <= quota.period.first:
            return None
        return self.texts["simulation.incomplete"].say(day=begun)

    def whole_state(self, quota: Simulated) -> str:
        """Return both sentences."""
        return self.texts["simulation.comma"].join(
            text for text in (self.state(quota), self.lacks(quota)) if text
        )


def minute(at: datetime) -> str:
    """Return a time to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def build_page(report: SimulationReport, *, everybody: bool) -> str:
    """Return the page for people: a sentence and the sums of each period, then the people who change."""
    texts, simulation = report.texts, report.simulation
    parts: list[RenderableType] = [*_head(report)]
    shown = [quota for quota in simulation.quotas if not _asks_nobody(quota)]
    for (_, compared), group in groupby(shown, key=lambda quota: (quota.quota, quota.both)):
        if compared or everybody:
            parts += [part for quota in group for part in ("", *_period(report, quota, everybody=everybody))]
        else:
            parts += ["", *_alone(report, list(group))]
    if left_out := len(simulation.quotas) - len(shown):
        parts += ["", texts["simulation.nobody_asked"].say(n=left_out)]
    if not simulation.quotas:
        recorded = simulation.recorded_from
        parts.append(texts["simulation.no_period"] if recorded else texts["simulation.nothing_recorded"])
    return drawn(*parts)


def _head(report: SimulationReport) -> Iterator[str]:
    texts, simulation = report.texts, report.simulation
    yield texts["simulation.title"].say(first=simulation.first, last=simulation.last)
    yield texts["simulation.basis"].say(at=minute(simulation.as_of))
    if any(_rules(report, quota, say) for quota in simulation.quotas for say in (penalty_rule, reward_rule)):
        yield texts["simulation.estimate"]
    if simulation.recorded_from is not None and simulation.recorded_from > simulation.first:
        yield texts["simulation.recorded"].say(day=simulation.recorded_from)


def _asks_nobody(quota: Simulated) -> bool:
    """Return whether all people of the quota are exempt; False without people: the rule may be wrong."""
    sides = [side for side in (quota.was, quota.would_be) if side is not None]
    return all(side.rows and not side.people for side in sides)


def _period(report: SimulationReport, quota: Simulated, *, everybody: bool) -> Iterator[RenderableType]:
    texts = report.texts
    heading = (
        texts["simulation.heading_day"]
        if quota.period.first == quota.period.last
        else texts["simulation.heading"]
    )
    yield heading.say(
        quota=arrow(quota.quota, quota.called),
        period=quota.period.name,
        first=quota.period.first,
        last=quota.period.last,
        state=report.state(quota),
    )
    yield from (_indented(line) for line in _lines(report, quota))
    people = sorted(quota.people, key=lambda person: not person.changes_status)
    shown = [person for person in people if everybody or (quota.both and person.changes)]
    if shown:
        yield _table(report, quota, shown)
    if quota.both and people and not shown:
        yield _indented(texts["simulation.same"])
    elif quota.both and len(shown) < len(people):
        yield _indented(texts["simulation.others"].say(n=len(people) - len(shown)))


def _lines(report: SimulationReport, quota: Simulated) -> Iterator[str]:
    texts = report.texts
    yield _said(texts, quota)
    if lacks := report.lacks(quota):
        yield lacks
    if not quota.settled:
        yield texts["simulation.so_far"].say(pending=_both(quota, lambda side: f"{side.pending:,}"))
    if quota.would_be is not None and not quota.would_be.rows:
        yield texts["simulation.nobody"]
    if quota.both:
        # The rules of money are shown beside the amounts.
        rules = (item for item in quota.differences if item.key not in ("penalty", "reward"))
        sentences = [sentence(rule, language=report.language) for rule in rules]
        text = texts["simulation.semicolon"].join(sentences)
        if text or not quota.differences:
            yield texts["simulation.differ"].say(what=text) if text else texts["simulation.same_rules"]
    yield texts["simulation.sums"].say(
        attainment=_both(quota, lambda side: percent(side.attainment)),
        counted=_both(quota, lambda side: f"{side.counted:,}"),
        target=_both(quota, lambda side: f"{side.target:,}"),
        kept=_both(quota, lambda side: percent(side.kept_90)),
    )
    if rule := _rules(report, quota, penalty_rule):
        yield texts["simulation.penalties"].say(amount=_both(quota, _penalty), rule=rule)
    if rule := _rules(report, quota, reward_rule):
        yield texts["simulation.rewards"].say(amount=_both(quota, _reward), rule=rule)


def _alone(report: SimulationReport, group: list[Simulated]) -> Iterator[RenderableType]:
    """Yield the periods of a quota that exists on one side only, a line each."""
    texts, columns = report.texts, report.texts.table("tables.columns")
    first = group[0]
    yield (texts["simulation.only_would"] if first.was is None else texts["simulation.only_was"]).say(
        quota=first.quota
    )
    rules = {
        texts["simulation.penalty_rule"]: _rules(report, first, penalty_rule),
        texts["simulation.reward_rule"]: _rules(report, first, reward_rule),
    }
    yield from (
        _indented(texts["simulation.named"].say(what=what, rule=rule)) for what, rule in rules.items() if rule
    )
    table = Table(box=box.SIMPLE_HEAD)
    for heading in (
        columns["period"],
        texts["simulation.met_people"],
        columns["attainment"],
        columns["counted"],
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    money = [
        (columns[key], amount)
        for key, amount, rule in zip(("penalty", "reward"), (_penalty, _reward), rules.values(), strict=True)
        if rule
    ]
    for heading, _ in money:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(texts["simulation.state"], no_wrap=True)
    for quota in group:
        table.add_row(
            quota.period.name,
            _both(quota, lambda side: f"{side.met}/{side.people}"),
            _both(quota, lambda side: percent(side.attainment)),
            _both(quota, lambda side: f"{side.counted:,}"),
            *(_both(quota, amount) for _, amount in money),
            report.whole_state(quota),
        )
    yield table


def _penalty(side: Side) -> str:
    return f"{side.penalty or 0:,}"


def _reward(side: Side) -> str:
    return f"{side.reward or 0:,}"


def _said(texts: Texts, quota: Simulated) -> str:
    """Return how many meet the target, before and after."""
    met = texts["simulation.met"].say(met=_both(quota, lambda side: f"{side.met}/{side.people}"))
    if not quota.both:
        return met
    pairs = [person.statuses for person in quota.people]
    gained = sum(before is not Status.MET and after is Status.MET for before, after in pairs)
    lost = sum(before is Status.MET and after is not Status.MET for before, after in pairs)
    changes = [texts["simulation.newly_met"].say(n=gained)] if gained else []
    changes += [texts["simulation.no_longer_met"].say(n=lost)] if lost else []
    return texts["simulation.semicolon"].join(
        [met, texts["simulation.comma"].join(changes) or texts["simulation.same_met"]]
    )


def _both(quota: Simulated, say: Callable[[Side], str]) -> str:
    """Return a text of both sides, once if it is the same."""
    return arrow(*(None if side is None else say(side) for side in (quota.was, quota.would_be)))


def _rules(report: SimulationReport, quota: Simulated, say: Callable[..., str | None]) -> str | None:
    """Return the money rule of both sides; None if neither has one."""
    sides = [side for side in (quota.was, quota.would_be) if side is not None]
    rules = [say(side.rule, language=report.language) for side in sides]
    return arrow(*(rule or report.texts["simulation.no_rule"] for rule in rules)) if any(rules) else None


Shown = tuple[str, Callable[[QuotaFigures], str]]  # a heading, and the cell of a row


def _table(report: SimulationReport, quota: Simulated, shown: list[ComparedPerson]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for key in ("name", "userid"):
        table.add_column(report.texts.table("tables.columns")[key], no_wrap=True)
    columns = list(_columns(report, quota))
    for heading, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for person in shown:
        name = report.names.get(person.userid, "")
        table.add_row(name, person.userid, *(_pair(quota, person, say) for _, say in columns))
    return table


def _columns(report: SimulationReport, quota: Simulated) -> Iterator[Shown]:
    texts = report.texts
    yield texts.table("tables.columns")["counted"], lambda row: f"{row.counted:,}"
    yield texts.table("tables.columns")["target"], lambda row: f"{row.target:,}"
    yield texts.table("tables.columns")["attainment"], lambda row: percent(attainment_of(row))
    yield short_name(texts, "kept_90"), lambda row: "–" if row.kept_90 is None else f"{row.kept_90:.0%}"
    yield texts.table("tables.columns")["status"], lambda row: texts.table("tables.status")[row.status]
    if _rules(report, quota, penalty_rule):
        yield short_name(texts, "penalty"), lambda row: f"{row.penalty or 0:,}"
    if _rules(report, quota, reward_rule):
        yield short_name(texts, "reward"), lambda row: f"{row.reward or 0:,}"


def _pair(quota: Simulated, person: ComparedPerson, say: Callable[[QuotaFigures], str]) -> str:
    # A person under the quota on one side only has nothing on the other; a quota on one side has no other
    # side.
    missing = "–" if quota.both else None
    return arrow(*(missing if row is None else say(row) for row in (person.was, person.would_be)))


def _indented(line: str) -> Padding:
    return Padding(line, (0, 0, 0, 2), expand=False)
