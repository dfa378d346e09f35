"""`quotabot progress`: everybody's status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from textwrap import indent
from typing import Any

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import (
    at_option,
    bad_parameter,
    config_option,
    format_option,
    json_text,
    loaded,
    moment,
    no_period,
)
from bot.cli.output import csv_lines, deliver, output_option, refuse_bytes_on_terminal
from bot.cli.progress_page import build_page
from bot.core.people import Departments, Person
from bot.core.periods import parse_period
from bot.core.progress import QuotaFigures
from bot.core.teams import Team
from bot.features.outages import catch_up
from bot.features.standings.everybody import load_departments, load_people
from bot.features.standings.report import Report, build_sheets
from bot.features.standings.selection import Selection, select_rows
from bot.messages.catalog import texts_in
from bot.messages.sentences import Sentence, in_language
from bot.services import Services
from bot.spreadsheet import workbook

COLUMNS = tuple(field.name for field in fields(QuotaFigures))
TEAM_COLUMNS = tuple(field.name for field in fields(Team))


@click.command()
@config_option
@at_option("As of this time (ISO 8601); now if left out.")
@click.option("--period", metavar="NAME", help="2026-11-23, 2026-W48, 2026-11, 2026-Q4 or 2026.")
@click.option("--user", "users", multiple=True, metavar="U", help="Only this userid; may be repeated.")
@click.option(
    "--department", "departments", multiple=True, type=int, metavar="D", help="Only people in it or below it."
)
@click.option("--quota", metavar="Q", help="Only this quota.")
@click.option("--teams", "with_teams", is_flag=True, help="What departments reached together, too.")
@click.option(
    "--money", is_flag=True, help="Estimated penalties and rewards, also before settlement: for HR."
)
@format_option("table", "json", "csv", "xlsx")
@output_option
def progress(
    *,
    config_path: Path,
    at: str | None,
    period: str | None,
    users: tuple[str, ...],
    departments: tuple[int, ...],
    quota: str | None,
    with_teams: bool,
    money: bool,
    form: str,
    output: Path | None,
) -> None:
    """Show everybody's status. Sends nothing.

    \b
    quotabot progress
    quotabot progress --at 2026-11-23T18:00 --format json
    quotabot progress --period 2026-11 --department 12 --format csv --output november.csv
    quotabot progress --period 2026-11 --teams --money --format xlsx --output november.xlsx
    """
    config = loaded(config_path)
    refuse_bytes_on_terminal(form, output)
    if quota is not None and quota not in {known.id for known in config.quotas}:
        raise bad_parameter("--quota", Sentence("faults.usage.quota", given=repr(quota)))
    if period is not None:
        _check_period(period)
    with up_to_date(config) as services:
        when = moment(at, config, now=services.clock.now())
        chosen = _Choice(users=users, departments=departments, quota=quota, tree=load_departments(services))
        with select_rows(
            services,
            at=when,
            period=period,
            userids=chosen.users,
            shows=chosen.row,
            money=money,
            teams=with_teams,
        ) as selection:
            texts = texts_in(services.language)
            people, departments_without = chosen.list_without_row(selection)
            for user in people:
                click.echo(texts["cli.progress.no_row"].say(userid=user), err=True)
            for department in departments_without:
                click.echo(texts["cli.progress.no_department"].say(department=department), err=True)
            report = _report(services, selection, chosen, at=when, money=money)
            _say_what_lacks(report, selection, form=form)
            deliver(_written(report, form), output)


def _check_period(name: str) -> None:
    """Raise BadParameter for a name that is no period."""
    try:
        parse_period(name)
    except ValueError:
        raise no_period(name) from None


def _report(
    services: Services, selection: Selection, chosen: _Choice, *, at: datetime, money: bool
) -> Report:
    teams = selection.teams
    return Report(
        at=at,
        rows=selection.rows,
        teams=None if teams is None else [team for team in teams if chosen.team(team)],
        names=_Names(load_people(services)),
        departments=load_departments(services).names,
        money=money,
        language=services.language,
        notes=_rank_notes(services.language, selection),
        incomplete=catch_up.explain_withheld(services),
    )


def _rank_notes(language: str, selection: Selection) -> tuple[str, ...]:
    phrase = texts_in(language)["cli.progress.ranks"]
    return tuple(phrase.say(when=f"{ranked_at:%Y-%m-%d %H:%M}") for ranked_at in selection.ranked_at)


def _say_what_lacks(report: Report, selection: Selection, *, form: str) -> None:
    """Say on standard error what the figures lack, and which ranks are older than they."""
    if report.incomplete is not None and form != "json":
        click.echo(in_language(report.texts, report.incomplete), err=True)
    for note in _rank_notes(report.language, selection):
        click.echo(note, err=True)


@dataclass(frozen=True, slots=True)
class _Names(Mapping[str, str]):
    """The names of people by userid."""

    people: Mapping[str, Person]

    def __getitem__(self, userid: str) -> str:
        return self.people[userid].name

    def __iter__(self) -> Iterator[str]:
        return iter(self.people)

    def __len__(self) -> int:
        return len(self.people)


def _written(report: Report, form: str) -> Iterable[str] | bytes:
    match form:
        case "json":
            return _as_json(report)
        case "csv":
            return _as_csv(report)
        case "xlsx":
            return workbook(build_sheets(report))
        case _:
            return build_page(report)


class _Choice:
    """The requested rows and teams."""

    def __init__(
        self, *, users: Iterable[str], departments: tuple[int, ...], quota: str | None, tree: Departments
    ) -> None:
        self.users = {user.lower() for user in users}
        self._seen: set[str] = set()
        self._filled: set[int] = set()
        self._departments = departments
        self._quota = quota
        self._tree = tree

    def row(self, row: QuotaFigures) -> bool:
        """Return whether this row was requested, and note that its person and department have one."""
        is_chosen = (
            (not self.users or row.userid in self.users)
            and self._quota in (None, row.quota)
            and self._within(row.department)
        )
        if is_chosen and self.users:
            self._seen.add(row.userid)
        if is_chosen and row.department is not None:
            self._filled.add(row.department)
        return is_chosen

    def list_without_row(self, selection: Selection) -> tuple[list[str], list[int]]:
        """Return the requested people and departments without a row in *selection*, read to its end."""
        for _ in selection.rows if self.users or self._departments else ():
            pass
        at_or_below = self._tree.at_or_below
        return sorted(self.users - self._seen), [
            asked
            for asked in self._departments
            if not any(at_or_below(filled, asked) for filled in self._filled)
        ]

    def team(self, team: Team) -> bool:
        """Return whether this team was requested; requested people do not change it."""
        return self._quota in (None, team.quota) and self._within(team.department)

    def _within(self, department: int | None) -> bool:
        if not self._departments:
            return True
        return department is not None and any(
            self._tree.at_or_below(department, asked) for asked in self._departments
        )


def _plain(row: QuotaFigures | Team) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items()
    }


def _as_json(report: Report) -> Iterator[str]:
    """Yield one JSON object; its rows are written one by one."""
    head = {
        "as_of": report.at.isoformat(),
        "complete": report.incomplete is None,
        "incomplete_because": report.incomplete,
    }
    yield json_text(head).removesuffix("\n}\n") + ",\n"
    yield from _as_list("rows", map(_plain, report.rows))
    if report.teams is not None:
        yield ",\n"
        yield from _as_list("teams", map(_plain, report.teams))
    yield "\n}\n"


def _as_list(key: str, items: Iterable[object]) -> Iterator[str]:
    """Yield a key of the object with its list, as `json_text` writes it."""
    yield f'  "{key}": ['
    is_empty = True
    for item in items:
        yield ("\n" if is_empty else ",\n") + indent(json_text(item).rstrip("\n"), "    ")
        is_empty = False
    yield "]" if is_empty else "\n  ]"


def _as_csv(report: Report) -> Iterable[str]:
    """Return the rows, or the teams if requested: one file holds one table."""
    if report.teams is not None:
        return csv_lines(TEAM_COLUMNS, map(_cells, report.teams))
    return csv_lines(COLUMNS, map(_cells, report.rows))


def _cells(row: QuotaFigures | Team) -> list[object]:
    line = _plain(row)
    if isinstance(row, QuotaFigures):
        line["flags"] = ";".join(row.flags)
    return list(line.values())
