"""Everybody's status, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice

from rich import box
from rich.console import RenderableType
from rich.table import Table

from bot.cli.output import drawn, short_name
from bot.core.progress import QuotaFigures
from bot.core.teams import Team
from bot.features.standings.report import TEAM_KEYS, Report

_TABLE = 1000  # rows


def build_page(report: Report) -> Iterator[str]:
    """Yield the tables for people: each quota's rows, with --teams its departments below them.

    So that no table needs more memory than a screen shows, another one begins after _TABLE rows.
    """
    has_rows = False
    for (quota, period), rows in groupby(report.rows, key=lambda row: (row.quota, row.period)):
        has_rows = True
        yield drawn(report.texts["tables.title"].say(quota=quota, period=period, at=report.minute))
        while piece := list(islice(rows, _TABLE)):
            yield drawn(_rows(report, piece))
    parts: list[RenderableType] = []
    for (quota, period), teams in groupby(report.teams or (), key=lambda team: (team.quota, team.period)):
        parts.append(report.texts["tables.teams_title"].say(quota=quota, period=period))
        parts.append(_teams(report, teams))
    if has_rows and report.money:
        parts.append(report.texts["tables.note"])
    if not has_rows and not parts:
        parts.append(report.texts["tables.nobody"])
    if parts:
        yield drawn(*parts)


def _rows(report: Report, rows: Iterable[QuotaFigures]) -> Table:
    columns: dict[str, Callable[[QuotaFigures], str]] = {
        "counted": lambda row: str(row.counted),
        "pending": lambda row: str(row.pending),
        "target": lambda row: str(row.target),
        "pace": lambda row: "–" if row.pace is None else f"{row.pace:.2f}",
        "to_add": lambda row: str(row.to_add),
        "today_left": lambda row: str(row.today_left),
        "workdays_left": lambda row: str(row.workdays_left),
    }
    if report.money:
        columns["penalty"] = lambda row: _yuan(row.penalty)
        columns["reward"] = lambda row: _yuan(row.reward)
    table = Table(box=box.SIMPLE_HEAD)
    for key in ("userid", "name"):
        table.add_column(report.texts.table("tables.columns")[key], no_wrap=True)
    for key in columns:
        table.add_column(short_name(report.texts, key), justify="right", no_wrap=True)
    table.add_column(report.texts.table("tables.columns")["status"], no_wrap=True)
    for row in rows:
        cells = (say(row) for say in columns.values())
        name = report.names.get(row.userid, "")
        table.add_row(row.userid, name, *cells, report.texts.table("tables.status")[row.status])
    return table


def _teams(report: Report, teams: Iterable[Team]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(report.texts.table("tables.columns")["department"], no_wrap=True)
    for key in TEAM_KEYS:
        table.add_column(short_name(report.texts, key), justify="right", no_wrap=True)
    for team in teams:
        shares = (team.attainment, team.median, team.kept_90)
        cells = ("–" if share is None else f"{share:.0%}" for share in shares)
        table.add_row(report.department(team.department), str(team.people), *cells)
    return table


def _yuan(amount: int | None) -> str:
    return "–" if amount is None else f"{amount:,}"
