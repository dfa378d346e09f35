"""`quotabot progress`: everybody's status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import at_option, config_option, format_option, json_text, loaded, moment
from bot.cli.output import csv_text, deliver, output_option, refuse_bytes_on_terminal
from bot.cli.progress_page import build_page
from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.teams import Team
from bot.features.outages import catch_up
from bot.features.standings.load import load_standings
from bot.features.standings.report import Report, build_sheets
from bot.messages.catalog import texts_in
from bot.messages.sentences import in_language
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
    refuse_bytes_on_terminal(form, output)
    config = loaded(config_path)
    if quota is not None and quota not in {known.id for known in config.quotas}:
        raise click.BadParameter(f"there is no quota {quota!r}", param_hint="--quota")
    with up_to_date(config) as services:
        when = moment(at, config, now=services.clock.now())
        try:
            standings = load_standings(services, at=when, period=period, money=money)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--period") from None
        incomplete, texts = catch_up.explain_withheld(services), texts_in(services.language)
    chosen = _Choice(users=users, departments=departments, quota=quota, tree=standings.departments)
    rows = [row for row in standings.rows if chosen.row(row)]
    for user in sorted(chosen.users - {row.userid for row in rows}):
        click.echo(texts["cli.progress.no_row"].say(userid=user), err=True)
    report = Report(
        at=standings.at,
        rows=rows,
        teams=[team for team in standings.teams() if chosen.team(team)] if with_teams else None,
        names={userid: person.name for userid, person in standings.people.items()},
        departments=standings.departments.names,
        money=money,
        language=services.language,
        incomplete=incomplete,
    )
    if incomplete is not None and form != "json":
        click.echo(in_language(texts, incomplete), err=True)
    deliver(_written(report, form), output)


def _written(report: Report, form: str) -> str | bytes:
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
        self._departments = departments
        self._quota = quota
        self._tree = tree

    def row(self, row: QuotaFigures) -> bool:
        """Return whether this row was requested."""
        return (
            (not self.users or row.userid in self.users)
            and self._quota in (None, row.quota)
            and self._within(row.department)
        )

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


def _as_json(report: Report) -> str:
    plain: dict[str, Any] = {
        "as_of": report.at.isoformat(),
        "complete": report.incomplete is None,
        "incomplete_because": report.incomplete,
        "rows": [_plain(row) for row in report.rows],
    }
    if report.teams is not None:
        plain["teams"] = [_plain(team) for team in report.teams]
    return json_text(plain)


def _as_csv(report: Report) -> str:
    """Return the rows, or the teams if requested: one file holds one table."""
    columns, lines = COLUMNS, [{**_plain(row), "flags": ";".join(row.flags)} for row in report.rows]
    if report.teams is not None:
        columns, lines = TEAM_COLUMNS, [_plain(team) for team in report.teams]
    return csv_text(columns, ([line[name] for name in columns] for line in lines), report.texts)
