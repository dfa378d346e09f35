"""A simulation as a spreadsheet: the sums of each period, then everybody with both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.cli.simulation_page import SimulationReport, minute
from bot.core.progress import QuotaFigures
from bot.features.simulate.message import arrow, penalty_rule, reward_rule
from bot.features.simulate.simulate import Side, Simulated, attainment_of
from bot.spreadsheet import Cell, Column, Form, Sheet

T = TypeVar("T")


def build_sheets(report: SimulationReport) -> list[Sheet]:
    """Return the sheets of sums and of people; numbers stay numbers, so that both can be filtered."""
    texts, simulation = report.texts, report.simulation
    title = texts["simulation.title"].say(first=simulation.first, last=simulation.last)
    notes = (texts["simulation.basis"].say(at=minute(simulation.as_of)), texts["simulation.estimate"])
    sums, people = _sums(report), _figures(report)
    columns = report.texts.table("tables.columns")
    period = tuple(Column(heading=columns[key]) for key in ("quota", "period", "period_start", "period_end"))
    person = tuple(Column(heading=columns[key]) for key in ("userid", "name"))
    return [
        Sheet(
            name=texts["simulation.sheet"],
            title=title,
            notes=notes,
            columns=(*period, Column(heading=texts["simulation.state"]), *_headings(report, sums)),
            rows=[
                (*_named(quota), report.whole_state(quota), *_cells(sums, quota.was, quota.would_be))
                for quota in simulation.quotas
            ],
        ),
        Sheet(
            name=texts["simulation.people_sheet"],
            title=title,
            notes=notes,
            columns=(
                *period,
                *person,
                Column(heading=texts["simulation.changes_status"]),
                *_headings(report, people),
            ),
            rows=[
                (
                    *_named(quota),
                    person.userid,
                    report.names.get(person.userid, ""),
                    texts["simulation.yes"]
                    if quota.both and person.changes_status
                    else texts["simulation.no"],
                    *_cells(people, person.was, person.would_be),
                )
                for quota in simulation.quotas
                for person in quota.people
            ],
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure(Generic[T]):
    """Two columns, before and after, under one name."""

    name: str
    cell: Callable[[T], Cell]
    form: Form = Form.PLAIN


def _sums(report: SimulationReport) -> list[_Figure[Side]]:
    texts, columns = report.texts, report.texts.table("tables.columns")

    def rule(say: Callable[..., str | None]) -> Callable[[Side], Cell]:
        return lambda side: say(side.rule, language=report.language) or texts["simulation.no_rule"]

    return [
        _Figure(name=columns["people"], cell=lambda side: side.people, form=Form.WHOLE),
        _Figure(name=texts["simulation.met_people"], cell=lambda side: side.met, form=Form.WHOLE),
        _Figure(name=columns["attainment"], cell=lambda side: side.attainment, form=Form.PERCENT),
        _Figure(name=columns["counted"], cell=lambda side: side.counted, form=Form.WHOLE),
        _Figure(name=columns["pending"], cell=lambda side: side.pending, form=Form.WHOLE),
        _Figure(name=columns["target"], cell=lambda side: side.target, form=Form.WHOLE),
        _Figure(name=columns["kept_90"], cell=lambda side: side.kept_90, form=Form.PERCENT),
        _Figure(name=columns["penalty"], cell=lambda side: side.penalty, form=Form.WHOLE),
        _Figure(name=texts["simulation.penalty_rule"], cell=rule(penalty_rule)),
        _Figure(name=columns["reward"], cell=lambda side: side.reward, form=Form.WHOLE),
        _Figure(name=texts["simulation.reward_rule"], cell=rule(reward_rule)),
    ]


def _figures(report: SimulationReport) -> list[_Figure[QuotaFigures]]:
    columns, status = report.texts.table("tables.columns"), report.texts.table("tables.status")
    return [
        _Figure(name=columns["counted"], cell=lambda row: row.counted, form=Form.WHOLE),
        _Figure(name=columns["pending"], cell=lambda row: row.pending, form=Form.WHOLE),
        _Figure(name=columns["target"], cell=lambda row: row.target, form=Form.WHOLE),
        _Figure(name=columns["attainment"], cell=attainment_of, form=Form.PERCENT),
        _Figure(name=columns["kept_90"], cell=lambda row: row.kept_90, form=Form.PERCENT),
        _Figure(name=columns["status"], cell=lambda row: status[row.status]),
        _Figure(name=columns["penalty"], cell=lambda row: row.penalty, form=Form.WHOLE),
        _Figure(name=columns["reward"], cell=lambda row: row.reward, form=Form.WHOLE),
    ]


def _headings(report: SimulationReport, figures: Iterable[_Figure[T]]) -> list[Column]:
    texts = report.texts
    return [
        Column(heading=side.say(what=figure.name), form=figure.form)
        for figure in figures
        for side in (texts["simulation.was"], texts["simulation.would_be"])
    ]


def _cells(figures: Iterable[_Figure[T]], was: T | None, would_be: T | None) -> list[Cell]:
    return [None if side is None else figure.cell(side) for figure in figures for side in (was, would_be)]


def _named(quota: Simulated) -> tuple[Cell, ...]:
    return (arrow(quota.quota, quota.called), quota.period.name, quota.period.first, quota.period.last)
