"""`quotabot progress`: where everybody stands."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bot.bootstrap import open_services
from bot.cli.inbox import catch_up
from bot.cli.options import at_option, config_option, format_option, loaded, moment
from bot.core.people import Departments
from bot.core.progress import Row
from bot.standing import Standing, standing

COLUMNS = tuple(field.name for field in fields(Row))


@click.command()
@config_option
@at_option("As of this time (ISO 8601); now if left out.")
@click.option("--period", metavar="NAME", help="2026-11-23, 2026-W48, 2026-11, 2026-Q4 or 2026.")
@click.option("--user", "users", multiple=True, metavar="U", help="Only this userid; may be repeated.")
@click.option(
    "--department", "departments", multiple=True, type=int, metavar="D", help="Only people in it or below it."
)
@click.option("--quota", metavar="Q", help="Only this quota.")
@format_option("table", "json", "csv")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there instead of to the terminal.",
)
def progress(
    config_path: Path,
    at: str | None,
    period: str | None,
    users: tuple[str, ...],
    departments: tuple[int, ...],
    quota: str | None,
    form: str,
    output: Path | None,
) -> None:
    """Show where everybody stands. Sends nothing.

    \b
    quotabot progress
    quotabot progress --at 2026-11-23T18:00 --format json
    quotabot progress --period 2026-11 --department 12 --format csv --output november.csv
    """
    config = loaded(config_path)
    if quota is not None and quota not in {known.id for known in config.quotas}:
        raise click.BadParameter(f"there is no quota {quota!r}", param_hint="--quota")
    with open_services(config) as services:
        catch_up(services)
        try:
            found = standing(services, at=moment(at, config, now=services.clock.now()), period=period)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--period") from None
    wanted = {user.lower() for user in users}
    rows = [
        row
        for row in found.rows
        if (not wanted or row.userid in wanted)
        and (quota is None or row.quota == quota)
        and (not departments or _within(row, departments, found.departments))
    ]
    for user in sorted(wanted - {row.userid for row in rows}):
        click.echo(f"no row for {user}: not in the roster, or under no such quota", err=True)
    text = {"json": _as_json, "csv": _as_csv, "table": _as_table}[form](found, rows)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.BadParameter(
                f"{output} cannot be written ({error.strerror})", param_hint="--output"
            ) from None


def _within(row: Row, departments: tuple[int, ...], tree: Departments) -> bool:
    return row.department is not None and any(
        tree.at_or_below(row.department, department) for department in departments
    )


def _plain(row: Row) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(row).items()
    }


def _as_json(found: Standing, rows: list[Row]) -> str:
    report = {"as_of": found.at.isoformat(), "rows": [_plain(row) for row in rows]}
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _as_csv(_found: Standing, rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**_plain(row), "flags": ";".join(row.flags)})
    return text.getvalue()


def _as_table(found: Standing, rows: list[Row]) -> str:
    text = io.StringIO()
    console = Console(file=text, width=max(Console().width, 100), force_terminal=False)
    for (quota, period), of_quota in groupby(rows, key=lambda row: (row.quota, row.period)):
        console.print(_table(f"{quota} · {period} · as of {found.at:%Y-%m-%d %H:%M}", found, of_quota))
    if not rows:
        console.print("nobody is under a quota in this period")
    return text.getvalue()


def _table(title: str, found: Standing, rows: Iterable[Row]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("userid", "name"):
        table.add_column(heading, no_wrap=True)
    for heading in ("counted", "pending", "target", "pace", "to add", "today", "days left"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for row in rows:
        table.add_row(
            row.userid,
            found.people[row.userid].name,
            *(str(number) for number in (row.counted, row.pending, row.target)),
            "–" if row.pace is None else f"{row.pace:.2f}",
            *(str(number) for number in (row.to_add, row.today_left, row.workdays_left)),
            row.status.value.replace("_", " "),
        )
    return table
