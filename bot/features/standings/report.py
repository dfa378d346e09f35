"""Everybody's figures as a spreadsheet: for `quotabot progress` and for leaders in the chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.integrity import FindingKind
from bot.core.progress import QuotaFigures
from bot.core.teams import Team
from bot.messages.catalog import Texts, texts_in
from bot.spreadsheet import Cell, Column, Form, Sheet

_FORMS = {
    "kept_90": Form.PERCENT,
    "attainment": Form.PERCENT,
    "median": Form.PERCENT,
    "expected": Form.ONE_DECIMAL,
    "forecast": Form.ONE_DECIMAL,
    "pace": Form.TWO_DECIMALS,
}
TEAM_KEYS = ("people", "attainment", "median", "kept_90")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The rows and teams (None unless asked for) to show; *names* of people and *departments* by id.

    The rows may be read again, and are read whenever a form needs them.

    *incomplete*: why figures may lack something; None if they are complete.
    """

    at: datetime
    rows: Iterable[QuotaFigures]
    teams: Sequence[Team] | None
    names: Mapping[str, str]
    departments: Mapping[int, str]
    money: bool
    language: str
    notes: tuple[str, ...] = ()
    incomplete: str | None = None

    @property
    def texts(self) -> Texts:
        """Return the names of columns and statuses."""
        return texts_in(self.language)

    @property
    def minute(self) -> str:
        """Return the time of the figures, to the minute."""
        return f"{self.at:%Y-%m-%d %H:%M}"

    def department(self, number: int) -> str:
        """Return the id of a department with its name."""
        name = self.departments.get(number, "")
        return f"{number} {name}" if name else str(number)


def build_sheets(report: Report) -> list[Sheet]:
    """Return the sheet of rows with all their keys, and the sheet of departments if asked for."""
    texts = report.texts
    lacking = (texts["tables.incomplete"],) if report.incomplete is not None else ()
    notes = (texts["tables.note"], *lacking, *report.notes)
    title = texts["tables.sheet_title"].say(at=report.minute)
    found = [
        Sheet(
            name=texts["tables.sheet"],
            title=title,
            notes=notes,
            columns=_columns(texts, _ROW_KEYS),
            rows=_Cells(report),
        )
    ]
    if report.teams is not None:
        keys = ("quota", "period", "department", *TEAM_KEYS)
        found.append(
            Sheet(
                name=texts["tables.teams_sheet"],
                title=title,
                notes=notes,
                columns=_columns(texts, keys),
                rows=[
                    [
                        team.quota,
                        team.period,
                        report.department(team.department),
                        *(getattr(team, key) for key in TEAM_KEYS),
                    ]
                    for team in report.teams
                ],
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Cells(Iterable[list[Cell]]):
    """The rows of a report as rows of a sheet, made while they are read."""

    report: Report

    def __iter__(self) -> Iterator[list[Cell]]:
        return ([_cell(self.report, row, key) for key in _ROW_KEYS] for row in self.report.rows)


def _row_keys() -> Iterator[str]:
    """Yield a row's keys in their order, with the name after the userid."""
    for key in QuotaFigures.__dataclass_fields__:
        yield key
        if key == "userid":
            yield "name"


_ROW_KEYS = tuple(_row_keys())


def _columns(texts: Texts, keys: Iterable[str]) -> tuple[Column, ...]:
    return tuple(
        Column(heading=texts.table("tables.columns")[key], form=_FORMS.get(key, Form.PLAIN)) for key in keys
    )


def _cell(report: Report, row: QuotaFigures, key: str) -> Cell:
    match key:
        case "name":
            return report.names.get(row.userid, "")
        case "department":
            return None if row.department is None else report.department(row.department)
        case "status":
            return report.texts.table("tables.status")[row.status]
        case "flags":
            return report.texts["tables.comma"].join(
                report.texts.table("tables.flags")[FindingKind(flag)] for flag in row.flags
            )
    cell: Cell = getattr(row, key)
    return cell
