"""Where everybody stands, as tables in the terminal and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from rich import box
from rich.console import RenderableType
from rich.table import Table

from bot.cli.output import drawn
from bot.cli.spreadsheet import Cell, Column, Form, Sheet
from bot.core.integrity import FindingKind
from bot.core.progress import Row
from bot.core.teams import Team
from bot.messages import tables
from bot.messages.tables import TableWords, short

_FORMS = {
    "kept_90": Form.PERCENT,
    "attainment": Form.PERCENT,
    "median": Form.PERCENT,
    "expected": Form.ONE_DECIMAL,
    "forecast": Form.ONE_DECIMAL,
    "pace": Form.TWO_DECIMALS,
}
_TEAM_KEYS = ("people", "attainment", "median", "kept_90")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The rows (and teams, where asked for) that are shown; *names* of people and departments by id."""

    at: datetime
    rows: Sequence[Row]
    teams: Sequence[Team] | None
    names: Mapping[str, str]
    departments: Mapping[int, str]
    money: bool
    language: str

    @property
    def words(self) -> TableWords:
        """What columns and statuses are called."""
        return tables.WORDS[self.language]

    @property
    def minute(self) -> str:
        """As of when, to the minute."""
        return f"{self.at:%Y-%m-%d %H:%M}"

    def department(self, number: int) -> str:
        """What a department is called, with its id."""
        name = self.departments.get(number, "")
        return f"{number} {name}" if name else str(number)


def page(report: Report) -> str:
    """Return the tables for people: each quota's rows, with --teams its departments below them."""
    parts: list[RenderableType] = []
    for (quota, period), rows in groupby(report.rows, key=lambda row: (row.quota, row.period)):
        parts.append(report.words.title.format(quota=quota, period=period, at=report.minute))
        parts.append(_rows(report, rows))
    for (quota, period), teams in groupby(report.teams or (), key=lambda team: (team.quota, team.period)):
        parts.append(report.words.teams_title.format(quota=quota, period=period))
        parts.append(_teams(report, teams))
    if report.rows and report.money:
        parts.append(report.words.note)
    return drawn(*parts) if parts else drawn(report.words.nobody)


def sheets(report: Report) -> list[Sheet]:
    """Return the sheet of rows, with all their keys, and that of departments where they were asked for."""
    words = report.words
    title = words.sheet_title.format(at=report.minute)
    found = [
        Sheet(
            name=words.sheet,
            title=title,
            notes=(words.note,),
            columns=_columns(words, _ROW_KEYS),
            rows=[[_cell(report, row, key) for key in _ROW_KEYS] for row in report.rows],
        )
    ]
    if report.teams is not None:
        keys = ("quota", "period", "department", *_TEAM_KEYS)
        found.append(
            Sheet(
                name=words.teams_sheet,
                title=title,
                notes=(words.note,),
                columns=_columns(words, keys),
                rows=[
                    [
                        team.quota,
                        team.period,
                        report.department(team.department),
                        *(getattr(team, key) for key in _TEAM_KEYS),
                    ]
                    for team in report.teams
                ],
            )
        )
    return found


def _row_keys() -> Iterator[str]:
    """A row's keys in their order, and beside the userid the name."""
    for key in Row.__dataclass_fields__:
        yield key
        if key == "userid":
            yield "name"


_ROW_KEYS = tuple(_row_keys())


def _columns(words: TableWords, keys: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(heading=words.columns[key], form=_FORMS.get(key, Form.PLAIN)) for key in keys)


def _cell(report: Report, row: Row, key: str) -> Cell:
    match key:
        case "name":
            return report.names.get(row.userid, "")
        case "department":
            return None if row.department is None else report.department(row.department)
        case "status":
            return report.words.status[row.status]
        case "flags":
            return report.words.comma.join(report.words.flags[FindingKind(flag)] for flag in row.flags)
    cell: Cell = getattr(row, key)
    return cell


def _rows(report: Report, rows: Iterable[Row]) -> Table:
    columns: dict[str, Callable[[Row], str]] = {
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
        table.add_column(report.words.columns[key], no_wrap=True)
    for key in columns:
        table.add_column(short(report.words, key), justify="right", no_wrap=True)
    table.add_column(report.words.columns["status"], no_wrap=True)
    for row in rows:
        said = (say(row) for say in columns.values())
        name = report.names.get(row.userid, "")
        table.add_row(row.userid, name, *said, report.words.status[row.status])
    return table


def _teams(report: Report, teams: Iterable[Team]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(report.words.columns["department"], no_wrap=True)
    for key in _TEAM_KEYS:
        table.add_column(short(report.words, key), justify="right", no_wrap=True)
    for team in teams:
        shares = (team.attainment, team.median, team.kept_90)
        said = ("–" if share is None else f"{share:.0%}" for share in shares)
        table.add_row(report.department(team.department), str(team.people), *said)
    return table


def _yuan(amount: int | None) -> str:
    return "–" if amount is None else f"{amount:,}"
