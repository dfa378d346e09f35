"""`quotabot export`: data out. Each export stands in the audit log."""

from __future__ import annotations

import csv
import getpass
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import click

from bot.bootstrap import open_services
from bot.cli.inbox import catch_up
from bot.cli.options import config_option, format_option, loaded
from bot.cli.output import deliver, output_option, refuse_bytes_on_terminal
from bot.core.workdays import WorkCalendar
from bot.services import Services
from bot.spreadsheet import Column, Sheet, workbook

CONTACT_KEYS = "contact-keys"
COLUMNS = (
    "external_userid",
    "unionid",
    "mobile_sha256",
    "state",
    "userid",
    "added_at",
    "self_declared",
)


@click.command()
@click.argument("table", type=click.Choice([CONTACT_KEYS]))
@config_option
@click.option("--by", metavar="NAME", help="Who exports; the user of this computer if left out.")
@format_option("csv", "json", "xlsx")
@output_option
def export(table: str, config_path: Path, by: str | None, form: str, output: Path | None) -> None:
    """Write the keys by which the bank can say facts of its customers, for `import facts`. No names.

    \b
    quotabot export contact-keys --output keys.csv
    """
    refuse_bytes_on_terminal(form, output)
    config = loaded(config_path)
    with open_services(config) as services:
        catch_up(services)
        lines = list(_lines(services, config.work_calendar()))
        now = int(time.time())
        with services.store.transaction():
            services.store.audit.add(
                at=now,
                actor=by or getpass.getuser(),
                act="export",
                subject=table,
                detail={"rows": len(lines), "format": form},
            )
    deliver(_written(lines, form), output)


Line = tuple[str, ...]


def _lines(services: Services, calendar: WorkCalendar) -> Iterator[Line]:
    """A line for each contact; a further one for each further number that the employee noted."""
    for contact in services.store.knowledge.contact_keys():
        added = calendar.moment(contact.added_at).isoformat()
        for mobile in contact.mobiles_sha256 or ("",):
            declared = "mobile_sha256" if mobile else ""
            yield (
                contact.external_userid,
                contact.unionid,
                mobile,
                contact.state,
                contact.userid,
                added,
                declared,
            )


def _written(lines: list[Line], form: str) -> str | bytes:
    match form:
        case "json":
            found = [dict(zip(COLUMNS, line, strict=True)) for line in lines]
            return json.dumps({"contact_keys": found}, ensure_ascii=False, indent=2) + "\n"
        case "xlsx":
            columns = tuple(Column(heading=name) for name in COLUMNS)
            return workbook([Sheet(name=CONTACT_KEYS, title=CONTACT_KEYS, columns=columns, rows=lines)])
        case _:
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(lines)
            return text.getvalue()
